"""The steps of an exploration: one plan after the other, in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from destmock._explore.search import Search

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from destmock._explore.bounds import Bounds
    from destmock._explore.search import Plan, Result


class Told(Protocol):
    """Whoever wants to know how far an exploration is."""

    def __call__(self, tried: int, possible: int, /) -> object:
        """Tell how many failures of AWS have been tried, of those that are known."""


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


def searched(bounds: Bounds, once: Callable[[Plan], Result], *, first_only: bool, told: Told) -> Search:
    """Search with runs in this process; `once` makes one."""
    search = Search(bounds)
    each = steps(search, first_only=first_only)
    plan, made = next(each), 0
    while True:
        try:
            plan = each.send(once(plan))
        except StopIteration:
            return search
        made += 1
        told(max(made - 2, 0), search.possible)  # two runs without faults come first
