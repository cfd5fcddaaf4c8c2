"""A program that a handler starts runs in real time: who asks for its end gives it time that has passed."""

from __future__ import annotations

import time
from _thread import allocate_lock
from functools import partial
from subprocess import Popen, TimeoutExpired
from typing import TYPE_CHECKING, Any

from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._isolation.attempts import Attempt, Current


_NS = 1_000_000_000
#: Seconds between two looks at a program; and for how long one question waits for it, and all of them.
_LOOK, _PATIENCE, _PATIENCE_IN_ALL = 0.002, 1, 10
_HAS_CLOCKS = hasattr(time, "clock_gettime_ns")
#: The attribute of a program that an attempt has started.
_AGE = "_destmock_age"
_poll_really = Popen.poll


def real_ns() -> int:
    """Real time in nanoseconds, which attempts don't read as another one."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) if _HAS_CLOCKS else time.perf_counter_ns()


class _Age:
    """How old a program is in virtual time, and in real time."""

    def __init__(self, attempt: Attempt) -> None:
        self._patience: float = _PATIENCE_IN_ALL * _NS
        self.is_even(attempt)

    def is_even(self, attempt: Attempt) -> None:
        """Note that the program has had all its time."""
        self._virtual, self._real = attempt.elapsed_ns, real_ns()

    def catch_up(self, program: Any, attempt: Attempt, more: float) -> None:
        """Wait until the program has ended, or has had all its time and so many seconds `more`."""
        begun = real_ns()
        behind = attempt.elapsed_ns - self._virtual - (begun - self._real)
        end = begun + max(min(behind, _PATIENCE * _NS, self._patience), 0) + more * _NS
        pause = allocate_lock()
        pause.acquire()
        while _poll_really(program) is None and (left := end - real_ns()) > 0:
            pause.acquire(timeout=min(_LOOK, left / _NS))
        self.is_even(attempt)
        self._patience -= max(self._real - begun - more * _NS, 0)


def process_waits(current: Current) -> list[Patch]:
    """What has the attempts that `current` answers wait for programs in real time."""
    return [
        Patch(Popen, "__init__", partial(_init, current)),
        Patch(Popen, "poll", partial(_poll, current)),
        Patch(Popen, "wait", partial(_wait, current)),
    ]


def _init(current: Current, real: Callable[..., None]) -> Callable[..., None]:
    def init(self: Any, *arguments: Any, **named: Any) -> None:
        attempt = current()
        if attempt is not None:
            setattr(self, _AGE, _Age(attempt))
        real(self, *arguments, **named)

    return init


def _poll(current: Current, real: Callable[..., Any]) -> Callable[..., Any]:
    def poll(self: Any) -> Any:
        attempt, age = current(), getattr(self, _AGE, None)
        if attempt is not None and age is not None and self.returncode is None:
            age.catch_up(self, attempt, 0)
        return real(self)

    return poll


def _wait(current: Current, real: Callable[..., Any]) -> Callable[..., Any]:
    """Without a timeout it is a real wait already; with one, it is a loop of sleeps."""

    def wait(self: Any, timeout: float | None = None) -> Any:
        attempt, age = current(), getattr(self, _AGE, None)
        if attempt is None or age is None or timeout is None or timeout <= 0:
            return real(self, timeout)
        begun = attempt.elapsed_ns
        age.catch_up(self, attempt, timeout)
        try:
            return real(self, max(timeout - (attempt.elapsed_ns - begun) / _NS, 0))
        except TimeoutExpired as error:
            age.is_even(attempt)
            error.timeout = timeout
            raise

    return wait
