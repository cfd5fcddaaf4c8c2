"""Starts moto as `mock_aws` does, and puts back its settings, its random numbers and the process."""

from __future__ import annotations

import contextlib
import copy
import inspect
import os
import sys
from functools import cache, partial
from itertools import chain
from typing import TYPE_CHECKING, cast
from unittest.mock import patch

from moto import mock_aws, settings
from moto.core import custom_responses_mock, models, responses
from moto.core.config import default_user_config
from moto.core.custom_responses_mock import not_implemented_callback
from moto.core.model_instances import model_data
from moto.core.models import MockAWS
from moto.moto_api._internal import mock_random

from destmock._importing import all_of_it_stays
from destmock._isolation import (
    forms,
    headers,
    images,
    moto_answers,
    moto_calls,
    moto_requests,
    random_texts,
    signing,
    xml_answers,
)
from destmock._isolation.clients import PROFILES_HAVE_REGIONS, clients_isolated
from destmock._isolation.environment import CREDENTIALS, REGION, environment_isolated
from destmock._isolation.kept_modules import modules_kept
from destmock._isolation.patching import Shared, attributes_of, unless_replaced
from destmock._isolation.profiles import profiles_by_name
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from moto.core.config import DefaultConfig
    from responses import BaseResponse

#: The types of settings that nobody can change in place.
_UNCHANGING = frozenset({bool, int, float, str, type(None)})


@contextlib.contextmanager
def isolated(after_call: Callable[[], object], config: DefaultConfig | None = None) -> Iterator[set[str]]:
    """While entered, moto is active, and no setting of the machine reaches it; gives the endpoints of those.

    `after_call` is called after each call that reaches moto by other ways than botocore's. `config` is moto's
    own.
    """
    if settings.TEST_SERVER_MODE or settings.is_test_proxy_mode():
        message = "destmock works on moto in this process, not on moto's server or proxy mode"
        raise UnsupportedError(message)
    before = _copied(default_user_config)
    core = (config or {}).get("core", default_user_config.get("core", {}))
    regions = contextlib.nullcontext() if REGION in os.environ else PROFILES_HAVE_REGIONS.made()
    with (
        profiles_by_name(),
        environment_isolated() as endpoints,
        clients_isolated(new_session=core.get("reset_boto3_session", True)),
        regions,
        SHARED.made(),
        modules_kept(),
        images.made_when_asked(),
        random_texts.seeding_noted(),
        _settings_restored(before),
        _moto_active(after_call, config),
    ):
        try:
            yield endpoints
        finally:
            for name in CREDENTIALS:  # moto's stop wants to find them
                os.environ.setdefault(name, "")


def _copied(setting: Any) -> Any:
    """A copy of a setting that may be changed in place."""
    if type(setting) is dict:
        return {name: _copied(each) for name, each in setting.items()}
    return setting if type(setting) in _UNCHANGING else copy.deepcopy(setting)


@contextlib.contextmanager
def _settings_restored(before: DefaultConfig) -> Iterator[None]:
    try:
        yield
    finally:
        settings_of_moto: dict[str, Any] = cast("dict[str, Any]", default_user_config)
        settings_of_moto.clear()
        settings_of_moto.update(before)


@contextlib.contextmanager
def _moto_active(after_call: Callable[[], object], config: DefaultConfig | None) -> Iterator[None]:
    """Start moto as `mock_aws` does, but make the answers that it registers for URLs once for the process.

    That registration is most of the time that `mock_aws` takes to start.
    """
    first = not MockAWS._nested_count  # noqa: SLF001 - an inner one registers nothing
    answers = registered_answers(after_call) if first else {}
    mock = mock_aws(config=config)
    with patch.object(models, "RESPONSES_METHODS", []):
        mock.start()
    try:
        for method, found in answers.items():
            models.responses_mock._registry._registered[method] += found  # type: ignore[attr-defined]  # noqa: SLF001
        with contextlib.nullcontext() if first else _outer_answers_followed(after_call):
            yield
    finally:
        if models.responses_mock.calls:  # made by other ways than botocore's
            for found in answers.values():
                for answer in found:
                    answer.calls.reset()
        mock.stop()


