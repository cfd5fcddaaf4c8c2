"""The run of an explored test that is going on: pytest's, or one of a call of the test itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from destmock._explore.exploration import note
from destmock._explore.run import is_failure, many_runs
from destmock._explore.search import Search, check_named
from destmock._explore.steps import steps
from destmock.errors import NotDeterministicError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from types import TracebackType

    from destmock._explore.run import ExploredMock
    from destmock._explore.search import Plan, Result
    from destmock._explore.settings import Settings
    from destmock._mock.destmock import Destmock


class CurrentRun:
    """One run of a test. While entered, it is the one that is going on; it keeps what the test fails with."""

    def __init__(self, mock: ExploredMock, problem: Exception | None = None) -> None:
        self.mock = mock
        self.error: BaseException | None = None
        #: What the test function has returned, for who calls it without pytest.
        self.answer: Any = None
        #: What the test fails with instead of being run.
        self._problem = problem

    @property
    def plan(self) -> Plan:
        """The faults that happen in it."""
        return self.mock.plan

    @property
    def result(self) -> Result:
        """How it went."""
        return self.mock.result(self.error)

    def around_test(self) -> AbstractContextManager[Destmock]:
        """The mock around the test function: the one that a fixture has begun, or one that begins now."""
        if self._problem is not None:
            raise self._problem
        return self.mock if self.mock.destmock is None else self.mock._joined()  # noqa: SLF001 - a mock

    def fails(self, error: BaseException) -> None:
        """Keep what the test fails with, and tell it which failure of AWS has led to that."""
        self.error = error
        if self.plan and hasattr(error, "add_note"):  # from Python 3.11 on
            error.add_note(note(self.result))

    def __enter__(self) -> None:
        current.become(self)

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        current.become(None)
        if error is None or not is_failure(error):
            return False
        self.fails(error)
        return True


class _Current:
    run: CurrentRun | None = None

    def become(self, run: CurrentRun | None) -> None:
        """Note which run is going on from now on."""
        self.run = run


#: There is one in the process at most.
current = _Current()


class Runs:
    """The runs of one test: iterating gives each, to be entered, and goes by how it went."""

    def __init__(self, chosen: Settings) -> None:
        self._chosen = chosen
        self.search = Search(chosen.bounds)
        #: The last run that was given.
        self.last: CurrentRun | None = None

    def __iter__(self) -> Iterator[CurrentRun]:
        try:
            yield from self._each()
        except (NotDeterministicError, ValueError) as problem:
            self.last = CurrentRun(self._chosen.mock(()), problem)
            yield self.last

    def _each(self) -> Iterator[CurrentRun]:
        only = self._chosen.bounds.only
        if only is not None:
            run = self._next(only)
            yield run
            check_named(run.result)
            return
        each = steps(self.search, first_only=True)
        run = self._next(next(each))
        yield run
        with many_runs():
            while True:
                try:
                    plan = each.send(run.result)
                except StopIteration:
                    return
                run = self._next(plan)
                yield run

    def _next(self, plan: Plan) -> CurrentRun:
        self.last = CurrentRun(self._chosen.mock(plan))
        return self.last

    def end(self) -> Any:
        """What the last run has returned; raises what it has failed with."""
        __tracebackhide__ = True
        assert self.last is not None  # there is one at least
        if self.last.error is not None:
            raise self.last.error
        return self.last.answer
