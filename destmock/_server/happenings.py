"""`Happening`: what a server's subscribers get while the ledger is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from destmock._aws.times import to_datetime
from destmock._pictures import timeline
from destmock._pictures.story import function_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from destmock._observed.entries import Entry
    from destmock._observed.ledger import What


@dataclass(frozen=True, slots=True, repr=False)
class Happening:
    """One thing that has just happened, in the words of the timeline.

    `what` is "accepted", "attempt", "note" (throttled, say), "settled" (the event's end, and where its record
    went), "synchronous", "refused", "unanswered" or "discarded" (by a mapping). `at` is virtual time.
    `function` is the function's name, with its qualifier unless that is `$LATEST`; `request_id` tells events
    apart, and is "" where nothing was accepted. `lines` has at least one line.
    """

    what: What
    at: datetime
    function: str
    request_id: str
    lines: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Happening {self.function}: {self.lines[0]}>"


def happening(what: What, entry: Entry, number: int, now: int) -> Happening:
    """The happening for an entry of the ledger; `number` is that of the event's attempt or note, from 1."""
    function = function_text(entry.function_arn)
    return Happening(what, to_datetime(now), function, entry.request_id, tuple(_lines(what, entry, number)))


def _lines(what: What, entry: Entry, number: int) -> Iterable[str]:
    if what == "attempt":
        return [timeline.attempt_text(entry, entry.attempts[number - 1])]
    if what == "note":
        return [entry.notes[number - 1].what]
    if what == "settled":
        return timeline.end_lines(entry)
    return (
        [timeline.opening(entry), *timeline.at_once(entry)]
        if what != "accepted"
        else [timeline.opening(entry)]
    )
