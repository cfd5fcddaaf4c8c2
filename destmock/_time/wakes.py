"""The jobs of the clock that are about attempts which wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from destmock._time.stacks import Strand

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._time.jobs import Job
    from destmock._time.members import Member
    from destmock._time.stacks import Attempt

Result = TypeVar("Result")


class Waits(Protocol):
    """Whoever has attempts go on."""

    def wake(self, wake: Wake) -> bool:
        """Have an attempt go on, or end; returns whether that completes an attempt of an event."""


class Wake(NamedTuple):
    """A job of the clock: an attempt has waited long enough, or its time is up."""

    waits: Waits
    attempt: Attempt
    ends: bool
    #: The job that the attempt is made for; `None` for a synchronous invocation.
    job: Job | None

    @property
    def name(self) -> str:
        return "" if self.job is None else self.job.name

    @property
    def background(self) -> bool:
        return self.job is not None and self.job.background

    def run(self) -> bool:
        return self.waits.wake(self)

    def pending(self, at: int) -> object | None:
        return None if self.job is None else self.job.pending(at)

    def fact(self, at: int) -> object:
        return None if self.job is None else self.job.fact(at)


class Asked(Generic[Result]):
    """A job of the clock: a thread that a handler has started invokes a function, and waits for it."""

    name = ""
    background = True

    def __init__(self, work: Callable[[], Result], member: Member) -> None:
        self._work = work
        self._member = member
        self.wait = member.crew.wait()
        #: How it went; `None` while it has not run.
        self.strand: Strand[Result] | None = None

    def run(self) -> bool:
        strand = Strand(self._work, None)
        try:
            strand.value = self._work()
        except BaseException as error:  # noqa: BLE001 - raised again by whoever has asked for it
            strand.error = error
        self.strand = strand
        self.wait.release()
        self._member.crew.main.recall()
        return False

    def pending(self, _at: int) -> object | None:
        return None

    def fact(self, _at: int) -> object:
        return None
