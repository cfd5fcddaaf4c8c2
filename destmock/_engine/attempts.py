"""Makes one attempt, asynchronous or not, with its slot, its turn, its log events and its metrics."""

from __future__ import annotations

from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from destmock._aws.ids import function_hash
from destmock._engine.calls import FunctionRun
from destmock._observed.entries import Tried
from destmock._time.turns import Handling

if TYPE_CHECKING:
    from destmock._aws.arn import FunctionRef
    from destmock._aws.ids import Ids, Trace
    from destmock._engine.calls import Calls
    from destmock._engine.concurrency import Slots
    from destmock._engine.injection import Injection
    from destmock._functions.deployed_code import Package
    from destmock._functions.functions import Function
    from destmock._functions.handlers import Registration
    from destmock._observed.logs import Logs
    from destmock._observed.metrics import Metrics
    from destmock._runtime.environments import Runtime
    from destmock._runtime.outcome import Call
    from destmock._time.turns import Turns


class Attempts:
    """Runs functions in the execution environments of one simulation."""

    def __init__(
        self,
        runtime: Runtime,
        turns: Turns,
        slots: Slots,
        logs: Logs,
        metrics: Metrics,
        faults: Injection,
        calls: Calls,
    ) -> None:
        self._runtime = runtime
        self._faults = faults
        self._calls = calls
        self._turns = turns
        self._slots = slots
        self._logs = logs
        self._metrics = metrics
        self._places = count()
        #: Exceptions of a handler that end the test: they come out of the call that drives.
        self.interrupts: tuple[type[BaseException], ...] = (BaseException,)

    def run(
        self,
        function: Function,
        code: Registration | Package,
        call: Call,
        trace: Trace,
        *,
        asynchronous: bool,
        stay: bool = False,
    ) -> FunctionRun:
        """Run the function once, to its outcome.

        With `stay`, the event's next attempt may find the process as this one, until the runtime's `leave`.
        """
        ref, runs = function.ref, self._faults.runs
        self._slots.occupy(ref)
        runs[ref.name] += 1
        number, place = runs[ref.name], next(self._places)
        run = FunctionRun(
            ref, trace, call.trace_header, call.request_id, number, place, asynchronous=asynchronous
        )
        turn, ended = Handling(self._turns, run), partial(self._calls.at_end, run)
        try:
            outcome = self._runtime.run(function, code, call, turn, ended, stay=stay)
        finally:
            self._slots.release(ref)
        if outcome.interrupt is not None and not isinstance(outcome.interrupt, self.interrupts):
            outcome = outcome._replace(interrupt=None)
        run.outcome = outcome
        self._logs.write(ref, function.log_group, outcome.log_stream, call.now, outcome.log_events)
        self._metrics.logged(ref, outcome.log_events)
        self._metrics.ran(ref, function.version, call.now, outcome.result, outcome.duration)
        return run


def entered(ids: Ids, ref: FunctionRef, trace: Trace | None, now: int, *, traced: bool) -> Trace:
    """The trace as the function sees it, with a segment of its own if it is sampled."""
    function = function_hash(ref.unqualified_arn)
    trace = ids.trace(now, function) if trace is None else trace.entering(function)
    sampled = traced or trace.sampled
    return trace._replace(sampled=True, segment=ids.hex(16)) if sampled else trace


def tried(number: int, now: int, accepted_at: int, ran: FunctionRun) -> Tried:
    """What the ledger has of an attempt that was made."""
    result, payload, duration, _, log_events, exception, *_ = ran.outcome
    return Tried(number, now, accepted_at, result, payload, exception, log_events, duration, ran.place)
