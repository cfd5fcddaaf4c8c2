"""EventBridge: what is put on a bus goes to the targets of its rules."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, cast

from moto import settings
from moto.events import notifications
from moto.events.exceptions import ResourceNotFoundException
from moto.events.models import EventsBackend, Rule
from moto.moto_api._internal import mock_random

from destmock._aws.arn import Arn, parse_function_arn
from destmock._aws.json_text import to_bytes
from destmock._aws.times import to_datetime
from destmock._engine.active import active
from destmock._isolation.patching import Patch
from destmock._services.eventbridge import entries, rules
from destmock._services.warned import Warned

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_ENTRIES = 10
_NOT_CALLED = (
    "the rule {} has the API destination {}, which nothing calls: "
    "moto does with MOTO_EVENTS_INVOKE_HTTP=true, without the event"
)


def _put_events(put_events: Callable[..., Any]) -> Callable[..., Any]:
    """An event without a time of its own has the virtual one; one for a bus that isn't there is dropped."""

    def put(self: EventsBackend, events: list[dict[str, Any]]) -> Any:
        now = active[-1].now / 1000
        timed = [{"Time": now, **event} for event in events]
        if len(events) > _MOST_ENTRIES:
            return put_events(self, timed)  # which refuses them
        entries.check_size(events)
        return [answer for event in timed for answer in _put_one(self, event, put_events)]

    return put


def _put_one(backend: EventsBackend, event: dict[str, Any], put_events: Callable[..., Any]) -> Any:
    """EventBridge accepts an event for a bus that isn't there (R46); moto refuses the whole call."""
    refused = entries.refusal(event)
    if refused is not None:
        return [refused]
    try:
        return put_events(backend, [event])
    except ResourceNotFoundException:
        name = event["EventBusName"].split("/")[-1]
        bus = Arn(backend.partition, "events", backend.region_name, backend.account_id, f"event-bus/{name}")
        active[-1].miss(str(bus), "PutEvents")
        return [{"EventId": str(mock_random.uuid4())}]


def _send_to_targets(send_to_targets: Callable[..., None]) -> Callable[..., None]:
    """Rules reach functions and topics, too, and write events as EventBridge does.

    moto's own target kind of an API destination stays moto's, which calls none unless it is told to.
    """

    def send(self: Rule, original_event: dict[str, Any], transform_input: bool = True) -> None:  # noqa: FBT001, FBT002
        rule, calls = self, [target for target in self.targets if _is_call(target)]
        if calls:
            rule = _with(self, [target for target in self.targets if target not in calls])
            if self.state != "DISABLED":
                _warn_of_calls(self, calls, original_event)
                send_to_targets(_with(self, calls), original_event, transform_input)
        simulation = active[-1]
        rules.pass_on(rule, as_written(original_event), simulation.carrier(), simulation)

    return send


def _is_call(target: dict[str, Any]) -> bool:
    return ":api-destination/" in target["Arn"]


def _warn_of_calls(rule: Rule, calls: list[dict[str, Any]], event: dict[str, Any]) -> None:
    """Tell of the first event that each API destination does not get."""
    if settings.events_invoke_http() or not rule.event_pattern.matches_event(cast("Any", event)):
        return
    for target in calls:
        active[-1].part(Warned).once(_NOT_CALLED.format(rule.name, target["Arn"]), about=target["Arn"])


def _with(rule: Rule, targets: list[dict[str, Any]]) -> Rule:
    changed = copy.copy(rule)
    changed.targets = targets
    return changed


def as_written(event: dict[str, Any]) -> dict[str, Any]:
    """The event without what moto adds, and with its time as text; an archive has it in seconds."""
    time = event["time"]
    if not isinstance(time, str):
        time = f"{to_datetime(round(time * 1000)):%Y-%m-%dT%H:%M:%SZ}"
    return {key: value for key, value in {**event, "time": time}.items() if key != "ingestion-time"}


def _notify_of_bucket(account_id: str, fn_arn: str, event: dict[str, Any]) -> None:
    """moto's one event of its own: a bucket was created."""
    simulation, ref = active[-1], parse_function_arn(fn_arn)
    if ref is None:
        return
    carrier = simulation.carrier()
    base = rules.event(
        carrier,
        account=account_id,
        region=event["region"],
        source=event["source"],
        detail_type=event["detail-type"],
    )
    payload = to_bytes({**base, "resources": event["resources"], "detail": event["detail"]})
    simulation.notify(ref, payload, source="EventBridge", trace=simulation.trace)


PATCHES = (
    Patch(EventsBackend, "put_events", _put_events),
    Patch(Rule, "send_to_targets", _send_to_targets),
    Patch(notifications, "_invoke_lambda", lambda _: _notify_of_bucket),
)
