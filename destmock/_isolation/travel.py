"""The process reads virtual time: `time.time()`, `datetime.now()` and whatever goes by them.

time-machine does it, also for what was imported by name before, and in all threads. `time.monotonic` and
`time.perf_counter` go on as they are. In a test that runs under freezegun, freezegun's own clock is moved
instead, and put back afterwards: time-machine refuses to start there.
"""

from __future__ import annotations

import contextlib
import sys
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Protocol

import time_machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NS = 1_000_000_000
#: Longer than it takes any clock to go on, in nanoseconds.
_MOMENT = 100_000


class Wall(Protocol):
    """The clock that the process follows."""

    flows: bool

    @property
    def ns(self) -> int:
        """The time in nanoseconds since the epoch."""

    def follow(self, follower: Callable[[int], object] | None) -> None:
        """Have `follower` called with the nanoseconds of each move."""


@contextlib.contextmanager
def travelling(wall: Wall) -> Iterator[None]:
    """While entered, the process reads the clock on the wall."""
    frozen = _frozen()
    with _travelling(wall) if frozen is None else _moving(frozen, wall):
        try:
            yield
        finally:
            wall.follow(None)


def flows() -> bool:
    """Whether the process's clock goes on by itself: not in a test that has stopped it."""
    frozen = _frozen()
    if frozen is not None:
        return type(frozen).__name__ == "TickingDateTimeFactory"
    if not _stack():
        return True
    read, begun = time.time_ns(), time.perf_counter_ns()
    while time.perf_counter_ns() - begun < _MOMENT:
        pass
    return time.time_ns() != read


@contextlib.contextmanager
def _travelling(wall: Wall) -> Iterator[None]:
    travel = time_machine.travel(wall.ns / _NS, tick=wall.flows)
    traveller = travel.start()
    # It reads the wall, whatever the machine does with its own clock in the meantime.
    vars(traveller)["time_ns"] = lambda: wall.ns
    wall.follow(lambda _ns: None)
    try:
        yield
    finally:
        stack = _stack()
        if stack[-1] is not traveller and traveller in stack:  # the test's own journey isn't over yet
            stack.remove(traveller)
            stack.append(traveller)
        travel.stop()


def _stack() -> list[Any]:
    """time-machine's journeys, the innermost last."""
    found: list[Any] = vars(time_machine)["traveller_stack"]
    return found


def _frozen() -> Any:
    """The clock of freezegun's that the process reads; `None` if it reads none."""
    api = sys.modules.get("freezegun.api")
    factories = getattr(api, "freeze_factories", None)
    return factories[-1] if factories else None


@contextlib.contextmanager
def _moving(frozen: Any, wall: Wall) -> Iterator[None]:
    before = frozen()
    frozen.move_to(datetime.fromtimestamp(wall.ns / _NS, timezone.utc).replace(tzinfo=None))
    wall.follow(lambda ns: frozen.move_to(frozen() + timedelta(microseconds=ns / 1000)))
    try:
        yield
    finally:
        frozen.move_to(before)
