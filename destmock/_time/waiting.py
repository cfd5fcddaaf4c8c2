"""Attempts that wait in virtual time: each runs on a stack of its own, and is left alone while it waits.

Whoever drives time is the *hub*. It runs each job of the clock on a stack (a greenlet), a `Strand`. What the
job calls of the user's code runs on another one, an `Attempt`. While an attempt waits, the hub goes on with
whatever else is due; at its time, the attempt goes on where it was. All of this is on one thread, so the
order is always the same.

An attempt can go on only on the thread on which it began. Where it can't be left alone, its time passes at
once, and what was due meanwhile is late: on other threads, in an import, and in the engine's own code.
"""

from __future__ import annotations

import math
import sys
from contextvars import copy_context
from threading import get_ident, local
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from greenlet import getcurrent, greenlet

from destmock._time.branches import branch, never
from destmock._time.jobs import Resumable
from destmock._time.stacks import Attempt, Stack, Strand, kept
from destmock._time.wakes import Asked, Wake
from destmock.errors import DestmockError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from destmock._time.clock import Clock, Due
    from destmock._time.crews import Crew
    from destmock._time.jobs import Job
    from destmock._time.members import Member
    from destmock._time.stacks import Aside
    from destmock._time.turns import Turns

Result = TypeVar("Result")
_NS_PER_MS = 1_000_000
#: The file that Python's import system gives for its own functions.
_IMPORTS = "<frozen importlib._bootstrap>"


class _Call(NamedTuple):
    """An attempt asks the hub to run a strand, and waits for its end."""

    strand: Strand[Any]


#: What the hub is told when an attempt waits, and a strand when its attempt is left for good.
_WAITS, _IS_LEFT = object(), object()


class _OfThread(local):
    """What each thread has for itself: a stack can't go from one to another."""

    def __init__(self) -> None:
        #: Who drives.
        self.hub: greenlet | None = None
        #: Stacks that nothing runs on.
        self.free: list[Stack] = []


