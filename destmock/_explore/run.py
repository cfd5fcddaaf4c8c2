"""One run of a scenario in a fresh mock, in which the faults of a plan happen."""

from __future__ import annotations

import contextlib
import gc
import inspect
from typing import TYPE_CHECKING, Any

from destmock._explore.search import Result
from destmock._mock.decorators import PARAMETER
from destmock._mock.held import patches_held
from destmock._mock.mock import MockDestinations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from destmock._engine.points import PlannedFault
    from destmock._explore.search import Plan
    from destmock._mock.destmock import Destmock


#: After how many new objects the garbage collector looks at them, while many runs are made.
_GARBAGE = 20_000


class ExploredMock(MockDestinations):
    """A mock in which the faults of a plan happen; it keeps what could have happened."""

    def __init__(self, plan: Plan, **options: Any) -> None:
        super().__init__(**options)
        self.plan = plan
        self.possible: list[PlannedFault] = []
        #: The faults of the plan that have not happened at the end.
        self.missed: tuple[PlannedFault, ...] = ()
        self.destmock: Destmock | None = None

    def start(self) -> Destmock:
        """Begin the mock, and follow the plan."""
        self.destmock = super().start()
        self.possible = self.destmock._injection.follow(self.plan)  # noqa: SLF001 - one thing to a user
        return self.destmock

    def _ending(self, destmock: Destmock) -> None:
        """Keep which faults have not happened."""
        left = destmock._injection.planned  # noqa: SLF001 - one thing to a user
        self.missed = tuple(fault for fault in self.plan if fault in left)

    def result(self, error: BaseException | None) -> Result:
        """How the run went that has ended."""
        if error is None:
            return Result(self.plan, tuple(self.possible), None, "", self.missed)
        timeline = "" if self.destmock is None else self.destmock.timeline()
        return Result(self.plan, tuple(self.possible), described(error), timeline)


def described(error: BaseException) -> str:
    """An error in one line or more, as Python's last line of a traceback has it."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def is_failure(error: BaseException) -> bool:
    """Whether an exception says that a run failed, and doesn't end or skip the whole test."""
    kind = type(error)
    return isinstance(error, Exception) or (
        kind.__name__ == "Failed" and kind.__module__.startswith("_pytest")
    )


@contextlib.contextmanager
def caught(errors: list[BaseException]) -> Iterator[None]:
    """While entered, a failure ends the block and is put into `errors`."""
    try:
        yield
    except BaseException as error:
        if not is_failure(error):
            raise
        errors.append(error)


@contextlib.contextmanager
def many_runs() -> Iterator[None]:
    """While entered, each run finds what is the same for all of them as the last one has left it."""
    with _kept_from_collector(), patches_held():
        yield


@contextlib.contextmanager
def _kept_from_collector() -> Iterator[None]:
    """While entered, the garbage collector leaves alone what there is at the beginning, and comes less often.

    That is all of the libraries and their models: each run makes enough garbage that Python would go through
    them several times. Nearly all of a run's garbage goes without the collector.
    """
    ours = gc.get_freeze_count() == 0  # else somebody has frozen objects who wants them to stay so
    often = gc.get_threshold()
    if ours:
        gc.freeze()
        if often[0]:
            gc.set_threshold(max(often[0], _GARBAGE), *often[1:])
    try:
        yield
    finally:
        if ours:
            gc.unfreeze()
            gc.set_threshold(*often)


def filled(scenario: Callable[..., Any], destmock: Destmock) -> dict[str, Destmock]:
    """The arguments of a scenario: the mock, if it takes it."""
    return {PARAMETER: destmock} if PARAMETER in inspect.signature(scenario).parameters else {}
