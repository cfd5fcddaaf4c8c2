"""EventBridge: what a rule's target gets: the event, a part of it, a constant, or a filled-in template.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from moto.events.exceptions import ValidationException
from moto.events.models import EventsBackend

from destmock._aws.times import to_datetime
from destmock._engine.active import active
from destmock._isolation.patching import Patch
from destmock._services.eventbridge import limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.events.models import Rule

_VARIABLE = re.compile(r"<([^<>]+)>")
_TEXT_OR_VARIABLE = re.compile(r'"(?:[^"\\]|\\.)*"|<[^<>"]+>')
_STEP = re.compile(r"\.([^.\[\]]+)|\['([^']*)'\]|\[(\d+)\]")
_INPUTS = ("Input", "InputPath", "InputTransformer")
#: The members of `<aws.events.event>` in its order; one of them has another name there.
_EVENT = {
    "id": "id",
    "account": "account",
    "detailType": "detail-type",
    "time": "time",
    "source": "source",
    "region": "region",
    "resources": "resources",
    "version": "version",
}
_PREDEFINED = {
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
    "aws.events.event",
    "aws.events.event.json",
}


def of(target: dict[str, Any], event: dict[str, Any], rule: Rule) -> str | None:
    """What the target gets; `None` for a JSON template that is no JSON once it is filled in."""
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        return _compact(at(target["InputPath"], event, None))
    transformer = target.get("InputTransformer")
    if transformer:
        values = _values(transformer.get("InputPathsMap") or {}, event, rule)
        return _filled(transformer["InputTemplate"], values)
    return _compact(event)


def _values(paths: dict[str, str], event: dict[str, Any], rule: Rule) -> dict[str, Any]:
    """The values of a template's variables; one whose path finds nothing is the empty text."""
    return {
        "aws.events.rule-arn": rule.arn,
        "aws.events.rule-name": rule.name,
        "aws.events.event.ingestion-time": f"{to_datetime(active[-1].now):%Y-%m-%dT%H:%M:%SZ}",
        "aws.events.event": {name: event[own] for name, own in _EVENT.items() if own in event},
        "aws.events.event.json": event,
        **{name: at(path, event, "") for name, path in paths.items()},
    }


def _filled(template: str, values: dict[str, Any]) -> str | None:
    """A variable stands for JSON outside quotes, and for text inside them.

    In a template that is a text, an object or a list loses the quotes of its own. In one that is JSON it
    keeps them, so that in quotes it makes no JSON, and the target gets nothing.
    """
    is_json = template.lstrip().startswith(("{", "["))

    def inside(match: re.Match[str]) -> str:
        value = values[match[1]]
        written = _compact(value)
        if isinstance(value, str):
            return written[1:-1]
        return written if is_json else written.replace('"', "")

    def part(match: re.Match[str]) -> str:
        if match[0].startswith('"'):
            return _VARIABLE.sub(inside, match[0])
        return _compact(values[match[0][1:-1]])

    filled = _TEXT_OR_VARIABLE.sub(part, template)
    return filled if not is_json or _is_json(filled) else None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def at(path: str, event: Any, otherwise: Any) -> Any:
    """The part of the event that a JSONPath such as `$.detail.items[0].id` names."""
    try:
        for name, quoted, index in _STEP.findall(path.removeprefix("$")):
            event = event[name or quoted or int(index)]
    except (LookupError, TypeError):
        return otherwise
    return event


def _compact(value: Any) -> str:
    """EventBridge's own JSON: without spaces, and without escapes that aren't needed (F7)."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _put_targets(put_targets: Callable[..., None]) -> Callable[..., None]:
    """Refuse targets and inputs that AWS refuses."""

    def put(self: EventsBackend, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]) -> None:
        limits.check_targets(targets)
        for target in targets:
            _check(target)
        put_targets(self, name, event_bus_arn, targets)

    return put


def _check(target: dict[str, Any]) -> None:
    if sum(name in target for name in _INPUTS) > 1:
        text = (
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {target['Id']}."
        )
        raise ValidationException(text)
    transformer = target.get("InputTransformer") or {}
    known = {*_PREDEFINED, *(transformer.get("InputPathsMap") or {})}
    for placeholder in _VARIABLE.findall(transformer.get("InputTemplate") or ""):
        if placeholder not in known:
            text = f"InputTemplate for target {target['Id']} contains invalid placeholder <{placeholder}>."
            raise ValidationException(text)


PATCHES = (Patch(EventsBackend, "put_targets", _put_targets),)
