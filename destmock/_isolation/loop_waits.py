"""The event loops that handlers run, or give work to."""

from __future__ import annotations

import selectors
import time
from asyncio import BaseEventLoop, Handle
from asyncio.selector_events import BaseSelectorEventLoop
from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING, Any

from destmock._isolation.condition_waits import slices
from destmock._isolation.patching import Patch, patched

if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Callable

    from destmock._isolation.attempts import Current, IsReal, Waits


_SELECTORS = "SelectSelector", "PollSelector", "EpollSelector", "DevpollSelector", "KqueueSelector"


def loop_waits(current: Current, waits: Waits, is_real: IsReal) -> list[Patch]:
    """What has the attempts that `current` answers wait for event loops.

    `waits` answers the attempt that is going to wait for so long, if one is; `is_real` whether a thread
    waits in real time.
    """
    kinds = (getattr(selectors, name, None) for name in _SELECTORS)
    return [
        Patch(BaseEventLoop, "call_soon_threadsafe", partial(_call_soon, current, is_real)),
        Patch(BaseSelectorEventLoop, "_write_to_self", partial(_write_to_self, current)),
        *(Patch(kind, "select", partial(_select, waits)) for kind in kinds if kind is not None),
    ]


def _select(waits: Waits, real: Callable[..., Any]) -> Callable[..., Any]:
    """An event loop waits for its timers in virtual time, unless connections or others can end the wait."""

    def select(self: Any, timeout: float | None = None) -> Any:
        if timeout is not None and timeout <= 0 and _is_of_idle_loop(self):  # loops know that time may stand
            return real(self, timeout)
        attempt = waits(timeout)
        if attempt is None:
            return real(self, timeout)
        if not _is_of_idle_loop(self):
            begun = time.time()
            ready = real(self, timeout)
            if not ready and timeout is not None and time.time() == begun:
                attempt.sleep(timeout)
            return ready
        for seconds in slices(attempt, timeout):
            if ready := real(self, seconds):
                return ready
        ends = attempt.crew.poll()
        try:
            ready = real(self, 0)
            if not ready:
                attempt.wait(ends, timeout)
                ready = real(self, 0)
            return ready
        finally:
            attempt.crew.has_polled(ends)

    return select


def _is_of_idle_loop(selector: Any) -> bool:
    """Whether it is an event loop's that waits for no more than what wakes itself; others are a program's."""
    keys = list(selector.get_map().values())
    return not keys or (
        len(keys) == 1 and isinstance(keys[0].data, tuple) and isinstance(keys[0].data[0], Handle)
    )


def _write_to_self(current: Current, real: Callable[..., None]) -> Callable[..., None]:
    """What a thread puts on an event loop ends the loop's wait."""

    def write(self: Any) -> None:
        real(self)
        attempt = current()
        if attempt is not None:
            attempt.crew.polled()

    return write


def _call_soon(current: Current, is_real: IsReal, real: Callable[..., Handle]) -> Callable[..., Handle]:
    """What an attempt puts on the loop of a thread that waits in real time is waited for in real time."""

    def call_soon_threadsafe(self: Any, callback: Any, *arguments: Any, **named: Any) -> Handle:
        attempt, thread = current(), self._thread_id
        if attempt is None or thread in (None, get_ident(), attempt.crew.thread):
            return real(self, callback, *arguments, **named)
        if not callable(callback) or not is_real(thread):
            return real(self, callback, *arguments, **named)
        call = _Call(self, callback)
        call.handle = real(self, call, *arguments, **named)
        attempt.helped(call.is_over)
        return call.handle

    return call_soon_threadsafe


class _Call:
    """One call on a loop of another thread, and the tasks that it begins there."""

    def __init__(self, loop: Any, function: Callable[..., Any]) -> None:
        self._loop = loop
        self._function = function
        self._tasks: list[Task[Any]] = []
        self._is_made = False
        self.handle: Handle | None = None

    def __call__(self, *arguments: Any) -> None:
        try:
            with patched([Patch(self._loop, "create_task", self._noting)]):
                self._function(*arguments)
        finally:
            self._is_made = True

    def _noting(self, create: Callable[..., Task[Any]]) -> Callable[..., Task[Any]]:
        def create_task(*arguments: Any, **named: Any) -> Task[Any]:
            task = create(*arguments, **named)
            self._tasks.append(task)
            return task

        return create_task

    def is_over(self) -> bool:
        """Whether nothing of it is left to be done."""
        if not self._loop.is_running() or (self.handle is not None and self.handle.cancelled()):
            return True
        return self._is_made and all(task.done() for task in self._tasks)
