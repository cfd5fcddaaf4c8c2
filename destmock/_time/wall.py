"""What time it is beside the clock's jumps: the time that passes by itself, and whoever else reads it."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NS_PER_MS = 1_000_000


def _reads_real_time() -> Callable[[], int]:
    """A function that neither the test nor an attempt has read another time, as they have `monotonic`."""
    if hasattr(time, "clock_gettime_ns"):
        return partial(time.clock_gettime_ns, time.CLOCK_MONOTONIC)
    return time.monotonic_ns


#: Real time in nanoseconds, since some moment.
real_ns = _reads_real_time()


class Wall:
    """A clock on the wall. It goes on with real time if it `flows`; otherwise it stands until it is moved.

    It begins at `start`, in nanoseconds since the epoch. Whatever the process reads for the time can follow
    it, see `follow`.
    """

    def __init__(self, start: int, *, flows: bool) -> None:
        self.flows = flows
        self._begun = real_ns()
        #: The time without what has passed by itself.
        self._at = start
        #: How far the process is behind, while it doesn't follow.
        self._ahead = self._at - time.time_ns()
        self._follower: Callable[[int], object] | None = None

    @property
    def ns(self) -> int:
        """The time in nanoseconds since the epoch."""
        return self._at + real_ns() - self._begun if self.flows else self._at

    @property
    def now(self) -> int:
        """The time in whole milliseconds since the epoch."""
        return self.ns // NS_PER_MS

    @property
    def jumped(self) -> int:
        """The time in milliseconds without what has passed by itself; only moving the clock changes it."""
        return self._at // NS_PER_MS

    @property
    def of_process(self) -> int:
        """What the process reads, in milliseconds, unless the test has it read something else."""
        if self._follower is not None:
            return self.now
        return (self.ns - self._ahead) // NS_PER_MS if self.flows else time.time_ns() // NS_PER_MS

    def move_to(self, at: int) -> None:
        """Put the clock forward to `at`, in milliseconds; it never goes back."""
        ahead = at * NS_PER_MS - self.ns
        if ahead > 0:
            self._at += ahead
            if self._follower is None:
                self._ahead += ahead
            else:
                self._follower(ahead)

    def follow(self, follower: Callable[[int], object] | None) -> None:
        """Have the process follow: `follower` is called with the nanoseconds of each move."""
        self._follower = follower
