"""boto3's sessions and clients: without the machine's credentials, and quick to make and to call."""

from __future__ import annotations

import contextlib
import os
from functools import cache
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib import request
from weakref import WeakKeyDictionary

from botocore import utils
from botocore.context import get_context
from botocore.credentials import EnvProvider
from botocore.loaders import Loader, create_loader
from botocore.session import Session
from botocore.useragent import UserAgentString

from destmock._isolation import sessions
from destmock._isolation.patching import patched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.credentials import Credentials


#: With these, botocore goes through all of the environment for each new client.
_OF_ENVIRONMENT = ("getproxies", "proxy_bypass")
#: What they answer where no variable names a proxy. On macOS and Windows they are other functions.
_WITHOUT_PROXIES = {
    request.getproxies_environment: dict,
    request.proxy_bypass_environment: bool,  # type: ignore[attr-defined]
}


@contextlib.contextmanager
def clients_isolated() -> Iterator[None]:
    """While entered, no session finds the machine's credentials, and clients share what they repeat."""
    credentials = patch.object(Session, "get_credentials", _get_credentials)
    loader = patch("botocore.session.create_loader", _kept_loader)
    user_agent = patch.object(UserAgentString, "to_string", _remembered(UserAgentString.to_string))
    session = patch("boto3.DEFAULT_SESSION", None)
    proxies, bypass = (
        patch.object(utils, name, _of_proxies(getattr(utils, name))) for name in _OF_ENVIRONMENT
    )
    with session, credentials, loader, user_agent, proxies, bypass, patched(sessions.PATCHES):
        yield


def _of_proxies(function: Callable[..., Any]) -> Callable[..., Any]:
    """Only look for proxies where a variable names one.

    The function is called again if variables came or went meanwhile, of a handler on another thread.
    """
    none = _WITHOUT_PROXIES.get(function)

    def wrapper(*arguments: Any) -> Any:
        if none is not None and not any(name.lower().endswith("_proxy") for name in os.environ):
            return none()
        while True:
            with contextlib.suppress(KeyError, RuntimeError):
                return function(*arguments)

    return wrapper


def _remembered(to_string: Callable[[Any], str]) -> Callable[[Any], str]:
    """Remember botocore's User-Agent, for all calls that have the same.

    botocore goes through its letters twice for each call, which is a third of the call's time. The text
    follows from the client, its configuration, and the features that the call uses.
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
    """The credentials that a session has, else the environment's; a profile's could run a program."""
    return session._credentials or EnvProvider().load()  # type: ignore[attr-defined]  # noqa: SLF001
