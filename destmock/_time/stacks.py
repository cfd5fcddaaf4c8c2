"""The stacks that jobs of the clock and attempts run on, so that an attempt can be left alone while it waits.

A *strand* is one job of the clock, or a synchronous invocation. An *attempt* is what it runs of the user's
code. Each of them is on a stack (a greenlet) of its own, on the thread where it began.
"""

from __future__ import annotations

from threading import get_ident
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from greenlet import getcurrent, greenlet

from destmock._time.members import member

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from destmock._time.clock import Due
    from destmock._time.crews import Crew
    from destmock._time.jobs import Job
    from destmock._time.members import Member, Wait

Result = TypeVar("Result")


class Waits(Protocol):
    """What an attempt waits by."""

    virtual: bool

    @property
    def now(self) -> int:
        """The virtual time, in milliseconds."""

    @property
    def elapsed_ns(self) -> int:
        """How far the clock is from its start, in nanoseconds."""

    def moment(self, seconds: float, *, flowing: bool) -> int:
        """The moment in so many seconds."""

    def sleep(self, attempt: Attempt, seconds: float, *, flowing: bool = True) -> None:
        """Have an attempt wait."""

    def sleep_until(self, attempt: Attempt, at: int) -> None:
        """Have an attempt wait until a moment."""

    def jump(self, at: int) -> None:
        """Let time pass at once."""

    def overrun(self, attempt: Attempt) -> None:
        """End an attempt for good, if it can be left where it is."""

    def end(self, attempt: Attempt) -> None:
        """End an attempt for good."""

    def give_way(self, attempt: Attempt) -> bool:
        """Let whatever else is due now run; returns whether the attempt could be left alone for that."""

    def serve(self, attempt: Attempt, asked: Any) -> bool:
        """Have a job run now, while an attempt waits; returns whether the attempt can wait for it."""

    def recall(self, attempt: Attempt) -> None:
        """Have an attempt go on now that waits."""


class Aside(Protocol):
    """What an attempt has changed in the process."""

    @property
    def is_late(self) -> bool:
        """Whether its real time is up."""

    def put_aside(self) -> None:
        """Make the process as if the attempt did not run."""

    def take_up(self) -> None:
        """Make the process as the attempt has left it."""


