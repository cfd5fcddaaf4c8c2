"""Runs the jobs of the clock in their order, on one thread at a time."""

from __future__ import annotations

import math
from collections import deque
from threading import get_ident
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from destmock._time.branches import branch, never
from destmock._time.members import Member, alone
from destmock._time.stacks import Attempt, current
from destmock.errors import InvocationLoopError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from destmock._time.clock import Clock
    from destmock._time.jobs import Job
    from destmock._time.members import Wait
    from destmock._time.turns import Turns
    from destmock._time.waiting import Waits

Result = TypeVar("Result")
#: How many attempts may run in one go before it counts as a loop.
LIMIT = 10_000
_LOOP_LENGTH = 50
#: More attempts than one event makes by itself at one moment, its destination's function included.
_ATTEMPTS_OF_ONE = 10


class _Poll(NamedTuple):
    """A handler that waits for something, until a moment at most; `over` and `due` are `Driver.wait`'s."""

    attempt: Attempt
    wait: Wait
    until: int
    over: Callable[[], object]
    due: Callable[[], int | None]

    @property
    def can_go_on(self) -> bool:
        """Whether it has come about, or comes sooner than it seemed."""
        at = self.due()
        return bool(self.over()) or (at is not None and at < self.until)


class Driver:
    """Drives one clock. `rest` is called when it stops, before anything else looks at the process."""

    def __init__(
        self, clock: Clock[Job], turns: Turns, waits: Waits, rest: Callable[[], object], *, autorun: bool
    ) -> None:
        self._clock = clock
        self._turns = turns
        self._taking, self._driving = turns.taken, turns.driven
        self._waits = waits
        self._rest = rest
        self.autorun = autorun
        #: The threads that have queued something and are about to run it.
        self._queued: set[int] = set()
        self._polls: list[_Poll] = []

    def queued(self) -> None:
        """Note that this thread has queued something, which its `settle_down` will run."""
        thread = self._turns.outer_thread
        if thread != self._turns.driver:
            self._queued.add(thread)

    def run_at_once(self, attempt: Callable[[], Result]) -> Result:
        """Run something now that waits for no other job: a synchronous invocation.

        Whatever falls due while it waits, runs meanwhile.
        """
        result: Result = self._whole(self._run_at_once, attempt)
        return result

    def _whole(self, work: Callable[..., Result], *given: Any) -> Result:
        """Do some work; an exception leaves the turns of this thread as they were.

        An interrupt that comes while a turn ends would keep it for ever.
        """
        before = self._turns.standing
        try:
            return work(*given)
        except BaseException:
            self._turns.mend(before)
            raise

    def _run_at_once(self, attempt: Callable[[], Result]) -> Result:
        found, within = current(), self._attempt()
        if type(found) is Member:
            with self._turns.released():
                asked = self._waits.ask(found, attempt)
            if asked.strand is not None:
                return asked.strand.result()
        if within is not None:
            with self._turns.released():
                if self._waits.can_wait(within):
                    return self._waits.call(within, attempt)
        if current() is not None or self._turns.inside:
            with self._taking:
                return attempt()
        with self._taking:
            strand = self._waits.run(attempt)
        if not strand.done:
            self._drive(LIMIT, None, lambda: not strand.done)
        return strand.result()

    def wait(
        self,
        seconds: float,
        over: Callable[[], object] = never,
        due: Callable[[], int | None] = lambda: None,
    ) -> bool:
        """Have a client wait: time passes, from one thing that is due to the next, until it is over.

        `due` says when something else happens that may end the wait, in milliseconds. Returns whether the
        client could wait: where other threads might do what it waits for, it has to wait in real time.

        A handler sleeps meanwhile, and is woken. Two that looked at one moment whether they may go on would
        let each other go first for ever.
        """
        clock, within = self._clock, self._attempt()
        if within is None and not self._is_alone():
            return False
        if self._turns.idle:
            clock.catch_up()
        end = clock.now + math.ceil(seconds * 1000)
        while not over() and clock.now < end:
            part = None if within is None else branch()
            if within is not None and part is None:
                self._poll(within, end, over, due)
                continue
            moments = [at for at in (clock.peek(), due()) if at is not None]
            at = max(clock.now, min((*moments, end)))
            if part is None:
                self.run(LIMIT, until=at)
            else:  # another branch may end the wait
                part.wait(lambda: bool(over()), max(at, clock.now + 1))
        return True

    def _poll(
        self, attempt: Attempt, end: int, over: Callable[[], object], due: Callable[[], int | None]
    ) -> None:
        """Have a handler sleep until it is to look again."""
        now, next_due = self._clock.now, due()
        until = end if next_due is None else min(max(next_due, now + 1), end)
        poll = _Poll(attempt, attempt.crew.wait(), until, over, due)
        if over is not never:
            self._polls.append(poll)
        try:
            attempt.crew.lead(poll.wait, (until - now) / 1000, flowing=False)
        finally:
            if poll in self._polls:
                self._polls.remove(poll)

    def _wake_polls(self) -> None:
        """Wake the handlers that wait for something which has come about; forget those that have ended."""
        self._polls = [poll for poll in self._polls if not self._waits.has_ended(poll.attempt)]
        for poll in self._polls:
            if not poll.wait.told and poll.can_go_on:
                poll.wait.release()
                poll.attempt.recall()

    def _is_alone(self) -> bool:
        """Whether the code that runs is a test's own, and there is no other thread."""
        return not (self._turns.holds or self._turns.inside) and alone()

    def _attempt(self) -> Attempt | None:
        """The attempt of this mock's that the code that runs is a part of."""
        found = current()
        return found if type(found) is Attempt and found.waits is self._waits else None

    def settle_down(self) -> None:
        """Run what is queued, with autorun and outside of handlers.

        While another thread drives, or is about to, a thread that has queued nothing goes on: a handler may
        be waiting for that thread.
        """
        if self._turns.holds:  # moto's own call, on the way to an answer
            return
        if not self._turns.idle:
            within = self._attempt()
            if within is not None and within.aside.is_late:  # a handler that does nothing but call AWS
                within.overrun()
            if self._turns.inside:
                return
        if not self.autorun:
            return
        me = get_ident()
        if me not in self._queued and not self._is_left_behind():
            return
        try:
            self.run(LIMIT)
        finally:
            self._queued.discard(me)

    def _is_left_behind(self) -> bool:
        """Whether something is queued that no thread is about to run, after an interrupt ended a run."""
        if self._clock.idle:
            return False
        with self._turns:
            return not (self._queued or self._clock.idle) and self._turns.driver is None

    def step(self) -> object | None:
        """Run the next job; returns the fact that it belongs to, `None` when idle."""
        return self._whole(self._step)

    def _step(self) -> object | None:
        with self._driving:
            if self._clock.idle:
                return None
            self._wake_polls()
            try:
                with self._taking:
                    self._waits.until = self._clock.peek()
                    job, _ = self._waits.run_next()
            finally:
                self._waits.until = None
                self._rest()
            return job.fact(self._clock.now)

    def run(self, limit: int, *, until: int | None = None) -> int:
        """Run what is due by `until`, or everything; returns how many attempts that took."""
        return self._whole(self._drive, limit, until)

    def _drive(self, limit: int, until: int | None, goes_on: Callable[[], bool] | None = None) -> int:
        """The same, or while it `goes_on`."""
        attempts = since = 0
        recent: deque[Job] = deque(maxlen=_LOOP_LENGTH)
        if until is not None:  # what the test itself has queued at one moment is no loop
            limit = max(limit, _ATTEMPTS_OF_ONE * self._clock.waiting)
        with self._driving:
            try:
                self._waits.until = until
                if self._polls:
                    self._wake_polls()
                while self._has_work(until) if goes_on is None else goes_on():
                    if attempts - since >= limit:
                        raise _loop(limit, recent)
                    before = self._clock.now
                    with self._taking:
                        job, tried = self._waits.run_next()
                    if self._polls:
                        self._wake_polls()
                    if until is not None and self._clock.now > before:  # time comes to an end by itself
                        since = attempts
                    if tried:
                        attempts += 1
                        recent.append(job)
            finally:
                self._waits.until = None
                self._rest()
            if until is not None:
                self._clock.jump(until)
        return attempts

    def _has_work(self, until: int | None) -> bool:
        """Whether a job is due by `until`; without it, whether any job is left that someone waits for."""
        if until is None:
            return self._clock.waiting > 0
        at = self._clock.peek()
        return at is not None and at <= until


def _loop(limit: int, recent: Iterable[Job]) -> InvocationLoopError:
    """The error of more than `limit` attempts in one go, of which `recent` are the latest ones."""
    names = " -> ".join(dict.fromkeys(job.name for job in recent))
    message = (
        f"{limit} attempts have run and still events are queued: {names} keep invoking each other "
        "(or pass a larger limit to run_until_idle)"
    )
    return InvocationLoopError(message)
