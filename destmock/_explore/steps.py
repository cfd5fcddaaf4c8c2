"""The steps of an exploration: one plan after the other, in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from destmock._explore.search import Plan, Result, Search


class Told(Protocol):
    """Whoever wants to know how far an exploration is."""

    def __call__(self, tried: int, possible: int, /) -> object:
        """Tell how many failures of AWS have been tried, of those that are known."""


def nobody(_tried: int, _possible: int) -> None:
    """Tell nobody how far an exploration is."""


def steps(search: Search, *, first_only: bool) -> Generator[Plan, Result, None]:
    """Give each plan that is to be tried, and be sent its result.

    With `first_only`, that ends with the first plan that makes the scenario fail.
    """
    batches = search.batches()
    plans = next(batches)
    while True:
        results: list[Result] = []
        for plan in plans:
            results.append((yield plan))
            if first_only and results[-1].error is not None:
                break
        try:
            plans = batches.send(results)
        except StopIteration:
            return
        if first_only and search.failures:
            return


def searched(
    search: Search, results_of: Callable[[Sequence[Plan]], Iterator[list[Result]]], told: Told
) -> None:
    """Search for every failure; `results_of` gives the results of plans, in any order, as they come."""
    batches = search.batches()
    plans = next(batches)
    while True:
        found: dict[Plan, Result] = {}
        for results in results_of(plans):
            found.update((result.plan, result) for result in results)
            if plans != [()]:  # the run without faults
                told(search.tried + len(found), search.possible)
        try:
            plans = batches.send([found[plan] for plan in plans])
        except StopIteration:
            return
