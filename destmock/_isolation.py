"""What the mock changes in the process, and puts back: AWS's environment variables and moto's settings."""

from __future__ import annotations

import contextlib
import copy
import os
from functools import cache
from typing import TYPE_CHECKING
from unittest.mock import patch
from weakref import WeakKeyDictionary

from botocore import utils
from botocore.context import get_context
from botocore.credentials import EnvProvider
from botocore.loaders import Loader, create_loader
from botocore.session import Session
from botocore.useragent import UserAgentString
from moto import mock_aws, settings
from moto.core import models
from moto.core.config import default_user_config
from moto.core.custom_responses_mock import not_implemented_callback
from moto.core.models import MockAWS
from moto.moto_api._internal import mock_random

from destmock._aws.arn import DEFAULT_REGION
from destmock._hook import after_call
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from botocore.credentials import Credentials
    from responses import BaseResponse

#: Ways to real credentials and endpoints; none is taken while the mock is active.
_REMOVED = (
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_DEFAULT_PROFILE",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)
_ENDPOINTS = "AWS_ENDPOINT_URL"
_SET = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
#: With these, botocore goes through all of the environment for each new client.
_OF_ENVIRONMENT = ("getproxies", "proxy_bypass")
#: moto sets these itself.
_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@contextlib.contextmanager
def isolated() -> Iterator[None]:
    """An active moto that no setting of the machine reaches; everything is put back afterwards."""
    if settings.TEST_SERVER_MODE or settings.is_test_proxy_mode():
        message = "destmock works on moto in this process, not on moto's server or proxy mode"
        raise UnsupportedError(message)
    config = copy.deepcopy(default_user_config)
    credentials = patch.object(Session, "get_credentials", _get_credentials)
    loader = patch("botocore.session.create_loader", _kept_loader)
    user_agent = patch.object(UserAgentString, "to_string", _remembered(UserAgentString.to_string))
    session = patch("boto3.DEFAULT_SESSION", None)
    proxies, bypass = (patch.object(utils, name, _again(getattr(utils, name))) for name in _OF_ENVIRONMENT)
    with _environment(), session, credentials, loader, user_agent, proxies, bypass, _moto_active():
        try:
            yield
        finally:
            for name in _CREDENTIALS:  # moto's stop wants to find them
                os.environ.setdefault(name, "")
            default_user_config.update(config)


@contextlib.contextmanager
def _moto_active() -> Iterator[None]:
    """moto, as `mock_aws` has it, but for what it registers for each URL, which is made once for the process.

    That registration is most of the time that `mock_aws` takes to start.
    """
    first = not MockAWS._nested_count  # noqa: SLF001 - an inner one registers nothing
    answers = _registered_answers() if first else {}
    mock = mock_aws()
    with patch.object(models, "RESPONSES_METHODS", []):
        mock.start()
    try:
        for method, found in answers.items():
            models.responses_mock._registry._registered[method] += found  # type: ignore[attr-defined]  # noqa: SLF001
        yield
    finally:
        if models.responses_mock.calls:  # made by other ways than botocore's
            for found in answers.values():
                for answer in found:
                    answer.calls.reset()
        mock.stop()


@cache
def _registered_answers() -> dict[str, tuple[BaseResponse, ...]]:
    """What moto registers, by HTTP method, for requests that come by other ways than botocore's.

    A presigned upload may have queued something, too.
    """
    with mock_aws():
        registered = models.responses_mock._registry._registered  # type: ignore[attr-defined]  # noqa: SLF001
        for found in registered.values():
            for answer in found:
                if answer.callback is not not_implemented_callback:
                    answer.callback = _followed(answer.callback)
        return {method: tuple(found) for method, found in registered.items()}


def _followed(callback: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def wrapper(request: Any) -> Any:
        answer = callback(request)
        after_call()
        return answer

    return wrapper


@contextlib.contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """While entered, the ids that moto makes up follow from the seed, unless it is `None`.

    What they would have been without is put back afterwards. The text keeps them apart from destmock's own,
    which come from the same number.
    """
    before = mock_random.getstate()
    if seed is not None:
        mock_random.seed(f"moto {seed}")
    try:
        yield
    finally:
        if seed is not None:
            mock_random.setstate(before)


def _again(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same, also while the variables of a handler on another thread come or go."""

    def wrapper(*arguments: Any) -> Any:
        while True:
            with contextlib.suppress(KeyError, RuntimeError):
                return function(*arguments)

    return wrapper


def _remembered(to_string: Callable[[Any], str]) -> Callable[[Any], str]:
    """What botocore says of itself, made once for all calls that say the same.

    It goes through that letter by letter and twice, which is a third of what one call takes. It follows from
    the client, its configuration, and the features that the call uses.
    """
    texts: WeakKeyDictionary[Any, dict[Any, str]] = WeakKeyDictionary()

    def wrapper(said_by: Any) -> str:
        known = texts.get(said_by)
        if known is None:
            known = texts[said_by] = {}
        context, config = get_context(), said_by._client_config  # noqa: SLF001
        configured = config and (
            config.user_agent,
            config.user_agent_extra,
            config.user_agent_appid,
            config.endpoint_discovery_enabled,
            (config.retries or {}).get("mode"),
        )
        key = configured, context and frozenset(context.features)
        if key not in known:
            known[key] = to_string(said_by)
        return known[key]

    return wrapper


def _kept_loader(search_path: str | None = None) -> Loader:
    """One loader of service models for the whole process, so that a client costs a sixth of the time.

    Each boto3 session adds its own directory to the loader's: once is enough.
    """
    loader = _loader(search_path)
    loader.search_paths[:] = dict.fromkeys(loader.search_paths)
    return loader


@cache
def _loader(search_path: str | None) -> Loader:
    return create_loader(search_path)


def _get_credentials(session: Session) -> Credentials | None:
    """What a session has already, else the environment's: for a profile's, programs would run."""
    return session._credentials or EnvProvider().load()  # type: ignore[attr-defined]  # noqa: SLF001


@contextlib.contextmanager
def _environment() -> Iterator[None]:
    endpoints = [name for name in os.environ if name.startswith(_ENDPOINTS)]
    touched = {*_REMOVED, *_CREDENTIALS, *_SET, *endpoints, "AWS_DEFAULT_REGION"}
    before = {name: os.environ.get(name) for name in touched}
    for name in (*_REMOVED, *endpoints):
        os.environ.pop(name, None)
    os.environ.update(_SET)
    os.environ.setdefault("AWS_DEFAULT_REGION", DEFAULT_REGION)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
