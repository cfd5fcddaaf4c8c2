"""What the commands print: whole lines, at once, whichever thread has something to tell."""

from __future__ import annotations

import contextlib
import re
import threading
from typing import TYPE_CHECKING, TextIO

from destmock._aws.record import timestamp
from destmock._aws.times import from_datetime
from destmock._cli.problem import in_options

if TYPE_CHECKING:
    from datetime import datetime

    from destmock._observed.facts import Pending
    from destmock._server.happenings import Happening

#: The characters that a terminal obeys, including marks that turn the direction of text.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Lines:
    """Writes lines to a stream, which is kept: handlers have another standard output while they run."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        #: While it is held, others wait with their lines.
        self.together = threading.RLock()

    def write(self, *lines: str) -> None:
        """Writes lines, each on one line whatever is in it, and has them shown at once."""
        with self.together:
            for line in lines:
                self._stream.write(f"{harmless(line)}\n")
            self._stream.flush()

    def tell(self, happening: Happening) -> None:
        """One or more lines of what has just happened, with the virtual time and the request id."""
        head = f"{_time(happening.at)} {happening.function}"
        tail = f" ({happening.request_id})"
        told = [in_options(line) for line in happening.lines]
        lines = [f"{head} {line}{'' if happening.request_id in line else tail}" for line in told]
        with contextlib.suppress(BrokenPipeError):  # nobody reads any more, and the server goes on
            self.write(*lines)


def pending_text(pending: Pending) -> str:
    """What is queued, and for when."""
    what = "ends" if pending.running else "is due"
    due = _time(pending.due_at)
    return f"{pending.function_name} {pending.request_id}: attempt {pending.attempt} {what} at {due}"


def harmless(line: str) -> str:
    """The line, with every character that a terminal would obey spelt out: payloads may contain any."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", " ".join(line.splitlines()))


def _time(moment: datetime) -> str:
    return timestamp(from_datetime(moment))
