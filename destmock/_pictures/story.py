"""The story of each event, as pictures and the page show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from destmock._aws.arn import LATEST, parse_function_arn
from destmock._aws.times import from_datetime

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from destmock._observed.entries import Entry
    from destmock._observed.facts import Attempt, Delivery, Pending
    from destmock._observed.ledger import Ledger

#: How good or bad a state is, shown by a colour besides the words.
Tone = Literal["good", "bad", "wait", "warn"]


class Tried(NamedTuple):
    """One attempt; `waited` is how long after the one before, in milliseconds, `None` for the first."""

    fact: Attempt
    at: int
    waited: int | None

    @property
    def taken(self) -> int:
        """How long it took, in milliseconds."""
        return round(self.fact.duration * 1000)

    @property
    def ended_at(self) -> int:
        return self.at + self.taken

    @property
    def tone(self) -> Tone:
        return "good" if self.fact.outcome == "Success" else "bad"


class Noted(NamedTuple):
    """What else happened on the way to an attempt: throttles, injected faults, circles that were stopped."""

    at: int
    what: str


class Due(NamedTuple):
    """What an event waits for: the end of an attempt if `running`, else the attempt's beginning."""

    at: int
    attempt: int
    running: bool


class Story(NamedTuple):
    """One event, or one synchronous invocation. Times are virtual, in milliseconds."""

    key: str
    function_arn: str
    source: str
    request_id: str | None
    payload: bytes
    accepted_at: int
    status: str
    tone: Tone
    synchronous: bool = False
    duplicate: bool = False
    attempts: tuple[Tried, ...] = ()
    notes: tuple[Noted, ...] = ()
    settled_at: int | None = None
    record: bytes | None = None
    deliveries: tuple[Delivery, ...] = ()
    nothing_sent: str | None = None
    due: Due | None = None

    @property
    def function(self) -> str:
        """Its name, with a qualifier that says something."""
        return function_text(self.function_arn)

    @property
    def short_id(self) -> str:
        """Enough of the request ID to tell events apart."""
        return (self.request_id or "").partition("-")[0]

    @property
    def times(self) -> list[int]:
        found = [
            self.accepted_at,
            *(tried.ended_at for tried in self.attempts),
            *(note.at for note in self.notes),
        ]
        due = None if self.due is None else self.due.at
        found += [at for at in (self.settled_at, due) if at is not None]
        return found


def function_text(arn: str) -> str:
    ref = parse_function_arn(arn)
    if ref is None:
        return arn
    return ref.name if ref.qualifier in (None, LATEST) else f"{ref.name}:{ref.qualifier}"


def stories(items: Iterable[tuple[int, Entry]], pending: Sequence[Pending]) -> list[Story]:
    """A story for each of some items of the ledger, which come with their numbers."""
    due = {
        (one.request_id, one.duplicate): Due(from_datetime(one.due_at), one.attempt, one.running)
        for one in pending
    }
    return [_story(number, item, due.get((item.request_id, item.duplicate))) for number, item in items]


def newest(ledger: Ledger, most: int, arn: str | None = None) -> tuple[list[tuple[int, Entry]], int]:
    """The newest entries of one function or of all, newest first, and the number of older ones.

    Each entry comes with its number, which never changes.
    """
    told = enumerate(ledger.story, ledger.left_out + 1)
    found = [(number, item) for number, item in told if arn is None or _is_of(item, arn)]
    return found[::-1][:most], max(0, len(found) - most)


def _is_of(item: Entry, arn: str) -> bool:
    ref = parse_function_arn(item.function_arn)
    return ref is not None and ref.unqualified_arn == arn


#: What is told of an entry that is no event in the queue.
_AT_ONCE = {"refused": "Refused", "unanswered": "Nothing invoked", "discarded": "Gave up"}


def _story(number: int, entry: Entry, due: Due | None) -> Story:
    tried, before = [], None
    for attempt in entry.attempts:
        at = entry.accepted_at + round(attempt.elapsed * 1000)
        tried.append(Tried(attempt, at, None if before is None else at - before))
        before = at
    notes = [Noted(note.at, note.what) for note in entry.notes]
    if entry.what == "unanswered":
        named = "the function" if parse_function_arn(entry.function_arn) else entry.function_arn
        notes.append(Noted(entry.accepted_at, f"{named} {entry.why}"))
    elif entry.what == "discarded":
        notes.append(Noted(entry.accepted_at, entry.why))
    status, tone = _standing(entry, due)
    nothing = None
    if entry.drop is not None:
        nothing = entry.drop.reason
    elif entry.condition is not None and not entry.deliveries:
        nothing = "no OnSuccess destination"
    key = f"event-{entry.request_id}" if entry.request_id else f"number-{number}"
    return Story(
        key=f"{key}-again" if entry.duplicate else key,
        function_arn=entry.function_arn,
        source=entry.source,
        request_id=entry.request_id or None,
        payload=entry.payload,
        accepted_at=entry.accepted_at,
        status=status,
        tone=tone,
        synchronous=entry.what in ("synchronous", "refused"),
        duplicate=entry.duplicate,
        attempts=tuple(tried),
        notes=tuple(notes),
        settled_at=entry.accepted_at if entry.what == "synchronous" else entry.settled_at,
        record=entry.record,
        deliveries=tuple(entry.deliveries),
        nothing_sent=nothing,
        due=None if entry.condition is not None else due,
    )


def _standing(entry: Entry, due: Due | None) -> tuple[str, Tone]:
    """The word for the state of an entry, and its tone."""
    if entry.what == "event" and entry.condition is None:
        return "Running" if due is not None and due.running else "Queued", "wait"
    word = entry.condition or _AT_ONCE.get(entry.what) or entry.attempts[-1].outcome
    return word, "good" if word == "Success" else "bad"
