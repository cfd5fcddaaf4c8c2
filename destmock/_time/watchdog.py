"""Ends handlers that compute for longer than their timeout, as AWS ends the process.

One thread looks, some times a second, for a handler whose real time is up. It has an exception raised on the
handler's thread, by a class that never comes to be: while Python makes it, the stack of the attempt is left
for good, so that no block of it sees anything. What doesn't run Python at that moment (a long computation in
C, a lock that is never let go) can't be ended; then the place where it hangs is written to stderr, once.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import traceback
from _thread import allocate_lock, start_new_thread
from pathlib import PurePath
from threading import get_ident
from typing import TYPE_CHECKING

from destmock._time.wall import real_ns
from destmock.errors import DestmockError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_NS = 1_000_000_000
#: Seconds between two looks, seconds without a handler until the thread ends, and until a hang is told.
_PERIOD, _LONGEST, _IDLE, _HANGS = 0.05, 1.0, 5, 3
#: The packages in which an attempt is never left: they may be changing what others see.
_SHARED = {"destmock", "moto", "botocore", "boto3"}
#: Whoever sits at one of these debuggers has time.
_DEBUGGERS = {"bdb", "pdb", "pydevd", "_pydevd_bundle", "debugpy", "ipdb"}


class Overrun(BaseException):
    """Raised in an attempt whose real time is up, where the attempt can't be left."""

    def __new__(cls, *arguments: object) -> Overrun:  # noqa: PYI034 - Python 3.10 has no Self
        watchdog.end()  # which doesn't come back where the attempt can be left
        return super().__new__(cls, *arguments)


class Watch:
    """A handler that runs on this thread, and has so many nanoseconds left.

    `end` is called on this thread when they are over.
    """

    __slots__ = ("deadline", "end", "is_over", "is_raised", "is_sent", "is_told", "name", "thread")

    def __init__(self, name: str, left: int, end: Callable[[], object]) -> None:
        self.name = name
        self.deadline = real_ns() + left
        self.end = end
        self.thread = get_ident()
        #: Whether the exception was sent to the thread, and has been raised there.
        self.is_sent = self.is_raised = False
        self.is_over = self.is_told = False


