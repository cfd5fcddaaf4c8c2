"""The runs of an exploration, shared by the workers of an executor: processes here, or those of a cluster.

A run is a value: the names of its faults. Whatever the order in which workers answer, the results of a batch
are put in the order of its plans, so that the search goes on as in one process. What a worker that died has
not answered is tried again, one run at a time.
"""

from __future__ import annotations

import pickle
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, Any, TypeAlias

from destmock._explore.child import call_in_child
from destmock._explore.run import described
from destmock._explore.search import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from destmock._explore.search import Plan
    from destmock._explore.settings import Settings

    #: Makes one run of a scenario.
    Once: TypeAlias = Callable[[Settings, Callable[..., Any], Plan], Result]

#: The most runs that a worker is given at once: a worker that dies costs them.
_MOST_AT_ONCE = 25
#: The parts into which a batch is cut at least, if it has so many runs.
_PARTS = 32


class Workers:
    """The workers of an executor; `once` makes one run in any of them."""

    def __init__(
        self,
        executor: Executor | Callable[[], Executor],
        once: Once,
        chosen: Settings,
        scenario: Callable[..., Any],
    ) -> None:
        self._make = executor if callable(executor) else ProcessPoolExecutor
        self._executor = executor() if callable(executor) else executor
        if not hasattr(self._executor, "submit"):
            message = (
                "executor has the interface of concurrent.futures.Executor, or is a callable that makes one; "
                f"not {executor!r}"
            )
            raise TypeError(message)
        self._mine = [self._executor] if callable(executor) else []
        self._work = once, chosen, scenario
        #: Whether they have what this process has loaded. A cluster's don't, and may have their heart in this
        #: process, which a mock's clock would stop.
        self.are_children = isinstance(self._executor, (ProcessPoolExecutor, ThreadPoolExecutor))
        if self.are_children:
            _check(self._work)

    def close(self) -> None:
        """End the executors that were made here."""
        for executor in self._mine:
            executor.shutdown(cancel_futures=True)

    def results(self, plans: Sequence[Plan]) -> Iterator[list[Result]]:
        """The results of the plans, as they come."""
        size = max(1, min(_MOST_AT_ONCE, len(plans) // _PARTS))
        parts = [plans[begin : begin + size] for begin in range(0, len(plans), size)]
        lost: list[Plan] = []
        try:
            futures = {self._executor.submit(_runs, *self._work, part): part for part in parts}
        except BrokenExecutor:
            futures, lost = {}, list(plans)
        for future in as_completed(futures):
            if future.exception() is None:
                yield future.result()
            else:  # whatever the executor says of a worker that died
                lost += futures[future]
        for plan in lost:
            yield self._again(plan)

    def _again(self, plan: Plan) -> list[Result]:
        """Make one run again whose worker has died; a run that ends its worker each time has failed."""
        answer = self._one(plan)
        if isinstance(answer, BaseException):
            answer = self._one(plan)
        if isinstance(answer, BaseException):
            return [Result(plan, (), f"its worker ended: {described(answer)}")]
        return answer

    def _one(self, plan: Plan) -> list[Result] | BaseException:
        try:
            return self._executor.submit(_runs, *self._work, [plan]).result()
        except BrokenExecutor as error:
            self._executor = self._make()
            self._mine.append(self._executor)
            return error
        except Exception as error:  # noqa: BLE001 - what a cluster says of a worker that died
            return error


def _runs(once: Once, chosen: Settings, scenario: Callable[..., Any], plans: Sequence[Plan]) -> list[Result]:
    """Make runs in this process, or in another one if it has more to do than that."""
    if current_thread() is main_thread():
        return [once(chosen, scenario, plan) for plan in plans]
    results: list[Result] = call_in_child(_runs, once, chosen, scenario, plans)
    return results


def _check(work: object) -> None:
    try:
        pickle.dumps(work)
    except Exception as error:
        message = (
            f"this scenario can't be sent to another process: {error}. Define it, and the handlers, at the "
            'top level of a module, or name handlers as "module:function"'
        )
        raise TypeError(message) from error
