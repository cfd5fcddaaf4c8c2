"""A synchronous invocation: at once, without retries, destinations or queue (D17)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from destmock._aws.ids import function_hash
from destmock._engine.attempts import entered, tried
from destmock._observed.entries import Entry, Note
from destmock._observed.xray import Run, Traced
from destmock._runtime.outcome import Call

if TYPE_CHECKING:
    from destmock._aws.ids import Ids, Trace
    from destmock._engine.admission import Admission
    from destmock._engine.attempts import Attempts
    from destmock._functions.code import Code
    from destmock._functions.functions import Function
    from destmock._observed.ledger import Ledger
    from destmock._observed.xray import Segments
    from destmock._runtime.outcome import Outcome


class Answered(NamedTuple):
    """The result of a synchronous invocation; a durable function has run in an execution."""

    request_id: str
    trace: Trace
    function: Function
    outcome: Outcome
    execution_arn: str | None = None


class Synchronous:
    """The synchronous invocations of one simulation."""

    def __init__(
        self,
        code: Code,
        admission: Admission,
        attempts: Attempts,
        ids: Ids,
        ledger: Ledger,
        segments: Segments,
    ) -> None:
        self._code = code
        self._admission = admission
        self._attempts = attempts
        self._ids = ids
        self._ledger = ledger
        self._segments = segments

    def run(
        self,
        function: Function,
        payload: bytes,
        now: int,
        client_context: str | None,
        trace: Trace | None,
        source: str,
        request_id: str | None,
        tenant_id: str | None,
    ) -> Answered:
        """Run the function once; raises AWS's error if it is refused, and what has interrupted it.

        `request_id` is that of a caller who has told it already.
        """
        ref, code = function.ref, self._code.of(function)
        duration = code.duration_ms(payload)
        caller = None if trace is None else trace.segment
        trace = entered(self._ids, ref, trace, now, traced=function.traced)
        self._admission.check(function, payload, trace, now, source)
        request_id = request_id or self._ids.uuid()
        header = trace.header(function_hash(ref.unqualified_arn))
        call = Call(request_id, payload, now, header, client_context, duration, tenant_id)
        ran = self._attempts.run(function, code, call, trace, asynchronous=False)
        outcome = ran.outcome
        tries = [tried(1, now, now, ran)]
        entry = Entry(request_id, ref.qualified_arn, source, payload, now, tries, what="synchronous")
        entry.notes += [Note(at, text) for at, text in ran.notes]
        self._ledger.over_at_once(entry)
        if trace.sampled:
            run = Run(now, now + outcome.duration, outcome.result != "Success")
            self._segments.write(
                Traced(ref, request_id, trace, caller, now, run.ended_at, (run,), asynchronous=False)
            )
        if outcome.interrupt is not None:
            raise outcome.interrupt
        return Answered(request_id, trace, function, outcome)
