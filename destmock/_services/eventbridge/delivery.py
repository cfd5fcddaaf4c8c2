"""EventBridge: the record is the detail of an event, which the bus's rules pass on (F6, F7)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from destmock._engine.delivery import UndeliverableError
from destmock._services.eventbridge import rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._aws.arn import Arn
    from destmock._engine.delivery import Message
    from destmock._engine.event_invoke_config import Standing
    from destmock._engine.simulation import Simulation
    from destmock._observed.facts import Kind

#: What EventBridge takes, in bytes.
EVENT_LIMIT = 262_144


class BusTarget:
    """An event bus, by its ARN."""

    kind: Kind = "events"

    def __init__(self, arn: Arn, simulation: Simulation) -> None:
        self._arn = arn
        self._simulation = simulation

    def standing(self) -> Standing:
        """A bus that doesn't exist is accepted (G5); a rule (C27) and a partner's bus (R20) are not."""
        resource = self._arn.resource
        partner = resource.startswith("event-bus/aws.partner/")
        return "ok" if resource.startswith("event-bus/") and not partner else "missing"

    def deliver(self, message: Message) -> None:
        if len(message.body) > EVENT_LIMIT:
            text = f"the event has {len(message.body)} bytes; the bus {self._arn} takes {EVENT_LIMIT}"
            raise UndeliverableError(text)
        assert message.origin is not None  # nothing else comes this way
        ref, result = message.origin.ref, "Success" if message.origin.succeeded else "Failure"
        event = rules.event(
            message,
            account=ref.account,
            region=ref.region,
            source="lambda",
            detail_type=f"Lambda Function Invocation Result - {result}",
        )
        event["resources"] = [str(self._arn), ref.qualified_arn]
        event["detail"] = json.loads(message.body)
        rules.put(self._arn, event, message, self._simulation)

    def prepare(self, message: Message) -> Callable[[], bool]:
        """The services that put events on a bus do it by `rules.put`, each in its own words."""
        text = f"{message.source} can't send to {self._arn}"
        raise UndeliverableError(text)
