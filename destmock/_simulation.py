"""The engine: accept -> attempt -> settle -> deliver. It owns the state of one mock and wires its parts."""

from __future__ import annotations

import contextlib
from collections import Counter, deque
from dataclasses import replace
from typing import TYPE_CHECKING

from destmock import _aws_errors as errors
from destmock import _dead_letter as dead_letter
from destmock import _lifecycle as lifecycle
from destmock import _queue as queue
from destmock._clock import Clock, to_datetime
from destmock._config import EventInvokeConfigs
from destmock._functions import Function, Functions
from destmock._handlers import Handlers, Importer
from destmock._ids import Ids, Trace, function_hash
from destmock._ledger import Attempt, Entry, Ledger, Pending, Synchronous
from destmock._logs import LogEvents, Logs
from destmock._metrics import Metrics
from destmock._outbox import Outbox
from destmock._packages import Packages
from destmock._queue import Completion, Dispatch, Event
from destmock._record import Response
from destmock._runtime import Call, Outcome, Runtime
from destmock._xray import Run, Segments, Sent, Traced
from destmock.errors import DestmockError, NoHandlerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from destmock._arn import FunctionRef
    from destmock._handlers import Registration
    from destmock._ledger import AttemptOutcome
    from destmock._lifecycle import Result
    from destmock._packages import Package

#: How many attempts may run in one go before it counts as a loop.
LIMIT = 10_000
_LOOP_LENGTH = 50
#: How often a chain may come back to a function: it runs 16 times (J2).
RECURSION_LIMIT = 15


