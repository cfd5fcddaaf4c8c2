"""Virtual time: a heap of what is due, in integer milliseconds since the epoch.

The clock knows nothing of Lambda. Time jumps *to* each due job before the job runs, so whatever runs at
60 s sees 60 s. While jobs run, time only passes by these jumps, however long the jobs take.
"""

from __future__ import annotations

import heapq
from itertools import count
from typing import TYPE_CHECKING, Generic, TypeVar

from destmock._time.wall import NS_PER_MS

if TYPE_CHECKING:
    from destmock._time.wall import Wall

Job = TypeVar("Job")
#: How many cancelled jobs the heap may hold before they are taken out of it.
_MOST_CANCELLED = 100


class Due(Generic[Job]):
    """One job that is queued, as `Clock.schedule` answers it: the handle to cancel it by."""

    __slots__ = ("background", "clock", "job")

    def __init__(self, clock: Clock[Job], job: Job, *, background: bool) -> None:
        self.clock = clock
        #: `None` once the job has been handed out or cancelled.
        self.job: Job | None = job
        self.background = background

    def cancel(self) -> None:
        """Take the job out of the queue; nothing happens when it has run or was cancelled before."""
        self.clock.cancel(self)


class Clock(Generic[Job]):
    """Virtual time and what is due in it. Jobs due at the same moment keep the order they were queued in.

    A job in the background runs when time comes to it, but nobody waits for it: it doesn't count as queued.
    """

    __slots__ = ("_cancelled", "_heap", "_sequence", "in_background", "now", "waiting", "wall")

    def __init__(self, wall: Wall) -> None:
        #: What this clock takes the time from that passes by itself, and takes along when it jumps.
        self.wall = wall
        self.now = wall.now
        #: Whether what begins now is in the background as well.
        self.in_background = False
        #: How many jobs are queued, without those in the background.
        self.waiting = 0
        self._heap: list[tuple[int, bool, int, Due[Job]]] = []
        self._cancelled = 0
        self._sequence = count()

    def schedule(self, at: int, job: Job, *, first: bool = False, background: bool = False) -> Due[Job]:
        """Queue a job for `at`, or for now if that has passed.

        `first` puts it before whatever else is due at the same moment.
        """
        due = Due(self, job, background=background)
        heapq.heappush(self._heap, (max(at, self.now), not first, next(self._sequence), due))
        if not background:
            self.waiting += 1
        return due

    def cancel(self, due: Due[Job]) -> None:
        """Take a job out of the queue; nothing happens when it has run or was cancelled before."""
        if due.job is None:
            return
        self._take(due)
        self._cancelled += 1
        if self._cancelled > max(_MOST_CANCELLED, len(self._heap) // 2):
            self._heap = [entry for entry in self._heap if entry[3].job is not None]
            heapq.heapify(self._heap)
            self._cancelled = 0

    @property
    def idle(self) -> bool:
        """Whether nothing is queued that someone waits for."""
        return self.waiting == 0

    def peek(self) -> int | None:
        """The moment that the next job is due at; `None` when there is none."""
        heap = self._heap
        while heap and heap[0][3].job is None:
            heapq.heappop(heap)
            self._cancelled -= 1
        return heap[0][0] if heap else None

    def pop(self) -> Job:
        """Jump to the next job's time and hand the job out."""
        while True:
            entry = self._heap[0]
            at, _, _, due = entry
            job = due.job
            if job is not None:
                break
            heapq.heappop(self._heap)
            self._cancelled -= 1
        try:
            heapq.heappop(self._heap)
            self._take(due)
            self.jump(at)
        except BaseException:  # an interrupt: the job is still to come
            due.job = job
            if entry not in self._heap:
                heapq.heappush(self._heap, entry)
            self._count()
            raise
        return job

    def jump(self, at: int) -> None:
        """Move to `at`, never backwards. What was due before that is late, and runs at the new time."""
        if at > self.now:
            self.now = at
            self.wall.move_to(at)

    def catch_up(self) -> None:
        """Take over the time that has passed by itself, but nothing becomes late by that."""
        if self.wall.flows:
            now = self.wall.ns // NS_PER_MS  # `now` and `ns` would be two calls
            if now > self.now:
                due = self.peek() if self._heap else None
                self.now = now if due is None or due > now else max(self.now, due)

    @property
    def queued(self) -> list[tuple[int, Job]]:
        """The jobs and when each is due, in the order they will run."""
        entries = sorted(self._heap, key=lambda entry: entry[:3])
        return [(at, due.job) for at, *_, due in entries if due.job is not None]

    def _count(self) -> None:
        """Count anew what is queued, after an interrupt."""
        self.waiting = sum(not due.background for *_, due in self._heap if due.job is not None)

    def _take(self, due: Due[Job]) -> None:
        due.job = None
        if not due.background:
            self.waiting -= 1
