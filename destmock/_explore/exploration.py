"""What an exploration has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from destmock._engine.points import Point
    from destmock._explore.search import Plan, Result, Search

#: How many AWS calls are told before the first switch, and after the last one.
_CALLS_AROUND = 8


@dataclass(frozen=True, slots=True, repr=False)
class Failure:
    """A run of a scenario that failed: under which faults, with which error, and its timeline.

    `name` repeats it, as `only=`; `str()` says it in words.
    """

    name: str
    error: str
    timeline: str
    _words: str

    def __str__(self) -> str:
        return f"{self._words}: {self.error}"

    def __repr__(self) -> str:
        return f"<Failure {self.name or 'without faults'}: {self.error}>"


@dataclass(frozen=True, slots=True, repr=False)
class Exploration:
    """What an exploration has found.

    `tried` counts the failures of AWS that were tried, `possible` those that are known: more, if a limit or
    the first failure has ended the exploration. `failures` are the runs that failed, `seconds` is real time.
    """

    tried: int
    possible: int
    failures: tuple[Failure, ...]
    seconds: float

    def __str__(self) -> str:
        found = f", {len(self.failures):,} of them found a bug" if self.failures else ""
        return f"{summary(self.tried, self.possible, self.seconds)}{found}"

    def __repr__(self) -> str:
        return f"<Exploration: {self}>"


def exploration(search: Search, seconds: float) -> Exploration:
    """What a search that has ended has found."""
    return Exploration(
        search.tried, search.possible, tuple(failure(result) for result in search.failures), seconds
    )


def failure(result: Result) -> Failure:
    """A failed run as users see it."""
    assert result.error is not None
    return Failure(name(result.plan), result.error, result.timeline, f"the scenario {_when(result)}")


def name(plan: Plan) -> str:
    """The name of a plan: `only=` takes each of its parts."""
    return ", ".join(map(str, plan))


def summary(tried: int, possible: int, seconds: float) -> str:
    """How much was tried, in words: "explored 37 failures in 0.4 s"."""
    of = f" of {possible:,}" if possible > tried else ""
    return f"explored {tried:,}{of} failure{'s' * (max(tried, possible) != 1)} in {seconds:.1f} s"


def note(result: Result) -> str:
    """What a failed test is told: which failure of AWS it can't take, and how to repeat it."""
    names = [str(fault) for fault in result.plan]
    only = f'"{names[0]}"' if len(names) == 1 else f"[{', '.join(f'{each!r}' for each in names)}]"
    return f"explore: this test {_when(result)}; repeat with @explore(only={only})"


def _when(result: Result) -> str:
    if not result.plan:
        return "fails without any fault"
    when = "fails when " + ", and then ".join(fault.sentence for fault in result.plan)
    switches = [fault.point for fault in result.plan if fault.kind == "switch"]
    return f"{when}; the AWS calls: {_order(result, switches)}" if switches else when


def _order(result: Result, switches: Sequence[Point]) -> str:
    """The order of the AWS calls around the switches."""
    calls = [fault.point for fault in result.possible if fault.point.at == "after"]
    words = [f"{point.function}#{point.run} {point.name}" for point in dict.fromkeys(calls)]
    places = [at for at, point in enumerate(dict.fromkeys(calls)) if point._replace(at="before") in switches]
    begin = max(min(places, default=0) - _CALLS_AROUND, 0)
    end = max(places, default=0) + _CALLS_AROUND
    return ", ".join((*["..."][: begin > 0], *words[begin:end], *["..."][: end < len(words)]))
