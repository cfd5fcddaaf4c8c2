"""What a client's configuration is looked up in: the environment, and the profile of its session.

botocore goes through both again for each of some 160 variables of one client. Nothing changes while a client
is made, so each is read once for it.
"""

from __future__ import annotations

import contextlib
import os
import threading
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib import request

from botocore import utils
from botocore.configprovider import (
    ChainProvider,
    EnvironmentProvider,
    InstanceVarProvider,
    ScopedConfigProvider,
)
from botocore.session import Session

from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


#: With these, botocore goes through all of the environment for each new client.
_OF_ENVIRONMENT = ("getproxies", "proxy_bypass")
#: How often the environment is read again that another thread changes meanwhile.
_TIMES = 100
#: What they answer where no variable names a proxy. On macOS and Windows they are other functions.
_WITHOUT_PROXIES = {
    request.getproxies_environment: dict,
    request.proxy_bypass_environment: bool,  # type: ignore[attr-defined]
}


class Variables(NamedTuple):
    """The environment as it was at one moment."""

    #: What Python keeps it in, to see whether it has changed.
    raw: Mapping[Any, Any]
    values: Mapping[str, str]
    #: Whether a variable names a proxy.
    proxies: bool


class Answers(dict[Any, Any]):
    """What a function of one value answers, remembered: found in less time than `lru_cache` takes."""

    _MOST = 4096

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, value: Any) -> Any:
        if len(self) >= self._MOST:
            self.clear()
        answer = self[value] = self._function(value)
        return answer


_text = Answers(os.fsdecode).__getitem__
_names_a_proxy = Answers(lambda name: name.lower().endswith("_proxy")).__getitem__


class _Environment:
    """The environment, read again when it has changed."""

    def __init__(self) -> None:
        self._latest: Variables | None = None

    def variables(self) -> Variables | None:
        """What it has; nothing if it is not Python's own, or another thread changes it just now."""
        raw: Any = getattr(os.environ, "_data", None)
        known = self._latest
        if known is not None and known.raw == raw:
            return known
        with contextlib.suppress(RuntimeError, KeyError, TypeError):
            names, texts = map(_text, raw), map(_text, raw.values())
            values = dict(zip(names, texts, strict=True)) if os.name != "nt" else dict(os.environ)
            proxies = any(map(_names_a_proxy, values))
            self._latest = known = Variables(dict(raw), values, proxies)
            return known
        return None


class _Making(threading.local):
    """What this thread has read for the client that it makes."""

    def __init__(self) -> None:
        self.session: Any = None
        self.environment: Mapping[str, str] | None = None
        #: Empty until somebody has asked for it.
        self._profile: tuple[Any, ...] = ()

    @contextlib.contextmanager
    def begun(self, session: Any) -> Iterator[None]:
        """While entered, a client of this session is made."""
        before = self.session, self.environment, self._profile
        known = ENVIRONMENT.variables()
        self.session, self.environment, self._profile = session, known and known.values, ()
        try:
            yield
        finally:
            self.session, self.environment, self._profile = before

    def profile(self, get: Callable[[Any], Any] = Session.get_scoped_config) -> Any:
        """What the session's configuration file says."""
        if not self._profile:
            self._profile = (get(self.session),)
        return self._profile[0]


ENVIRONMENT, _making = _Environment(), _Making()


def read_once(create_client: Callable[..., Any]) -> Callable[..., Any]:
    """Make a client, and read the environment and the profile once for it."""

    @wraps(create_client)
    def created(session: Any, *arguments: Any, **named: Any) -> Any:
        with _making.begun(session):
            return create_client(session, *arguments, **named)

    return created


def _profile_once(get_scoped_config: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @wraps(get_scoped_config)
    def scoped(session: Any) -> Any:
        known = _making.session is session
        return _making.profile(get_scoped_config) if known else get_scoped_config(session)

    return scoped


def _chained(provide: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A variable, from the first that has it: botocore asks four places in as many calls each."""

    @wraps(provide)
    def provided(chain: Any) -> Any:
        session, values = _making.session, _making.environment
        if values is None or type(session) is not Session or os.name == "nt":
            return provide(chain)
        for provider in chain._providers:
            kind = type(provider)
            if kind is EnvironmentProvider and provider._env is os.environ:
                value = values.get(provider._name)
            elif kind is InstanceVarProvider and provider._session is session:
                value = session._session_instance_vars.get(provider._instance_var)
            elif kind is ScopedConfigProvider and provider._session is session and not _making.profile():
                value = None
            else:
                value = provider.provide()
            if value is not None:
                return chain._convert_type(value)
        return None

    return provided


def asked_again(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function of the environment answers, asked again if variables came or went meanwhile.

    A handler on another thread has variables of its own. What fails for another reason fails in the end.
    """
    for _ in range(_TIMES):
        with contextlib.suppress(KeyError, RuntimeError):
            return function(*arguments)
    return function(*arguments)


def _of_proxies(function: Callable[..., Any]) -> Callable[..., Any]:
    """Only look for proxies where a variable names one."""
    none = _WITHOUT_PROXIES.get(function)

    def found(*arguments: Any) -> Any:
        known = ENVIRONMENT.variables() if none is not None else None
        if none is not None and known is not None and not known.proxies:
            return none()
        return asked_again(function, *arguments)

    return found


PATCHES = (
    *(Patch(utils, name, _of_proxies) for name in _OF_ENVIRONMENT),
    Patch(Session, "get_scoped_config", _profile_once),
    Patch(ChainProvider, "provide", _chained),
)
