"""Tells the destination and the dead-letter queue of an event that it has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakMethod

from destmock._aws import dead_letter
from destmock._aws.record import invocation_record
from destmock._aws.times import to_datetime
from destmock._engine.delivery import Message, Origin, UndeliverableError
from destmock._engine.points import Occasion, Point
from destmock._observed.entries import Delivered
from destmock._observed.facts import Drop
from destmock.errors import DestmockError

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._aws.ids import Ids
    from destmock._aws.lifecycle import Settled
    from destmock._aws.record import Response
    from destmock._engine.delivery import Target
    from destmock._engine.event import Event
    from destmock._engine.event_invoke_config import EventInvokeConfig, Standing
    from destmock._engine.faults import Fault
    from destmock._engine.injection import Injection
    from destmock._observed.ledger import Ledger
    from destmock._observed.metrics import Metrics

_NO_ROUTE = "no OnFailure destination and no dead-letter queue"
_UNTOLD = "AWS tells nobody when what the event was for is deleted at this point"


class Destinations:
    """Sends records and dead-letter messages, and enters in the ledger whether they arrived."""

    def __init__(
        self,
        target_of: Callable[[str], Target | None],
        ids: Ids,
        ledger: Ledger,
        metrics: Metrics,
        faults: Injection,
    ) -> None:
        self._target_of = WeakMethod(target_of)  # its owner holds this
        self._ids = ids
        self._ledger = ledger
        self._metrics = metrics
        self._faults = faults

    def _target(self, arn: str) -> Target | None:
        target_of = self._target_of()
        assert target_of is not None  # whoever asks works for its owner
        return target_of(arn)

    def standing(self, arn: str) -> Standing:
        """Whether something that AWS accepts is behind the ARN of a destination or dead-letter queue."""
        target = self._target(arn)
        return "unsupported" if target is None else target.standing()

    def settle(
        self,
        event: Event,
        settled: Settled,
        response: Response | None,
        config: EventInvokeConfig | None,
        now: int,
    ) -> BaseException | None:
        """Writes the record, and sends it and the dead-letter message; the two are independent (H6).

        Returns what has interrupted a delivery. What is entered already is not sent again.
        """
        entry = event.entry
        entry.record = invocation_record(
            at=now,
            request_id=entry.request_id,
            function_arn=entry.function_arn,
            condition=settled.condition,
            approximate_invoke_count=settled.approximate_invoke_count,
            request_payload=entry.payload,
            response=response,
        )
        entry.condition, entry.settled_at = settled.condition, now
        succeeded = settled.condition == "Success"
        entered = [delivered.dead_letter for delivered in entry.delivered] if entry.delivered else ()
        interrupt = None
        route = None if config is None else config.on_success if succeeded else config.on_failure
        if not settled.told:
            self._drop(event, settled, now, _UNTOLD)
        else:
            if route is not None and False not in entered:
                interrupt = self._send_record(event, route, now, succeeded=succeeded)
            if not succeeded and event.dead_letter is not None and True not in entered:
                lost = self._send_dead_letter(event, event.dead_letter, now, response)
                interrupt = lost if interrupt is None else interrupt
            elif not succeeded and route is None and event.dead_letter is None:
                self._drop(event, settled, now, _NO_ROUTE)
        self._metrics.ended(event.ref, now, succeeded=succeeded)
        return interrupt

    def _send_record(self, event: Event, arn: str, now: int, *, succeeded: bool) -> BaseException | None:
        record = event.entry.record
        assert record is not None
        source = f"{'OnSuccess' if succeeded else 'OnFailure'} of {event.ref.name}"
        message = self._message(event, now, body=record, source=source, succeeded=succeeded)
        return self._deliver(event, arn, message, dead_letter=False)

    def _send_dead_letter(
        self, event: Event, arn: str, now: int, response: Response | None
    ) -> BaseException | None:
        entry = event.entry
        source = f"dead-letter queue of {event.ref.name}"
        message = self._message(event, now, body=entry.payload, source=source, succeeded=False)
        made = dead_letter.attributes(entry.request_id, entry.function_arn, response)
        return self._deliver(event, arn, message._replace(attributes=made), dead_letter=True)

    def _message(self, event: Event, now: int, *, body: bytes, source: str, succeeded: bool) -> Message:
        origin, unique_id = Origin(event.ref, succeeded), self._ids.uuid()
        return Message(body, event.trace, event.trace_header, now, unique_id, source, origin)

    def _deliver(
        self, event: Event, arn: str, message: Message, *, dead_letter: bool
    ) -> BaseException | None:
        """Send one message. A target that refuses it is a fact in the ledger, never an exception (G4).

        What else ends the delivery is a fact there, too, for nobody can tell whether the message arrived; it
        is returned.
        """
        target = self._target(arn)
        assert target is not None  # no other ARN gets into a configuration
        now, error, interrupt = message.sent_at, None, None
        fault = self._fault(event, arn, now, dead_letter=dead_letter) if self._faults.on else None
        try:
            if fault is None:
                target.deliver(message)
            else:
                error = f"made to fail by {fault.by}"
        except (UndeliverableError, DestmockError) as problem:
            error = str(problem)
        except BaseException as problem:  # noqa: BLE001 - returned
            error, interrupt = f"interrupted by {type(problem).__name__}", problem
        injected = fault is not None
        try:
            self._enter(event, arn, target, message, error, dead_letter=dead_letter, injected=injected)
        except BaseException:
            self._enter(event, arn, target, message, error, dead_letter=dead_letter, injected=injected)
            raise
        return interrupt

    def _enter(
        self,
        event: Event,
        arn: str,
        target: Target,
        message: Message,
        error: str | None,
        *,
        dead_letter: bool,
        injected: bool,
    ) -> None:
        """Enter a delivery in the ledger, unless it is there."""
        entry, now = event.entry, message.sent_at
        if entry.delivered and any(one.dead_letter == dead_letter for one in entry.delivered):
            return
        if error is not None:
            self._metrics.undelivered(event.ref, now, dead_letter=dead_letter)
        self._ledger.delivered(
            Delivered(entry, arn, target.kind, message.body, error, now, dead_letter, injected)
        )

    def _fault(self, event: Event, arn: str, now: int, *, dead_letter: bool) -> Fault | None:
        point = Point(event.ref.name, event.run, "delivery", arn)
        occasion = Occasion(
            point, event.ref, event.entry.request_id, asynchronous=True, dead_letter=dead_letter
        )
        return self._faults.take(("fail_delivery",), occasion, now)

    def _drop(self, event: Event, settled: Settled, now: int, reason: str) -> None:
        drop = Drop(event.entry.fact, settled.condition, reason, to_datetime(now))
        self._ledger.dropped(event.entry, drop)
