"""EventBridge: a pattern looks into arrays of objects; a mapping's filters are patterns, too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.events.models import EventPattern

from destmock._aws import event_pattern
from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable


def _matches_event(_: object) -> Callable[[EventPattern, Any], bool]:
    """moto knows the filters of a value, but doesn't find the values inside arrays of objects."""

    def matches_event(self: EventPattern, event: Any) -> bool:
        as_sent = json.loads(json.dumps(event))
        return event_pattern.matches(self.get_pattern(), as_sent, self._does_item_match_filters)

    return matches_event


PATCHES = (Patch(EventPattern, "matches_event", _matches_event),)