class Simulation:
    """Everything that one mock knows. `now` and all times are virtual, in milliseconds."""

    def __init__(self, *, start: int, seed: int | None, autorun: bool) -> None:
        self.autorun = autorun
        self.handlers = Handlers()
        self.ledger = Ledger()
        self.logs = Logs()
        self.metrics = Metrics()
        self.ids = Ids(seed)
        self.segments = Segments(self.ids)
        self.functions = Functions(self.handlers, self.ids)
        self._outbox = Outbox(self, self.ids, self.ledger, self.metrics)
        self.configs = EventInvokeConfigs(self.functions.identify, self._outbox.standing)
        self._clock: Clock[Dispatch | Completion] = Clock(start)
        self._packages = Packages()
        self._runtime = Runtime(self.ids, Importer())
        self._traces: list[Trace] = []
        #: How many attempts of a function are in progress, by its unqualified ARN.
        self._busy: Counter[str] = Counter()
        self._driving = False
        self._closing = contextlib.ExitStack()

    @property
    def now(self) -> int:
        return self._clock.now

    @property
    def trace(self) -> Trace | None:
        """The trace of the handler that is running; `None` between handlers."""
        return self._traces[-1] if self._traces else None

    @property
    def pending(self) -> list[Pending]:
        return [queue.pending(at, job) for at, job in self._clock.queued]

    def on_close(self, undo: Callable[[], object]) -> None:
        """Has something put back when the mock ends."""
        self._closing.callback(undo)

    def close(self) -> None:
        self._closing.callback(self.functions.close)
        self._closing.callback(self._packages.close)
        self._closing.callback(self._runtime.close)
        self._closing.callback(self.logs.flush)
        self._closing.close()

    def flush(self) -> None:
        """Hands moto what it has not been told yet: someone may be about to read it."""
        self.logs.flush()
        self.metrics.flush()
        self.segments.flush()

    # Accepting

    def identify(self, ref: FunctionRef) -> object | None:
        return self.functions.identify(ref)

    def accept(self, ref: FunctionRef, payload: bytes, *, source: str, trace: Trace | None = None) -> Event:
        """Queues an event. Raises `NoHandlerError` when nothing could run it."""
        function = self.functions.find(ref)
        if function is not None:
            self._code(function)
        entry = Entry(self.ids.uuid(), ref.qualified_arn, source, payload, self.now)
        caller = None if trace is None else trace.segment
        entered = self._entered(ref, trace, traced=function is not None and function.traced)
        event = Event(ref, entered, entry, None if function is None else function.dead_letter, caller)
        self.ledger.accepted(entry)
        self.metrics.received(ref, self.now)
        self._clock.schedule(self.now, Dispatch(event))
        return event

    def _entered(self, ref: FunctionRef, trace: Trace | None, *, traced: bool) -> Trace:
        """The trace as the function sees it, with a segment of its own if it is sampled."""
        trace = (trace or self.ids.trace(self.now)).entering(function_hash(ref.unqualified_arn))
        sampled = traced or trace.sampled
        return replace(trace, sampled=True, segment=self.ids.hex(16)) if sampled else trace

    def _code(self, function: Function) -> Registration | Package:
        """What an invocation runs: the registered handler, else what was deployed."""
        registration = self.handlers.find(function.ref)
        return registration or self._packages.package(self.functions.deployment(function))

    def run_synchronously(
        self, ref: FunctionRef, payload: bytes, client_context: str | None, trace: Trace | None
    ) -> tuple[str, Trace, Function, Outcome]:
        """A `RequestResponse` invocation: at once, without retries, destinations or queue (D17)."""
        function = self.functions.find(ref)
        if function is None:
            raise errors.function_not_found(ref.unqualified_arn, ref.qualifier)
        code = self._code(function)
        if self._is_throttled(function):
            self.metrics.throttled(ref, self.now)
            raise errors.throttled()
        caller = None if trace is None else trace.segment
        trace = self._entered(ref, trace, traced=function.traced)
        if self._is_recursion(ref, trace):
            self.metrics.stopped(ref, self.now)
            raise errors.recursion()
        request_id = self.ids.uuid()
        header = trace.header(function_hash(ref.unqualified_arn))
        call = Call(request_id, payload, self.now, header, client_context)
        outcome = self._attempt(function, code, call, trace)
        attempt = _attempt_fact(1, self.now, self.now, outcome.result, outcome)
        synchronous = Synchronous(request_id, ref.qualified_arn, payload, self.now, attempt)
        self.ledger.ran_synchronously(synchronous)
        if trace.sampled:
            run = Run(self.now, self.now + outcome.duration, outcome.result != "Success")
            traced = Traced(
                ref, request_id, trace, caller, self.now, run.ended_at, (run,), asynchronous=False
            )
            self.segments.write(traced)
        if outcome.interrupt is not None:
            raise outcome.interrupt
        return request_id, trace, function, outcome

    # Driving

    def settle_down(self) -> None:
        """Runs what is queued, if that is what autorun is for: never inside a handler's own call."""
        if self.autorun and not self._driving and not self._traces:
            self.run(LIMIT)

    def step(self) -> Entry | None:
        """Runs the next queued thing and answers the event it belongs to; `None` when idle."""
        with self._drive():
            return None if self._clock.peek() is None else self._run_next().event.entry

    def run(self, limit: int, *, until: int | None = None) -> int:
        """Runs what is due by `until`, or everything; answers how many attempts that took."""
        attempts = 0
        recent: deque[str] = deque(maxlen=_LOOP_LENGTH)
        with self._drive():
            while (at := self._clock.peek()) is not None and (until is None or at <= until):
                if attempts >= limit:
                    raise queue.loop(limit, recent)
                job = self._run_next()
                if isinstance(job, Dispatch):
                    attempts += 1
                    recent.append(job.event.ref.name)
            if until is not None:
                self._clock.jump(until)
        return attempts

    @contextlib.contextmanager
    def _drive(self) -> Iterator[None]:
        if self._driving or self._traces:
            message = (
                "time can't be driven from inside a handler: what it invokes is queued, and runs after it"
            )
            raise DestmockError(message)
        self._driving = True
        try:
            yield
        finally:
            self._driving = False

    def _run_next(self) -> Dispatch | Completion:
        job = self._clock.pop()
        if isinstance(job, Dispatch):
            self._dispatch(job.event)
        else:
            self._busy[job.event.ref.unqualified_arn] -= 1
            self._complete(job.event, job.result, job.response)
        return job

    # One attempt

    def _dispatch(self, event: Event) -> None:
        function = self.functions.find(event.ref)
        if function is None:
            event.tries += 1
            self._note(event, "NotFound", None)
            self._complete(event, self._missing(event), Response(404))
            return
        event.dead_letter = function.dead_letter
        if function.reserved_concurrency == 0:
            self._complete(event, "ZeroConcurrency", None)
        elif self._is_throttled(function):
            event.throttles += 1
            event.entry.throttles += 1
            self.metrics.throttled(event.ref, self.now)
            self._complete(event, "Throttled", Response(429))
        elif self._is_recursion(event.ref, event.trace):
            self.metrics.stopped(event.ref, self.now)
            self._complete(event, "Recursion", Response(400))
        else:
            self._run(event, function)

    def _run(self, event: Event, function: Function) -> None:
        try:
            code = self._code(function)
        except NoHandlerError:  # what has been deployed meanwhile can't run: the event waits for a handler
            self._clock.schedule(self.now, Dispatch(event), first=True)
            raise
        event.tries, event.throttles, event.ran = event.tries + 1, 0, True
        entry = event.entry
        self.metrics.aged(event.ref, self.now, entry.accepted_at)
        call = Call(entry.request_id, entry.payload, self.now, event.trace_header)
        outcome = self._attempt(function, code, call, event.trace)
        self._note(event, outcome.result, outcome)
        event.runs.append(Run(self.now, self.now + outcome.duration, outcome.result != "Success"))
        response = Response(200, function.version, outcome.function_error, outcome.payload)
        if outcome.duration:
            self._busy[event.ref.unqualified_arn] += 1
            completion = Completion(event, outcome.result, response)
            self._clock.schedule(self.now + outcome.duration, completion, first=True)  # frees a slot
        else:
            self._complete(event, outcome.result, response)
        if outcome.interrupt is not None:
            raise outcome.interrupt

    def _is_throttled(self, function: Function) -> bool:
        """Whether the function's reserved concurrency is used up (A26, D10)."""
        reserved = function.reserved_concurrency
        return reserved is not None and self._busy[function.ref.unqualified_arn] >= reserved

    def _is_recursion(self, ref: FunctionRef, trace: Trace) -> bool:
        """Whether the chain has been through the function too often (J2, J4)."""
        passed = trace.counts[function_hash(ref.unqualified_arn)]
        return passed > RECURSION_LIMIT and not self.functions.allows_recursion(ref)

    def _missing(self, event: Event) -> Result:
        """The three fates of an event whose function, version or alias isn't there."""
        if event.ran and self.identify(event.ref.unqualified) is None:
            return "Vanished"
        alias = event.ref.qualifier is not None and not event.ref.qualifier.lstrip("$").isdigit()
        if alias and not event.ran and self.identify(event.ref.unqualified) is not None:
            return "Astray"
        return "NotFound"

    def _attempt(self, function: Function, code: Registration | Package, call: Call, trace: Trace) -> Outcome:
        self._traces.append(trace)
        self._busy[function.ref.unqualified_arn] += 1
        try:
            outcome = self._runtime.run(function, code, call)
        finally:
            self._busy[function.ref.unqualified_arn] -= 1
            self._traces.pop()
        self.logs.write(
            LogEvents(function.ref, function.log_group, outcome.log_stream, self.now, outcome.log_events)
        )
        self.metrics.ran(function.ref, function.version, self.now, outcome.result, outcome.duration)
        return outcome

    def _note(self, event: Event, result: AttemptOutcome, outcome: Outcome | None) -> None:
        entry = event.entry
        attempt = _attempt_fact(event.tries, self.now, entry.accepted_at, result, outcome)
        entry.attempts.append(attempt)

    def _complete(self, event: Event, result: Result, response: Response | None) -> None:
        config = self.configs.at_dispatch(event.ref)
        step = lifecycle.after(
            result,
            tries=event.tries,
            throttles=event.throttles,
            accepted_at=event.entry.accepted_at,
            now=self.now,
            policy=lifecycle.Policy() if config is None else config.policy,
        )
        if isinstance(step, lifecycle.Retry):
            self._clock.schedule(step.at, Dispatch(event))
        else:
            self._outbox.settle(event, step, response, config, self.now)
            self._trace(event)

    def _trace(self, event: Event) -> None:
        if not event.trace.sampled:
            return
        entry = event.entry
        sent = [Sent(found.kind, found.destination, found.error is not None) for found in entry.deliveries]
        traced = Traced(
            event.ref,
            entry.request_id,
            event.trace,
            event.caller,
            entry.accepted_at,
            self.now,
            tuple(event.runs),
            tuple(sent),
        )
        self.segments.write(traced)

    def check_dead_letter(self, arn: str, region: str) -> None:
        """Raises the error that AWS answers to a dead-letter queue it won't have."""
        dead_letter.check(arn, region, exists=self._outbox.standing(arn) == "ok")


def _attempt_fact(
    number: int, now: int, accepted_at: int, result: AttemptOutcome, outcome: Outcome | None
) -> Attempt:
    payload, exception, logs = b"", None, ""
    if outcome is not None:
        payload, exception, logs = outcome.payload, outcome.exception, outcome.logs
    elapsed = (now - accepted_at) / 1000
    return Attempt(number, to_datetime(now), elapsed, result, payload, exception, logs)