@contextlib.contextmanager
def _outer_answers_followed(after_call: Callable[[], object]) -> Iterator[None]:
    """While entered, `after_call` follows the answers that an outer `mock_aws` has registered as well."""
    registered = models.responses_mock._registry._registered  # type: ignore[attr-defined]  # noqa: SLF001
    stubber = models.botocore_stubber
    changed = [
        (answer, answer.callback)
        for found in registered.values()
        for answer in found
        if getattr(getattr(answer, "callback", None), "__self__", None) is stubber
    ]
    for answer, plain in changed:
        answer.callback = _followed(plain, after_call)
    try:
        yield
    finally:
        for answer, plain in changed:
            answer.callback = plain


@cache
def registered_answers(after_call: Callable[[], object]) -> dict[str, tuple[BaseResponse, ...]]:
    """The answers that moto registers for requests past botocore, by HTTP method.

    Such a request, a presigned upload for instance, may queue something: `after_call` follows it.
    """
    with all_of_it_stays(), mock_aws():
        registered = models.responses_mock._registry._registered  # type: ignore[attr-defined]  # noqa: SLF001
        followed = cache(partial(_followed, after_call=after_call))  # all of moto's answers have one callback
        for found in registered.values():
            for answer in found:
                if answer.callback is not not_implemented_callback:
                    answer.callback = followed(answer.callback)
        return {method: tuple(found) for method, found in registered.items()}


class _Models:
    """All of moto's models, to be forgotten without a change of the classes that have none."""

    def __init__(self) -> None:
        self._classes: list[Any] = []
        self._insides: list[Any] = []

    def reset(self) -> None:
        """Forget them, as moto does by the same name."""
        classes: list[Any] = [*chain.from_iterable(of_service.values() for of_service in model_data.values())]
        if classes != self._classes:
            self._classes = classes
            self._insides = [*map(attributes_of, classes)]
        for model, inside in zip(classes, self._insides, strict=True):
            if inside.get("instances_tracked") != []:
                model.instances_tracked = []


_MODELS = _Models()


class _Methods:
    """The methods of a class of moto's answers: moto only asks whether one of that name is among them."""

    def __init__(self, owner: type) -> None:
        self._owner = owner

    def __contains__(self, name: str | None) -> bool:
        return name is not None and inspect.isfunction(getattr(self._owner, name, None))


#: moto lists all methods of a class for each call. For each mock, it reads a version and changes its models.
SHARED = Shared(
    (
        unless_replaced(custom_responses_mock, "is_responses_0_17_x", cache),
        unless_replaced(models, "reset_model_data", lambda _reset: _MODELS.reset),
        unless_replaced(responses, "method_names_from_class", lambda _listed: _Methods),
        *moto_calls.PATCHES,
        *moto_requests.PATCHES,
        *random_texts.PATCHES,
        *moto_answers.PATCHES,
        *headers.PATCHES,
        *signing.PATCHES,
        *forms.PATCHES,
        *xml_answers.PATCHES,
    )
)


def _followed(callback: Callable[[Any], Any], after_call: Callable[[], object]) -> Callable[[Any], Any]:
    def wrapper(request: Any) -> Any:
        answer = callback(request)
        after_call()
        return answer

    return wrapper


@contextlib.contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """While entered, the ids that moto makes up follow from the seed, unless it is `None`.

    moto's own random state is put back afterwards. The text of the seed keeps its ids apart from destmock's,
    which come from the same number.
    """
    if seed is None:
        yield
        return
    before, counted = mock_random.getstate(), _counters()
    mock_random.seed(f"moto {seed}")
    for owner, name, _ in counted:
        setattr(owner, name, 0)
    try:
        yield
    finally:
        mock_random.setstate(before)
        for owner, name, number in counted:
            setattr(owner, name, number)


def _counters() -> list[tuple[Any, str, int]]:
    """What moto counts through the whole process: whose attribute it is, its name, and its value."""
    logs = sys.modules.get("moto.logs.models")
    return [] if logs is None else [(logs.LogEvent, "_event_id", logs.LogEvent._event_id)]  # noqa: SLF001
