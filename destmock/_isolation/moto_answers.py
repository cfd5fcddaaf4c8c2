"""moto's answers and backends: what follows from a service's model alone is found out once.

For each member of an answer moto tries a handful of names on its own object. They follow from the model and
from the object's class. The regions of a service are the same for every account.
"""

from __future__ import annotations

from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import xmltodict
from moto.core import serialize
from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend, backend_lock
from moto.core.serialize import AttributePickerContext, XFormedAttributePicker
from moto.iam import models as iam_models
from moto.settings import enable_iso_regions

from destmock._isolation.moto_calls import remembered
from destmock._isolation.patching import Patch, patched, unless_replaced
from destmock._isolation.sessions import Same

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_Backends: Any = BackendDict
_Picker: Any = XFormedAttributePicker


def _names_once(possible: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The names under which a member of an answer may be found, in moto's order."""

    @wraps(possible)
    def names(picker: Any, context: Any) -> Any:
        plain = type(picker) is _Picker and picker.alias_providers is serialize.DEFAULT_ALIAS_PROVIDERS
        shape = context.shape
        if not plain or shape is None or hasattr(context.obj, "Meta"):
            return possible(picker, context)
        kind = context.obj.__class__.__name__
        return names_of(possible, kind, context.key, shape, getattr(shape, "parent", None))

    return names


@lru_cache(maxsize=10_000)
def names_of(possible: Any, kind: str, key: str, shape: Any, _parent: Any) -> tuple[str, ...]:
    """The names on an object of a class of that name."""
    context = AttributePickerContext(obj=type(kind, (), {})(), key=key, shape=shape)
    return tuple(dict.fromkeys(possible(_Picker(), context)))


def _found_at_once(get: Callable[..., Any]) -> Callable[..., Any]:
    """An account's backends, without moto's lock if they are there, and moto knows that they are in use."""

    @wraps(get)
    def of_account(backends: Any, account_id: str) -> Any:
        found = dict.get(backends, account_id)
        return found if found is not None and _is_in_use(backends) else get(backends, account_id)

    return of_account


def _made_anew(create: Callable[..., None]) -> Callable[..., None]:
    """A reset of `mock_aws` leaves some backends that others have made anew meanwhile.

    They go at the first access: their ids aren't those of the mock's seed. It is this step that removes them,
    for Python 3.13.0 may go past a `__getitem__` of a class that has been changed a thousand times.
    """

    @wraps(create)
    def created(backends: Any, account_id: str) -> None:
        with backend_lock:
            if not _is_in_use(backends):
                dict.clear(backends)
            create(backends, account_id)

    return created


def _all_forgotten(reset: Callable[[], None]) -> Any:
    """A reset leaves nothing: what it resets last may make anew what it has forgotten by then."""

    def forgotten(_kind: Any) -> None:
        known = _Backends._instances  # noqa: SLF001
        left = _Forgotten(known)
        try:
            with patched([Patch(BackendDict, "_instances", lambda _known: left)]):
                reset()
        finally:
            known[:] = left

    return classmethod(forgotten)


class _Forgotten(list):  # type: ignore[type-arg]
    """Backends of which nothing is left when they are in use no more."""

    def clear(self) -> None:
        for backends in self:
            dict.clear(backends)
        super().clear()


def _is_in_use(backends: Any) -> bool:
    return id(backends) in map(id, _Backends._instances)  # noqa: SLF001


def _marked_if_known(mark: Callable[..., None]) -> Callable[..., None]:
    """Each call's access key is marked as used; without a backend of IAM's there is none that moto knows."""

    @wraps(mark)
    def marked(account_id: str, *given: Any, **named: Any) -> None:
        if dict.get(iam_models.iam_backends, account_id):
            mark(account_id, *given, **named)

    return marked


def _regions_once(generate: Any) -> Callable[..., Any]:
    return lambda backends, service: list(regions_of(Same(generate), Same(backends.get_session()), service))


@lru_cache(maxsize=512)
def regions_of(generate: Same, _session: Same, service: str) -> tuple[str, ...]:
    return tuple(
        generate.value.__wrapped__(None, service)
    )  # past moto's cache, which is one for each account


class UrlPatterns(NamedTuple):
    """The patterns of the URLs that a service answers at; stands for its module, and for a backend of it."""

    url_bases: Sequence[str]
    url_paths: Mapping[str, Any]

    @property
    def _url_module(self) -> UrlPatterns:
        return self


def _addresses_once(urls: Any) -> Any:
    """The URLs that a backend answers at: moto makes them for each call, from the same few patterns."""

    def of_backend(backend: Any) -> dict[str, Any]:
        module = backend._url_module  # noqa: SLF001
        paths = tuple(module.url_paths.items())
        return dict(_urls(Same(urls), tuple(module.url_bases), paths, enable_iso_regions()))

    return property(of_backend)


@lru_cache(maxsize=512)
def _urls(urls: Same, bases: tuple[str, ...], paths: tuple[tuple[str, Any], ...], _iso: object) -> Any:
    return urls.value.fget(UrlPatterns(bases, dict(paths)))


#: xmltodict looks at each letter of a tag's name; older versions don't.
_NAMES_ALLOWED = (
    [unless_replaced(xmltodict, "_validate_name", remembered)] if hasattr(xmltodict, "_validate_name") else []
)
PATCHES = (
    *_NAMES_ALLOWED,
    unless_replaced(BaseBackend, "urls", _addresses_once),
    unless_replaced(XFormedAttributePicker, "get_possible_keys", _names_once),
    Patch(BackendDict, "__getitem__", _found_at_once),
    Patch(BackendDict, "_create_account_specific_backend", _made_anew),
    Patch(BackendDict, "reset", _all_forgotten),
    unless_replaced(iam_models, "mark_account_as_visited", _marked_if_known),
    unless_replaced(AccountSpecificBackend, "_generate_regions", _regions_once),
)
