"""What the threads that a handler starts wait by, one by one; see `crews`."""

from __future__ import annotations

import sys
from _thread import allocate_lock
from concurrent.futures.thread import _worker
from threading import enumerate as enumerate_threads
from threading import local
from typing import TYPE_CHECKING, Protocol
from weakref import ref

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Thread

#: The place of the handler's own thread among those that go on at one moment.
LAST = sys.maxsize


class Main(Protocol):
    """The attempt, on the handler's own thread, which moves time on."""

    @property
    def now(self) -> int:
        """The virtual time, in milliseconds."""

    @property
    def end(self) -> int:
        """A moment when the attempt's time is up."""

    @property
    def elapsed_ns(self) -> int:
        """How far the clock is from its start, in nanoseconds."""

    @property
    def has_helpers(self) -> bool:
        """Whether threads work for it that others have started."""

    def helped(self, until: Callable[[], bool]) -> None:
        """Note that a thread that others have started works for it until this answers `True`."""

    def moment(self, seconds: float, *, flowing: bool) -> int:
        """The moment in so many seconds; those that are `flowing` begin when the process says that it is."""

    def take_until(self, at: int) -> None:
        """Wait in virtual time, whatever the crew does."""

    def jump(self, at: int) -> None:
        """Let time pass at once, from any thread."""

    def serve(self, asked: Asked) -> bool:
        """Have something run on this thread now that one of the crew asks for; returns whether it can."""

    def recall(self) -> None:
        """Have `take_until` return now."""

    def lose(self) -> None:
        """Have the attempt end where it waits next: one of its threads has lost the environment."""


class Bare:
    """A thread of `_thread.start_new_thread`."""

    ident: int | None = None

    def join(self) -> None:
        """Its real end can't be waited for; nobody sees that it has not quite gone."""


class Wait:
    """One wait, by the handler's own thread or by one of its crew; whoever releases it ends the wait."""

    __slots__ = ("_crew", "at", "lock", "place", "told")

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        #: When it ends by itself, in virtual milliseconds; `None` for never.
        self.at: int | None = None
        #: Its place among those that end at the same moment.
        self.place = LAST
        self.told = False
        self.lock = allocate_lock()
        self.lock.acquire()

    def release(self) -> None:
        """End the wait, from any thread."""
        self._crew.tell(self)

    @property
    def is_lost(self) -> bool:
        """Whether who waits will never go on, since the execution environment has ended."""
        return self._crew.is_ended

    def go_on(self) -> None:
        """Have the thread go on that waits; the crew's lock is held."""
        if self.lock.locked():
            self.lock.release()


class Asked(Protocol):
    """Something that a thread of the crew waits for, and that runs on the handler's own thread."""

    wait: Wait


class Crew(Protocol):
    """The threads of one execution environment, as each of them knows it."""

    is_ended: bool
    is_released: bool

    @property
    def main(self) -> Main:
        """The attempt that runs now, or the last one."""

    def wait(self) -> Wait:
        """A wait that is going to begin."""

    def tell(self, wait: Wait) -> None:
        """End a wait, from any thread."""

    def park(self, wait: Wait, seconds: float | None) -> bool:
        """Wait as a thread of the crew; returns whether `wait` was released."""

    def ask(self, asked: Asked) -> None:
        """Wait until the handler's own thread has run something, or can't."""


class Member:
    """What a thread of a crew waits by."""

    __slots__ = ("_place", "crew")

    def __init__(self, crew: Crew, place: int) -> None:
        self.crew = crew
        self._place = place

    @property
    def elapsed_ns(self) -> int:
        """How far the clock is from its start, in nanoseconds."""
        return self.crew.main.elapsed_ns

    @property
    def has_helpers(self) -> bool:
        """Whether threads work for the attempt that others have started."""
        return self.crew.main.has_helpers

    def helped(self, until: Callable[[], bool]) -> None:
        """Note that a thread that others have started works for the attempt until this answers `True`."""
        self.crew.main.helped(until)

    def sleep(self, seconds: float) -> None:
        """Wait in virtual time."""
        self.wait(self.crew.wait(), seconds)

    def wait(self, wait: Wait, seconds: float | None) -> bool:
        """Wait until somebody releases `wait`, or `seconds` have passed; returns whether it was released."""
        wait.place = self._place
        return self.crew.park(wait, seconds)

    def ask(self, asked: Asked) -> None:
        """Wait until the handler's own thread has run something, or can't."""
        self.crew.ask(asked)

    def die(self) -> None:
        """Lose the execution environment, and so the attempt; this thread goes on no more."""
        self.crew.main.lose()
        self.hang()

    def hang(self) -> None:
        """Wait for ever."""
        self.wait(self.crew.wait(), None)


class _OfThread(local):
    member: Member | None = None

    def become(self, member: Member) -> None:
        self.member = member


_of_thread = _OfThread()


#: The attribute of a thread that a handler has started, which refers to its crew.
_OF_HANDLER = "_destmock_of_handler"


def mark(thread: Thread, crew: Crew) -> None:
    """Note that a handler starts the thread."""
    setattr(thread, _OF_HANDLER, ref(crew))


def is_real(identity: int) -> bool:
    """Whether a thread waits in real time: one that the test has started, or one of an earlier mock."""
    found = next((thread for thread in enumerate_threads() if thread.ident == identity), None)
    crew_of: Callable[[], Crew | None] | None = getattr(found, _OF_HANDLER, None)
    crew = None if crew_of is None else crew_of()
    return found is not None and (crew is None or crew.is_released)


def alone() -> bool:
    """Whether this process has one thread, beside those of handlers and those that are idle."""
    found = [thread for thread in enumerate_threads() if not hasattr(thread, _OF_HANDLER)]
    return len(found) == 1 or sum(not _is_idle(thread) for thread in found) == 1


def _is_idle(thread: Thread) -> bool:
    """Whether it is of a pool that has no work for it, only watches how long a test takes, or has ended.

    Before Python 3.13, a thread that `threading` hasn't started counts as alive for ever.
    """
    if getattr(getattr(thread, "function", None), "__module__", "") == "pytest_timeout":
        return True
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - there is no other way
    if frame is None:
        return type(thread).__name__ == "_DummyThread"
    if frame.f_code is not _worker.__code__:
        return False
    return frame.f_locals.get("work_item") is None and frame.f_locals["work_queue"].empty()


def become(member: Member) -> None:
    """Make this thread one of a crew."""
    _of_thread.become(member)


def member() -> Member | None:
    """What this thread waits by, if it is one that a handler has started, and its mock hasn't ended."""
    found = _of_thread.member
    return None if found is None or found.crew.is_released else found