class Watchdog:
    """Looks after the handlers of the process."""

    def __init__(self) -> None:
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._lock = allocate_lock()
        #: By thread, the innermost last.
        self._watched: dict[int, list[Watch]] = {}
        self._runs = False
        #: Whether a handler has begun since it looked, and when it looks again, in real nanoseconds.
        self._armed = False
        self._looks_at = 0
        self._alarm = allocate_lock()
        self._alarm.acquire()

    def arm(self, watch: Watch) -> None:
        """Watch the handler that begins on this thread."""
        with self._lock:
            self._watched.setdefault(watch.thread, []).append(watch)
            starts, self._runs, self._armed = not self._runs, True, True
            early = watch.deadline < self._looks_at
            if early:
                self._looks_at = watch.deadline
        if starts:
            start_new_thread(self._look, ())
        elif early:
            with contextlib.suppress(RuntimeError):  # it is awake
                self._alarm.release()

    def disarm(self, watch: Watch) -> None:
        """Watch the handler no more, if it was watched; it is the innermost one of its thread."""
        with self._lock:
            watch.is_over = True
            late = watch.is_sent and not watch.is_raised
            watches = self._watched.get(watch.thread, ())
            if len(watches) == 1 and watches[0] is watch and not late:  # as nearly always
                del self._watched[watch.thread]
            elif not late:
                self._forget_one(watch)
        if late:  # its exception comes too late, and is raised here
            with contextlib.suppress(Overrun):
                _spend(watch)
            with self._lock:
                self._forget_one(watch)

    def _forget_one(self, watch: Watch) -> None:
        watches = self._watched.get(watch.thread, [])
        if watch in watches:
            watches.remove(watch)
        if not watches:
            self._watched.pop(watch.thread, None)

    @property
    def watched(self) -> int:
        """How many threads run handlers."""
        return len(self._watched)

    def hang_on(self, thread: int) -> DestmockError | None:
        """The error for whoever would wait for the handler on a thread, if that hangs; it may wait, too."""
        watches = self._watched.get(thread)
        if not watches or not watches[-1].is_told:
            return None
        return DestmockError(
            f"the handler of {watches[-1].name} hangs, and this thread can't run a function before it has "
            "ended: if it waits for this thread, start the thread in the handler, or have a "
            "ThreadPoolExecutor do the work"
        )

    def end(self) -> None:
        """End the innermost handler of this thread."""
        watches = self._watched.get(get_ident())
        if not watches or not watches[-1].is_sent:
            return
        watch = watches[-1]
        watch.is_raised = True
        inside = _places(sys._getframe(2))  # noqa: SLF001 - whose code the exception was raised in
        if not watch.is_over and not inside & _SHARED:
            with _no_headroom():
                watch.end()

    def _look(self) -> None:
        idle_since, wait = real_ns(), _PERIOD
        while True:
            self._alarm.acquire(timeout=wait)
            with self._lock:
                now = real_ns()
                late = [watches[-1] for watches in self._watched.values() if watches[-1].deadline < now]
                if self._watched or self._armed:
                    idle_since, self._armed = now, False
                elif now - idle_since > _IDLE * _NS:
                    self._runs = False
                    return
                wait = _PERIOD if late else self._until_next(now)
                self._looks_at = now + int(wait * _NS)
                frames = sys._current_frames() if late else {}  # noqa: SLF001 - where the others are
                for watch in late:
                    self._is_late(watch, frames.get(watch.thread), now)
                del frames

    def _until_next(self, now: int) -> float:
        """How long to sleep, in seconds: to the next deadline. Whoever wakes often slows all others down."""
        deadlines = (watch.deadline for watches in self._watched.values() for watch in watches)
        left = (min(deadlines, default=sys.maxsize) - now) / _NS
        return min(max(left, _PERIOD), _LONGEST)

    def _is_late(self, watch: Watch, frame: FrameType | None, now: int) -> None:
        if frame is None or watch.is_over:
            return
        places = _places(frame)
        if places & _DEBUGGERS:
            watch.deadline = sys.maxsize
        elif not watch.is_sent and not places & _SHARED:
            watch.is_sent = True
            _raise(watch.thread, Overrun)
        elif not watch.is_told and now - watch.deadline > _HANGS * _NS:
            watch.is_told = True
            stack = "".join(traceback.format_stack(frame))
            text = f"destmock: the handler of {watch.name} runs past its timeout, and hangs here:\n{stack}"
            os.write(2, text.encode(errors="backslashreplace"))


def _places(frame: FrameType | None) -> set[str]:
    """The packages and modules whose code runs on a stack, down to the attempt's beginning."""
    found: set[str] = set()
    while frame is not None:
        module = frame.f_globals.get("__name__") or PurePath(frame.f_code.co_filename).stem
        if module in _BEGINNINGS:
            break
        found.add(module.partition(".")[0])
        frame = frame.f_back
    return found


#: The modules that call handlers.
_BEGINNINGS = {
    "destmock._durable.inline",
    "destmock._time.branches",
    "awslambdaric.bootstrap",
    "destmock._runtime.environments",
    "destmock._runtime.importing",
    "destmock._runtime.runtime_api",
    "destmock._time.stacks",
}


#: Where CPython counts, in the state of a thread, how many exceptions are being made: meanwhile recursion
#: without end is fatal. Later versions don't count it here.
_HEADROOM = {(3, 10): 36, (3, 11): 40}


@contextlib.contextmanager
def _no_headroom() -> Iterator[None]:
    """While entered, it doesn't count that an exception is being made: it will never be."""
    offset = _HEADROOM.get(sys.version_info[:2])
    if offset is None:
        yield
        return
    state = ctypes.pythonapi.PyThreadState_Get
    state.restype = ctypes.c_void_p
    headroom = ctypes.c_int.from_address(state() + offset)
    making = headroom.value == 1
    headroom.value -= making
    try:
        yield
    finally:
        headroom.value += making


def _spend(watch: Watch) -> None:
    """Wait for an exception to be raised here. Not in a `with`: Python 3.13 may raise it past that."""
    while not watch.is_raised:
        pass


def _raise(thread: int, error: type[BaseException]) -> None:
    """Have an exception raised on a thread. It can't be taken back: CPython would look for it for ever."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))


watchdog = Watchdog()
