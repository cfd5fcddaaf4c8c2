"""Runs functions: one attempt at a time, with its slot, its trace, its log events and its metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from destmock._aws import api_errors as errors
from destmock._aws.ids import Trace, function_hash
from destmock._aws.times import to_datetime
from destmock._engine.concurrency import ACCOUNT_USED_UP, RESERVED_USED_UP, Slots
from destmock._engine.faults import Injection
from destmock._observed.facts import Attempt, Refused, Synchronous
from destmock._observed.logs import LogEvents, Logs
from destmock._observed.metrics import Metrics
from destmock._observed.xray import Run, Segments, Traced
from destmock._runtime.environments import Runtime
from destmock._runtime.importing import Importer
from destmock._runtime.outcome import Call, Outcome
from destmock._time.turns import Running, Turns

if TYPE_CHECKING:
    from destmock._aws.arn import FunctionRef
    from destmock._aws.ids import Ids
    from destmock._functions.deployed_code import Package
    from destmock._functions.functions import Function, Functions
    from destmock._functions.handlers import Registration
    from destmock._observed.facts import AttemptOutcome
    from destmock._observed.ledger import Ledger

#: How often a chain may come back to a function: it runs 16 times (J2).
RECURSION_LIMIT = 15


class Answered(NamedTuple):
    """What a synchronous invocation came to."""

    request_id: str
    trace: Trace
    function: Function
    outcome: Outcome


class Attempts:
    """What is running in one simulation. `now` and all times are virtual, in milliseconds."""

    def __init__(self, functions: Functions, ids: Ids, ledger: Ledger, account_concurrency: int) -> None:
        self.slots = Slots(functions, account_concurrency)
        self.injection = Injection()
        self.logs = Logs(ledger.history)
        self.metrics = Metrics()
        self.segments = Segments(ids, ledger.history)
        self._functions = functions
        self._ids = ids
        self._ledger = ledger
        self._runtime = Runtime(ids, Importer())
        #: What ends a test, raised by a handler, that comes out of the call that drives.
        self.interrupts: tuple[type[BaseException], ...] = (BaseException,)
        self.turns = Turns()

    def flush(self) -> None:
        """Hands moto what it has not been told yet: someone may be about to read it."""
        with self.turns.held:
            self.logs.flush()
            self.metrics.flush()
            self.segments.flush()

    def leave(self) -> None:
        """Puts back what has stayed of a function's surroundings: others may look at the process."""
        if self._runtime.staying is not None:
            with self.turns.held:
                self._runtime.leave()

    def close(self) -> None:
        self.leave()
        self.logs.flush()
        self._runtime.close()

    def entered(self, ref: FunctionRef, trace: Trace | None, now: int, *, traced: bool) -> Trace:
        """The trace as the function sees it, with a segment of its own if it is sampled."""
        trace = (trace or self._ids.trace(now)).entering(function_hash(ref.unqualified_arn))
        sampled = traced or trace.sampled
        return trace._replace(sampled=True, segment=self._ids.hex(16)) if sampled else trace

    def is_recursion(self, ref: FunctionRef, trace: Trace) -> bool:
        """Whether the chain has been through the function too often (J2, J4)."""
        if trace.hops <= RECURSION_LIMIT:
            return False
        passed = trace.counts[function_hash(ref.unqualified_arn)]
        return passed > RECURSION_LIMIT and not self._functions.allows_recursion(ref)

    def run(
        self,
        function: Function,
        code: Registration | Package,
        call: Call,
        trace: Trace,
        *,
        stay: bool = False,
    ) -> Outcome:
        """One attempt. With `stay`, the event's next one may find the process as this one, until `leave`."""
        self.slots.occupy(function.ref)
        running = Running(function.ref.unqualified_arn, trace, call.trace_header)
        try:
            outcome = self._runtime.run(function, code, call, self.turns.handler(running), stay=stay)
        finally:
            self.slots.release(function.ref)
        if outcome.interrupt is not None and not isinstance(outcome.interrupt, self.interrupts):
            outcome = outcome._replace(interrupt=None)
        self.logs.write(
            LogEvents(function.ref, function.log_group, outcome.log_stream, call.now, outcome.log_events)
        )
        self.metrics.ran(function.ref, function.version, call.now, outcome.result, outcome.duration)
        return outcome

    def run_synchronously(
        self,
        function: Function,
        code: Registration | Package,
        payload: bytes,
        client_context: str | None,
        trace: Trace | None,
        *,
        now: int,
        source: str,
    ) -> Answered:
        """A `RequestResponse` invocation: at once, without retries, destinations or queue (D17)."""
        ref = function.ref
        reason = self.slots.used_up(function)
        if reason is not None:
            self.metrics.throttled(ref, now)
            raise errors.throttled(reason)
        if self.injection.on:
            self._inject(function, payload, now, source)
        duration = code.duration_ms(payload)
        caller = None if trace is None else trace.segment
        trace = self.entered(ref, trace, now, traced=function.traced)
        if self.is_recursion(ref, trace):
            self.metrics.stopped(ref, now)
            raise errors.recursion()
        request_id = self._ids.uuid()
        header = trace.header(function_hash(ref.unqualified_arn))
        call = Call(request_id, payload, now, header, client_context, duration)
        outcome = self.run(function, code, call, trace)
        attempt = attempt_fact(1, now, now, outcome.result, outcome)
        self._ledger.ran_synchronously(
            Synchronous(request_id, ref.qualified_arn, source, payload, now, attempt)
        )
        if trace.sampled:
            run = Run(now, now + outcome.duration, outcome.result != "Success")
            traced = Traced(ref, request_id, trace, caller, now, run.ended_at, (run,), asynchronous=False)
            self.segments.write(traced)
        if outcome.interrupt is not None:
            raise outcome.interrupt
        return Answered(request_id, trace, function, outcome)

    def _inject(self, function: Function, payload: bytes, now: int, source: str) -> None:
        """Raises the error of an injected fault, if there is one."""
        ref = function.ref
        fault = self.injection.take(("throttle", "system_error"), ref, now, request_id=None)
        if fault is None:
            return
        throttled = fault.kind == "throttle"
        what = f"{'throttled' if throttled else 'system error (500)'} by {fault.by}"
        self._ledger.refused(Refused(source, ref.qualified_arn, payload, now, what))
        if not throttled:
            raise errors.service()
        self.metrics.throttled(ref, now)
        raise errors.throttled(ACCOUNT_USED_UP if function.reserved_concurrency is None else RESERVED_USED_UP)


def attempt_fact(
    number: int, now: int, accepted_at: int, result: AttemptOutcome, outcome: Outcome | None
) -> Attempt:
    moment, elapsed = to_datetime(now), (now - accepted_at) / 1000
    if outcome is None:
        return Attempt(number, moment, elapsed, result, b"", None)
    payload, exception, log_events = outcome.payload, outcome.exception, outcome.log_events
    return Attempt(number, moment, elapsed, result, payload, exception, log_events)
