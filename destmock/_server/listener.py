"""HTTP/1.1 for one WSGI application: a thread for each kept-alive connection, and bounded bodies.

Answers are sent whole, with their length. werkzeug's own server would wait 10 ms after each one.
"""

from __future__ import annotations

import contextlib
import json
import re
import selectors
import socket
import threading
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from sys import stderr
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

from destmock._isolation.header_names import NAMES_AS_SENT, environ_key, is_kept_as_sent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import WSGIApplication, WSGIEnvironment

#: The largest body, in bytes: 50 MB of zip, Lambda's largest upload, as base64, and as much again as its
#: other settings may need.
LARGEST_BODY = 70 * 1024 * 1024
#: How long, in seconds, a connection may be silent.
_PATIENCE = 60
_CHUNK = 65_536
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")
#: The most digits that a Content-Length may have before it is parsed.
_DIGITS = 16
#: How much of a body that is too large is read and thrown away, so that its sender gets the answer.
_DISCARDED = 16 * LARGEST_BODY
_LONGEST_LINE = 1024


class BadRequestError(Exception):
    """A request that isn't HTTP or is too large; `status` is the HTTP status to answer with."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Listener:
    """Listens once it is made, answers from `start()` to `close()`; calls `ended` after each connection."""

    application: WSGIApplication

    def __init__(self, host: str, port: int, ended: Callable[[tuple[Any, ...]], object]) -> None:
        self.closing = False
        self._ended = ended
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=128)
        self.port: int = self._socket.getsockname()[1]
        self.host = host
        self._awake, self._wake = socket.socketpair()
        self._lock = threading.Lock()
        self._idle: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._acceptor = threading.Thread(target=self._accept, name=f"destmock server on port {self.port}")

    def start(self, application: WSGIApplication) -> None:
        self.application = application
        self._acceptor.start()

    def close(self) -> None:
        """Stop accepting connections, and wait until requests that are being answered are done."""
        self._wake.send(b"\0")
        if self._acceptor.ident is not None:
            self._acceptor.join()
        for opened in (self._socket, self._awake, self._wake):
            opened.close()
        with self._lock:
            self.closing = True
            for connection in self._idle:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)
            threads = [*self._threads]
        for thread in threads:
            thread.join()

    def busy(self, connection: socket.socket) -> None:
        with self._lock:
            self._idle.discard(connection)

    def idle(self, connection: socket.socket) -> bool:
        """Whether the connection may wait for another request."""
        with self._lock:
            self._idle.add(connection)
            return not self.closing

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._awake, selectors.EVENT_READ)
            while all(key.fileobj is not self._awake for key, _ in selector.select()):
                try:
                    connection, address = self._socket.accept()
                except OSError:  # gone again before its turn came
                    continue
                thread = threading.Thread(target=self._serve, args=(connection, address))
                with self._lock:
                    self._idle.add(connection)
                    self._threads.add(thread)
                thread.start()

    def _serve(self, connection: socket.socket, address: tuple[Any, ...]) -> None:
        with connection, contextlib.suppress(OSError):
            _Connection(connection, address, self)  # type: ignore[arg-type]
        self._ended(address)
        with self._lock:
            self._idle.discard(connection)
            self._threads.discard(threading.current_thread())


class _Connection(BaseHTTPRequestHandler):
    """One connection's requests, one after the other."""

    protocol_version = "HTTP/1.1"
    timeout = _PATIENCE
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Listener  # type: ignore[assignment]
    connection: socket.socket

    def handle(self) -> None:
        self.close_connection = True
        self.handle_one_request()
        while not self.close_connection and self.server.idle(self.connection):
            self.handle_one_request()

    def handle_expect_100(self) -> bool:
        return True  # the client may go on once the length is known to be fine

    def answer(self) -> None:
        """Answer a request of any method."""
        try:
            if self.request_version == "HTTP/0.9":
                raise BadRequestError(HTTPStatus.BAD_REQUEST, "HTTP/1.1 is spoken here")  # noqa: TRY301
            body = self._body()
            environ = self._environ(body)
        except BadRequestError as error:
            self.send_error(error.status, str(error))
            self._discard()
            return
        self.server.busy(self.connection)
        status: list[Any] = []
        chunks = self.server.application(environ, lambda *started: status.extend(started))  # type: ignore[arg-type]
        try:
            content = b"".join(chunks)
        finally:
            getattr(chunks, "close", lambda: None)()
        self._send(status[0], status[1], content)

    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = answer  # noqa: N815

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer what isn't HTTP in the words of AWS's errors."""
        self.close_connection = True
        phrase = HTTPStatus(code).phrase
        body = json.dumps({"message": message or phrase}).encode()
        if code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            phrase = "Request Entity Too Large"  # AWS's word, and Python's before 3.13
        kind = phrase.title().replace(" ", "") + "Exception"
        if not hasattr(self, "command"):
            self.command = ""
        self._send(
            f"{code} {phrase}", [("content-type", "application/json"), ("x-amzn-errortype", kind)], body
        )

    def log_message(self, *_: object) -> None:
        pass

    def _send(self, status: str, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        kept = [(name, value) for name, value in headers if name.lower() not in {"connection", "keep-alive"}]
        names = {name.lower() for name, _ in kept}
        if "date" not in names:
            kept.append(("date", formatdate(usegmt=True)))
        if status[:3] == "204":
            kept = [(name, value) for name, value in kept if name.lower() != "content-length"]
        elif self.command != "HEAD" or "content-length" not in names:
            kept = [(name, value) for name, value in kept if name.lower() != "content-length"]
            kept.append(("content-length", str(len(body))))
        kept.append(("connection", "close" if self.close_connection or self.server.closing else "keep-alive"))
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {_one_line(value)}" for name, value in kept), "", ""]
        head = "\r\n".join(lines).encode("latin-1", "replace")
        self.wfile.write(head if self.command == "HEAD" or status[:3] == "204" else head + body)
        self.wfile.flush()

    def _body(self) -> bytes:
        coding = self.headers.get("Transfer-Encoding")
        length = self.headers.get_all("Content-Length", [])
        if coding is not None:
            if length or coding.strip().lower() != "chunked":
                message = f"a body comes with its Content-Length or chunked, not both; not {coding!r}"
                raise BadRequestError(HTTPStatus.BAD_REQUEST, message)
            self._go_on()
            return b"".join(self._chunks())
        if not length:
            return b""
        if len(set(length)) > 1 or not (length[0].isascii() and length[0].isdigit()):
            raise BadRequestError(HTTPStatus.BAD_REQUEST, f"Content-Length can't be {', '.join(length)!r}")
        if len(length[0].lstrip("0")) > _DIGITS or int(length[0]) > LARGEST_BODY:
            raise _too_large()
        size = int(length[0])
        self._go_on()
        return self._read(size)

    def _go_on(self) -> None:
        if self.headers.get("Expect", "").strip().lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()

    def _chunks(self) -> Iterable[bytes]:
        total = 0
        while True:
            line = self.rfile.readline(_LONGEST_LINE).partition(b";")[0].strip()
            if not _CHUNK_SIZE.fullmatch(line):
                raise BadRequestError(HTTPStatus.BAD_REQUEST, f"not the length of a chunk: {line!r}")
            size = int(line, 16)
            total += size
            if total > LARGEST_BODY:
                raise _too_large()
            if not size:
                break
            yield self._read(size)
            if self.rfile.readline(_LONGEST_LINE).strip():
                raise BadRequestError(HTTPStatus.BAD_REQUEST, f"the chunk is longer than its {size} bytes")
        while self.rfile.readline(_LONGEST_LINE).strip():
            pass  # trailing headers

    def _read(self, size: int) -> bytes:
        try:
            body = self.rfile.read(size)
        except TimeoutError:
            body = b""
        if len(body) < size:
            raise BadRequestError(HTTPStatus.BAD_REQUEST, f"the body ends before its {size} bytes")
        return body

    def _discard(self) -> None:
        """Read the rest of a body, within bounds: closing before the client has sent all loses the answer."""
        left = _DISCARDED
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while left > 0 and (found := self.rfile.read1(_CHUNK)):
                left -= len(found)

    def _environ(self, body: bytes) -> WSGIEnvironment:
        try:
            target = urlsplit(self.path) if "://" in self.path else None
        except ValueError as error:
            raise BadRequestError(HTTPStatus.BAD_REQUEST, f"{self.path!r} is no URL: {error}") from error
        path, _, query = self.path.partition("?") if target is None else (target.path, "", target.query)
        environ: WSGIEnvironment = {
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
            "wsgi.errors": stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path.encode("latin-1", "replace")).decode("latin-1"),
            "QUERY_STRING": query,
            "REQUEST_URI": self.path,
            "RAW_URI": self.path,
            "REMOTE_ADDR": self.client_address[0],
            "REMOTE_PORT": str(self.client_address[1]),
            "SERVER_NAME": self.server.host,
            "SERVER_PORT": str(self.server.port),
            "SERVER_PROTOCOL": self.request_version,
        }
        self._add_headers(environ)
        environ["CONTENT_LENGTH"] = str(len(body))
        if target is not None:
            environ["HTTP_HOST"] = target.netloc
        return environ

    def _add_headers(self, environ: WSGIEnvironment) -> None:
        """Add the headers, and for moto their names as sent: S3's metadata may have underscores in them."""
        names: dict[str, str] = {}
        for name, value in self.headers.items():
            key = environ_key(name)
            if "_" in name:
                if not is_kept_as_sent(name) or key in environ:
                    continue
                names[key] = name
            if key == "HTTP_TRANSFER_ENCODING":
                continue  # the body has been read whole
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        environ[NAMES_AS_SENT] = names


def _too_large() -> BadRequestError:
    message = f"a request's body has {LARGEST_BODY} bytes at most"
    return BadRequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)


def _one_line(value: object) -> str:
    return str(value).replace("\r", " ").replace("\n", " ")
