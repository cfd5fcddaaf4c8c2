"""EventBridge: a pattern looks into arrays of objects; a mapping's filters are patterns, too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.events.exceptions import InvalidEventPatternException, ValidationException
from moto.events.models import EventPattern, EventPatternParser
from moto.events.responses import EventsHandler

from destmock._aws import event_filters, event_pattern, pattern_check
from destmock._aws.api_errors import validation, violation
from destmock._aws.pattern_tokens import PatternError
from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable

#: The members without which TestEventPattern takes nothing for an event.
_MANDATORY = {"id", "account", "source", "time", "region", "resources", "detail-type"}
_LONGEST = 4_096
_BAD_EVENT = "Parameter Event is not valid."


def _matches_event(_: object) -> Callable[[EventPattern, Any], bool]:
    """moto doesn't find values inside arrays of objects, and takes `true` for 1."""

    def matches_event(self: EventPattern, event: Any) -> bool:
        as_sent = json.loads(json.dumps(event))
        return event_pattern.matches(self.get_pattern(), as_sent, event_filters.passes)

    return matches_event


def _parse(parse: Callable[[EventPatternParser], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Refuse what AWS refuses, in its words (R4)."""

    def checked(self: EventPatternParser) -> dict[str, Any]:
        if self.pattern:
            if len(self.pattern) > _LONGEST:
                longest = f"have length less than or equal to {_LONGEST}"
                found = violation(self.pattern, "eventPattern", longest)
                raise ValidationException(str(validation([found])))
            try:
                pattern_check.check(self.pattern)
            except PatternError as error:
                raise InvalidEventPatternException(reason=str(error)) from error
        return parse(self)

    return checked


def _test_event_pattern(_: object) -> Callable[[EventsHandler], str]:
    """Whether an event matches a pattern, which moto doesn't tell."""

    def test(self: EventsHandler) -> str:
        pattern = EventPattern.load(self._get_param("EventPattern"))
        try:
            event = json.loads(self._get_param("Event"))
        except ValueError:
            event = None
        if not isinstance(event, dict) or not event.keys() >= _MANDATORY:
            raise ValidationException(_BAD_EVENT)
        return json.dumps({"Result": pattern.matches_event(event)})  # type: ignore[arg-type]

    return test


PATCHES = (
    Patch(EventPattern, "matches_event", _matches_event),
    Patch(EventPatternParser, "parse", _parse),
    Patch(EventsHandler, "test_event_pattern", _test_event_pattern),
)
