"""A call becomes the request that moto works on without werkzeug's classes for tests.

What werkzeug would find out of a plain request step by step is there from the beginning.
"""

from __future__ import annotations

import re
import sys
from functools import cache, lru_cache, partial, wraps
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from botocore.httpchecksum import AwsChunkedWrapper
from moto.core import request as motos
from moto.core import responses, utils
from moto.core.request import Request
from werkzeug.utils import cached_property

from destmock._isolation.header_names import NAMES_AS_SENT, environ_key, is_kept_as_sent
from destmock._isolation.headers import sent_items
from destmock._isolation.moto_calls import remembered
from destmock._isolation.patching import Patch, unless_replaced

try:
    from moto.core import routing
except ImportError:
    routing = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: The URLs that werkzeug takes as they are.
_PLAIN_URL = re.compile(
    r"https?://[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*(:([1-9][0-9]{0,3}|[1-5][0-9]{4}))?"
    r"(/(?!/)[A-Za-z0-9._~/%:@!$&'()*+,=-]*)?(\?[!-\"$-~]*)?\Z"
)
_PLAIN_HOST = re.compile(r"[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?\Z")
#: With an underscore, these are other headers.
_TOLD_APART = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"})
#: Without a body, werkzeug makes one of these.
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


def _quickly(from_primitives: Any) -> Any:
    """Make the request that `from_primitives` makes."""

    def made(kind: Any, method: str, url: str, headers: Any, body: Any = None) -> Any:
        body = body.read() if isinstance(body, AwsChunkedWrapper) else body
        sent = sent_items(headers)
        environ = environ_of(method, url, sent, body)
        if environ is None:
            return from_primitives.__func__(kind, method, url, headers, body)
        request = kind(environ, populate_request=False)  # or each would be a cycle for the garbage collector
        environ[NAMES_AS_SENT] = {environ_key(key): key for key, _ in sent if is_kept_as_sent(key)}
        environ.setdefault("CONTENT_LENGTH", "0")
        vars(request).update(_found(request, environ))
        return request

    return classmethod(made)


def environ_of(method: str, url: str, sent: Iterable[tuple[str, Any]], body: Any) -> dict[str, Any] | None:
    """The WSGI environment of a plain request, as werkzeug makes it; nothing for any other request."""
    body = body.encode() if isinstance(body, str) else b"" if body is None else body
    if type(url) is not str or type(body) is not bytes or not _PLAIN_URL.match(url):
        return None
    named = _headers(sent)
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
        "PATH_INFO": _decoded(parts.path),
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


def _found(request: Any, environ: dict[str, Any]) -> dict[str, Any]:
    """What werkzeug keeps of a request once it has been asked: its URL, its query and its body.

    werkzeug takes forms apart itself.
    """
    found: dict[str, Any] = {"content_length": int(environ["CONTENT_LENGTH"])}
    nothing = _nothing(request.parameter_storage_class)
    if "form" not in environ.get("CONTENT_TYPE", "").lower():
        found["form"] = found["files"] = nothing
    if not environ["QUERY_STRING"]:
        found["args"] = nothing
    host, kind = environ["HTTP_HOST"], request.__class__
    if request.trusted_hosts is None and _PLAIN_HOST.match(host):
        found["url_root"] = found["root_url"] = _root(kind, environ["wsgi.url_scheme"], host)
    return found


@lru_cache(maxsize=8)
def _nothing(kind: Any) -> Any:
    """A form, or a query, without a value. Nobody can change it."""
    return kind()


@lru_cache(maxsize=1000)
def _root(kind: Any, scheme: str, host: str) -> str:
    root: str = kind({**_of_server(scheme, host), "REQUEST_METHOD": "GET"}).url_root
    return root


def _headers(sent: Iterable[tuple[str, Any]]) -> dict[str, str] | None:
    """Headers by their names in the environment; nothing if werkzeug would look at them more closely."""
    named: dict[str, str] = {}
    for key, value in sent:
        name = environ_key(key)
        if name in _TOLD_APART and "_" in key:
            return None
        if name == "HTTP_TRANSFER_ENCODING":
            continue
        text = value.decode() if isinstance(value, bytes) else value
        if not isinstance(text, str) or "\n" in text or "\r" in text or name in named:
            return None
        named[name] = text
    return named


@lru_cache(maxsize=1000)
def _decoded(path: str) -> str:
    """A path as the environment has it."""
    return unquote(path).encode().decode("latin1")


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


def _as_given(stream: Any) -> Any:
    """A request's body, which werkzeug guards against reading more than there is."""

    def given(request: Any) -> Any:
        body = request.environ.get("wsgi.input")
        whole = type(body) is BytesIO and not body.tell() and len(body.getbuffer()) == request.content_length
        plain = whole and not request.shallow and request.max_content_length is None
        return body if plain else stream.fget(request)

    return cached_property(given, stream.__name__)


def _looked_up(get: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(get)
    def looked_up(headers: Any, key: str, default: Any = None, type: Any = None) -> Any:  # noqa: A002 - its name
        if type is not None or key.__class__ is not str:
            return get(headers, key, default, type)
        return headers.environ.get(environ_key(key), default)

    return looked_up


def _contained(contains: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    @wraps(contains)
    def contained(headers: Any, key: Any) -> bool:
        return environ_key(key) in headers.environ if type(key) is str else contains(headers, key)

    return contained


def _built_when_asked(compile_builder: Callable[..., Any]) -> Callable[..., Any]:
    """What builds a URL of a path's rule: moto only matches, and werkzeug would compile two for each path."""

    @wraps(compile_builder)
    def compiled(rule: Any, *append_unknown: Any) -> Callable[..., Any]:
        made: Callable[[], Callable[..., Any]] = cache(partial(compile_builder, rule, *append_unknown))

        def build(self: Any, **values: Any) -> Any:
            return made()(self, **values)

        return build

    return compiled


#: Before 5.2.5, moto has no rules of paths.
_OF_PATHS = () if routing is None else (Patch(routing.SmithyRule, "_compile_builder", _built_when_asked),)
#: Before 5.2.4, moto takes botocore's requests as they are.
_OF_MOTOS_OWN = (
    (
        Patch(Request, "from_primitives", _quickly),
        unless_replaced(Request, "stream", _as_given),
        unless_replaced(vars(motos)["EnvironHeaders"], "get", _looked_up),
        unless_replaced(vars(motos)["EnvironHeaders"], "__contains__", _contained),
    )
    if hasattr(Request, "from_primitives")
    else ()
)
PATCHES = (
    *_OF_MOTOS_OWN,
    *_OF_PATHS,
    unless_replaced(motos, "urlparse", remembered),
    unless_replaced(responses, "urlparse", remembered),
    unless_replaced(utils, "urlparse", remembered),
)
