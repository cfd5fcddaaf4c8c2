"""What a function prints and logs during one attempt, as the log events that AWS would make of it."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
from typing import TYPE_CHECKING

from destmock._record import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

#: awslambdaric's own format, but for the time, which is virtual here (K2).
_FORMAT = "[%(levelname)s]\t%(aws_timestamp)s\t%(aws_request_id)s\t%(message)s\n"


class _Bytes(io.BytesIO):
    """Outlives a handler that closes its standard output."""

    def close(self) -> None:
        pass


class Capture:
    """Standard output, standard error and the root logger, for as long as one attempt runs.

    Also the log sink that awslambdaric writes its error events to: `log` and `log_error` make one log event
    each, printed text makes one for each line.
    """

    def __init__(self, now: int) -> None:
        self._bytes = _Bytes()
        self._framed: list[tuple[int, int]] = []
        self._text = io.TextIOWrapper(self._bytes, "utf-8", "backslashreplace", "\n", write_through=True)
        self._init_ends = 0
        self.timestamp = timestamp(now)
        #: Empty while the function initialises (K13).
        self.request_id = ""

    def initialised(self, request_id: str) -> None:
        """What comes from here on belongs to the invocation, not to the cold start."""
        self._init_ends = self._bytes.tell()
        self.request_id = request_id

    def log(self, message: str, frame_type: object = None) -> None:  # noqa: ARG002 - awslambdaric's signature
        start = self._bytes.tell()
        self._bytes.write(message.encode(errors="backslashreplace"))
        self._framed.append((start, self._bytes.tell()))

    def log_error(self, message_lines: list[str]) -> None:
        self.log("\n".join(message_lines))

    @contextlib.contextmanager
    def active(self, handler: RootHandler) -> Iterator[None]:
        streams = sys.stdout, sys.stderr
        outer, handler.log_sink = handler.log_sink, self
        root = logging.getLogger()
        root.addHandler(handler)
        sys.stdout = sys.stderr = self._text
        try:
            yield
        finally:
            sys.stdout, sys.stderr = streams
            handler.log_sink = outer
            if outer is None:
                root.removeHandler(handler)

    def events(self) -> tuple[list[str], list[str]]:
        """The log events of the cold start, and those of the invocation."""
        with contextlib.suppress(ValueError):  # closed by the handler
            self._text.flush()
        written = self._bytes.getvalue()
        init: list[str] = []
        invocation: list[str] = []
        for start, event in _split(written, self._framed):
            (init if start < self._init_ends else invocation).append(event.decode(errors="replace"))
        return init, invocation


class RootHandler(logging.Handler):
    """On the root logger while an attempt runs; `log_sink` is where awslambdaric's context looks for it."""

    def __init__(self) -> None:
        super().__init__()
        self.log_sink: Capture | None = None
        self.setFormatter(logging.Formatter(_FORMAT))

    def emit(self, record: logging.LogRecord) -> None:
        if self.log_sink is None:
            return
        record.aws_request_id = self.log_sink.request_id
        record.aws_timestamp = self.log_sink.timestamp
        try:
            self.log_sink.log(self.format(record))
        except Exception:  # noqa: BLE001 - a record that can't be formatted is reported, as logging does
            self.handleError(record)


def _split(written: bytes, framed: list[tuple[int, int]]) -> Iterator[tuple[int, bytes]]:
    """Each log event and where it starts: the framed ones whole, what is between them line by line."""
    position = 0
    for start, end in [*framed, (len(written), len(written))]:
        for line in written[position:start].splitlines(keepends=True):
            yield position, line
            position += len(line)
        if end > start:
            yield start, written[start:end]
        position = end
