"""A call's way through botocore and moto: what hardly changes from call to call is found out once.

That is which services a URL may belong to, the key that signs a day's calls, what an action is called, and
where the models of services are. A request becomes a WSGI environment without werkzeug's classes for tests.
"""

from __future__ import annotations

import re
import string
import sys
import threading
from functools import cache, lru_cache, partial, wraps
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import HeadersDict
from botocore.httpchecksum import AwsChunkedWrapper
from moto.core import responses, utils
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.loaders import Loader, create_loader
from moto.core.request import Request
from moto.core.responses import BaseResponse
from moto.core.utils import get_equivalent_url_in_aws_domain
from moto.moto_api._internal.moto_random import MotoRandom
from werkzeug.sansio import request as sansio_request

from destmock._isolation.header_names import NAMES_AS_SENT, environ_key, is_kept_as_sent
from destmock._isolation.patching import Patch, unless_replaced
from destmock._isolation.sessions import Same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

#: The URLs that werkzeug takes as they are.
_PLAIN_URL = re.compile(
    r"https?://[a-z0-9.-]+(:[0-9]{1,5})?(/(?!/)[A-Za-z0-9._~/%:@!$&'()*+,=-]*)?(\?[!-\"$-~]*)?\Z"
)
#: Without a body, werkzeug makes one of these.
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


class _Routing(threading.local):
    """Where this thread's call goes, from its beginning until moto looks for the service."""

    def __init__(self) -> None:
        self._url: str | None = None

    def to(self, url: str | None) -> None:
        """Remember the URL, without its query."""
        self._url = url

    def taken(self) -> str | None:
        """The URL, for once."""
        url, self._url = self._url, None
        return url


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
        parsed, _ = get_equivalent_url_in_aws_domain(request.url)
        _routing.to(f"{parsed.scheme}://{parsed.netloc}{parsed.path}")
        try:
            return process(stubber, request)
        finally:
            _routing.to(None)

    return processed


def _quickly(from_primitives: Any) -> Any:
    """Make the request that `from_primitives` makes."""

    def made(kind: Any, method: str, url: str, headers: Any, body: Any = None) -> Any:
        body = body.read() if isinstance(body, AwsChunkedWrapper) else body
        environ = environ_of(method, url, headers, body)
        if environ is None:
            return from_primitives.__func__(kind, method, url, headers, body)
        request = kind(environ)
        environ[NAMES_AS_SENT] = {environ_key(key): key for key, _ in _items(headers) if is_kept_as_sent(key)}
        environ.setdefault("CONTENT_LENGTH", "0")
        return request

    return classmethod(made)


def environ_of(method: str, url: str, headers: Any, body: Any) -> dict[str, Any] | None:
    """The WSGI environment of a plain request, as werkzeug makes it; nothing for any other request."""
    body = body.encode() if isinstance(body, str) else b"" if body is None else body
    if type(url) is not str or type(body) is not bytes or not _PLAIN_URL.match(url):
        return None
    named = _headers(headers)
    if named is None:
        return None
    content_type = named.pop("CONTENT_TYPE", None)
    named.pop("CONTENT_LENGTH", None)  # it goes by the body
    if not body and content_type and content_type.partition(";")[0].strip().lower() in _FORMS:
        return None
    parts = urlsplit(url)
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(parts.path).encode().decode("latin1"),
        "QUERY_STRING": parts.query,
        "REQUEST_URI": parts.path,
        "RAW_URI": parts.path,
        **_of_server(parts.scheme, parts.netloc),
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if content_type is not None:
        environ["CONTENT_TYPE"] = content_type
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
    environ.update(named)
    return environ


def _headers(headers: Any) -> dict[str, str] | None:
    """Headers by their names in the environment; nothing if werkzeug would look at them more closely."""
    named: dict[str, str] = {}
    for key, value in _items(headers):
        name = environ_key(key)
        if name == "HTTP_TRANSFER_ENCODING":
            continue
        text = value.decode() if isinstance(value, bytes) else value
        if not isinstance(text, str) or "\n" in text or "\r" in text or name in named:
            return None
        named[name] = text
    return named


def _items(headers: Any) -> Iterable[tuple[str, Any]]:
    """The headers of a request; botocore's own look each name up again."""
    if type(headers) is not HeadersDict:
        return headers.items()  # type: ignore[no-any-return]
    kept: dict[Any, Any] = headers._dict  # type: ignore[attr-defined]  # noqa: SLF001
    return zip(map(str, kept), kept.values(), strict=True)


@lru_cache(maxsize=1000)
def _of_server(scheme: str, netloc: str) -> dict[str, Any]:
    name, _, port = netloc.partition(":")
    return {
        "SERVER_NAME": name,
        "SERVER_PORT": str(int(port)) if port else "443" if scheme == "https" else "80",
        "HTTP_HOST": netloc,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
    }


def _key_remembered(sign: Callable[..., Any]) -> Callable[..., Any]:
    """Four of five signatures lead to the key that a day's calls of a service have in common."""

    @wraps(sign)
    def signed(auth: Any, key: bytes, msg: str, hex: bool = False) -> Any:  # noqa: A002, FBT001, FBT002 - its names
        return sign(auth, key, msg, hex) if hex else _converted(sign, None, key, msg)

    return signed


def _drawn_at_once(_get_random_string: Callable[..., str]) -> Callable[..., str]:
    """The same letters from the same random numbers: moto draws 52 of them for each call."""

    def get_random_string(
        random: Any,
        length: int = 20,
        include_digits: bool = True,  # noqa: FBT001, FBT002 - as moto has it
        lower_case: bool = False,  # noqa: FBT001, FBT002
    ) -> str:
        pool = string.ascii_letters + string.digits if include_digits else string.ascii_letters
        most, bits, draw = len(pool), len(pool).bit_length(), random.getrandbits
        drawn = []
        for _ in range(length):
            number = draw(bits)
            while number >= most:
                number = draw(bits)
            drawn.append(pool[number])
        text = "".join(drawn)
        return text.lower() if lower_case else text

    return get_random_string


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


#: Before 5.2.4, moto takes botocore's requests as they are.
_MAKES_REQUESTS = hasattr(Request, "from_primitives")


@cache
def loader() -> Loader:
    """The loader of moto's models, which looks through 400 directories; moto makes one for each service."""
    return create_loader()


PATCHES = (
    Patch(BotocoreStubber, "process_request", _routed),
    unless_replaced(utils, "create_loader", lambda _making: loader),
    *([Patch(Request, "from_primitives", _quickly)] if _MAKES_REQUESTS else []),
    unless_replaced(SigV4Auth, "_sign", _key_remembered),
    unless_replaced(MotoRandom, "get_random_string", _drawn_at_once),
    unless_replaced(sansio_request, "get_current_url", remembered),
    unless_replaced(responses, "camelcase_to_underscores", remembered),
    unless_replaced(BaseResponse, "access_key_regex", _Credential),
)
