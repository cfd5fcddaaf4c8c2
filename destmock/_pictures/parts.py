"""The parts that the report and the page have in common: events in full, what is queued, drops and faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from destmock._aws.record import timestamp
from destmock._aws.times import from_datetime
from destmock._pictures import lanes
from destmock._pictures.graph import kind_of, name_of
from destmock._pictures.html import Html, join, tag
from destmock._pictures.story import function_text
from destmock._pictures.text import LIMIT, cut, decoded, length, pretty, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from destmock._engine.faults import Fault
    from destmock._observed.facts import Delivery, Pending
    from destmock._pictures.story import Noted, Story, Tone, Tried

#: How many of an event's notes are written out.
_NOTES_SHOWN = 12
#: How many characters of a payload and of an exception are in the row of an event that is folded up.
_EXCERPT = 120


def chip(tone: Tone | str, words: str) -> Html:
    """A state, in colour and in words."""
    return tag("span", words, class_=f"chip {tone}")


def event(story: Story, *, level: int = 3, unfolded: bool = False) -> Html:
    """One event, folded up."""
    number = len(story.attempts)
    tries = f"{number} attempt{'s' * (number != 1)}"
    again = ", delivered a second time" if story.duplicate else ""
    how = "synchronous" if story.synchronous else tries
    return tag(
        "details",
        tag(
            "summary",
            chip(story.tone, story.status),
            tag("bdi", story.function, class_="name"),
            tag("span", f"{how}{again} · ", tag("bdi", story.source), class_="quiet"),
            tag("time", timestamp(story.accepted_at), datetime=timestamp(story.accepted_at)),
            tag("span", _excerpts(story), class_="excerpt"),
        ),
        tag("div", _inside(story, level), class_="inside"),
        class_=f"event {story.tone}",
        id=story.key,
        open=unfolded,
    )


def _excerpts(story: Story) -> Iterator[Html]:
    """The excerpts that tell an event from others of its function."""
    if story.short_id:
        yield tag("code", story.short_id, class_="quiet")
    if story.payload:
        start = " ".join(decoded(story.payload[: _EXCERPT * 4]).split())
        yield tag("bdi", tag("code", cut(start, _EXCERPT)))
    failed = [tried.fact.exception for tried in story.attempts if tried.fact.exception is not None]
    if failed:
        yield tag("bdi", cut(" ".join(_exception(failed[-1]).split()), _EXCERPT), class_="exception")


def _inside(story: Story, level: int) -> Iterator[Html]:
    yield lanes.alone(story)
    yield tag(
        "dl",
        facts(
            ("Function", story.function_arn),
            ("Invoked by", story.source),
            ("Request ID", story.request_id),
        ),
    )
    if story.payload:
        yield block("Event", story.payload, f"{story.key}-event")
    heading = f"h{level}"
    for tried in story.attempts:
        yield tag(
            "section", _attempt(tried, heading, story.key, last=tried is story.attempts[-1]), class_="attempt"
        )
    if story.notes:
        yield tag("section", tag(heading, "On the way"), tag("ul", _notes(story)), class_="attempt")
    if story.due is not None:
        what = "ends" if story.due.running else "is due"
        yield tag("p", f"Attempt {story.due.attempt} {what} at {timestamp(story.due.at)} (virtual time).")
    if story.settled_at is not None and not story.synchronous:
        yield tag("section", _ending(story, heading), class_="attempt")


def _attempt(tried: Tried, heading: str, key: str, *, last: bool) -> Iterator[Html]:
    fact = tried.fact
    after = "" if not tried.waited else f", {length(tried.waited)} after the last"
    took = f", took {length(tried.taken)}" if tried.taken else ""
    yield tag(
        heading,
        f"Attempt {fact.number} ",
        chip(tried.tone, fact.outcome),
        tag("small", f" +{length(round(fact.elapsed * 1000))}{after}{took}"),
    )
    if fact.exception is not None:
        yield tag("p", tag("code", cut(_exception(fact.exception), 2000)), class_="exception")
    name = f"{key}-{fact.number}"
    if fact.payload:
        yield block("Response", fact.payload, f"{name}-response", unfolded=last)
    if fact.logs:
        yield block(
            "Log", fact.logs.encode(errors="surrogatepass"), f"{name}-log", unfolded=False, plain=True
        )


def _exception(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - its own __str__ may do anything
        return type(error).__name__


def _notes(story: Story) -> Iterator[Html]:
    shown: Sequence[Noted] = story.notes[:_NOTES_SHOWN]
    for note in shown:
        yield tag("li", f"+{length(note.at - story.accepted_at)}: {note.what}")
    if len(story.notes) > len(shown):
        yield tag("li", f"and {len(story.notes) - len(shown)} more")


def _ending(story: Story, heading: str) -> Iterator[Html]:
    assert story.settled_at is not None
    after = length(story.settled_at - story.accepted_at)
    yield tag(heading, "End ", chip(story.tone, story.status), tag("small", f" +{after}"))
    if story.deliveries:
        yield tag("ul", [tag("li", _delivery(one)) for one in story.deliveries], class_="deliveries")
    if story.nothing_sent is not None:
        yield tag("p", f"Nothing sent: {story.nothing_sent}.")
    if story.record is not None:
        yield block("Invocation record", story.record, f"{story.key}-record", unfolded=bool(story.deliveries))
    for number, delivery in enumerate(story.deliveries):
        if delivery.body not in (story.record, story.payload):
            yield block("What was sent", delivery.body, f"{story.key}-sent-{number}", unfolded=False)


def _delivery(delivery: Delivery) -> Html:
    what = "Dead letter to " if delivery.dead_letter else "Record to "
    return join(
        chip("good", "Delivered") if delivery.error is None else chip("bad", "FAILED"),
        f" {what}{kind_of(delivery.destination)} ",
        tag("bdi", tag("code", delivery.destination)),
        f", {size(len(delivery.body))}",
        None if delivery.error is None else tag("p", delivery.error, class_="exception"),
    )


def facts(*pairs: tuple[str, str | None]) -> Html:
    """The inside of a `dl`; what isn't known is left out."""
    return join((tag("dt", name), tag("dd", tag("bdi", value))) for name, value in pairs if value is not None)


