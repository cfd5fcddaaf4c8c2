"""The real clock: virtual time follows the wall's. Here, and only here, a thread waits for what is due."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from destmock._time.driver import LIMIT
from destmock.errors import DestmockError

if TYPE_CHECKING:
    from destmock._engine.simulation import Simulation
    from destmock._server.polls import Changes

log = logging.getLogger("destmock.server")
#: How long, in real seconds, the clock rests after a job that was due has failed.
_REST = 1.0


class Pace:
    """Runs jobs when they are due, from `start()` until its `changes` end.

    `speed` is how many virtual seconds pass in a real second.
    """

    def __init__(self, simulation: Simulation, changes: Changes, *, speed: float = 1.0) -> None:
        self._simulation = simulation
        self._clock = simulation.clock
        self._changes = changes
        self._speed = speed
        #: The virtual time, in milliseconds, when the process's clock was 0.
        self._origin = self._clock.now - self._elapsed()
        self._thread = threading.Thread(target=self._run, name="destmock clock")

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def catch_up(self) -> None:
        """Set the clock to the time, or to the next thing that is due before."""
        with self._simulation.turns:
            due = self._clock.peek()
            now = self._now()
            self._clock.jump(now if due is None else min(now, due))

    def _elapsed(self) -> float:
        return time.monotonic() * 1000 * self._speed

    def _now(self) -> int:
        """The virtual time by the wall's clock; never behind the clock, which the user may put forward."""
        self._origin = max(self._origin, self._clock.now - self._elapsed())
        return round(self._origin + self._elapsed())

    def _run(self) -> None:
        while True:
            since = self._changes.number
            failed = not self._runs()
            with self._simulation.turns:
                due = self._clock.peek()
                wait = None if due is None else max(due - self._now(), 0) / 1000 / self._speed
            if failed:
                wait, since = _REST, self._changes.number
            if not self._changes.awaited(since, wait):
                return

    def _runs(self) -> bool:
        try:
            self._simulation.driver.run(LIMIT, until=self._now())
        except DestmockError as error:
            log.error("%s: %s", type(error).__name__, error)  # noqa: TRY400 - its message says all
        except BaseException:  # whatever a handler raises, time goes on
            log.exception("what was due has failed")
        else:
            return True
        return False
