"""The place that functions of custom resources send their answers to, by any library's HTTPS request.

The URL is S3's, as on AWS. Its host is reached without a socket: the connection of `http.client`, which
urllib, urllib3 and crhelper are made on, and the adapter of requests.
"""

from __future__ import annotations

import contextlib
import io
from http.client import HTTPSConnection
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection as PooledConnection

from destmock._isolation.connections import Connection
from destmock._isolation.patching import Patch, patched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from destmock._cloudformation.resources.api import Api
    from destmock._isolation.connections import Written

_BUCKET = "cloudformation-custom-resource-response-"
_TWO_HOURS = 7200
_OK, _FORBIDDEN = 200, 403


class Answers:
    """The answers that are expected, by the key of their object in the bucket of the URL."""

    def __init__(self) -> None:
        self._bodies: dict[str, bytes | None] = {}
        self._lock = Lock()
        self._reachable = contextlib.ExitStack()

    def url(self, api: Api, key: str) -> str:
        """A presigned URL for one answer."""
        place = {"Bucket": _BUCKET + api.region.replace("-", ""), "Key": key}
        client = api.clients.of("s3", api.region)
        url: str = client.generate_presigned_url("put_object", Params=place, ExpiresIn=_TWO_HOURS)
        return url

    @contextlib.contextmanager
    def expected(self, key: str) -> Iterator[None]:
        """While entered, one answer may be put at its URL. Only then are other people's classes changed."""
        with self._lock:
            if not self._bodies:
                self._reachable.enter_context(patched(self._patches()))
            self._bodies[key] = None
        try:
            yield
        finally:
            with self._lock:
                del self._bodies[key]
                if not self._bodies:
                    self._reachable.close()

    def given(self, key: str) -> bytes | None:
        return self._bodies[key]

    def _patches(self) -> tuple[Patch, ...]:
        return (
            Patch(HTTPSConnection, "connect", self._connect),
            Patch(PooledConnection, "connect", self._connect),
            Patch(HTTPAdapter, "send", self._send),
        )

    def put(self, path: str, body: bytes) -> int:
        """Take an answer; the HTTP status says whether it was expected."""
        key = unquote(urlsplit(path).path).lstrip("/")
        if key not in self._bodies:
            return _FORBIDDEN
        self._bodies[key] = body
        return _OK

    def _connect(self, connect: Callable[..., None]) -> Callable[..., None]:
        def connected(connection: Any) -> None:
            if not connection.host.startswith(_BUCKET):
                connect(connection)
                return
            connection.sock = Connection(self._answered)
            connection.is_verified = True  # urllib3 would warn of a connection without TLS

        return connected

    def _answered(self, written: Written, _timeout: float | None) -> bytes:
        status = self.put(written.target, written.body)
        return b"HTTP/1.1 %d \r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status

    def _send(self, send: Callable[..., Any]) -> Callable[..., Any]:
        def sent(adapter: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
            url = request.url or ""
            if not (urlsplit(url).hostname or "").startswith(_BUCKET):
                return send(adapter, request, *args, **kwargs)
            body: Any = request.body or b""
            response = requests.Response()
            response.status_code = self.put(url, body.encode() if isinstance(body, str) else bytes(body))
            response.url, response.request, response.raw = url, request, io.BytesIO()
            return response

        return sent
