"""The engine: accept -> attempt -> settle -> deliver. It owns the state of one mock and wires its parts."""

from __future__ import annotations

import contextlib
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from destmock import _aws_errors as errors
from destmock import _lifecycle as lifecycle
from destmock import _targets as targets
from destmock._clock import Clock, to_datetime
from destmock._config import EventInvokeConfig, EventInvokeConfigs
from destmock._functions import Function, Functions
from destmock._handlers import Handlers, Importer
from destmock._ids import Ids, Trace, function_hash
from destmock._ledger import Attempt, Delivery, Drop, Entry, Ledger, Pending, Synchronous
from destmock._logs import LogEvents, Logs
from destmock._record import Response, invocation_record
from destmock._runtime import Call, Outcome, Runtime
from destmock._targets.target import Message, UndeliverableError
from destmock.errors import DestmockError, InvocationLoopError, NoHandlerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from destmock._arn import FunctionRef
    from destmock._config import Standing
    from destmock._handlers import Registration
    from destmock._ledger import AttemptOutcome
    from destmock._lifecycle import Result, Settled

#: How many attempts may run in one go before it counts as a loop.
LIMIT = 10_000
_LOOP_LENGTH = 50


@dataclass(slots=True)
class Event:
    """An accepted event on its way through the queue."""

    ref: FunctionRef
    trace: Trace
    entry: Entry
    tries: int = 0

    @property
    def trace_header(self) -> str:
        """As a function sees it; without a lineage when the event has never run (F2)."""
        return self.trace.header(function_hash(self.ref.unqualified_arn))


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A job of the clock: the event's next attempt."""

    event: Event


@dataclass(frozen=True, slots=True)
class Completion:
    """A job of the clock: an attempt that takes its declared duration comes to its end."""

    event: Event
    result: Result
    response: Response


