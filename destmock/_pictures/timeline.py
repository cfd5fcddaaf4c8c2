"""The ledger as words: the timeline, and what a strict mock complains of."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from destmock._aws.record import timestamp
from destmock._pictures.events_in_words import in_words
from destmock._pictures.failures import raised_at
from destmock._pictures.story import function_text
from destmock._pictures.text import cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from destmock._observed.entries import Entry, Note
    from destmock._observed.facts import Attempt, Delivery, Pending
    from destmock._observed.ledger import Ledger

_PAYLOAD_SHOWN = 100
_MESSAGE_SHOWN = 300
_MOST_SHOWN = 10


def timeline(ledger: Ledger, pending: Sequence[Pending], head: Iterable[str]) -> str:
    """Every invocation in the order of its acceptance, with all that came of it; empty if there was none.

    The lines of `head` come first.
    """
    due = {(entry.request_id, entry.duplicate): entry for entry in pending}
    blocks = [*head]
    if ledger.left_out:
        noun = "older one is" if ledger.left_out == 1 else "older ones are"
        blocks.append(f"{ledger.left_out} {noun} left out (history={ledger.history})")
    blocks += ["\n".join(_lines(entry, due)) for entry in ledger.story]
    return "\n".join(blocks)


def leftovers(ledger: Ledger, pending: Sequence[Pending], foot: Iterable[str]) -> str:
    """What is wrong at the end of a strict mock that has left something, with the lines of `foot`."""
    failures = ledger.failures
    lines = []
    if pending:
        noun = "event is" if len(pending) == 1 else "events are"
        lines.append(f"{len(pending)} {noun} still queued:")
        lines += _some([f"  {_pending_text(entry)}" for entry in pending[:_MOST_SHOWN]], len(pending))
        lines.append("  run them with destmock.run_until_idle() or destmock.advance(...)")
    if failures:
        noun = "record" if failures == 1 else "records"
        lines.append(f"{failures} {noun} could not be delivered:")
        lines += _some([f"  {_delivery_text(delivery)}" for delivery in ledger.first_failures], failures)
        lines.append("  create the destination, or mend its configuration")
    return "\n".join([*lines, "To allow this, pass strict=False.", *foot])


def _lines(entry: Entry, due: dict[tuple[str, bool], Pending]) -> Iterable[str]:
    function = "" if entry.what == "unanswered" else f"{function_text(entry.function_arn)} "
    yield f"{timestamp(entry.accepted_at)} {function}{opening(entry)}"
    durable = entry.what == "synchronous" and (entry.notes or len(entry.attempts) > 1)
    if entry.what == "event" or durable:
        yield from _steps(entry, due)
    else:
        yield from (f"  {_offset(0)} {line}" for line in at_once(entry))


def _steps(entry: Entry, due: dict[tuple[str, bool], Pending]) -> Iterable[str]:
    waiting = entry.notes
    for attempt in entry.attempts:
        started = round(attempt.elapsed * 1000) + entry.accepted_at
        yield from _noted([found for found in waiting if found.at <= started], entry.accepted_at)
        waiting = [found for found in waiting if found.at > started]
        yield f"  {_offset(attempt.elapsed)} {attempt_text(entry, attempt)}"
    yield from _noted(waiting, entry.accepted_at)
    if entry.condition is None:
        pending = due.get((entry.request_id, entry.duplicate))
        if pending is not None:
            yield f"  {_queued(pending, entry.accepted_at)}"
        return
    assert entry.settled_at is not None
    offset = _offset((entry.settled_at - entry.accepted_at) / 1000)
    yield from (f"  {offset} {line}" for line in end_lines(entry))


def opening(entry: Entry) -> str:
    """The first line of an entry: who invoked, with what payload."""
    if entry.what == "unanswered":
        return f"nothing invoked: {entry.source} names {entry.function_arn}, which {entry.why}"
    if entry.what == "discarded":
        return entry.why
    again = ", delivered a second time" if entry.duplicate else ""
    how = f"accepted{again}" if entry.what == "event" else "invoked synchronously"
    by = ", ".join(part for part in (entry.source, entry.request_id) if part)
    return f"{how} {in_words(entry.payload) or _shown(entry.payload)} ({by})"


def at_once(entry: Entry) -> Iterable[str]:
    """The steps of an entry that is no event in the queue."""
    yield from (f"{_attempt_text(attempt)}{_taken(attempt)}" for attempt in entry.attempts)
    yield from (note.what for note in entry.notes)
    yield from _sent_lines(entry)


def attempt_text(entry: Entry, attempt: Attempt) -> str:
    """The text of one of the event's attempts, with how long it has waited."""
    place = entry.attempts.index(attempt)
    waited = attempt.elapsed - (entry.attempts[place - 1].elapsed if place else 0.0)
    after = f", {waited:g} s after the last" if attempt.number > 1 else ""
    return f"attempt {attempt.number}: {_attempt_text(attempt)}{after}{_taken(attempt)}"


