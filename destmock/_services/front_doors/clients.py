"""How requests reach front doors, and a handler's extension: these hosts get no connection from HTTP clients.

The connections of `http.client`, which urllib and urllib3 are made on, get a socket that is a buffer.
requests and httpx are answered where they hand a request to their transport.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import sys
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3 import connection as pooled

from destmock._engine.active import enter_once
from destmock._isolation.connections import Connection
from destmock._isolation.patching import Patch, patched
from destmock._services import extension
from destmock._services.front_doors import doors
from destmock._services.http.exchange import LeftToMotoError, request_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from destmock._isolation.connections import Written
    from destmock._services.http.exchange import HttpAnswer, HttpRequest

    Answer = Callable[[HttpRequest, float | None], HttpAnswer]

#: httpx, and the library of the same interface that aiobotocore uses.
_HTTPX = ("httpx", "httpx2")
_TRANSPORTS = {
    "HTTPTransport": "handle_request",
    "AsyncHTTPTransport": "handle_async_request",
}


def _answer_at(host: str | None, port: int | None) -> Answer | None:
    """What answers at a host and port: a front door, a handler's extension, or nothing here."""
    if doors.is_door(host):
        return doors.answered
    return extension.answered if extension.is_extension(host, port) else None


def _connect(connect: Callable[..., None]) -> Callable[..., None]:
    def connected(connection: Any) -> None:
        answer = _answer_at(connection.host, connection.port)
        if answer is None:
            connect(connection)
            return
        given = connection.timeout
        timeout = given if isinstance(given, (int, float)) else socket.getdefaulttimeout()
        connection.sock = Connection(partial(_answer, answer, _origin(connection)), timeout)
        connection.is_verified = True  # urllib3 would warn of a connection without TLS

    return connected


def _send(send: Callable[..., Any]) -> Callable[..., Any]:
    """requests, past the mocks that moto has put in its way."""

    def sent(
        adapter: HTTPAdapter,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - as requests calls it
        timeout: Any = None,
        **kwargs: Any,
    ) -> Any:
        parts = urlsplit(request.url or "")
        if _answer_at(parts.hostname, parts.port) is None:
            return send(adapter, request, stream=stream, timeout=timeout, **kwargs)
        pool = urllib3.connection_from_url(request.url or "")
        body: Any = request.body
        headers: Any = request.headers
        try:
            raw = pool.urlopen(
                request.method or "GET",
                request.path_url,
                body=body,
                headers=headers,
                redirect=False,
                retries=False,
                timeout=_timeout(timeout),
                preload_content=False,
                decode_content=False,
            )
        except LeftToMotoError:
            return send(adapter, request, stream=stream, timeout=timeout, **kwargs)
        except urllib3.exceptions.ReadTimeoutError as error:
            raise requests.ReadTimeout(error, request=request) from error
        except urllib3.exceptions.ProtocolError as error:
            raise requests.ConnectionError(error, request=request) from error
        return adapter.build_response(request, raw)

    return sent


def _timeout(given: Any) -> urllib3.Timeout:
    """A timeout as requests takes it: seconds, seconds for connecting and reading, or `None`."""
    if isinstance(given, urllib3.Timeout):
        return given
    connect, read = given if isinstance(given, tuple) else (given, given)
    return urllib3.Timeout(connect=connect, read=read)


PATCHES = (
    Patch(http.client.HTTPConnection, "connect", _connect),
    Patch(http.client.HTTPSConnection, "connect", _connect),
    Patch(pooled.HTTPConnection, "connect", _connect),
    Patch(pooled.HTTPSConnection, "connect", _connect),
    Patch(HTTPAdapter, "send", _send),
)


def follow_httpx() -> None:
    """Answer httpx's clients, once the program has imported it, until the outermost mock ends."""
    for name in _HTTPX:
        if name in sys.modules:
            enter_once(_OF_HTTPX[name])


@contextlib.contextmanager
def _httpx_patched(name: str) -> Iterator[None]:
    library = sys.modules[name]
    replacements = {"handle_request": _handling(library), "handle_async_request": _handling_async(library)}
    with patched(
        Patch(getattr(library, transport), method, replacements[method])
        for transport, method in _TRANSPORTS.items()
    ):
        yield


def _of_httpx() -> contextlib.AbstractContextManager[None]:
    return _httpx_patched("httpx")


def _of_httpx2() -> contextlib.AbstractContextManager[None]:
    return _httpx_patched("httpx2")


_OF_HTTPX = {"httpx": _of_httpx, "httpx2": _of_httpx2}


def _handling(library: Any) -> Callable[..., Any]:
    def replacement(handle: Callable[..., Any]) -> Callable[..., Any]:
        def handle_request(transport: Any, request: Any) -> Any:
            answer = _answer_at(request.url.host, request.url.port)
            if answer is None:
                return handle(transport, request)
            return _httpx_answer(library, answer, request, request.read())

        return handle_request

    return replacement


def _handling_async(library: Any) -> Callable[..., Any]:
    def replacement(handle: Callable[..., Any]) -> Callable[..., Any]:
        async def handle_async_request(transport: Any, request: Any) -> Any:
            answer = _answer_at(request.url.host, request.url.port)
            if answer is None:
                return await handle(transport, request)
            return _httpx_answer(library, answer, request, await request.aread())

        return handle_async_request

    return replacement


def _httpx_answer(library: Any, answer_to: Answer, request: Any, body: bytes) -> Any:
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
    timeout = request.extensions.get("timeout", {}).get("read")
    try:
        answer = answer_to(request_to(str(request.url), request.method, headers, body), timeout)
    except TimeoutError as error:
        raise library.ReadTimeout(str(error), request=request) from error
    stream = library.ByteStream(answer.body)
    return library.Response(answer.status, headers=answer.sent_headers, stream=stream)


def _origin(connection: Any) -> str:
    scheme = "https" if isinstance(connection, http.client.HTTPSConnection) else "http"
    return f"{scheme}://{connection.host.lower()}:{connection.port}"


def _answer(answer_to: Answer, origin: str, written: Written, timeout: float | None) -> bytes:
    url = written.target if "://" in written.target else f"{origin}{written.target}"
    headers = [(name, str(value)) for name, value in written.headers.items()]
    answer = answer_to(request_to(url, written.method, headers, written.body), timeout)
    lines = [f"HTTP/1.1 {answer.status} {_phrase(answer.status)}"]
    lines += [f"{name}: {value}" for name, value in (*answer.sent_headers, ("Connection", "close"))]
    return "\r\n".join([*lines, "", ""]).encode("utf-8") + answer.body


def _phrase(status: int) -> str:
    with contextlib.suppress(ValueError):
        return HTTPStatus(status).phrase
    return ""
