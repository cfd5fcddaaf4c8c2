"""The engine: accept -> attempt -> settle -> deliver. It owns the state of one mock and wires its parts."""

from __future__ import annotations

import contextlib
from collections import deque
from sys import intern
from threading import get_ident
from typing import TYPE_CHECKING

from destmock import _aws_errors as errors
from destmock import _dead_letter as dead_letter
from destmock import _lifecycle as lifecycle
from destmock import _queue as queue
from destmock._admission import Admission
from destmock._attempts import Attempts, attempt_fact
from destmock._books import Ledger
from destmock._clock import Clock
from destmock._config import EventInvokeConfigs
from destmock._functions import Function, Functions
from destmock._handlers import Handlers
from destmock._ids import Ids
from destmock._ledger import Entry, Unanswered
from destmock._mappings import Mappings
from destmock._outbox import Outbox
from destmock._packages import Packages
from destmock._queue import Completion, Dispatch, Event, Poll
from destmock._record import Response
from destmock._runtime import Call, Outcome
from destmock._targets.target import Message
from destmock._xray import Run
from destmock.errors import DestmockError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from destmock._arn import FunctionRef
    from destmock._attempts import Answered
    from destmock._handlers import Registration
    from destmock._ids import Trace
    from destmock._ledger import AttemptOutcome, Invocation, Pending
    from destmock._lifecycle import Result
    from destmock._network import Hosts
    from destmock._packages import Package
    from destmock._queue import Job

#: How many attempts may run in one go before it counts as a loop.
LIMIT = 10_000
_LOOP_LENGTH = 50
#: More than an event makes by itself at one moment, its destination's function included.
_ATTEMPTS_OF_ONE = 10


