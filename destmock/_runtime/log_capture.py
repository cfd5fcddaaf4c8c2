"""Captures the output of a function during one attempt, as the log events that AWS would make of it."""

from __future__ import annotations

import io
import json
import logging
import sys
from typing import TYPE_CHECKING, Any

from awslambdaric.lambda_runtime_log_utils import JsonFormatter

from destmock._aws.record import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import ReadableBuffer

#: awslambdaric's own format, with the virtual time (K2).
_FORMAT = "[%(levelname)s]\t%(aws_timestamp)s\t%(aws_request_id)s\t%(message)s\n"


class _Output(io.BufferedIOBase):
    """The raw stream under a function's standard output and error, which leads to the running attempt.

    A log handler that keeps the stream therefore writes to each later attempt, too. Closing does nothing.
    """

    name = "<stdout>"

    def __init__(self, handler: RootHandler) -> None:
        self.handler = handler

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        sink = self.handler.log_sink
        return memoryview(data).nbytes if sink is None else sink.write(data)

    def close(self) -> None:
        pass


def terminal_of(stream: Any) -> tuple[Any, Any] | None:
    """Standard output and error outside of the attempt whose output goes to `stream`, if one does."""
    try:
        output = getattr(stream, "buffer", None)
    except ValueError:  # detached by the handler
        return None
    return output.handler.terminal if isinstance(output, _Output) else None


class Capture:
    """Standard output, standard error and the root logger, for as long as one attempt runs.

    Also the log sink that awslambdaric writes its error events to: `log` and `log_error` make one log event
    each, printed text makes one for each line.
    """

    def __init__(self, now: int, level: str | None) -> None:
        """`level` is the least severe level that is logged with LogFormat=JSON; `None` for LogFormat=Text."""
        self._bytes = io.BytesIO()
        self.level = level
        self._framed: list[tuple[int, int]] = []
        self._init_ends = 0
        self._now = now
        #: Empty while the function initialises (K13).
        self.request_id = ""
        self.tenant_id: str | None = None

    def initialised(self, request_id: str, tenant_id: str | None = None) -> None:
        """End the cold start: what is written from here on belongs to the invocation."""
        self._init_ends = self._bytes.tell()
        self.request_id, self.tenant_id = request_id, tenant_id

    def write(self, data: ReadableBuffer) -> int:
        return self._bytes.write(data)

    def log(self, message: str, frame_type: object = None) -> None:  # noqa: ARG002 - awslambdaric's signature
        start = self._bytes.tell()
        self._bytes.write(message.encode(errors="backslashreplace"))
        self._framed.append((start, self._bytes.tell()))

    def log_error(self, message_lines: list[str]) -> None:
        """With LogFormat=JSON, `log_error_event` does it."""
        if not self.as_json:
            self.log("\n".join(message_lines))

    def log_error_event(self, error: bytes) -> None:
        """The error as awslambdaric posted it, with a time and a level (K14)."""
        if self.as_json:
            head = json.dumps({"timestamp": self.second, "level": "ERROR"})[:-1]
            self.log(f"{head}, {error.decode(errors='replace')[1:]}")

    @property
    def as_json(self) -> bool:
        return self.level is not None

    @property
    def timestamp(self) -> str:
        return timestamp(self._now)

    @property
    def second(self) -> str:
        return f"{self.timestamp[:19]}Z"

    def events(self) -> tuple[list[str], list[str]]:
        """The log events of the cold start, and those of the invocation."""
        written = self._bytes.getvalue()
        init: list[str] = []
        invocation: list[str] = []
        framed = self._framed
        if not written:
            return init, invocation
        whole = len(framed) == 1 and framed[0] == (0, len(written))  # as an error that was raised
        for start, event in ((0, written),) if whole else _split(written, framed):
            (init if start < self._init_ends else invocation).append(event.decode(errors="replace"))
        return init, invocation


