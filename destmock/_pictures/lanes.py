"""Events on a time axis, in SVG: widths are in per cent, so that words stay readable in a narrow window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from destmock._pictures.axis import axis
from destmock._pictures.graph import kind_of, name_of
from destmock._pictures.html import Html, tag
from destmock._pictures.text import length

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from destmock._pictures.axis import Axis
    from destmock._pictures.story import Story, Tried

#: The room, in per cent, that a wait needs to have its length written on it.
_ROOM = 11.0
#: The least distance of two ticks, so that their words don't touch: in a wide window, in a narrow window.
_APART, _NARROW_APART = 13.0, 26.0
_LANE = 58


def alone(story: Story) -> Html:
    """One event, with the time of each thing and where its record went."""
    scale, line = axis(story.times), 30
    ends = list(_ends(story))
    height = 62 + 18 * len(ends)
    return tag(
        "svg",
        tag("title", f"Time axis of {story.function}, {story.status}"),
        tag("desc", "; ".join(in_words(story))),
        _lane(story, scale, line),
        _ticks(scale, line + 22),
        [
            _text(words, scale.at(at), line + 40 + 18 * row, f"end {tone}")
            for row, (at, words, tone) in enumerate(ends)
        ],
        role="img",
        class_="lanes",
        width="100%",
        height=height,
    )


def together(stories: Sequence[Story]) -> Html:
    """Several events on one axis, which begins with the first of them."""
    scale = axis(time for story in stories for time in story.times)
    bottom = _LANE * len(stories) + 8
    grid = [
        tag("line", x1=_at(scale, t), x2=_at(scale, t), y1=0, y2=bottom, class_="grid")
        for t in scale.ticks(_APART)
    ]
    return tag(
        "svg",
        tag("title", f"{len(stories)} event{'s' * (len(stories) != 1)} on the virtual time axis"),
        tag("desc", ". ".join(f"{one.function}: {'; '.join(in_words(one))}" for one in stories[:20])),
        grid,
        [
            (_whose(story, _LANE * row), _lane(story, scale, _LANE * row + 43, numbered=False))
            for row, story in enumerate(stories)
        ],
        _ticks(scale, bottom + 16),
        role="img",
        class_="lanes",
        width="100%",
        height=bottom + 24,
    )


def on_axis(drawn: int, of: int) -> str:
    """What is said above the axis of several events."""
    only = f" The newest {drawn} of {of:,} events." if drawn < of else ""
    return f"Virtual time since the first event. Waits are drawn shorter than they are.{only}"


def _whose(story: Story, y: int) -> Html:
    """The heading of a story's lane, in HTML, which cuts a name that is too long for a narrow window."""
    rest = f"\u00a0· {story.status}{f' · {story.short_id}' if story.short_id else ''}"
    words = tag("div", tag("bdi", story.function), tag("span", rest), class_=f"whose {story.tone}")
    return tag("foreignObject", words, x=0, y=y, width="100%", height=20)


def in_words(story: Story) -> Iterator[str]:
    """The picture in words, for people who can't see it."""
    yield f"accepted {_since(story, story.accepted_at)}"
    for tried in story.attempts:
        took = f", took {length(tried.taken)}" if tried.taken else ""
        yield f"attempt {tried.fact.number} {_since(story, tried.at)}: {tried.fact.outcome}{took}"
    for note in story.notes:
        yield f"{note.what} {_since(story, note.at)}"
    for at, words, _ in _ends(story):
        yield f"{words} {_since(story, at)}"