def block(name: str, payload: bytes, key: str, *, unfolded: bool = True, plain: bool = False) -> Html:
    """A payload, laid out if it is JSON, cut off if it is long."""
    full = decoded(payload[: LIMIT * 4]) if plain or len(payload) > LIMIT * 10 else pretty(payload)
    shown = cut(full)
    only = f", the first {LIMIT:,} characters shown" if shown != full or len(payload) > LIMIT * 10 else ""
    return tag(
        "details",
        tag("summary", name, tag("small", f" {size(len(payload))}{only}")),
        tag("pre", tag("bdi", shown), tabindex="0", aria_label=name),
        class_="block",
        id=key,
        open=unfolded,
    )


def queue(pending: Sequence[Pending], now: int, limit: int = 50) -> Html:
    """What is queued, soonest first."""
    if not pending:
        return tag("p", "Nothing is queued.", class_="quiet")
    rows = [
        tag(
            "tr",
            tag("th", tag("bdi", function_text(one.function_arn)), scope="row"),
            tag("td", _what(one)),
            tag("td", _until(from_datetime(one.due_at) - now)),
            tag("td", tag("code", one.request_id), class_="wide"),
        )
        for one in pending[:limit]
    ]
    more = len(pending) - len(rows)
    head = tag(
        "tr",
        *(tag("th", name, scope="col") for name in ("Function", "What", "When")),
        tag("th", "Request or mapping", scope="col", class_="wide"),
    )
    return join(
        tag(
            "table",
            tag("caption", f"{len(pending)} queued", class_="unseen"),
            tag("thead", head),
            tag("tbody", rows),
        ),
        tag("p", f"and {more:,} more", class_="quiet") if more else None,
    )


def _what(one: Pending) -> str:
    if one.background and not one.request_id:
        return "the schedule runs"
    return f"attempt {one.attempt} {'ends' if one.running else 'is due'}"


def _until(milliseconds: int) -> str:
    return "now" if milliseconds <= 0 else f"in {length(milliseconds)}"


def faults(injected: Iterable[Fault]) -> Html:
    """The faults that were injected, oldest first."""
    rows = [
        tag(
            "li",
            chip("warn", fault.kind.replace("_", " ")),
            " of ",
            tag("bdi", function_text(fault.function_arn)),
            None if fault.destination is None else f" to {name_of(fault.destination)}",
            f" at {timestamp(from_datetime(fault.at))}",
            f", {fault.seconds:g} s" if fault.seconds else "",
            ", by chaos" if fault.chaos else "",
        )
        for fault in injected
    ]
    return tag("ul", rows, class_="plain")
