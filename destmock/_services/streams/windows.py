"""Tumbling windows: the records of each span of time, and the state that goes from batch to batch in it.

https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from destmock._aws.json_text import to_bytes
from destmock._aws.times import to_datetime

if TYPE_CHECKING:
    from destmock._aws.arn import Arn

#: How many bytes a state may have; the window of a larger one is terminated early.
_LARGEST_STATE = 1_048_576


@dataclass(slots=True)
class Window:
    """One window of a shard that has begun: from `start` to before `end`, in milliseconds."""

    start: int
    end: int
    state: dict[str, Any] = field(default_factory=dict)
    #: Whether the state has grown too large, so that the window ends now.
    early: bool = False

    def event(self, shard: str, source: Arn, *, final: bool) -> dict[str, Any]:
        """What an event has beside its records."""
        return {
            "shardId": shard,
            "eventSourceARN": str(source),
            "window": self._span(),
            "state": self.state,
            "isFinalInvokeForWindow": final,
            "isWindowTerminatedEarly": final and self.early,
        }

    def described(self, *, final: bool) -> dict[str, Any]:
        """What the record of a failure says of the window."""
        return {
            "window": self._span(),
            "isFinalInvokeForWindow": final,
            "isWindowTerminatedEarly": final and self.early,
        }

    def keep(self, state: dict[str, Any]) -> None:
        """Hand a state on to the next batch."""
        self.state = state
        self.early = len(to_bytes(state)) > _LARGEST_STATE

    def _span(self) -> dict[str, str]:
        return {
            name: f"{to_datetime(at):%Y-%m-%dT%H:%M:%SZ}"
            for name, at in (("start", self.start), ("end", self.end))
        }


def window_of(at: int, seconds: int) -> Window:
    """The window that a record's arrival belongs to; windows are counted from the epoch."""
    size = seconds * 1000
    start = at // size * size
    return Window(start, start + size)


def state_of(payload: bytes) -> dict[str, Any] | None:
    """The state that a function has answered; without one, the invocation has failed."""
    try:
        state = json.loads(payload or b"null")["state"]
    except (KeyError, TypeError, ValueError):
        return None
    return state if isinstance(state, dict) else None
