"""A connection without a socket of the system: it takes one HTTP request, and then has the answer to it.

The connections of `http.client`, which urllib and urllib3 are made on, work with it as with their own.
"""

from __future__ import annotations

import io
from http.client import HTTPMessage, parse_headers
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Written(NamedTuple):
    """The request that a client has written; `target` is the path, or the whole URL."""

    method: str
    target: str
    headers: HTTPMessage
    body: bytes


class Connection:
    """In the place of a client's socket. `answer` gets the request and the client's timeout, in seconds."""

    def __init__(
        self, answer: Callable[[Written, float | None], bytes], timeout: float | None = None
    ) -> None:
        self._answer = answer
        self._timeout = timeout
        self._sent = bytearray()

    def sendall(self, data: Any) -> None:
        """Take a part of the request."""
        self._sent += memoryview(data)

    def makefile(self, *_: object) -> io.BytesIO:
        """The answer to the request, whole."""
        return io.BytesIO(self._answer(_read(bytes(self._sent)), self._timeout))

    def settimeout(self, seconds: float | None) -> None:
        """Note how long the client waits for the answer."""
        self._timeout = seconds

    def close(self) -> None:
        """Do nothing: no socket of the system is open."""


def _read(sent: bytes) -> Written:
    stream = io.BytesIO(sent)
    method, target, _ = stream.readline().decode("latin-1").split(" ", 2)
    headers = parse_headers(stream)
    body = stream.read()
    return Written(method, target, headers, _joined(body) if headers["Transfer-Encoding"] else body)


def _joined(chunked: bytes) -> bytes:
    """The body that was sent in chunks."""
    rest, body = io.BytesIO(chunked), b""
    while length := int(rest.readline() or b"0", 16):
        body += rest.read(length)
        rest.readline()
    return body
