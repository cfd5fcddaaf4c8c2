"""Pure: virtual time. A heap of (at, first or not, sequence, job), in integer milliseconds since the epoch.

The clock knows nothing of Lambda. Time jumps *to* each due job before the job runs, so whatever runs at
60 s sees 60 s.
"""

from __future__ import annotations

import heapq
from itertools import count
from typing import Generic, TypeVar

Job = TypeVar("Job")


class Clock(Generic[Job]):
    """Virtual time and what is due in it. Jobs due at the same moment keep the order they were queued in.

    A job in the background runs when time comes to it, but nobody waits for it: it doesn't count as queued.
    """

    __slots__ = ("_background", "_heap", "_sequence", "now")

    def __init__(self, now: int) -> None:
        self.now = now
        self._heap: list[tuple[int, bool, int, Job]] = []
        self._background: set[int] = set()
        self._sequence = count()

    def schedule(self, at: int, job: Job, *, first: bool = False, background: bool = False) -> int:
        """Queues a job and answers its number; `first` puts it before what else is due at the same moment."""
        number = next(self._sequence)
        if background:
            self._background.add(number)
        heapq.heappush(self._heap, (max(at, self.now), not first, number, job))
        return number

    def into_background(self, number: int) -> None:
        """From now on, nobody waits for a job that is queued."""
        self._background.add(number)

    @property
    def idle(self) -> bool:
        """Whether nothing is queued that someone waits for."""
        return self.waiting == 0

    @property
    def waiting(self) -> int:
        """How much is queued, without what is in the background."""
        return len(self._heap) - len(self._background)

    def peek(self) -> int | None:
        """When the next job is due; `None` when there is none."""
        return self._heap[0][0] if self._heap else None

    def pop(self) -> Job:
        """Jumps to the next job's time and hands it out."""
        at, _, number, job = heapq.heappop(self._heap)
        self._background.discard(number)
        self.jump(at)
        return job

    def jump(self, at: int) -> None:
        """Moves to `at`, never backwards. What was due before that is late, and runs at the new time."""
        self.now = max(self.now, at)

    @property
    def queued(self) -> list[tuple[int, Job]]:
        """What is queued and when it is due, in the order it will run; without what is in the background."""
        waiting = (entry for entry in self._heap if entry[2] not in self._background)
        return [(at, job) for at, *_, job in sorted(waiting, key=lambda entry: entry[:3])]
