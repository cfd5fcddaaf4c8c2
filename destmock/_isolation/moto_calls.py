"""A call's way through botocore and moto: what hardly changes from call to call is found out once.

That is which services a URL may belong to, the key that signs a day's calls, what an action is called, and
where the models of services are.
"""

from __future__ import annotations

import sys
import threading
from datetime import datetime, timezone
from functools import cache, lru_cache, partial, wraps
from typing import TYPE_CHECKING, Any

from botocore.auth import SigV4Auth
from moto import backends
from moto.core import botocore_stubber, responses, utils
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.loaders import Loader, create_loader
from moto.core.responses import BaseResponse
from moto.core.utils import get_equivalent_url_in_aws_domain
from werkzeug.sansio import request as sansio_request

from destmock._isolation.patching import Patch, unless_replaced
from destmock._isolation.sessions import Same

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator


_utils: Any = utils
_UTCNOW = _utils.utcnow
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class _Routing(threading.local):
    """Where this thread's call goes, from its beginning until moto looks for the service."""

    def __init__(self) -> None:
        #: A call's URL, and what it is in an AWS domain, in moto's words.
        self.parsed: tuple[str, Any] | None = None
        self._url: str | None = None

    def to(self, url: str, parsed: Any) -> None:
        """Remember a URL, and what it is in an AWS domain without its query."""
        self.parsed = url, parsed
        self._url = f"{parsed[0].scheme}://{parsed[0].netloc}{parsed[0].path}"

    def taken(self) -> str | None:
        """The URL in an AWS domain, for once."""
        url, self._url = self._url, None
        return url

    def end(self) -> None:
        self.parsed = self._url = None


_routing = _Routing()


class Routes(list):  # type: ignore[type-arg]
    """moto's services with the pattern of their URLs: for a call, those whose pattern its URL matches."""

    def __iter__(self) -> Iterator[Any]:
        url = _routing.taken()
        return super().__iter__() if url is None else iter(_matching(Same(self), url))


@lru_cache(maxsize=4096)
def _matching(routes: Same, url: str) -> tuple[Any, ...]:
    return tuple(route for route in list.__iter__(routes.value) if route[1].match(url))


def _routed(process: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    @wraps(process)
    def processed(stubber: Any, request: Any) -> Any:
        _routing.to(request.url, get_equivalent_url_in_aws_domain(request.url))
        try:
            return process(stubber, request)
        finally:
            _routing.end()

    return processed


def _parsed_once(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    @wraps(parse)
    def parsed(url: str) -> Any:
        (known, found), _routing.parsed = _routing.parsed or (None, None), None
        return found if known is url else parse(url)

    return parsed


def _imported_once(find: Callable[[str, str], Any]) -> Callable[[str, str], Any]:
    """A service's backends, as its module has them, if it is imported."""

    @wraps(find)
    def found(module_name: str, backends_name: str) -> Any:
        backends_of = getattr(sys.modules.get(f"moto.{module_name}"), backends_name, None)
        return find(module_name, backends_name) if backends_of is None else backends_of

    return found


def _key_remembered(sign: Callable[..., Any]) -> Callable[..., Any]:
    """Four of five signatures lead to the key that a day's calls of a service have in common."""

    @wraps(sign)
    def signed(auth: Any, key: bytes, msg: str, hex: bool = False) -> Any:  # noqa: A002, FBT001, FBT002 - its names
        return sign(auth, key, msg, hex) if hex else _converted(sign, None, key, msg)

    return signed


def _now() -> datetime:
    """The time, by whatever `datetime` moto reads."""
    now: datetime = _utils.datetime.datetime.now(timezone.utc)
    return now


def _counted_once(count: Callable[..., float]) -> Callable[..., float]:
    """The seconds since 1970, as moto counts them, without taking a time zone away and adding it again."""

    @wraps(count)
    def counted(dt: datetime | None = None) -> float:
        if dt is not None or _utils.utcnow is not _UTCNOW:  # a test says what time it is
            return count(dt)
        since = _now() - _EPOCH
        return (since.days * 86400) + (since.seconds + (since.microseconds / 1e6))

    return counted


def _dated_once(write: Callable[..., str]) -> Callable[..., str]:
    """The Date of an answer, which is the same for all of a second."""
    of_second = remembered(write)

    @wraps(write)
    def dated(timestamp: Any = None) -> str:
        is_plain = type(timestamp) is datetime
        date: str = of_second(timestamp.replace(microsecond=0)) if is_plain else write(timestamp)
        return date

    return dated


class _Credential:
    """Looks for the access key where a signature names it; moto goes through all of it, twice a call."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern

    def search(self, text: str) -> re.Match[str] | None:
        credential, _, others = text.partition(",")
        if ":" in others or "/" in others:  # one of these is behind the key
            return self._pattern.search(text)
        return _key_in(self._pattern, credential)


@lru_cache(maxsize=1000)
def _key_in(pattern: re.Pattern[str], credential: str) -> re.Match[str] | None:
    return pattern.search(credential)


def remembered(convert: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose results follow from its arguments alone, and are remembered."""
    return partial(_converted, convert)


@lru_cache(maxsize=4096)
def _converted(convert: Callable[..., Any], *arguments: Any) -> Any:
    return convert(*arguments)


def _looked_up(get: Callable[..., Any]) -> Callable[..., Any]:
    """A parameter of a call. moto makes a mapping of those it has and of those in the path, each time."""

    @wraps(get)
    def get_param(self: BaseResponse, param_name: str, if_none: Any = None) -> Any:
        at_once = type(param_name) is str and "." not in param_name
        if not at_once or not self.automated_parameter_parsing or self.uri_match:
            return get(self, param_name, if_none)
        params: Any = self.params
        try:
            return params[param_name]
        except (KeyError, IndexError, TypeError, AttributeError):
            return if_none

    return get_param


@cache
def loader() -> Loader:
    """The loader of moto's models, which looks through 400 directories; moto makes one for each service."""
    return create_loader()


PATCHES = (
    Patch(BotocoreStubber, "process_request", _routed),
    unless_replaced(responses, "utcnow", lambda _naive: _now),  # for the Date of an answer, which is of UTC
    unless_replaced(responses, "http_date", _dated_once),
    unless_replaced(utils, "unix_time", _counted_once),
    unless_replaced(botocore_stubber, "get_equivalent_url_in_aws_domain", _parsed_once),
    unless_replaced(backends, "_import_backend", _imported_once),
    unless_replaced(utils, "create_loader", lambda _making: loader),
    unless_replaced(SigV4Auth, "_sign", _key_remembered),
    unless_replaced(sansio_request, "get_current_url", remembered),
    unless_replaced(responses, "camelcase_to_underscores", remembered),
    unless_replaced(BaseResponse, "access_key_regex", _Credential),
    unless_replaced(BaseResponse, "_get_param", _looked_up),
)
