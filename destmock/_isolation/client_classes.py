"""A client's class and its retries: what follows from the service's model is found out once.

Each client still has a class of its own, with functions of its own, as botocore gives it: whoever changes one
changes no other.
"""

from __future__ import annotations

from functools import lru_cache, wraps
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore import translate
from botocore.client import ClientCreator
from botocore.docs.docstring import ClientMethodDocstring
from botocore.model import ServiceModel

from destmock._isolation.patching import Patch
from destmock._isolation.service_models import known
from destmock._isolation.sessions import Same

if TYPE_CHECKING:
    from collections.abc import Callable

_Creator: Any = ClientCreator
_CREATE_METHODS = _Creator._create_methods
_CREATE_METHOD = _Creator._create_api_method
_CREATE_NAMES = _Creator._create_name_mapping


class _Method(NamedTuple):
    """One method of a client's class, to be copied."""

    function: FunctionType
    #: What its documentation is made of, but for the session's events.
    documented: dict[str, Any]

    def copied(self, events: Any) -> FunctionType:
        """A function of its own, for a client of the session that has these events."""
        function: Any = self.function
        copy = FunctionType(
            function.__code__, function.__globals__, function.__name__, None, function.__closure__
        )
        copy.__qualname__ = function.__qualname__
        text: Any = str.__new__(ClientMethodDocstring)  # in a third of the time that its `__init__` takes
        text._gen_args = ()
        text._gen_kwargs = {**self.documented, "event_emitter": events}
        text._docstring = None
        copy.__doc__ = text
        return copy


class _Names(NamedTuple):
    """The methods of a client's class, and the operation behind each."""

    methods: dict[str, _Method]
    operations: dict[str, str]


def _with_methods_copied(create: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    if create is not _CREATE_METHODS:
        return create

    @wraps(create)
    def methods_of(creator: Any, service_model: Any) -> Any:
        plain = type(creator)._create_api_method is _CREATE_METHOD
        names = _names_in(service_model) if plain else None
        if names is None:
            return create(creator, service_model)
        events = creator._event_emitter
        return {name: method.copied(events) for name, method in names.methods.items()}

    return methods_of


def _with_names_copied(create: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    if create is not _CREATE_NAMES:
        return create

    @wraps(create)
    def names_of(creator: Any, service_model: Any) -> Any:
        names = _names_in(service_model)
        return create(creator, service_model) if names is None else dict(names.operations)

    return names_of


def _names_in(service_model: Any) -> _Names | None:
    of_service = known(service_model)
    if of_service is None:
        return None
    return methods_of(Same(of_service.model), tuple(service_model._service_description.get("operations", ())))


@lru_cache(maxsize=128)
def methods_of(service_model: Same, _operations: tuple[str, ...]) -> _Names:
    """What a model's operations are called, while it has these."""
    creator, model = _Creator.__new__(_Creator), service_model.value
    model = ServiceModel(model._service_description, model.service_name)  # which remembers no operations
    creator._event_emitter = None
    methods = {
        name: _Method(function, dict(function.__doc__._gen_kwargs))
        for name, function in _CREATE_METHODS(creator, model).items()
    }
    return _Names(methods, _CREATE_NAMES(creator, model))


def _with_retries_remembered(build: Callable[..., Any]) -> Callable[..., Any]:
    """botocore copies all of the rules for each client, and reads them once."""

    @wraps(build)
    def config_of(
        endpoint_prefix: str, retry_model: Any, definitions: Any, client_retry_config: Any = None
    ) -> Any:
        retries = None if client_retry_config is None else client_retry_config.get("max_attempts")
        config = retry_config(Same(build), endpoint_prefix, Same(retry_model), Same(definitions), retries)
        return {name: dict(policy) for name, policy in config.items()}

    return config_of


@lru_cache(maxsize=512)
def retry_config(build: Same, prefix: str, model: Same, definitions: Same, retries: int | None) -> Any:
    given = None if retries is None else {"max_attempts": retries}
    return build.value(prefix, model.value, definitions.value, given)


PATCHES = (
    Patch(ClientCreator, "_create_methods", _with_methods_copied),
    Patch(ClientCreator, "_create_name_mapping", _with_names_copied),
    Patch(translate, "build_retry_config", _with_retries_remembered),
)