class Simulation:
    """Everything that one mock knows. `now` and all times are virtual, in milliseconds."""

    def __init__(
        self,
        *,
        start: int,
        seed: int | None,
        autorun: bool,
        account_concurrency: int,
        hosts: Hosts,
        history: int | None = None,
    ) -> None:
        self.autorun = autorun
        self.hosts = hosts
        self.handlers = Handlers()
        self.ledger = Ledger(history)
        self.ids = Ids(seed)
        self.functions = Functions(self.handlers, self.ids)
        self.attempts = Attempts(self.functions, self.ids, self.ledger, account_concurrency)
        self.turns = self.attempts.turns
        self.mappings = Mappings(self)
        self._outbox = Outbox(self, self.ids, self.ledger, self.attempts)
        self.configs = EventInvokeConfigs(self.functions.identify, self._outbox.standing)
        self._clock: Clock[Job] = Clock(start)
        self._admission = Admission(self.attempts, self.ids, self.ledger, self._requeue)
        self._packages = Packages()
        #: The threads that have queued something that they are about to run.
        self._queued: set[int] = set()
        self._closing = contextlib.ExitStack()

    @property
    def now(self) -> int:
        return self._clock.now

    @property
    def trace(self) -> Trace | None:
        """The trace of the handler that this thread works for; `None` outside of handlers."""
        mine = self.turns.mine
        return None if mine is None else mine.trace

    def carrier(self, body: bytes = b"") -> Message:
        """What a service passes on now, as part of the trace of the handler that had it do so."""
        mine = self.turns.mine
        trace, header = (None, None) if mine is None else (mine.trace, mine.header)
        return Message(body, trace, header, self.now, self.ids.uuid(), source="")

    @property
    def pending(self) -> list[Pending]:
        return [
            queue.pending(at, job)
            for at, job in self._clock.queued
            if not isinstance(job, Poll) or self.mappings.has_work(job)
        ]

    def on_close(self, undo: Callable[[], object]) -> None:
        """Has something put back when the mock ends."""
        self._closing.callback(undo)

    def close(self) -> None:
        self._closing.callback(self.functions.close)
        self._closing.callback(self._packages.close)
        self._closing.callback(self.attempts.close)
        self._closing.close()

    def flush(self) -> None:
        """Hands moto what it has not been told yet: someone may be about to read it."""
        self.attempts.flush()

    # Accepting

    def identify(self, ref: FunctionRef) -> object | None:
        return self.functions.identify(ref)

    def accept(self, ref: FunctionRef, payload: bytes, *, source: str, trace: Trace | None = None) -> Event:
        """Queues an event. Raises `NoHandlerError` when nothing could run it."""
        with self.turns.held:
            return self._accept(ref, payload, source, trace)

    def _accept(self, ref: FunctionRef, payload: bytes, source: str, trace: Trace | None) -> Event:
        function = self.functions.find(ref)
        if function is not None:
            self._code(function)
        entry = Entry(self.ids.uuid(), intern(ref.qualified_arn), source, payload, self.now)
        caller = None if trace is None else trace.segment
        traced = function is not None and function.traced
        entered = self.attempts.entered(ref, trace, self.now, traced=traced)
        event = Event(ref, entered, entry, None if function is None else function.dead_letter, caller)
        self.ledger.accepted(entry)
        self.configs.accepted(ref)
        self.attempts.metrics.received(ref, self.now)
        self._clock.schedule(self.now, Dispatch(event))
        self._to_be_run()
        return event

    def _to_be_run(self) -> None:
        """Notes whose `settle_down` runs what has just been queued; who drives runs it anyway."""
        thread = self.turns.outer_thread
        if thread != self.turns.driver:
            self._queued.add(thread)

    def notify(self, ref: FunctionRef, payload: bytes, *, source: str, trace: Trace | None) -> bool:
        """Queues the event of a service that knows the function by name only.

        When the function isn't there, nobody is told, as on AWS; the timeline notes it.
        """
        if self.identify(ref) is None:
            self.ledger.unanswered(Unanswered(source, ref.arn, self.now))
            return False
        self.accept(ref, payload, source=source, trace=trace)
        return True

    def role(self, ref: FunctionRef) -> str:
        return self.functions.role(ref)

    def schedule_poll(self, at: int, poll: Poll) -> int:
        """Has an event source mapping look for records at `at`; answers a number to give it up by."""
        with self.turns.held:
            self._to_be_run()
            return self._clock.schedule(at, poll, background=poll.background)

    def give_up_poll(self, number: int) -> None:
        """Nobody waits for it any more; when it comes, it finds that it has been replaced."""
        self._clock.into_background(number)

    def check_code(self, ref: FunctionRef) -> None:
        """Raises `NoHandlerError` when nothing could run the function."""
        function = self.functions.find(ref)
        if function is not None:
            self._code(function)

    def _code(self, function: Function) -> Registration | Package:
        """What an invocation runs: the registered handler, else what was deployed."""
        registration = self.handlers.find(function.ref)
        return registration or self._packages.package(self.functions.deployment(function))

    def run_synchronously(
        self,
        ref: FunctionRef,
        payload: bytes,
        *,
        client_context: str | None = None,
        trace: Trace | None = None,
        source: str = "Invoke",
    ) -> Answered:
        """A `RequestResponse` invocation: at once, without retries, destinations or queue (D17)."""
        with self.turns.taken:
            function = self.functions.find(ref)
            if function is None:
                raise errors.function_not_found(ref.unqualified_arn, ref.qualifier)
            return self.attempts.run_synchronously(
                function, self._code(function), payload, client_context, trace, now=self.now, source=source
            )

    # Driving

    def settle_down(self) -> None:
        """Runs what is queued, if that is what autorun is for: never inside a handler's own call.

        While another thread drives, or is about to, one that has queued nothing goes on: the handler may
        wait for it.
        """
        if self.turns.holds:  # moto's own call, on the way to an answer
            return
        me = get_ident()
        if not self.autorun or self.turns.driver == me or self.turns.mine is not None:
            return
        if me not in self._queued and not self._is_left_behind():
            return
        try:
            self.run(LIMIT)
        finally:
            self._queued.discard(me)

    def _is_left_behind(self) -> bool:
        """Whether something is queued that nobody else runs: an interrupt has ended the run it was due in."""
        if self._clock.idle:
            return False
        with self.turns.held:
            return not (self._queued or self._clock.idle) and self.turns.driver is None

    def step(self) -> Invocation | Pending | None:
        """Runs the next queued thing and answers the fact that it belongs to; `None` when idle."""
        with self._driving():
            if self._clock.idle:
                return None
            with self.turns.taken:
                job, _ = self._run_next()
            return queue.pending(self.now, job) if isinstance(job, Poll) else job.event.entry.fact

    def run(self, limit: int, *, until: int | None = None) -> int:
        """Runs what is due by `until`, or everything; answers how many attempts that took."""
        attempts = since = 0
        recent: deque[str] = deque(maxlen=_LOOP_LENGTH)
        if until is not None:  # what the test itself has queued at one moment is no loop
            limit = max(limit, _ATTEMPTS_OF_ONE * self._clock.waiting)
        with self._driving():
            while self._has_work(until):
                if attempts - since >= limit:
                    raise queue.loop(limit, recent)
                before = self.now
                with self.turns.taken:
                    job, tried = self._run_next()
                if until is not None and self.now > before:  # time comes to an end by itself
                    since = attempts
                if tried:
                    attempts += 1
                    recent.append(job.ref.name)
            if until is not None:
                self._clock.jump(until)
        return attempts

    def _has_work(self, until: int | None) -> bool:
        """What is in the background runs as time passes, but nothing waits for it to end."""
        if until is None:
            return not self._clock.idle
        at = self._clock.peek()
        return at is not None and at <= until

    def _driving(self) -> AbstractContextManager[None]:
        if self.turns.driver == get_ident() or self.turns.mine is not None:
            message = (
                "time can't be driven from inside a handler: what it invokes is queued, and runs after it"
            )
            raise DestmockError(message)
        return self.turns.driven

    def _run_next(self) -> tuple[Job, bool]:
        """The job, and whether it was an attempt: not the end of one, nor an event that was held up."""
        job = self._clock.pop()
        if isinstance(job, Dispatch):
            return job, self._dispatch(job.event)
        if isinstance(job, Poll):
            self.mappings.poll(job)
            return job, True
        self.attempts.slots.release(job.ref)
        self._complete(job.event, job.result, job.response)
        return job, False

    # One attempt

    def _dispatch(self, event: Event) -> bool:
        function = self.functions.find(event.ref)
        if function is None:
            event.tries, event.delayed = event.tries + 1, False
            self._note(event, "NotFound", None)
            self._complete(event, self.functions.missing(event.ref, ran=event.ran), Response(404))
            return True
        event.dead_letter = function.dead_letter
        refusal = self._admission.refusal(event, function, self.now)
        if refusal is None:
            self._run(event, function)
            return True
        self._complete(event, *refusal)
        return refusal.result not in lifecycle.UNTRIED  # their age puts an end to those

    def _run(self, event: Event, function: Function) -> None:
        try:
            code = self._code(function)
            duration = code.duration_ms(event.entry.payload)
        except BaseException:  # it has no code that can run, or no such duration: the event waits for one
            self._clock.schedule(self.now, Dispatch(event), first=True)
            raise
        event.tries, event.throttles, event.ran, event.delayed = event.tries + 1, 0, True, False
        entry = event.entry
        self.attempts.metrics.aged(event.ref, self.now, entry.accepted_at)
        call = Call(entry.request_id, entry.payload, self.now, event.trace_header, duration=duration)
        outcome = self.attempts.run(function, code, call, event.trace)
        self._note(event, outcome.result, outcome)
        event.runs.append(Run(self.now, self.now + outcome.duration, outcome.result != "Success"))
        response = Response(200, function.version, outcome.function_error, outcome.payload)
        if outcome.duration:
            self.attempts.slots.occupy(event.ref)
            completion = Completion(event, outcome.result, response)
            self._clock.schedule(self.now + outcome.duration, completion, first=True)  # frees a slot
        else:
            self._complete(event, outcome.result, response)
        if outcome.interrupt is not None:
            raise outcome.interrupt

    def _note(self, event: Event, result: AttemptOutcome, outcome: Outcome | None) -> None:
        entry = event.entry
        attempt = attempt_fact(event.tries, self.now, entry.accepted_at, result, outcome)
        self.ledger.attempted(entry, attempt)

    def _requeue(self, event: Event) -> None:
        self._clock.schedule(self.now, Dispatch(event))

    def _complete(self, event: Event, result: Result, response: Response | None, delay: int = 0) -> None:
        config = self.configs.at_dispatch(event.ref)
        step = lifecycle.after(
            result,
            tries=event.tries,
            throttles=event.throttles,
            delay=delay,
            accepted_at=event.entry.accepted_at,
            now=self.now,
            policy=lifecycle.Policy() if config is None else config.policy,
        )
        if isinstance(step, lifecycle.Retry):
            self._clock.schedule(step.at, Dispatch(event))
        else:
            self._outbox.settle(event, step, response, config, self.now)
            if event.trace.sampled:
                self.attempts.segments.write(queue.traced(event, self.now))
            self.ledger.settled(event.entry)

    def check_dead_letter(self, arn: str, region: str) -> None:
        """Raises the error that AWS answers to a dead-letter queue it won't have."""
        dead_letter.check(arn, region, exists=self._outbox.standing(arn) == "ok")
