"""Decides whether an invocation gets to its attempt: slots, recursion, and injected faults.

The same rule answers for both: an event that is refused waits in the queue, a synchronous caller gets AWS's
error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from destmock._aws import api_errors as errors
from destmock._aws.ids import function_hash
from destmock._aws.record import Response
from destmock._engine.concurrency import ACCOUNT_USED_UP, RESERVED_USED_UP
from destmock._engine.event import Event
from destmock._engine.injection import HOLD_UPS
from destmock._engine.points import Occasion, Point
from destmock._observed.entries import Entry, Note

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from destmock._aws.arn import FunctionRef
    from destmock._aws.ids import Ids, Trace
    from destmock._aws.lifecycle import Result
    from destmock._engine.concurrency import Slots
    from destmock._engine.faults import Fault
    from destmock._engine.injection import Injection
    from destmock._engine.points import FaultKind
    from destmock._functions.functions import Function, Functions
    from destmock._observed.ledger import Ledger
    from destmock._observed.metrics import Metrics

#: How often a chain may come back to a function: it runs 16 times (J2).
RECURSION_LIMIT = 15


class _Obstacle(NamedTuple):
    """Why an invocation does not get to its attempt now.

    `reason` is AWS's reason of a throttle, `fault` the injected fault that is behind it.
    """

    kind: Literal["throttle", "recursion", "system_error", "delay"]
    reason: str = ""
    fault: Fault | None = None


class Refusal(NamedTuple):
    """The result of an event's turn that came to no attempt; `delay` of a "Delayed" is in milliseconds."""

    result: Result
    response: Response | None
    delay: int = 0


_ZERO_CONCURRENCY = Refusal("ZeroConcurrency", None)
_THROTTLED = Refusal("Throttled", Response(429))
_RECURSION = Refusal("Recursion", Response(400))
_SYSTEM_ERROR = Refusal("SystemError", Response(500))


class Admission:
    """Admits the invocations of one simulation."""

    def __init__(
        self,
        functions: Functions,
        slots: Slots,
        faults: Injection,
        ids: Ids,
        ledger: Ledger,
        metrics: Metrics,
    ) -> None:
        self._functions = functions
        self._slots = slots
        self._faults = faults
        self._ids = ids
        self._ledger = ledger
        self._metrics = metrics

    def _closed(self, function: Function, trace: Trace, now: int) -> _Obstacle | None:
        """The first half of the rule: the function has a slot, and the chain has not come back too often."""
        reason = self._slots.used_up(function)
        if reason is not None:
            return _Obstacle("throttle", reason)
        if trace.hops > RECURSION_LIMIT and self._is_recursion(function.ref, trace):
            self._metrics.stopped(function.ref, now)
            return _Obstacle("recursion")
        return None

    def _injected(
        self, function: Function, now: int, kinds: Sequence[FaultKind], request_id: str | None
    ) -> _Obstacle | None:
        """The second half of the rule: no fault of these kinds was asked for."""
        fault = self._faults.take(kinds, self._occasion(function.ref, request_id), now)
        if fault is None:
            return None
        kind = fault.kind
        assert kind in ("throttle", "system_error", "delay")  # the kinds that can be asked for here
        return _Obstacle(kind, _reason(function), fault)

    def _occasion(self, ref: FunctionRef, request_id: str | None) -> Occasion:
        """The occasion for a fault before the function's next run."""
        point = Point(ref.name, self._faults.runs[ref.name] + 1, "begin")
        return Occasion(point, ref, request_id, asynchronous=request_id is not None)

    def _is_recursion(self, ref: FunctionRef, trace: Trace) -> bool:
        """Whether the chain has been through the function too often (J2, J4)."""
        passed = trace.counts[function_hash(ref.unqualified_arn)]
        return passed > RECURSION_LIMIT and not self._functions.allows_recursion(ref)

    # Of an event in the queue

    def refusal(
        self, event: Event, function: Function, now: int, requeue: Callable[[Event], object]
    ) -> Refusal | None:
        """Why the event is not attempted now; `None` lets it pass.

        A fault may deliver it twice: `requeue` then gets the second one.
        """
        if function.reserved_concurrency == 0:
            return _ZERO_CONCURRENCY
        obstacle = self._closed(function, event.trace, now)
        if obstacle is None and self._faults.on:
            self._deliver_twice(event, now, requeue)
            kinds = HOLD_UPS[:-1] if event.delayed else HOLD_UPS  # a delay is over when its time has passed
            event.delayed = False
            obstacle = self._injected(function, now, kinds, event.entry.request_id)
        return None if obstacle is None else self._refused(event, obstacle, now)

    def _refused(self, event: Event, obstacle: _Obstacle, now: int) -> Refusal:
        kind, _, fault = obstacle
        if kind == "recursion":
            return _RECURSION
        if kind == "delay":
            assert fault is not None
            event.delayed = True
            self._note(event, now, f"delayed by {fault.by}, for {fault.seconds:g} s")
            # As for an event that was throttled until its age: no other end in the queue was recorded (E13).
            return Refusal("Delayed", Response(429), round(fault.seconds * 1000))
        event.throttles += 1
        by = "" if fault is None else f" by {fault.by}"
        if kind == "system_error":
            self._note(event, now, f"system error (500){by}")
            return _SYSTEM_ERROR
        self._note(event, now, f"throttled{by}")
        self._metrics.throttled(event.ref, now)
        return _THROTTLED

    def _note(self, event: Event, now: int, text: str) -> None:
        self._ledger.noted(event.entry, Note(now, text))

    def _deliver_twice(self, event: Event, now: int, requeue: Callable[[Event], object]) -> None:
        """Ask once whether a fault delivers the event again, with attempts and a record of its own (D16)."""
        if not event.duplicable or event.tries:
            return
        event.duplicable = False
        fault = self._faults.take(("duplicate",), self._occasion(event.ref, event.entry.request_id), now)
        if fault is None:
            return
        entry, trace = event.entry, event.trace
        self._note(event, now, f"delivered twice by {fault.by}")
        again = Entry(
            entry.request_id,
            entry.function_arn,
            entry.source,
            entry.payload,
            entry.accepted_at,
            duplicate=True,
        )
        if trace.sampled:
            trace = trace._replace(segment=self._ids.hex(16))
        self._ledger.accepted(again)
        requeue(
            Event(
                event.ref,
                trace,
                again,
                event.dead_letter,
                event.caller,
                duplicable=False,
                tenant_id=event.tenant_id,
            )
        )

    # Of a synchronous caller

    def check(self, function: Function, payload: bytes, trace: Trace, now: int, source: str) -> None:
        """Raise AWS's error of an invocation that does not get to its attempt."""
        obstacle = self._closed(function, trace, now)
        if obstacle is None and self._faults.on:
            obstacle = self._injected(function, now, ("throttle", "system_error"), None)
        if obstacle is None:
            return
        kind, reason, fault = obstacle
        if fault is not None:
            what = "throttled" if kind == "throttle" else "system error (500)"
            refused = Entry("", function.ref.qualified_arn, source, payload, now, what="refused")
            refused.notes.append(Note(now, f"{what} by {fault.by}"))
            self._ledger.over_at_once(refused)
        if kind == "recursion":
            raise errors.recursion()
        if kind == "system_error":
            raise errors.service()
        self._metrics.throttled(function.ref, now)
        raise errors.throttled(reason)


def _reason(function: Function) -> str:
    """The reason that AWS gives for a throttle, for one that a fault has made."""
    return ACCOUNT_USED_UP if function.reserved_concurrency is None else RESERVED_USED_UP