class Simulation:
    """Everything that one mock knows. `now` and all times are virtual, in milliseconds."""

    def __init__(self, *, start: int, seed: int | None, autorun: bool) -> None:
        self.autorun = autorun
        self.handlers = Handlers()
        self.ledger = Ledger()
        self.logs = Logs()
        self.ids = Ids(seed)
        self.functions = Functions(self.handlers, self.ids)
        self.configs = EventInvokeConfigs(self.functions.identify, self._standing)
        self._clock: Clock[Dispatch | Completion] = Clock(start)
        self._runtime = Runtime(self.ids, Importer())
        self._traces: list[Trace] = []
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
        return [_pending(at, job) for at, job in self._clock.queued]

    def on_close(self, undo: Callable[[], object]) -> None:
        """Has something put back when the mock ends."""
        self._closing.callback(undo)

    def close(self) -> None:
        self._closing.callback(self.functions.close)
        self._closing.callback(self._runtime.close)
        self._closing.callback(self.logs.flush)
        self._closing.close()

    # Accepting

    def identify(self, ref: FunctionRef) -> object | None:
        return self.functions.identify(ref)

    def accept(self, ref: FunctionRef, payload: bytes, *, source: str, trace: Trace | None = None) -> str:
        """Queues an event and answers its request id. Raises `NoHandlerError` when nothing could run it."""
        self.registration(ref)
        request_id = self.ids.uuid()
        trace = (trace or self.ids.trace(self.now)).entering(function_hash(ref.unqualified_arn))
        entry = Entry(request_id, ref.qualified_arn, source, payload, self.now)
        self.ledger.accepted(entry)
        self._clock.schedule(self.now, Dispatch(Event(ref, trace, entry)))
        return request_id

    def registration(self, ref: FunctionRef) -> Registration:
        registration = self.handlers.find(ref)
        if registration is None:
            message = (
                f"the function {ref.unqualified_arn} exists, but has no handler that destmock could run; "
                f"register one with mock_destinations(handlers={{{ref.name!r}: handler}}) or "
                f"destmock.handler({ref.name!r}, handler)"
            )
            raise NoHandlerError(message)
        return registration

    def run_synchronously(
        self, ref: FunctionRef, payload: bytes, client_context: str | None, trace: Trace | None
    ) -> tuple[str, Trace, Function, Outcome]:
        """A `RequestResponse` invocation: at once, without retries, destinations or queue (D17)."""
        function = self.functions.find(ref)
        if function is None:
            raise errors.function_not_found(ref.unqualified_arn, ref.qualifier)
        registration = self.registration(ref)
        if function.reserved_concurrency == 0:
            raise errors.zero_concurrency()
        request_id = self.ids.uuid()
        trace = (trace or self.ids.trace(self.now)).entering(function_hash(ref.unqualified_arn))
        header = trace.header(function_hash(ref.unqualified_arn))
        call = Call(request_id, payload, self.now, header, client_context)
        outcome = self._attempt(function, registration, call, trace)
        attempt = _attempt_fact(1, self.now, self.now, outcome.result, outcome)
        synchronous = Synchronous(request_id, ref.qualified_arn, payload, self.now, attempt)
        self.ledger.ran_synchronously(synchronous)
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
                    raise _loop(limit, recent)
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
            self._complete(job.event, job.result, job.response)
        return job

    # One attempt

    def _dispatch(self, event: Event) -> None:
        function = self.functions.find(event.ref)
        if function is None:
            event.tries += 1
            self._note(event, "NotFound", None)
            self._complete(event, "NotFound", Response(404))
            return
        if function.reserved_concurrency == 0:
            self._complete(event, "ZeroConcurrency", None)
            return
        event.tries += 1
        entry = event.entry
        call = Call(entry.request_id, entry.payload, self.now, event.trace_header)
        outcome = self._attempt(function, self.registration(event.ref), call, event.trace)
        self._note(event, outcome.result, outcome)
        response = Response(200, function.version, outcome.function_error, outcome.payload)
        if outcome.duration:
            completion = Completion(event, outcome.result, response)
            self._clock.schedule(self.now + outcome.duration, completion)
        else:
            self._complete(event, outcome.result, response)
        if outcome.interrupt is not None:
            raise outcome.interrupt

    def _attempt(self, function: Function, registration: Registration, call: Call, trace: Trace) -> Outcome:
        self._traces.append(trace)
        try:
            outcome = self._runtime.run(function, registration, call)
        finally:
            self._traces.pop()
        self.logs.write(LogEvents(function.ref, outcome.log_stream, self.now, outcome.log_events))
        return outcome

    def _note(self, event: Event, result: AttemptOutcome, outcome: Outcome | None) -> None:
        entry = event.entry
        attempt = _attempt_fact(event.tries, self.now, entry.accepted_at, result, outcome)
        entry.attempts.append(attempt)

    # Settling

    def _complete(self, event: Event, result: Result, response: Response | None) -> None:
        config = self.configs.at_dispatch(event.ref)
        step = lifecycle.after(
            result,
            tries=event.tries,
            accepted_at=event.entry.accepted_at,
            now=self.now,
            policy=lifecycle.Policy() if config is None else config.policy,
        )
        if isinstance(step, lifecycle.Retry):
            self._clock.schedule(step.at, Dispatch(event))
        else:
            self._settle(event, step, response, config)

    def _settle(
        self,
        event: Event,
        settled: Settled,
        response: Response | None,
        config: EventInvokeConfig | None,
    ) -> None:
        entry = event.entry
        record = invocation_record(
            at=self.now,
            request_id=entry.request_id,
            function_arn=entry.function_arn,
            condition=settled.condition,
            approximate_invoke_count=settled.approximate_invoke_count,
            request_payload=entry.payload,
            response=response,
        )
        entry.condition, entry.record, entry.settled_at = settled.condition, record, self.now
        succeeded = settled.condition == "Success"
        route = None if config is None else config.on_success if succeeded else config.on_failure
        if route is not None:
            self._deliver(event, route, record, f"{'OnSuccess' if succeeded else 'OnFailure'} of")
        elif not succeeded:
            self.ledger.dropped(Drop(entry.fact, settled.condition, to_datetime(self.now)))

    def _deliver(self, event: Event, arn: str, record: bytes, route: str) -> None:
        """A destination that won't have the record is a fact of the ledger, never an exception (G4)."""
        ran = any(attempt.outcome != "NotFound" for attempt in event.entry.attempts)
        header = event.trace_header if ran else event.trace.header()
        source = f"{route} {event.ref.name}"
        target = targets.find(arn, self)
        assert target is not None
        error = None
        try:
            target.deliver(Message(record, event.trace, header, self.now, source))
        except (UndeliverableError, DestmockError) as problem:
            error = str(problem)
        moment = to_datetime(self.now)
        delivery = Delivery(arn, target.kind, record, error, moment, event.entry.fact)
        self.ledger.delivered(event.entry, delivery)

    def _standing(self, arn: str) -> Standing:
        target = targets.find(arn, self)
        return "unsupported" if target is None else target.standing()


def _attempt_fact(
    number: int, now: int, accepted_at: int, result: AttemptOutcome, outcome: Outcome | None
) -> Attempt:
    payload, exception, logs = b"", None, ""
    if outcome is not None:
        payload, exception, logs = outcome.payload, outcome.exception, outcome.logs
    elapsed = (now - accepted_at) / 1000
    return Attempt(number, to_datetime(now), elapsed, result, payload, exception, logs)


def _pending(at: int, job: Dispatch | Completion) -> Pending:
    event, running = job.event, isinstance(job, Completion)
    number = event.tries if running else event.tries + 1
    return Pending(event.entry.request_id, event.entry.function_arn, number, to_datetime(at), running=running)


def _loop(limit: int, recent: deque[str]) -> InvocationLoopError:
    names = " -> ".join(dict.fromkeys(recent))
    message = (
        f"{limit} attempts have run and still events are queued: {names} keep invoking each other "
        "(or pass a larger limit to run_until_idle)"
    )
    return InvocationLoopError(message)