class Strand(Generic[Result]):
    """One job, or a synchronous invocation."""

    __slots__ = ("begun", "caller", "done", "error", "job", "value", "work")

    def __init__(self, work: Callable[[], Result], job: Job | None, caller: Attempt | None = None) -> None:
        self.work = work
        #: The job of the clock that it runs; `None` for a synchronous invocation of a test's.
        self.job = job
        #: The attempt that waits for it.
        self.caller = caller
        self.begun = self.done = False
        self.value: Result | None = None
        self.error: BaseException | None = None

    def result(self) -> Result:
        """The result of the work, once it is done; raises what the work has raised."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # it is there once the work is done


class Attempt:
    """One attempt: the handler, and what it calls."""

    __slots__ = (
        "_helping",
        "aside",
        "begun",
        "crew",
        "died",
        "done",
        "due",
        "error",
        "left",
        "limit",
        "overran",
        "stack",
        "value",
        "waited",
        "waits",
        "work",
    )

    def __init__(
        self, waits: Waits, work: Callable[[], object], aside: Aside, limit: int, crew: Crew
    ) -> None:
        self.waits = waits
        self.work = work
        self.aside = aside
        #: The threads that it and earlier attempts have started.
        self.crew = crew
        #: How long it may take, and has waited, in virtual milliseconds.
        self.limit, self.waited = limit, 0
        #: Whether its time was up.
        self.overran = False
        #: Whether its execution environment was lost, and whether it has been left where it was for good.
        self.died = self.left = False
        #: The end of its wait, while it has been left alone for that.
        self.due: Due[Job] | None = None
        #: What tells of each thread that works for it whether it is done; `()` costs nothing.
        self._helping: Sequence[Callable[[], bool]] = ()
        self.begun = self.done = False
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
        if self.crew.is_there:
            self.crew.lead(self.crew.wait(), seconds)
        else:
            self.waits.sleep(self, seconds)

    def take(self, seconds: float) -> None:
        """The same, from the moment that the clock shows: however long the handler has run in real time."""
        if self.crew.is_there:
            self.crew.lead(self.crew.wait(), seconds, flowing=False)
        else:
            self.waits.sleep(self, seconds, flowing=False)

    def wait(self, wait: Wait, seconds: float | None) -> bool:
        """Wait until somebody releases `wait`, or `seconds` have passed; returns whether it was released.

        It never comes back if the attempt has no time left for that.
        """
        return self.crew.lead(wait, seconds)

    @property
    def now(self) -> int:
        """The virtual time, in milliseconds."""
        return self.waits.now

    @property
    def end(self) -> int:
        """A moment when its time is up."""
        return self.waits.now + self.limit - self.waited + 1

    def moment(self, seconds: float, *, flowing: bool) -> int:
        """The moment in so many seconds; those that are `flowing` begin when the process says that it is."""
        return self.waits.moment(seconds, flowing=flowing)

    def take_until(self, at: int) -> None:
        """Wait in virtual time, whatever its threads do."""
        if self.died:
            self.waits.end(self)
        self.waits.sleep_until(self, at)

    def jump(self, at: int) -> None:
        """Let time pass at once, from any thread."""
        self.waits.jump(at)

    def serve(self, asked: Any) -> bool:
        """Have a job run now that one of its threads asks for; returns whether it can wait for that."""
        return self.waits.serve(self, asked)

    def recall(self) -> None:
        """Go on now, if it waits."""
        self.waits.recall(self)

    def overrun(self) -> None:
        """End it for good, if it can be left where it is: its real time is up."""
        self.waits.overrun(self)

    def lose(self) -> None:
        """Have it end where it waits next: one of its threads has lost the execution environment."""
        self.died = True

    def die(self) -> None:
        """End it for good, as when its execution environment is lost: nothing of it runs any more."""
        self.died = True
        self.waits.end(self)

    def hang(self) -> None:
        """Wait until its time is up."""
        self.sleep((self.limit - self.waited + 1) / 1000)

    @property
    def elapsed_ns(self) -> int:
        """How far the clock is from its start, in nanoseconds: what the attempt's own clocks read."""
        return self.waits.elapsed_ns

    @property
    def has_helpers(self) -> bool:
        """Whether threads work for it that others have started."""
        if self._helping:
            self._helping = [over for over in self._helping if not over()]
        return bool(self._helping)

    def helped(self, until: Callable[[], bool]) -> None:
        """Note that a thread that others have started works for it until this answers `True`."""
        self._helping = [*self._helping, until]


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
            of.begun = True
            try:
                of.value = of.work()
            except BaseException as error:  # noqa: BLE001 - raised again by whoever has asked for it
                of.error = error
            of.done = True
            del of  # or it would be kept until the next one
            self.parent.switch(DONE)  # type: ignore[union-attr]  # it has one while something runs on it


#: The attempts that will never go on: as on AWS, where the process has ended, nothing of them runs any more.
kept: list[Attempt] = []


def current() -> Attempt | Member | None:
    """The attempt that this code is a part of, or what its thread waits by; `None` outside of handlers."""
    found: greenlet | None = getcurrent()
    while found is not None:
        if type(found) is Stack and type(found.of) is Attempt:
            return found.of
        found = found.parent
    return member()


def virtual() -> Attempt | Member | None:
    """The attempt that this code is a part of, if whatever it waits by takes virtual time."""
    found = current()
    return None if type(found) is Attempt and not found.waits.virtual else found


def in_background() -> bool:
    """Whether this code is a part of a job that nobody waits for."""
    found: greenlet | None = getcurrent()
    while found is not None and not (type(found) is Stack and found.of is not None):
        found = found.parent
    of = found.of if type(found) is Stack else None
    strand = of.strand if type(of) is Attempt else cast("Strand[Any] | None", of)
    while strand is not None and strand.caller is not None:
        strand = strand.caller.strand
    return strand is not None and strand.job is not None and strand.job.background
