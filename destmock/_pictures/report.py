"""One HTML file with everything that happened, which loads nothing and runs nothing."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from destmock._aws.record import timestamp
from destmock._pictures import parts
from destmock._pictures.drawing import drawing
from destmock._pictures.html import Html, tag
from destmock._pictures.lanes import on_axis, together
from destmock._pictures.story import newest, stories

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from destmock._engine.simulation import Simulation
    from destmock._pictures.graph import Graph
    from destmock._pictures.story import Story

#: How many events are shown in full, and how many of them on one axis.
_SHOWN, _ON_AXIS = 200, 30
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def report(simulation: Simulation, graph: Graph, repeating: Sequence[str], title: str = "") -> str:
    """The text of the report's file. `repeating` has the calls that make the same faults happen again."""
    items, older = newest(simulation.ledger, _SHOWN)
    told = stories(reversed(items), simulation.pending)
    name = title or "destmock report"
    body = tag(
        "main",
        _head(simulation, name, told),
        _section("Where records go", drawing(graph, "Functions, what invokes them and their destinations")),
        _events(told, older + simulation.ledger.left_out),
        _rest(simulation, repeating),
    )
    return document(name, body, tag("meta", http_equiv="Content-Security-Policy", content=_POLICY), style())


def document(title: str, body: Html, *head: Html) -> str:
    """A whole page."""
    meta = (
        tag("meta", charset="utf-8"),
        *head[:1],
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        *head[1:],
    )
    return f"<!doctype html>\n{tag('html', tag('head', *meta), tag('body', body), lang='en')}\n"


def style(nonce: str | None = None, *more: str) -> Html:
    """The style sheet, with others after it."""
    sheet = resources.files("destmock._pictures").joinpath("style.css").read_text("utf-8")
    return tag("style", Html("\n".join([sheet, *more])), nonce=nonce)


def _head(simulation: Simulation, title: str, told: Sequence[Story]) -> Html:
    failed = sum(story.tone == "bad" for story in told)
    waiting = len(simulation.awaited)
    return tag(
        "header",
        tag("h1", title),
        tag(
            "p",
            f"Virtual time {timestamp(simulation.now)}. ",
            f"{len(told)} event{'s' * (len(told) != 1)}: ",
            parts.chip("bad", f"{failed} failed") if failed else parts.chip("good", "none failed"),
            " ",
            parts.chip("wait", f"{waiting} queued") if waiting else None,
        ),
    )


def _events(told: Sequence[Story], older: int) -> Iterator[Html]:
    if not told:
        yield _section("Events", tag("p", "Nothing was invoked.", class_="quiet"))
        return
    drawn = told[-_ON_AXIS:]
    yield _section(
        "Time axis",
        tag("p", on_axis(len(drawn), len(told) + older), class_="quiet"),
        together(drawn),
    )
    yield _section(
        "Events",
        tag("p", f"{older:,} older are left out.", class_="quiet") if older else None,
        [parts.event(story, unfolded=len(told) == 1 or story.tone == "bad") for story in told],
    )


def _rest(simulation: Simulation, repeating: Sequence[str]) -> Iterator[Html]:
    if simulation.pending:
        yield _section("Still queued", parts.queue(simulation.pending, simulation.now))
    drops = simulation.ledger.drops
    if drops:
        rows = [
            tag(
                "li",
                parts.chip("bad", drop.condition or "Nothing sent"),
                " ",
                tag("bdi", drop.function_name),
                f": {drop.reason} (",
                tag("code", drop.invocation.request_id or drop.invocation.source),
                ")",
            )
            for drop in drops[-_SHOWN:]
        ]
        yield _section("Dropped: nobody was told", tag("ul", rows, class_="plain"))
    injected = simulation.faults.injected
    if injected or repeating:
        calls = [tag("p", tag("code", call)) for call in repeating]
        yield _section("Injected faults", calls, parts.faults(injected[-_SHOWN:]))


def _section(title: str, *children: object) -> Html:
    return tag("section", tag("h2", title), *children)  # type: ignore[arg-type]
