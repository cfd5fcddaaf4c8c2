"""The stacks that jobs of the clock and attempts run on, so that an attempt can be left alone while it waits.

A *strand* is one job of the clock, or a synchronous invocation. An *attempt* is what it runs of the user's
code. Each of them is on a stack (a greenlet) of its own, on the thread where it began.
"""

from __future__ import annotations

from threading import get_ident
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from greenlet import getcurrent, greenlet

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._time.jobs import Job

Result = TypeVar("Result")


class Waits(Protocol):
    """What an attempt waits by."""

    virtual: bool

    @property
    def elapsed_ns(self) -> int:
        """How far the clock is from its start, in nanoseconds."""

    def sleep(self, attempt: Attempt, seconds: float, *, flowing: bool = True) -> None:
        """Have an attempt wait."""


class Aside(Protocol):
    """What an attempt has changed in the process."""

    @property
    def has_threads(self) -> bool:
        """Whether threads work for the attempt now."""

    def put_aside(self) -> None:
        """Make the process as if the attempt did not run."""

    def take_up(self) -> None:
        """Make the process as the attempt has left it."""


class Strand(Generic[Result]):
    """One job, or a synchronous invocation."""

    __slots__ = ("caller", "done", "error", "job", "value", "work")

    def __init__(self, work: Callable[[], Result], job: Job | None, caller: Attempt | None = None) -> None:
        self.work = work
        #: The job of the clock that it runs; `None` for a synchronous invocation of a test's.
        self.job = job
        #: The attempt that waits for it.
        self.caller = caller
        self.done = False
        self.value: Result | None = None
        self.error: BaseException | None = None

    def result(self) -> Result:
        """The result of the work, once it is done; raises what the work has raised."""
        if self.error is not None:
            raise self.error
        return cast("Result", self.value)


class Attempt:
    """One attempt: the handler, and what it calls."""

    __slots__ = ("aside", "done", "error", "limit", "overran", "stack", "value", "waited", "waits", "work")

    def __init__(self, waits: Waits, work: Callable[[], object], aside: Aside, limit: int) -> None:
        self.waits = waits
        self.work = work
        self.aside = aside
        #: How long it may take, and has waited, in virtual milliseconds.
        self.limit, self.waited = limit, 0
        #: Whether its time was up where it could not be ended.
        self.overran = False
        self.done = False
        self.value: object = None
        self.error: BaseException | None = None
        self.stack: Stack | None = None

    @property
    def strand(self) -> Strand[Any] | None:
        """What it is a part of; `None` if it can't be left alone."""
        parent = self.running_on.parent
        return parent.of if type(parent) is Stack and isinstance(parent.of, Strand) else None

    @property
    def running_on(self) -> Stack:
        """The stack that it runs on."""
        assert self.stack is not None  # from its beginning on
        return self.stack

    def sleep(self, seconds: float) -> None:
        """Wait in virtual time; never comes back if the attempt has no time left for that."""
        self.waits.sleep(self, seconds)

    def take(self, seconds: float) -> None:
        """The same, from the moment that the clock shows: however long the handler has run in real time."""
        self.waits.sleep(self, seconds, flowing=False)

    @property
    def elapsed_ns(self) -> int:
        """How far the clock is from its start, in nanoseconds: what the attempt's own clocks read."""
        return self.waits.elapsed_ns

    @property
    def has_threads(self) -> bool:
        """Whether threads work for it now."""
        return self.aside.has_threads


#: What a stack tells when it has run something to its end.
DONE = object()


class Stack(greenlet):
    """A stack on which strands or attempts run, one after the other: to make a new one takes longer."""

    def __init__(self) -> None:
        super().__init__()
        self.of: Strand[Any] | Attempt | None = None
        self.thread = get_ident()

    def run(self) -> None:
        """Run one after the other; each time, whoever has switched here is told that it is done."""
        while True:
            of = self.of
            assert of is not None  # it is given before it is switched to
            try:
                of.value = of.work()
            except BaseException as error:  # noqa: BLE001 - raised again by whoever has asked for it
                of.error = error
            of.done = True
            del of  # or it would be kept until the next one
            cast("greenlet", self.parent).switch(DONE)


#: The attempts that will never go on: as on AWS, where the process has ended, nothing of them runs any more.
kept: list[Attempt] = []


def current() -> Attempt | None:
    """The attempt that this code is a part of; `None` outside of handlers."""
    found: greenlet | None = getcurrent()
    while found is not None:
        if type(found) is Stack and type(found.of) is Attempt:
            return found.of
        found = found.parent
    return None


def virtual() -> Attempt | None:
    """The attempt that this code is a part of, if whatever it waits by takes virtual time."""
    found = current()
    return None if found is None or not found.waits.virtual else found
