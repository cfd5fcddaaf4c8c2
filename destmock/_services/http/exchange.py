"""Pure: an HTTP request as it reaches a front door, and the answer that it gets."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from destmock._aws.ids import Trace

Pairs = tuple[tuple[str, str], ...]
#: The address that requests come from: one of those that stand for examples.
SOURCE_IP = "203.0.113.10"
_TEXTS = ("text/", "application/json", "application/javascript", "application/xml", "application/x-www-form")
_TEXT_ENDS = ("+json", "+xml")


class LeftToMotoError(UnsupportedError):
    """What stands behind an API isn't simulated; moto may answer for it, if the client is requests."""


class HttpRequest(NamedTuple):
    """A request: `path` as it was sent, with its escaped characters, and `query` without question mark.

    `port` is `None` where the address has none: below a path of the mock's own server.
    """

    method: str
    host: str
    path: str
    query: str = ""
    headers: Pairs = ()
    body: bytes = b""
    secure: bool = True
    port: int | None = None

    def header(self, name: str) -> str | None:
        """The last value of a header, in whichever case."""
        wanted = name.lower()
        found = [value for key, value in self.headers if key.lower() == wanted]
        return found[-1] if found else None

    @property
    def query_pairs(self) -> list[tuple[str, str]]:
        """The query's parameters in their order, with escaped characters put back."""
        return parse_qsl(self.query, keep_blank_values=True)

    @property
    def protocol(self) -> str:
        return "HTTP/1.1"

    @property
    def user_agent(self) -> str | None:
        return self.header("user-agent")

    def within(self, path: str) -> HttpRequest:
        """The same request to another path."""
        return self._replace(path=path)


def request_to(url: str, method: str, headers: Iterable[tuple[str, str]], body: bytes) -> HttpRequest:
    """A request to a URL. API Gateway sees the headers that the network adds on the way."""
    parts = urlsplit(url)
    given = tuple((str(name), str(value)) for name, value in headers)
    host = (parts.hostname or "").lower()
    secure = parts.scheme != "http"
    port = parts.port or (443 if secure else 80)
    return HttpRequest(method.upper(), host, parts.path or "/", parts.query, given, body, secure, port)


def with_the_network_s(request: HttpRequest, trace_header: str) -> HttpRequest:
    """The request with the headers that AWS adds to what the client sends."""
    own = {
        "Host": request.host,
        "X-Amzn-Trace-Id": trace_header,
        "X-Forwarded-For": SOURCE_IP,
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    names = {"connection", *(name.lower() for name in own)}
    kept = tuple(pair for pair in request.headers if pair[0].lower() not in names)
    return request._replace(headers=(*kept, *own.items()))


class HttpAnswer(NamedTuple):
    """The answer to a request; a header may be there several times."""

    status: int
    headers: Pairs = ()
    body: bytes = b""
    #: After how many milliseconds it comes, if that is before the function has ended.
    after: int | None = None

    def header(self, name: str) -> str | None:
        wanted = name.lower()
        found = [value for key, value in self.headers if key.lower() == wanted]
        return found[-1] if found else None

    @property
    def sent_headers(self) -> list[tuple[str, str]]:
        """The headers as they are sent, with the length of what really comes."""
        own = ("content-length", "transfer-encoding", "connection")
        kept = [pair for pair in self.headers if pair[0].lower() not in own]
        return [*kept, ("Content-Length", str(len(self.body)))]

    def without(self, names: Iterable[str]) -> HttpAnswer:
        gone = {name.lower() for name in names}
        kept = tuple(pair for pair in self.headers if pair[0].lower() not in gone)
        return self._replace(headers=kept)

    def adding(self, headers: Iterable[tuple[str, str]]) -> HttpAnswer:
        return self._replace(headers=(*self.headers, *headers))

    def replacing(self, headers: Mapping[str, str]) -> HttpAnswer:
        """The answer with these headers instead of any others of their names."""
        return self.without(headers).adding(headers.items())


def json_body(value: Any) -> bytes:
    """Compact JSON in UTF-8."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return text.encode(errors="backslashreplace")


def problem(status: int, message: str, *, error_type: str | None = None) -> HttpAnswer:
    """An answer of API Gateway's own: `{"message":"..."}`."""
    headers: Pairs = (("Content-Type", "application/json"),)
    if error_type is not None:
        headers = (*headers, ("x-amzn-ErrorType", error_type))
    return HttpAnswer(status, headers, json_body({"message": message}))


def is_text(content_type: str | None) -> bool:
    """Whether an event of version 2.0 has a body of this type as it is; any other is base64."""
    if content_type is None:
        return True
    kind = content_type.partition(";")[0].strip().lower()
    return kind.startswith(_TEXTS) or kind.endswith(_TEXT_ENDS)


class Moment(NamedTuple):
    """What identifies one request: its id, and the time in milliseconds."""

    request_id: str
    at: int


class Place(NamedTuple):
    """The API, stage and route that a request has come to; `authorizer` is what the authoriser said."""

    account: str
    api_id: str
    stage: str
    resource: str
    path_parameters: Mapping[str, str] = MappingProxyType({})
    stage_variables: Mapping[str, str] = MappingProxyType({})
    resource_id: str = ""
    deployment_id: str = ""
    authorizer: Mapping[str, Any] | None = None
    binary_media_types: tuple[str, ...] = ()
    domain_prefix: str = ""

    @property
    def stage_path(self) -> str:
        return "" if self.stage == "$default" else f"/{self.stage}"


class Asked(NamedTuple):
    """A request that has come to an API's route, and the trace that it is part of."""

    request: HttpRequest
    place: Place
    moment: Moment
    trace: Trace


def listed(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """All values of each name, in their order."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found
