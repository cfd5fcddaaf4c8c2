"""Whether an event whose turn has come gets to its attempt: slots, recursion, and injected faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from destmock._aws.record import Response
from destmock._engine.event import Event
from destmock._engine.faults import HOLD_UPS
from destmock._observed.facts import Entry, Note

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._aws.ids import Ids
    from destmock._aws.lifecycle import Result
    from destmock._engine.attempts import Attempts
    from destmock._engine.faults import Fault
    from destmock._functions.functions import Function
    from destmock._observed.ledger import Ledger


class Refusal(NamedTuple):
    """What an event's turn came to instead of an attempt; `delay` is that of a "Delayed", in milliseconds."""

    result: Result
    response: Response | None
    delay: int = 0


class Admission:
    """`requeue` has an event dispatched as soon as those before it have been."""

    def __init__(
        self, attempts: Attempts, ids: Ids, ledger: Ledger, requeue: Callable[[Event], None]
    ) -> None:
        self._attempts = attempts
        self._ids = ids
        self._ledger = ledger
        self._requeue = requeue

    def refusal(self, event: Event, function: Function, now: int) -> Refusal | None:
        """`None` lets the event pass. An injected fault befalls one that would have run."""
        attempts = self._attempts
        if function.reserved_concurrency == 0:
            return Refusal("ZeroConcurrency", None)
        if attempts.slots.used_up(function):
            return self._throttled(event, now, "throttled")
        if attempts.is_recursion(event.ref, event.trace):
            attempts.metrics.stopped(event.ref, now)
            return Refusal("Recursion", Response(400))
        return self._injected(event, now) if attempts.injection.on else None

    def _throttled(self, event: Event, now: int, what: str) -> Refusal:
        event.throttles += 1
        self._ledger.noted(event.entry, Note(now, what))
        self._attempts.metrics.throttled(event.ref, now)
        return Refusal("Throttled", Response(429))

    def _injected(self, event: Event, now: int) -> Refusal | None:
        injection, request_id = self._attempts.injection, event.entry.request_id
        if event.duplicable and not event.tries:
            event.duplicable = False
            duplicate = injection.take(("duplicate",), event.ref, now, request_id)
            if duplicate is not None:
                self._duplicate(event, duplicate, now)
        kinds = HOLD_UPS[:-1] if event.delayed else HOLD_UPS  # a delay is over when its time has passed
        event.delayed = False
        fault = injection.take(kinds, event.ref, now, request_id)
        return None if fault is None else self._held_up(event, fault, now)

    def _held_up(self, event: Event, fault: Fault, now: int) -> Refusal:
        if fault.kind == "throttle":
            return self._throttled(event, now, f"throttled by {fault.by}")
        if fault.kind == "system_error":
            event.throttles += 1
            self._ledger.noted(event.entry, Note(now, f"system error (500) by {fault.by}"))
            return Refusal("SystemError", Response(500))
        event.delayed = True
        self._ledger.noted(event.entry, Note(now, f"delayed by {fault.by}, for {fault.seconds:g} s"))
        # As for an event that was throttled until its age: no other end in the queue was recorded (E13).
        return Refusal("Delayed", Response(429), round(fault.seconds * 1000))

    def _duplicate(self, event: Event, fault: Fault, now: int) -> None:
        """The event once more: its own attempts, its own record, the same request id (D16)."""
        entry, trace = event.entry, event.trace
        self._ledger.noted(entry, Note(now, f"delivered twice by {fault.by}"))
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
        self._requeue(Event(event.ref, trace, again, event.dead_letter, event.caller, duplicable=False))
