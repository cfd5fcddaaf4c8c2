"""Which plans of faults are tried, in which order; it knows nothing of mocks, gives plans and gets results.

A plan is a few faults, each at one point of a run. The run without faults tells which could happen, and each
run with a plan tells what could happen after it: so every plan is made of what a run has really come to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from destmock.errors import NotDeterministicError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from destmock._engine.points import PlannedFault
    from destmock._explore.bounds import Bounds

    Plan: TypeAlias = tuple[PlannedFault, ...]
    #: Gives the plans of a batch, and is sent the result of each, or of the first ones if those are enough.
    Batches: TypeAlias = Generator[list[Plan], Sequence["Result"], None]


class Result(NamedTuple):
    """How one run went. `possible` has every fault that could have happened, in order.

    `error` is what failed, as "AssertionError: ...", or `None`; `missed` are the faults of the plan that did
    not happen.
    """

    plan: Plan
    possible: tuple[PlannedFault, ...]
    error: str | None = None
    timeline: str = ""
    missed: tuple[PlannedFault, ...] = ()


class Search:
    """The search for plans that make a scenario fail, within bounds."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        #: How many plans have been tried, and how many are known.
        self.tried = self.possible = 0
        self.failures: list[Result] = []

    def batches(self) -> Batches:
        """Every batch of plans: those of a batch don't depend on each other's results.

        The first batch is the run without faults, the second one the same again. Raises
        `NotDeterministicError` if they differ.
        """
        [first] = yield [()]
        if first.error is not None:
            self.failures.append(first)
            return
        [second] = yield [()]
        _compare(first, second)
        self._check_functions(first)
        singles: list[Plan] = [(fault,) for fault in first.possible if self._bounds.has(fault)]
        passing = yield from self._tried([plan for plan in singles if plan[0].kind != "switch"])
        switched = [plan for plan in singles if plan[0].kind == "switch"]
        for number in range(self._bounds.switches):
            results = yield from self._tried(switched)
            last = number + 1 == self._bounds.switches
            switched = [] if last else self._longer(results, switches=True)
        for _ in range(self._bounds.faults - 1):
            passing = yield from self._tried(self._longer(passing, switches=False))

    def _check_functions(self, first: Result) -> None:
        """Raise `ValueError` if none of the functions that may fail has run."""
        ran = list(dict.fromkeys(fault.point.function for fault in first.possible))
        wanted = self._bounds.functions
        if wanted is not None and wanted.isdisjoint(ran):
            message = (
                f"functions names {', '.join(sorted(wanted))}, which did not run; "
                f"those that ran: {', '.join(ran) or 'none'}"
            )
            raise ValueError(message)

    def _tried(self, plans: list[Plan]) -> Generator[list[Plan], Sequence[Result], list[Result]]:
        """Have plans tried as far as the limit allows; returns the results of those that passed."""
        self.possible += len(plans)
        plans = plans[: self._bounds.limit - self.tried]
        if not plans:
            return []
        results = yield plans
        self.judge(results)
        return [result for result in results if result.error is None]

    def judge(self, results: Sequence[Result]) -> None:
        """Count results, and keep those that failed."""
        self.tried += len(results)
        for result in results:
            if result.missed:
                raise _strayed(result)
        self.failures += [result for result in results if result.error is not None]

    def _longer(self, results: Sequence[Result], *, switches: bool) -> list[Plan]:
        """The plans with one fault more, each after the last one of a plan that passed: the nearest first."""
        found = sorted(
            (distance, place, plan)
            for place, result in enumerate(results)
            for distance, plan in self._continued(result, switches=switches)
        )
        return list({frozenset(plan): plan for *_, plan in found}.values())

    def _continued(self, result: Result, *, switches: bool) -> Iterator[tuple[int, Plan]]:
        last = result.plan[-1]
        begin = result.possible.index(last) + 1
        for distance, fault in enumerate(result.possible[begin:]):
            alone = fault.point == last.point and last.point.at != "begin"  # of two there, one can happen
            if alone or fault in result.plan or not self._bounds.has(fault):
                continue
            if (fault.kind == "switch") == switches:
                yield distance, (*result.plan, fault)


def check_named(result: Result) -> None:
    """Raise `NotDeterministicError` if a fault that was asked for by its name did not happen in a run."""
    if result.error is None and result.missed:
        points = ", ".join(dict.fromkeys(str(fault) for fault in result.possible)) or "none"
        message = f"{result.missed[0]} did not happen; the faults that this run could have had: {points}"
        raise NotDeterministicError(message)


def _compare(first: Result, second: Result) -> None:
    """Raise `NotDeterministicError` if two runs without faults differ."""
    if second.error is not None:
        error = second.error.rstrip(".")
        message = (
            f"a run without faults passes once, and fails when it is made again: {error}. State is kept "
            "outside of the mock, such as in a module's variable or a file; make that anew in each run"
        )
        raise NotDeterministicError(message)
    if first.possible == second.possible:
        return
    length = min(len(first.possible), len(second.possible))
    pairs = zip(first.possible, second.possible, strict=False)
    at = next((at for at, (one, other) in enumerate(pairs) if one != other), length)
    message = (
        "nothing can be explored that isn't deterministic: two runs without faults make different calls. "
        "The first difference: "
        f"{_told(first, at)} in the first run, {_told(second, at)} in the second"
    )
    raise NotDeterministicError(message)


def _told(result: Result, at: int) -> str:
    return str(result.possible[at].point) if at < len(result.possible) else "nothing more"


def _strayed(result: Result) -> NotDeterministicError:
    message = (
        "nothing can be explored that isn't deterministic: with the faults "
        f"{', '.join(map(str, result.plan))} it never came to {result.missed[0].point}, which a run before "
        "it came to"
    )
    return NotDeterministicError(message)
