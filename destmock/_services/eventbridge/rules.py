"""EventBridge's rules: what becomes of an event on a bus.

moto matches the patterns, but knows fewer kinds of target than AWS and writes events another way.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from moto.events.models import events_backends
from moto.logs.models import logs_backends

from destmock._aws.arn import parse_arn
from destmock._aws.json_text import to_bytes
from destmock._aws.times import to_datetime
from destmock._engine.delivery import UndeliverableError
from destmock._engine.unanswered import Unsent, tell
from destmock._services.eventbridge import inputs
from destmock._services.eventbridge.other_targets import sending
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from moto.events.models import EventBus, Rule

    from destmock._aws.arn import Arn
    from destmock._engine.delivery import Message
    from destmock._engine.simulation import Simulation

#: SenderId of what EventBridge sends to a queue (F7).
_SENDER = "AIDAJXNJGGKNS7OSV23OI"


class _Failure(NamedTuple):
    """What keeps an event from a target: its code and message in a dead letter, and in the timeline.

    Without a `why`, the target tells.
    """

    code: str
    message: str
    why: str = ""


_NO_RESOURCE = _Failure("NO_RESOURCE", "The target {} does not exist.")
_NO_JSON = _Failure(
    "INVALID_JSON", "The input of the target {} is not valid JSON.", "would get an input that is no JSON"
)


def event(message: Message, *, account: str, region: str, source: str, detail_type: str) -> dict[str, Any]:
    """An event as EventBridge writes it, but for its resources and its detail (F7)."""
    return {
        "version": "0",
        "id": message.unique_id,
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": f"{to_datetime(message.sent_at):%Y-%m-%dT%H:%M:%SZ}",
        "region": region,
    }


def put(bus_arn: Arn, event: dict[str, Any], message: Message, simulation: Simulation) -> None:
    """Sends an event to each target of each rule that matches; to none of them if one can't be served."""
    bus = _find_bus(bus_arn)
    if bus is None:
        text = f"the event bus {bus_arn} does not exist"
        raise UndeliverableError(text)
    _send([*bus.rules.values()], event, message, simulation)


@contextlib.contextmanager
def refused() -> Iterator[None]:
    """While entered, a target that can't be served is an `UnsupportedError` for whoever caused the event."""
    try:
        yield
    except UndeliverableError as error:
        raise UnsupportedError(str(error)) from error


def pass_on(rule: Rule, event: dict[str, Any], message: Message, simulation: Simulation) -> None:
    """Sends an event to each target of one rule, if it matches.

    Raises `UnsupportedError`, and sends to none of them, if one can't be served.
    """
    with refused():
        _send([rule], event, message, simulation)


def occur(rule: Rule, bus: EventBus, event: dict[str, Any], message: Message, simulation: Simulation) -> None:
    """Sends the event of a rule's schedule to its targets, and to other rules that match it (R44)."""
    for target in rule.targets:
        for send in _prepare(rule, target, event, message, simulation, others=True):
            with contextlib.suppress(UndeliverableError):  # a rule keeps its target's failure to itself
                send()
    _send([other for other in bus.rules.values() if other is not rule], event, message, simulation)


def _send(rules: Iterable[Rule], event: dict[str, Any], message: Message, simulation: Simulation) -> None:
    for send in _sending(rules, event, message, simulation, others=True):
        with contextlib.suppress(UndeliverableError):  # a rule keeps its target's failure to itself
            send()


def _sending(
    rules: Iterable[Rule], event: dict[str, Any], message: Message, simulation: Simulation, *, others: bool
) -> list[Callable[[], None]]:
    """What sends the event to each target; `others` says whether that may be another bus."""
    return [
        send
        for rule in rules
        if _matches(rule, event)
        for target in rule.targets
        for send in _prepare(rule, target, event, message, simulation, others=others)
    ]


