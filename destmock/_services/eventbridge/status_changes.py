"""Changes that a service tells the default bus of: a durable execution has begun, an alarm has gone off.

https://docs.aws.amazon.com/lambda/latest/dg/durable-monitoring.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.events.models import events_backends

from destmock._aws.arn import Arn
from destmock._functions.backends import existing
from destmock._services.eventbridge import rules

if TYPE_CHECKING:
    from destmock._aws.arn import FunctionRef
    from destmock._engine.simulation import Simulation


def announce(
    simulation: Simulation, ref: FunctionRef, detail_type: str, resource: str, detail: dict[str, Any]
) -> None:
    """Put an event of Lambda's on the default bus."""
    tell(simulation, ref, "aws.lambda", detail_type, resource, detail)


def tell(
    simulation: Simulation,
    place: Arn | FunctionRef,
    source: str,
    detail_type: str,
    resource: str,
    detail: dict[str, Any],
) -> None:
    """Put a service's event on the default bus of a place; nobody listens on one that has no rules."""
    backend = existing(events_backends, place.account, place.region)
    bus = None if backend is None else backend.event_buses.get("default")
    if bus is None or not bus.rules:
        return
    carrier = simulation.carrier()
    event = rules.event(
        carrier, account=place.account, region=place.region, source=source, detail_type=detail_type
    )
    arn = Arn(place.partition, "events", place.region, place.account, "event-bus/default")
    with rules.refused():
        rules.put(arn, {**event, "resources": [resource], "detail": detail}, carrier, simulation)
