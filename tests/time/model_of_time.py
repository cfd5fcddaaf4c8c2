"""When everything happens in a world of sleeps, delays, schedules and retries, told without destmock."""

import heapq
from dataclasses import dataclass, field
from itertools import count

#: Seconds from a failed attempt's end to the next one.
BACK_OFF = {1: 60, 2: 120}


@dataclass(frozen=True)
class Script:
    """What a function does: it sleeps a few times, fails in its first tries, then sends a delayed message."""

    sleeps: tuple[int, ...] = ()
    failures: int = 0
    delay: int | None = None


@dataclass
class World:
    """What a program of invocations and schedules leads to, as the times at which each function goes on."""

    scripts: dict[str, Script]
    worker: Script
    horizon: int
    log: list[tuple[int, str, int, int]] = field(default_factory=list)
    jobs: list[tuple[int, int, str, int]] = field(default_factory=list)
    serial: count = field(default_factory=count)

    def invoke(self, at: int, name: str, attempt: int = 1) -> None:
        heapq.heappush(self.jobs, (at, next(self.serial), name, attempt))

    def schedule(self, name: str, interval: int) -> None:
        for at in range(interval, self.horizon + 1, interval):
            self.invoke(at, name)

    def run(self) -> list[tuple[int, str, int, int]]:
        """Each entry is a time, a function, the number of its attempt, and how often it has slept in it."""
        while self.jobs:
            at, _, name, attempt = heapq.heappop(self.jobs)
            script = self.worker if name == "worker" else self.scripts[name]
            for slept, length in enumerate((0, *script.sleeps)):
                at += length
                self.log.append((at, name, attempt, slept))
            if attempt <= script.failures:
                if attempt in BACK_OFF:
                    self.invoke(at + BACK_OFF[attempt], name, attempt + 1)
            elif script.delay is not None:
                self.invoke(at + script.delay, "worker")
        return sorted(entry for entry in self.log if entry[0] <= self.horizon)