class Active:
    """What a function writes and logs goes to a capture while it runs: from `begin` on, to that one."""

    __slots__ = ("_before", "_capture", "_handler", "_kept", "_level", "_others", "_own", "_streams", "_text")

    def __init__(self, handler: RootHandler, own: list[logging.Handler]) -> None:
        """`own` are the log handlers that the function has put on the root logger."""
        self._handler = handler
        self._own = own
        #: The streams, root handlers and root level that the function has left.
        self._kept: tuple[Any, Any, list[logging.Handler], int] | None = None
        #: The root logger's handlers as they were; `None` while the process is bare.
        self._others: list[logging.Handler] | None = None

    def begin(self, capture: Capture) -> None:
        """Have what another attempt writes go to its own capture."""
        self._capture = capture
        self._kept = None

    def take_up(self) -> None:
        handler, root = self._handler, logging.root
        self._streams = sys.stdout, sys.stderr
        self._before = root.level
        if self._kept is None:
            self._text = handler.text()
        others = self._others = root.handlers.copy()
        handler.log_sink, handler.terminal = self._capture, self._streams
        if self._kept is not None:
            sys.stdout, sys.stderr, root.handlers[:], level = self._kept
            if level != root.level:
                root.setLevel(level)
            return
        for added in (handler, *self._own):
            if added not in others:
                root.handlers.append(added)
        sys.stdout = sys.stderr = self._text
        wanted = self._capture.level
        if wanted is not None:
            root.setLevel("DEBUG" if wanted == "TRACE" else wanted)
        self._level = root.level

    def put_aside(self) -> None:
        root = logging.root
        self._kept = sys.stdout, sys.stderr, root.handlers.copy(), root.level
        self.leave()
        if root.level != self._before:
            root.setLevel(self._before)

    def leave(self) -> None:
        handler, root = self._handler, logging.root
        others = self._others
        if others is None:
            return
        try:  # noqa: SIM105 - `suppress` takes far longer
            self._text.flush()
        except ValueError:  # detached by the handler
            pass
        sys.stdout, sys.stderr = self._streams
        if self._capture.level is not None:
            root.setLevel(self._before)
        handler.log_sink = None
        if self._own or root.handlers != [*others, handler]:
            known = (*others, handler)
            self._own[:] = [found for found in root.handlers if found not in known]
        root.handlers[:] = others
        self._others = None

    def is_untouched(self) -> bool:
        """Whether the function has left standard output, standard error and the root logger as they were."""
        text, root, others = self._text, logging.root, self._others
        try:
            text.flush()
        except ValueError:  # detached by the handler
            return False
        return (
            others is not None
            and sys.stdout is sys.stderr is text
            and not self._own
            and root.level == self._level
            and root.handlers == [*others, self._handler]
        )

    def follow(self, capture: Capture) -> None:
        """Go on with the capture of the next attempt of the same function."""
        self._capture = self._handler.log_sink = capture


class _JsonFormatter(JsonFormatter):  # type: ignore[misc]
    """awslambdaric's own formatter, with the virtual time."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802
        return f"{vars(record).pop('aws_timestamp')[:19]}Z"


class RootHandler(logging.Handler):
    """The root logger's handler while an attempt runs; awslambdaric's context looks for its `log_sink`."""

    def __init__(self) -> None:
        super().__init__()
        self.log_sink: Capture | None = None
        #: Standard output and error outside of the attempt.
        self.terminal: tuple[Any, Any] | None = None
        self._formatter = logging.Formatter(_FORMAT)
        self._json_formatter = _JsonFormatter()
        self._text: io.TextIOWrapper | None = None

    def text(self) -> io.TextIOWrapper:
        """The functions' standard output and error; a new stream after a handler has detached the last."""
        try:
            if self._text is not None and not self._text.closed:
                return self._text
        except ValueError:
            pass
        self._text = io.TextIOWrapper(_Output(self), "utf-8", "backslashreplace", "\n", write_through=True)
        return self._text

    def emit(self, record: logging.LogRecord) -> None:
        if self.log_sink is None:
            return
        record.aws_request_id = self.log_sink.request_id
        record.tenant_id = self.log_sink.tenant_id
        record.aws_timestamp = self.log_sink.timestamp
        try:
            formatter = self._json_formatter if self.log_sink.as_json else self._formatter
            self.log_sink.log(formatter.format(record))
        except Exception:  # noqa: BLE001 - a record that can't be formatted is reported, as logging does
            self.handleError(record)


def _split(written: bytes, framed: list[tuple[int, int]]) -> Iterator[tuple[int, bytes]]:
    """Each log event and its position: framed events as a whole, the text between them line by line."""
    position = 0
    for start, end in [*framed, (len(written), len(written))]:
        if position < start:
            for line in io.BytesIO(written[position:start]):  # a carriage return ends no log event
                yield position, line
                position += len(line)
        if end > start:
            yield start, written[start:end]
        position = end
