"""`explore`: the decorator of tests, and `explore.report` for scripts."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import time
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from destmock._explore.current import Runs, current
from destmock._explore.exploration import Exploration, exploration
from destmock._explore.journal import Journal
from destmock._explore.run import caught, filled, many_runs
from destmock._explore.search import Search, check_named
from destmock._explore.settings import Settings, settings
from destmock._explore.sharing import Workers
from destmock._explore.steps import nobody, searched
from destmock._mock.decorators import BOTH, EXPLORED, MOCKED, PARAMETER, decorate_function

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor
    from contextlib import AbstractContextManager

    from destmock._explore.search import Plan, Result
    from destmock._explore.steps import Told
    from destmock._functions.handlers import Handler, Outcomes
    from destmock._mock.destmock import Destmock

    Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Explore:
    """`explore` itself: it decorates a test, and `explore.report` explores a scenario."""

    @overload
    def __call__(self, handlers: Decorated) -> Decorated: ...
    @overload
    def __call__(
        self,
        handlers: Mapping[str, Handler | str | Outcomes] | None = None,
        *,
        kinds: Iterable[str] | None = ...,
        functions: Iterable[str] | None = ...,
        faults: int = ...,
        switches: int = ...,
        limit: int = ...,
        only: str | Iterable[str] | None = ...,
        **options: Any,
    ) -> Callable[[Decorated], Decorated]: ...
    def __call__(self, handlers: Any = None, **given: Any) -> Any:
        """Runs a test once for every single failure that AWS could put into it. ::

            @explore(handlers={"charge": charge})
            def test_a_customer_is_charged_once(destmock): ...

        A decorator of a test function, bare or called, `async def` too. The test runs once without faults: if
        that fails, it fails as it is. Then it runs again, in a fresh mock with the same seed and start, once
        for each failure that AWS could have put into that run. The first one that makes the test fail is
        told, with the name that repeats it. Under pytest each run has function-scoped fixtures of its own,
        and the mock begins before them.

        `kinds`: which failures. `crash` (the handler dies before or after each of its AWS calls, or after it
        has returned), `timeout` (it hangs at a call), `duplicate` (its event comes twice), `system_error` and
        `throttle` (Lambda keeps it from running, for now), `delay` (it waits in its queue for a minute),
        `interleave` (of two attempts at one moment, each may go first at each AWS call), `fail_delivery` (a
        record or dead-letter message is lost). Default: all but the last, which loses records by design.
        `functions`: the names of those that may fail; default: all.
        `faults`: how many failures in one run at most; default 1. With 2, each pair is tried, nearest first.
        `switches`: how often attempts take turns in one run at most, for `interleave`; default 2.
        `limit`: how many failures to try at most; default 2,000.
        `only`: the name of a failure, or names of several that happen in one run: just that is run.
        Everything else is as `mock_destinations` takes it. Without `start`, each run begins at the same
        moment, at which the exploration began.

        Raises `NotDeterministicError` when two runs without faults differ.
        """
        if callable(handlers):
            return _decorated(settings(**given), handlers)
        chosen = settings(handlers=handlers, **given)
        return lambda target: _decorated(chosen, target)

    def report(
        self,
        scenario: Callable[..., Any],
        handlers: Mapping[str, Handler | str | Outcomes] | None = None,
        *,
        executor: Executor | Callable[[], Executor] | None = None,
        journal: str | os.PathLike[str] | None = None,
        **given: Any,
    ) -> Exploration:
        r"""Explores a scenario, a function that takes the `Destmock` as `destmock` or takes nothing.

        It arranges, acts and asserts as a test does; what it raises is a failure. All failures are told, not
        only the first one. The options are those of the decorator. ::

            found = explore.report(scenario, handlers={"charge": charge})
            print(found, *found.failures, sep="\n")

        `executor`: whatever has the interface of `concurrent.futures.Executor`, or a callable that makes one.
        Its workers share the runs: processes (`ProcessPoolExecutor`), or those of a cluster, such as Dask's
        `Client.get_executor()`. The scenario and its handlers must be known there by the names of their
        modules. What is found is the same, in the same order, as in one process; the runs of a worker that
        dies are made again.
        `journal`: a file that keeps the results. An exploration that was stopped goes on where it was when it
        is given the same file.

        Raises `NotDeterministicError` when two runs without faults differ, `TypeError` for a scenario that
        can't be run or sent to a process, and `ValueError` for a journal of another scenario.
        """
        chosen = settings(handlers=handlers, **given)
        return explored(chosen, scenario, executor=executor, journal=journal, told=nobody)


explore = Explore()
#: The parameters that take what is left, which may be nothing.
_REST = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def explored(
    chosen: Settings,
    scenario: Callable[..., Any],
    *,
    executor: Executor | Callable[[], Executor] | None,
    journal: str | os.PathLike[str] | None,
    told: Told,
) -> Exploration:
    """Explore a scenario, here or by the workers of an executor; see `Explore.report`."""
    _check(scenario)
    begun, chosen, kept = time.perf_counter(), chosen.fixed(), Journal(journal)
    workers = None if executor is None else Workers(executor, once, chosen, scenario)

    def results_of(plans: Sequence[Plan]) -> Iterator[list[Result]]:
        yield [kept[plan] for plan in plans if plan in kept]
        left = [plan for plan in plans if plan not in kept]
        here = ([once(chosen, scenario, plan)] for plan in left)
        elsewhere = None if workers is None or (plans == [()] and workers.are_children) else workers
        for results in here if elsewhere is None else elsewhere.results(left):
            kept.add(results)
            yield results
        if plans == [()]:  # from now on all that a run needs is loaded
            ending.enter_context(many_runs())

    with contextlib.ExitStack() as ending:
        if workers is not None:
            ending.callback(workers.close)
        search = Search(chosen.bounds)
        if chosen.bounds.only is not None:
            named = once(chosen, scenario, chosen.bounds.only)
            check_named(named)
            search.judge([named])
        else:
            searched(search, results_of, told)
    return exploration(search, time.perf_counter() - begun)


def _check(scenario: Callable[..., Any]) -> None:
    """Raise `TypeError` for what can't be run as a scenario."""
    fits = callable(scenario) and not inspect.isgeneratorfunction(scenario)
    if fits:
        others = (each for name, each in inspect.signature(scenario).parameters.items() if name != PARAMETER)
        fits = all(each.default is not each.empty or each.kind in _REST for each in others)
    if not fits:
        message = f"a scenario is a function that takes destmock, or nothing; not {scenario!r}"
        raise TypeError(message)


