"""Conditions, which are in events, queues, semaphores and futures, and queues that have none."""

from __future__ import annotations

import queue
from functools import partial
from queue import _PySimpleQueue  # type: ignore[attr-defined]
from threading import Condition
from typing import TYPE_CHECKING, Any

from destmock._isolation.patching import Patch
from destmock._isolation.process_waits import real_ns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from destmock._isolation.attempts import Attempt, Current, Waits


#: The attribute of a condition that an attempt has made.
_INSIDE = "_destmock_inside"
#: Seconds between two looks whether others still work for an attempt: the first ones, and at most.
_FIRST_LOOK, _LOOK = 0.001, 0.05
#: For how long, in nanoseconds, a thread that an attempt has woken works for it at the most.
_WOKEN_NS = 2_000_000_000


def condition_waits(current: Current, waits: Waits) -> list[Patch]:
    """What has the attempts that `current` answers wait for conditions.

    `waits` answers the attempt that is going to wait for so long, if one is.
    """
    return [
        Patch(Condition, "__init__", partial(_init, current)),
        Patch(Condition, "wait", partial(_wait, waits)),
        Patch(Condition, "notify", partial(_notify, current)),
        Patch(queue, "SimpleQueue", partial(_simple_queue, current)),
    ]


def slices(attempt: Attempt, timeout: float | None) -> Iterator[float]:
    """The seconds to wait in real time, one after the other, while others' threads work for an attempt.

    The clock follows, so that the attempt's own threads go on, too.
    """
    left, look = timeout, _FIRST_LOOK
    while attempt.has_helpers and (left is None or left > 0):
        seconds, begun = look if left is None else min(look, left), attempt.elapsed_ns
        yield seconds
        if attempt.crew.is_there:
            attempt.sleep(max(seconds - (attempt.elapsed_ns - begun) / 1e9, 0))
        left = None if left is None else left - look
        look = min(2 * look, _LOOK)


def _init(current: Current, real: Callable[..., None]) -> Callable[..., None]:
    """Note which conditions, also of events and queues, are made by attempts."""

    def init(self: Any, lock: Any = None) -> None:
        real(self, lock)
        if current() is not None:
            setattr(self, _INSIDE, True)

    return init


def _wait(waits: Waits, real: Callable[..., bool]) -> Callable[..., bool]:
    """Waiting takes virtual time; also real time, if others can put an end to it.

    Those are threads that the test has started and that work for the attempt, and all of its threads if it
    has made the condition.
    """

    def wait(self: Any, timeout: float | None = None) -> bool:
        attempt = waits(timeout)
        if attempt is None:
            return real(self, timeout)
        if not hasattr(self, _INSIDE) and attempt.crew.has_company:
            if real(self, timeout) or timeout is None:
                return True
            attempt.sleep(timeout)
            return False
        ends = attempt.crew.wait()
        self._waiters.append(ends)
        state = self._release_save()
        notified = False
        try:
            in_time = any(ends.lock.acquire(timeout=seconds) for seconds in slices(attempt, timeout))
            notified = in_time or attempt.wait(ends, timeout)
        finally:
            self._acquire_restore(state)
            if not notified and ends in self._waiters:
                self._waiters.remove(ends)
        return notified

    return wait


def _notify(current: Current, real: Callable[..., None]) -> Callable[..., None]:
    """A thread that an attempt wakes by a condition that others have made works for it.

    Who waits in an execution environment that has ended is woken in nobody's place.
    """

    def notify(self: Any, n: int = 1) -> None:
        for waiter in [*self._waiters]:
            if getattr(waiter, "is_lost", False):
                self._waiters.remove(waiter)
        attempt = None if hasattr(self, _INSIDE) or not self._waiters else current()
        if attempt is not None and attempt.crew.has_company:
            attempt.helped(_Woken(self).is_over)
        real(self, n)

    return notify


class _Woken:
    """The threads that a condition wakes: they work until as many wait for it again."""

    def __init__(self, condition: Any) -> None:
        self._condition = condition
        self._count = len(condition._waiters)  # noqa: SLF001
        self._end_ns = real_ns() + _WOKEN_NS

    def is_over(self) -> bool:
        """Whether they have done what they were woken for, or have had enough time."""
        return len(self._condition._waiters) >= self._count or real_ns() > self._end_ns  # noqa: SLF001


def _simple_queue(current: Current, real: Any) -> Any:
    """A `SimpleQueue` that an attempt makes is one of Python's own, which waits by a condition.

    One of C's waits in a way that nobody sees.
    """

    class Kind(type):
        def __call__(cls, *arguments: Any, **named: Any) -> Any:
            if cls is SimpleQueue and current() is None:
                return real(*arguments, **named)
            return super().__call__(*arguments, **named)

        def __instancecheck__(cls, instance: object) -> bool:
            return (
                isinstance(instance, (real, _PySimpleQueue))
                if cls is SimpleQueue
                else super().__instancecheck__(instance)
            )

    class SimpleQueue(_PySimpleQueue, metaclass=Kind):  # type: ignore[misc]
        __doc__, __module__, __qualname__ = real.__doc__, real.__module__, real.__qualname__

    return SimpleQueue