def _lane(story: Story, scale: Axis, y: int, *, numbered: bool = True) -> Html:
    last = max(story.times)
    whole = tag("line", x1=_at(scale, story.accepted_at), x2=_at(scale, last), y1=y, y2=y, class_="life")
    return tag(
        "g",
        whole,
        _waits(story, scale, y, "wait" if numbered else "wait fine"),
        [_taken(tried, scale, y) for tried in story.attempts if tried.taken],
        [
            _mark(scale, note.at, y, tag("rect", x=-1, y=-7, width=2, height=14), "note")
            for note in story.notes
        ],
        [
            _mark(
                scale,
                tried.at,
                y,
                (
                    tag("circle", r=9 if numbered else 6),
                    tag("text", tried.fact.number, y=4) if numbered else None,
                    tag("title", f"attempt {tried.fact.number}: {tried.fact.outcome}"),
                ),
                f"try {tried.tone}",
            )
            for tried in story.attempts
        ],
        None if story.due is None else _mark(scale, story.due.at, y, tag("circle", r=7), "due"),
    )


def _taken(tried: Tried, scale: Axis, y: int) -> Html:
    """A bar for as long as the attempt took."""
    left, right = scale.at(tried.at), scale.at(tried.ended_at)
    words = f"attempt {tried.fact.number} took {length(tried.taken)}"
    return tag(
        "rect",
        tag("title", words),
        x=f"{left}%",
        y=y - 4,
        width=f"{round(right - left, 2)}%",
        height=8,
        class_=f"took {tried.tone}",
    )


def _waits(story: Story, scale: Axis, y: int, kind: str) -> Iterator[Html]:
    begins = [tried.at for tried in story.attempts] + ([] if story.due is None else [story.due.at])
    ends = [story.accepted_at, *(tried.ended_at for tried in story.attempts)]
    for before, after in zip(ends, begins, strict=False):
        left, right = scale.at(before), scale.at(after)
        if after > before:
            yield tag("line", x1=f"{left}%", x2=f"{right}%", y1=y, y2=y, class_="waiting")
        if right - left >= _ROOM:
            middle = round((left + right) / 2, 2)
            yield tag("text", length(after - before), x=f"{middle}%", y=y - 8, class_=kind)


def _ends(story: Story) -> Iterator[tuple[int, str, str]]:
    """The end of the event, or what it waits for: when, what, and what it means."""
    if story.due is not None:
        what = "ends" if story.due.running else "is due"
        yield story.due.at, f"attempt {story.due.attempt} {what}", "wait"
    if story.settled_at is None or story.synchronous:
        return
    yield story.settled_at, story.status, story.tone
    for delivery in story.deliveries:
        failed = "" if delivery.error is None else " FAILED"
        dead = "dead letter " if delivery.dead_letter else ""
        words = f"{dead}→ {kind_of(delivery.destination)} {_short(name_of(delivery.destination))}{failed}"
        yield story.settled_at, words, "bad" if failed else "sent"
    if story.nothing_sent is not None:
        yield story.settled_at, "nothing sent", "warn" if story.tone == "bad" else "quiet"


def _mark(scale: Axis, time: int, y: int, what: object, kind: str) -> Html:
    return tag("svg", what, x=_at(scale, time), y=y, class_=f"mark {kind}")  # type: ignore[arg-type]


def _ticks(scale: Axis, y: int) -> Iterator[Html]:
    ticks = scale.ticks(_APART)
    coarse = set(scale.thinned(ticks, _NARROW_APART))
    for time in ticks:
        kind = "tick" if time in coarse else "tick fine"
        yield _text(f"+{length(time - scale.times[0])}", scale.at(time), y, kind)


def _text(words: str, place: float, y: int, kind: str) -> Html:
    """A text that begins at its place, or ends there if the place is too far right."""
    anchor = "start" if place <= 50 else "end"  # noqa: PLR2004 - half of the width
    if kind.startswith("tick"):
        anchor = "start" if place < 10 else "end" if place > 90 else "middle"  # noqa: PLR2004 - at the borders
    return tag("text", words, x=f"{place}%", y=y, text_anchor=anchor, class_=kind)


def _at(scale: Axis, time: int) -> str:
    return f"{scale.at(time)}%"


def _since(story: Story, time: int) -> str:
    return f"at +{length(time - story.accepted_at)}"


def _short(name: str) -> str:
    return name if len(name) <= 32 else f"{name[:31]}…"  # noqa: PLR2004 - in a narrow window