def once(chosen: Settings, scenario: Callable[..., Any], plan: Plan) -> Result:
    """Make one run of a scenario."""
    mock, errors = chosen.mock(plan), list[BaseException]()
    with caught(errors), mock as destmock:
        answer = scenario(**filled(scenario, destmock))
        if inspect.iscoroutine(answer):
            asyncio.run(answer)
    return mock.result(errors[0] if errors else None)


def _entering() -> AbstractContextManager[Destmock]:
    assert current.run is not None  # whoever calls the test has begun a run
    return current.run.around_test()


def _decorated(chosen: Settings, target: Decorated) -> Decorated:
    """The test, explored: by pytest, which calls it once for each run; or by each call of it."""
    if inspect.isclass(target) or not callable(target):
        message = f"explore decorates a test function, not {target!r}; decorate each test of a class"
        raise TypeError(message)
    if hasattr(target, MOCKED):
        raise TypeError(BOTH)
    run_once = decorate_function(target, _entering)

    def plain(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if current.run is not None:
            return run_once(*args, **kwargs)
        runs = Runs(chosen.fixed())
        for run in runs:
            with run:
                run.answer = run_once(*args, **kwargs)
        return runs.end()

    async def coroutine(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if current.run is not None:
            return await run_once(*args, **kwargs)
        runs = Runs(chosen.fixed())
        for run in runs:
            with run:
                run.answer = await run_once(*args, **kwargs)
        return runs.end()

    wrapper = coroutine if inspect.iscoroutinefunction(target) else plain
    functools.update_wrapper(wrapper, run_once)
    setattr(wrapper, EXPLORED, chosen)
    return cast("Decorated", wrapper)