def end_lines(entry: Entry) -> Iterable[str]:
    """The last lines of an event that has settled: its condition, and who was told."""
    yield f"{entry.condition}"
    yield from _sent_lines(entry)
    if entry.drop is None and not entry.deliveries:
        yield "nothing sent: no OnSuccess destination"


def _noted(found: Iterable[Note], accepted_at: int) -> Iterable[str]:
    """The lines of what kept an event from its next attempt, with each time."""
    for what, group in groupby(found, key=lambda note: note.what):
        offsets = [(note.at - accepted_at) / 1000 for note in group]
        shown = [f"+{offset:.3f}".rstrip("0").rstrip(".") for offset in offsets]
        if len(shown) > _MOST_SHOWN:
            shown[_MOST_SHOWN - 1 : -1] = ["..."]
        times = f", {len(offsets)} times: at {', '.join(shown)} s" if len(offsets) > 1 else ""
        yield f"  {_offset(offsets[0])} {what}{times}"


def _attempt_text(attempt: Attempt) -> str:
    if attempt.outcome == "NotFound":
        return "NotFound: the function, version or alias does not exist (any more)"
    if attempt.outcome == "Success":
        return f"Success {_shown(attempt.payload)}".rstrip()
    response = attempt.response
    if not isinstance(response, dict):
        return attempt.outcome
    message = _on_one_line(response.get("errorMessage"))
    return f"{attempt.outcome} {response.get('errorType')}: {message}{_where(attempt)}"


def _where(attempt: Attempt) -> str:
    place = None if attempt.exception is None else raised_at(attempt.exception)
    return "" if place is None else f" ({place})"


def _on_one_line(message: object) -> str:
    """The first line of an error's message that has text; if that isn't all, also the message's length."""
    text = str(message)
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    shown = cut(first, _MESSAGE_SHOWN)
    return shown if shown == text.strip() else f"{shown.rstrip('…')}... ({len(text)} characters)"


def _taken(attempt: Attempt) -> str:
    return f", took {attempt.duration:g} s" if attempt.duration else ""


def _sent_lines(entry: Entry) -> Iterable[str]:
    yield from (_sent(delivery) for delivery in entry.deliveries)
    if entry.drop is not None:
        yield f"nothing sent: {entry.drop.reason}"


def _sent(delivery: Delivery) -> str:
    what = "-> dead-letter queue" if delivery.dead_letter else "->"
    if delivery.error is None:
        return f"{what} {delivery.destination} ({len(delivery.body)} bytes)"
    return f"{what} {delivery.destination} FAILED: {delivery.error}"


def _queued(pending: Pending, accepted_at: int) -> str:
    due = round(pending.due_at.timestamp() * 1000) - accepted_at
    what = "ends" if pending.running else "is due"
    return f"{_offset(due / 1000)} attempt {pending.attempt} {what}"


def _pending_text(pending: Pending) -> str:
    what = "ends" if pending.running else "is due"
    due = timestamp(round(pending.due_at.timestamp() * 1000))
    function = function_text(pending.function_arn)
    return f"{function} {pending.request_id}: attempt {pending.attempt} {what} at {due}"


def _delivery_text(delivery: Delivery) -> str:
    invocation = delivery.invocation
    if invocation.condition is None:
        what = "dead letter" if delivery.dead_letter else "record of what was given up"
        return f"{invocation.source}, {what} to {delivery.destination}: {delivery.error}"
    return (
        f"{function_text(invocation.function_arn)} {invocation.request_id} ({invocation.condition}) to "
        f"{delivery.destination}: {delivery.error}"
    )


def _offset(seconds: float) -> str:
    return f"+{seconds:.3f} s"


def _shown(payload: bytes) -> str:
    text = payload.decode(errors="backslashreplace").strip()
    return text if len(text) <= _PAYLOAD_SHOWN else f"{text[:_PAYLOAD_SHOWN]}... ({len(payload)} bytes)"


def _some(lines: list[str], number: int) -> list[str]:
    """The lines, which are the first of a number of them."""
    return lines if len(lines) == number else [*lines, f"  ... and {number - len(lines)} more"]
