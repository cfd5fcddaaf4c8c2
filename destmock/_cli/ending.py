"""How `destmock serve` ends: the first signal is for a clean end, a second one for an end at once.

A signal's handler interrupts its thread, which may hold any lock. The handler therefore only puts the signal
into queues that are made for that, and another thread prints.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
from typing import TYPE_CHECKING

from destmock._cli.lines import pending_text
from destmock._observed.facts import function_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from typing_extensions import Self

    from destmock._cli.lines import Lines
    from destmock._server.serving import Server

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
#: A shell reports a program that a signal has ended by this plus the signal's number.
_KILLED = 128
#: How long, in seconds, an end may take before the user is told what it waits for.
_AT_ONCE = 0.3
_AGAIN = "a second Ctrl-C or SIGTERM ends it at once"


class Ending:
    """While entered, handles the signals; `server` is the server that is to end, once there is one.

    `skips`: whether the server's requests wait for retries.
    """

    def __init__(self, lines: Lines, *, skips: bool) -> None:
        self.server: Server | None = None
        #: What the end waits for, besides a running handler.
        self.busy_with = ""
        self._lines = lines
        self._skips = skips
        self._count = 0
        self._first: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._all: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._watch, name="destmock signals", daemon=True)

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._signalled) for number in _SIGNALS}
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._all.put(None)
        self._thread.join()

    def awaited(self) -> None:
        """Waits for the first signal."""
        while True:
            try:
                self._first.get(timeout=1)  # without a timeout, it would not be interrupted on Windows
            except queue.Empty:
                continue
            return

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        self._count += 1
        if self._count > 2:  # noqa: PLR2004 - not even telling has an end
            os._exit(_KILLED + number)
        self._first.put(number)
        self._all.put(number)

    def _watch(self) -> None:
        number = self._all.get()
        tell: Callable[[], bool] | None = self._tell_why
        while number is not None:
            try:
                number = self._all.get(timeout=_AT_ONCE if tell else None)
            except queue.Empty:
                tell = None if tell is None or tell() else tell
                continue
            if number is not None:
                self._end_at_once(number)

    def _tell_why(self) -> bool:
        """Print what the end waits for; returns whether that could be said yet."""
        function = None if self.server is None else self.server._simulation.turns.innermost  # noqa: SLF001
        what = self.busy_with
        if function is not None:
            retries = ", and for its retries" if self._skips else ""
            what = f"the handler of {function_name(function)}, which is still running{retries}"
        if what:
            self._lines.write(f"ending: waits for {what}; {_AGAIN}")
        return bool(what)

    def _end_at_once(self, number: int) -> None:
        try:
            if self.server is not None:
                self._lines.write(*unfinished(self.server, "ended at once"))
        finally:
            os._exit(_KILLED + number)


def unfinished(server: Server, ended: str) -> Iterator[str]:
    """What was still queued, or running, at the end."""
    pending = [each for each in server.pending if not each.background]
    queued = {each.request_id for each in pending}
    running = [
        each for each in server.invocations if each.condition is None and each.request_id not in queued
    ]
    count = len(running) + len(pending)
    noun = "event was" if count == 1 else "events were"
    yield f"{ended}; {count or 'no'} {noun} still queued{' or running' * bool(running)}{':' * bool(count)}"
    for each in running:
        yield f"  {each.function_name} {each.request_id}: attempt {len(each.attempts) + 1} is running"
    yield from (f"  {pending_text(each)}" for each in pending)
