"""Engine code that waits in virtual time for something to happen, like an attempt that sleeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from destmock._time.crews import Crew
from destmock._time.stacks import Attempt, current

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._time.turns import Handling
    from destmock._time.waiting import Waits


class Pause:
    """A wait of a synchronous call; `turn` lets others hold the state meanwhile."""

    def __init__(self, waits: Waits, turn: Handling) -> None:
        self._waits = waits
        self._turn = turn
        self._attempt: Attempt | None = None
        self._over = False

    @property
    def is_late(self) -> bool:
        """Whether its real time is up: never, for it takes none."""
        return False

    def put_aside(self) -> None:
        self._turn.put_aside()

    def take_up(self) -> None:
        self._turn.take_up()

    def wait(self, seconds: float) -> bool:
        """Wait until `end` is called, for so many seconds at most; returns whether it was called."""
        if not self._over:
            # A second more: the end of the wait is not the end of the attempt.
            self._waits.attempt(self._work(seconds), self, round(seconds * 1000) + 1000, Crew())
        return self._over

    def end(self) -> None:
        """Let the call go on."""
        self._over = True
        if self._attempt is not None:
            self._waits.recall(self._attempt)

    def _work(self, seconds: float) -> Callable[[], None]:
        def work() -> None:
            with self._turn:
                attempt = current()
                assert isinstance(attempt, Attempt)
                if self._waits.can_wait(attempt):  # or else time would only jump
                    self._attempt = attempt
                    attempt.take(seconds)

        return work