class Waits:
    """The attempts of one simulation that wait, and whoever drives."""

    def __init__(self, clock: Clock[Job], turns: Turns, *, virtual: bool) -> None:
        #: Whether all that a handler waits by takes virtual time.
        self.virtual = virtual
        self._clock = clock
        self._turns = turns
        self._mine = _OfThread()
        #: How far time may pass now; `None` for any time.
        self.until: int | None = None
        self._start = clock.now
        self._waiting: set[Attempt] = set()
        #: Those whose time was up.
        self._ended: set[Attempt] = set()

    @property
    def now(self) -> int:
        return self._clock.now

    @property
    def elapsed_ns(self) -> int:
        wall = self._clock.wall
        return max(wall.ns, self._clock.now * _NS_PER_MS) - self._start * _NS_PER_MS

    # The hub's side

    def run_next(self) -> tuple[Job, bool]:
        """Run the next job; returns it, and whether an attempt of an event is complete.

        A job that is interrupted before it begins is still to come.
        """
        job = self._clock.pop()
        strand: Strand[bool] | None = None
        try:
            if type(job) is Wake:
                return job, job.run()
            strand = Strand(job.run, job)
            self._follow(self._stack_for(strand))
            return job, strand.done and strand.result()
        except BaseException:
            if isinstance(job, Resumable):
                job.put_back()
            elif type(job) is not Wake and not (strand and strand.begun):
                self._clock.schedule(self._clock.now, job, first=True, background=job.background)
            raise

    def run(self, work: Callable[[], Result], job: Job | None = None) -> Strand[Result]:
        """Run something on a stack of its own, until it is done or waits."""
        strand = Strand(work, job)
        self._follow(self._stack_for(strand))
        return strand

    def wake(self, wake: Wake) -> bool:
        """Have an attempt go on, or end; returns whether that completes an attempt of an event."""
        attempt, stack = wake.attempt, wake.attempt.running_on
        if self.has_ended(attempt):  # an interrupt came where this was to be cancelled
            return False
        if stack.thread != get_ident():
            self._clock.schedule(self._clock.now, wake, first=True, background=wake.background)
            message = (
                f"an attempt waits on thread {stack.thread}, and can't go on on thread {get_ident()}: "
                "drive time on the thread that began to"
            )
            raise DestmockError(message)
        strands = cast("Stack", stack.parent)
        if wake.ends:
            self._waiting.discard(attempt)
            self._ended.add(attempt)
            done = self._follow(strands, strands, _IS_LEFT)
        else:
            done = self._follow(strands, stack)
        return bool(done is not None and done.job is not None and done.result())

    def _follow(self, strands: Stack, target: Stack | None = None, *given: object) -> Strand[Any] | None:
        """Switch to a strand, and to those that ask for it, until one waits; returns the last one done."""
        mine, target = self._mine, target or strands
        outer, mine.hub = mine.hub, getcurrent()
        try:
            while True:
                strands.parent = mine.hub
                told = target.switch(*given)
                given = ()
                if told is _WAITS:
                    return None
                if type(told) is _Call:
                    strands = target = self._stack_for(told.strand)
                    continue
                done, strands.of = strands.of, None
                assert isinstance(done, Strand)
                mine.free.append(strands)
                if done.caller is None or done.caller in self._ended:
                    return done
                target = done.caller.running_on
                strands = cast("Stack", target.parent)
        finally:
            mine.hub = outer

    def _stack_for(self, of: Strand[Any] | Attempt) -> Stack:
        """A stack for it, whose parent is the one that runs now."""
        free = self._mine.free
        if free:
            stack = free.pop()
            stack.parent = getcurrent()
        else:
            stack = Stack()
        stack.of = of
        stack.gr_context = copy_context()
        return stack

    # The side of engine code

    def attempt(self, work: Callable[[], object], aside: Aside, limit: int, crew: Crew) -> Attempt:
        """Run a handler; `limit` is in milliseconds. Returns how it went."""
        attempt = Attempt(self, work, aside, limit, crew)
        stack = attempt.stack = self._stack_for(attempt)
        crew.begin(attempt)
        told = stack.switch()
        crew.freeze()
        if told is _IS_LEFT:
            attempt.left = True
            attempt.overran = not attempt.died
            return attempt
        stack.of = None
        self._mine.free.append(stack)
        if attempt.error is not None:
            raise attempt.error
        return attempt

    # The side of handlers

    def can_wait(self, attempt: Attempt) -> bool:
        """Whether the stack that runs now is the attempt's, and can be switched away from."""
        stack = attempt.running_on
        if stack is not getcurrent() or attempt.strand is None or self._mine.hub is None or self._turns.holds:
            return False
        return self._turns.driver in {None, stack.thread} and not _imports()

    def call(self, attempt: Attempt, work: Callable[[], Result]) -> Result:
        """Run a synchronous invocation of a handler's, which waits for it as long as it has time."""
        strand = Strand(work, None, attempt)
        begun = self._clock.now
        with self._turns:
            end = self._wake(begun + attempt.limit - attempt.waited, attempt, ends=True)
        try:
            self._switch(attempt, _Call(strand))
        finally:
            end.cancel()
        attempt.waited += self._clock.now - begun
        return strand.result()

    def sleep(self, attempt: Attempt, seconds: float, *, flowing: bool = True) -> None:
        """Wait in virtual time; never comes back if the attempt has no time left for that.

        If time is `flowing`, the wait begins when the process says that it is, a little after the clock.
        """
        waits = _milliseconds(seconds)
        if waits > 0:
            self._sleep(attempt, waits, self.moment(seconds, flowing=flowing), first=not flowing)

    def sleep_until(self, attempt: Attempt, at: int) -> None:
        """The same, until a moment in milliseconds."""
        if (waits := at - self._clock.now) > 0:
            self._sleep(attempt, waits, at)

    def moment(self, seconds: float, *, flowing: bool) -> int:
        """The moment in so many seconds; see `sleep`."""
        clock = self._clock
        now = max(clock.now, -(-clock.wall.ns // _NS_PER_MS)) if flowing and clock.wall.flows else clock.now
        return now + _milliseconds(seconds)

    def jump(self, at: int) -> None:
        """Let time pass at once, from any thread."""
        with self._turns:
            self._clock.jump(at)

    def _sleep(self, attempt: Attempt, waits: int, at: int, *, first: bool = False) -> None:
        part = branch()
        if part is not None:  # the attempt waits as soon as no branch of it can go on
            while self._clock.now < at:
                part.wait(never, at)
            return
        left, switches, clock = attempt.limit - attempt.waited, self.can_wait(attempt), self._clock
        ends = waits > left
        attempt.waited += min(waits, left)
        with self._turns:
            if ends:
                at = clock.now + left
            due = clock.peek()
            if (due is None or due > at) and (self.until is None or at <= self.until):
                switches = False  # nothing else happens meanwhile
            if switches:
                attempt.due = self._wake(at, attempt, ends=ends, first=first or ends)
            else:
                clock.jump(at)
        if switches:
            self._switch(attempt, _WAITS)
            attempt.due = None
            attempt.waited -= max(at - clock.now, 0)  # it was recalled
        elif ends:
            self.end(attempt)

    def give_way(self, attempt: Attempt) -> bool:
        """Let whatever else is due now run; returns whether the attempt could be left alone for that."""
        if not self.can_wait(attempt):
            return False
        with self._turns:
            self._wake(self._clock.now, attempt, ends=False)
        self._switch(attempt, _WAITS)
        return True

    def ask(self, member: Member, work: Callable[[], Result]) -> Asked[Result]:
        """Have something run on the thread of the attempt that a thread works for, if that is possible."""
        member.ask(asked := Asked(work, member))
        return asked

    def serve(self, attempt: Attempt, asked: Asked[Any]) -> bool:
        """Have it run now, while the attempt waits; returns whether it can wait for that."""
        if not self.can_wait(attempt):
            return False
        with self._turns:
            self._clock.schedule(self._clock.now, asked, background=True)
        return True

    def recall(self, attempt: Attempt) -> None:
        """Have an attempt go on now that waits."""
        if attempt.due is not None and attempt not in self._ended:
            with self._turns:
                attempt.due.cancel()
                attempt.due = self._wake(self._clock.now, attempt, ends=False)

    def _wake(self, at: int, attempt: Attempt, *, ends: bool, first: bool = False) -> Due[Job]:
        """Have an attempt go on at a moment, or end; `first`: before anything else that is due then."""
        strand = attempt.strand
        while strand is not None and strand.caller is not None:
            strand = strand.caller.strand
        wake = Wake(self, attempt, ends, None if strand is None else strand.job)
        return self._clock.schedule(at, wake, first=first, background=wake.background)

    def _switch(self, attempt: Attempt, told: object) -> None:
        """Switch from an attempt to the hub, until the attempt is taken up again."""
        attempt.aside.put_aside()
        try:
            self._waiting.add(attempt)
            cast("greenlet", self._mine.hub).switch(told)
        finally:  # an interrupt, before the switch or after it, is the handler's, too
            self._waiting.discard(attempt)
            attempt.aside.take_up()

    def end(self, attempt: Attempt) -> None:
        """End an attempt for good, unless the engine's own code has to go on first: its time is up then."""
        if self._turns.holds or attempt.running_on.thread != get_ident():
            attempt.overran = True
            return
        attempt.aside.put_aside()
        self._ended.add(attempt)
        cast("greenlet", attempt.running_on.parent).switch(_IS_LEFT)

    def overrun(self, attempt: Attempt) -> None:
        """End an attempt whose real time is up, if it can be left where it is."""
        if (attempt.running_on is getcurrent() or branch() is not None) and not self._turns.holds:
            self.jump(self._clock.now + attempt.limit - attempt.waited)
            self.end(attempt)

    def has_ended(self, attempt: Attempt) -> bool:
        """Whether nothing of an attempt will run any more."""
        return attempt.done or attempt in self._ended

    def close(self) -> None:
        """Keep what has not come to an end, for to drop it would run its `finally` blocks."""
        kept.extend((*self._ended, *self._waiting))


def _milliseconds(seconds: float) -> int:
    """Seconds in milliseconds, of which the last one counts in full."""
    return math.ceil(seconds * 1000 - 1e-6)


def _imports() -> bool:
    """Whether an import is going on on this stack: a second one would find the module half made."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001
    while frame is not None and frame.f_code.co_filename != _IMPORTS:
        frame = frame.f_back
    return frame is not None