def _matches(rule: Rule, event: dict[str, Any]) -> bool:
    """A rule without a pattern has a schedule; events don't concern it."""
    pattern = rule.event_pattern
    return (
        rule.state != "DISABLED" and bool(pattern.get_pattern()) and pattern.matches_event(cast("Any", event))
    )


def _find_bus(arn: Arn) -> EventBus | None:
    try:
        backend = events_backends[arn.account][arn.region]
    except KeyError:
        return None
    return backend.event_buses.get(arn.resource.partition("/")[2])


def _prepare(
    rule: Rule,
    target: dict[str, Any],
    event: dict[str, Any],
    message: Message,
    simulation: Simulation,
    *,
    others: bool,
) -> list[Callable[[], None]]:
    """What sends the event to one target; raises if destmock has no way to."""
    arn = parse_arn(target["Arn"])
    if arn is not None and arn.resource.startswith("event-bus/"):
        bus = _find_bus(arn) if others else None  # from one bus to one other at most, as on AWS
        return [] if bus is None else _sending(bus.rules.values(), event, message, simulation, others=False)
    if rule.managed_by is not None:  # an archive is a rule that moto made
        return [lambda: _to_archive(rule, event)]
    given = inputs.of(target, event, rule)
    passed = message._replace(
        body=(to_bytes(event) if given is None else given.encode(errors="backslashreplace")),
        source=f"EventBridge rule {rule.name}",
        attributes={},
        sender_id=_SENDER,
        group=(target.get("SqsParameters") or {}).get("MessageGroupId") or "",
    )
    if given is None:
        return [partial(_unsent, rule, target, passed, _NO_JSON, simulation)]
    if arn is not None and arn.service == "logs":
        return [lambda: _to_log_group(arn, rule, passed)]
    found = simulation.target_of(target["Arn"])
    if found is None and arn is not None and (send := sending(arn, target, event, passed)) is not None:
        return [partial(_pass, send, rule, target, passed, simulation)]
    if found is None:
        text = f"the rule {rule.name} has the target {target['Arn']}, which destmock can't deliver to"
        raise UndeliverableError(text)
    return [partial(_pass, found.prepare(passed), rule, target, passed, simulation)]


def _pass(
    send: Callable[[], bool], rule: Rule, target: dict[str, Any], message: Message, simulation: Simulation
) -> None:
    try:
        failure = None if send() else _NO_RESOURCE
    except UndeliverableError as error:
        failure = _Failure("INVALID_PARAMETER", str(error), f"refuses it: {error}")
    if failure is not None:
        _unsent(rule, target, message, failure, simulation)


def _unsent(
    rule: Rule, target: dict[str, Any], message: Message, failure: _Failure, simulation: Simulation
) -> None:
    """The target's own dead-letter queue hears of a target that isn't there or refuses, and of no JSON.

    None of them is tried again, so the letter has no attributes of retries (R45).
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """
    told = {
        "RULE_ARN": rule.arn,
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": failure.code,
        "ERROR_MESSAGE": failure.message.replace("{}", target["Arn"]),
    }
    attributes = {name: ("String", value) for name, value in told.items()}
    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    letter = message._replace(attributes=attributes, group=None)
    tell(simulation, Unsent(target["Arn"], message.source, message.body, failure.why), queue, letter)


def _to_log_group(arn: Arn, rule: Rule, message: Message) -> None:
    backend = logs_backends[rule.created_by][rule.region_name]
    group = backend.groups.get(arn.resource.removeprefix("log-group:").partition(":")[0])
    if group is not None:
        stream = f"{message.unique_id}-{len(group.streams)}"
        group.create_log_stream(stream)
        group.put_log_events(stream, [{"timestamp": message.sent_at, "message": message.text}])


def _to_archive(rule: Rule, event: dict[str, Any]) -> None:
    """An archive keeps the event's own time; moto wants it in seconds."""
    seconds = datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()
    for archive in events_backends[rule.created_by][rule.region_name].archives.values():
        if archive.rule is rule:
            archive.events.append(cast("Any", {**event, "time": seconds}))
