"""The ledger as words: the timeline, and what a strict mock complains of."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from destmock._arn import parse_function_arn
from destmock._ledger import Entry, Refused, Synchronous, Unanswered
from destmock._record import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from destmock._books import Ledger
    from destmock._ledger import Attempt, Delivery, Note, Pending

_PAYLOAD_SHOWN = 100
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
    for item in ledger.story:
        if isinstance(item, Entry):
            lines = _event(item, due)
        elif isinstance(item, Synchronous):
            lines = _synchronous(item)
        elif isinstance(item, Refused):
            lines = _refused(item)
        else:
            lines = _unanswered(item)
        blocks.append("\n".join(lines))
    return "\n".join(blocks)


def leftovers(ledger: Ledger, pending: Sequence[Pending], foot: Iterable[str]) -> str:
    """What is wrong at the end of a strict mock, with the lines of `foot`; empty if nothing is."""
    failures = ledger.failures
    lines = []
    if pending:
        noun = "event is" if len(pending) == 1 else "events are"
        lines.append(f"{len(pending)} {noun} still queued:")
        lines += _some([f"  {pending_text(entry)}" for entry in pending[:_MOST_SHOWN]], len(pending))
        lines.append("  run them with destmock.run_until_idle() or destmock.advance(...)")
    if failures:
        noun = "record" if failures == 1 else "records"
        lines.append(f"{failures} {noun} could not be delivered:")
        lines += _some([f"  {_delivery_text(delivery)}" for delivery in ledger.first_failures], failures)
        lines.append("  create the destination, or mend its configuration")
    if lines:
        lines.append("To allow this, pass strict=False.")
        lines += foot
    return "\n".join(lines)


def _event(entry: Entry, due: dict[tuple[str, bool], Pending]) -> Iterable[str]:
    again = ", delivered a second time" if entry.duplicate else ""
    yield (
        f"{timestamp(entry.accepted_at)} {short(entry.function_arn)} accepted{again} "
        f"{shown(entry.payload)} ({entry.source}, {entry.request_id})"
    )
    previous, waiting = 0.0, entry.notes
    for attempt in entry.attempts:
        started = round(attempt.elapsed * 1000) + entry.accepted_at
        yield from _noted([found for found in waiting if found.at <= started], entry.accepted_at)
        waiting = [found for found in waiting if found.at > started]
        waited = attempt.elapsed - previous
        after = f", {waited:g} s after the last" if attempt.number > 1 else ""
        yield f"  {_offset(attempt.elapsed)} attempt {attempt.number}: {attempt_text(attempt)}{after}"
        previous = attempt.elapsed
    yield from _noted(waiting, entry.accepted_at)
    if entry.condition is None:
        pending = due.get((entry.request_id, entry.duplicate))
        if pending is not None:
            yield f"  {_queued(pending, entry.accepted_at)}"
        return
    assert entry.settled_at is not None
    offset = _offset((entry.settled_at - entry.accepted_at) / 1000)
    yield f"  {offset} {entry.condition}"
    for delivery in entry.deliveries:
        yield f"  {offset} {sent(delivery)}"
    if entry.drop is not None:
        yield f"  {offset} nothing sent: {entry.drop.reason}"
    elif not entry.deliveries:
        yield f"  {offset} nothing sent: no OnSuccess destination"


def _synchronous(invocation: Synchronous) -> Iterable[str]:
    yield (
        f"{timestamp(invocation.at)} {short(invocation.function_arn)} invoked synchronously "
        f"{shown(invocation.payload)} ({invocation.source}, {invocation.request_id})"
    )
    yield f"  {_offset(0)} {attempt_text(invocation.attempt)}"


def _noted(found: Iterable[Note], accepted_at: int) -> Iterable[str]:
    """What kept an event from its next attempt, and when each time."""
    for what, group in groupby(found, key=lambda note: note.what):
        offsets = [(note.at - accepted_at) / 1000 for note in group]
        listed = [f"+{offset:.3f}".rstrip("0").rstrip(".") for offset in offsets]
        if len(listed) > _MOST_SHOWN:
            listed[_MOST_SHOWN - 1 : -1] = ["..."]
        times = f", {len(offsets)} times: at {', '.join(listed)} s" if len(offsets) > 1 else ""
        yield f"  {_offset(offsets[0])} {what}{times}"


def _refused(invocation: Refused) -> Iterable[str]:
    yield (
        f"{timestamp(invocation.at)} {short(invocation.function_arn)} invoked synchronously "
        f"{shown(invocation.payload)} ({invocation.source})"
    )
    yield f"  {_offset(0)} {invocation.what}"


def _unanswered(event: Unanswered) -> Iterable[str]:
    missing = f"{event.source} names {event.function_arn}, which does not exist"
    yield f"{timestamp(event.at)} nothing invoked: {missing}"


def attempt_text(attempt: Attempt) -> str:
    """How an attempt went."""
    if attempt.outcome == "NotFound":
        return "NotFound: the function, version or alias does not exist (any more)"
    if attempt.outcome == "Success":
        return f"Success {shown(attempt.payload)}".rstrip()
    response = attempt.response
    if not isinstance(response, dict):
        return attempt.outcome
    return f"{attempt.outcome} {response.get('errorType')}: {response.get('errorMessage')}"


def sent(delivery: Delivery) -> str:
    """What became of a delivery."""
    what = "-> dead-letter queue" if delivery.dead_letter else "->"
    if delivery.error is None:
        return f"{what} {delivery.destination} ({len(delivery.body)} bytes)"
    return f"{what} {delivery.destination} FAILED: {delivery.error}"


def _queued(pending: Pending, accepted_at: int) -> str:
    due = round(pending.due_at.timestamp() * 1000) - accepted_at
    what = "ends" if pending.running else "is due"
    return f"{_offset(due / 1000)} attempt {pending.attempt} {what}"


def pending_text(pending: Pending) -> str:
    """What is queued, and for when."""
    what = "ends" if pending.running else "is due"
    due = timestamp(round(pending.due_at.timestamp() * 1000))
    return f"{short(pending.function_arn)} {pending.request_id}: attempt {pending.attempt} {what} at {due}"


def _delivery_text(delivery: Delivery) -> str:
    invocation = delivery.invocation
    return (
        f"{short(invocation.function_arn)} {invocation.request_id} ({invocation.condition}) to "
        f"{delivery.destination}: {delivery.error}"
    )


def _offset(seconds: float) -> str:
    return f"+{seconds:.3f} s"


def short(function_arn: str) -> str:
    """The function's name, with a qualifier that says something."""
    ref = parse_function_arn(function_arn)
    if ref is None:
        return function_arn
    return ref.name if ref.qualifier in (None, "$LATEST") else f"{ref.name}:{ref.qualifier}"


def shown(payload: bytes) -> str:
    """A payload as text, its beginning if it is long."""
    text = payload.decode(errors="backslashreplace").strip()
    return text if len(text) <= _PAYLOAD_SHOWN else f"{text[:_PAYLOAD_SHOWN]}... ({len(payload)} bytes)"


def _some(lines: list[str], number: int) -> list[str]:
    """The lines, which are the first of a number of them."""
    return lines if len(lines) == number else [*lines, f"  ... and {number - len(lines)} more"]
