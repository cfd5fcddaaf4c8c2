"""The page's HTML: an overview, and a page for each function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from destmock._aws.record import timestamp
from destmock._pictures import parts
from destmock._pictures.drawing import drawing
from destmock._pictures.html import Html, join, tag
from destmock._pictures.lanes import on_axis, together
from destmock._pictures.story import stories
from destmock._server.page.designer import adding, designer, invoking
from destmock._server.page.view import (
    PREFIX,
    View,
    action_url,
    card,
    described,
    function_url,
    hidden,
    url,
    wrong,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from destmock._cloudformation.check.finding import Finding

_ON_AXIS = 12
#: The words about each clock: beside the time, and at the queue.
_CLOCKS = {
    "skip": (
        "skips waits",
        (
            "The clock skips waits: retries and sleeping handlers move it. What is queued, and each retry "
            "after it, runs before the request that queued it is answered. What is left can be driven here: "
            "time moves to schedules only when you advance it."
        ),
    ),
    "manual": (
        "stands until driven",
        "The clock stands: nothing runs until you drive time here, by a step, to the end, or by seconds.",
    ),
    "real": (
        "follows the wall's",
        (
            "The clock is real: what is queued runs by itself when its time has come, so there is nothing "
            "to drive here."
        ),
    ),
}
#: What the page says after a redirect, by the key in the address.
DONE = {
    "saved": "Destination saved.",
    "removed": "Destination removed.",
    "invoked": "Invoked.",
    "stepped": "The next queued thing has run.",
    "advanced": "Time has passed.",
    "idle": "Ran until nothing was queued.",
}


def page(view: View) -> Html:
    """The inside of the body."""
    return join(
        tag("a", "Skip to the content", href="#content", class_="skip"),
        _top(view),
        tag(
            "div",
            _functions(view),
            tag("main", _content(view), id="content", tabindex="-1"),
            class_="columns",
        ),
    )


def problem(title: str, words: str) -> Html:
    """A page that only says what is wrong."""
    link = tag("a", "To the functions", href=PREFIX)
    return tag("main", tag("h1", title), tag("p", words), tag("p", link), id="content")


def _top(view: View) -> Html:
    failed = sum(edge.failed for edge in view.graph.edges)
    waiting = sum(not one.background for one in view.pending)
    return tag(
        "header",
        tag("a", "destmock", href=PREFIX, class_="brand"),
        tag(
            "p",
            tag("span", "Virtual time ", class_="quiet"),
            tag("time", timestamp(view.now), datetime=timestamp(view.now)),
            tag("span", f" · clock: {view.clock}, {_CLOCKS[view.clock][0]} ", class_="quiet"),
            parts.chip("wait", f"{waiting} queued") if waiting else parts.chip("", "idle"),
            parts.chip("bad", f"{failed} not delivered") if failed else None,
            id="clock",
            data_live=True,
        ),
        tag("p", id="live", role="status"),
        class_="top",
    )


def _functions(view: View) -> Html:
    here = None if view.function is None else view.function.ref
    places = {(known.ref.account, known.ref.region) for known in view.topology.functions}
    items = [
        tag(
            "li",
            tag(
                "a",
                tag("bdi", known.ref.name),
                tag("small", f"{known.ref.region} {known.ref.account}") if len(places) > 1 else None,
                href=function_url(known.ref.unqualified_arn),
                aria_current="page" if known.ref == here else None,
            ),
        )
        for known in view.topology.functions
    ]
    overview = tag("a", "Overview", href=PREFIX, aria_current=None if here else "page")
    return tag(
        "nav",
        tag("h2", "Functions", class_="unseen"),
        tag("ul", tag("li", overview), items),
        None if items else tag("p", "No functions yet.", class_="quiet"),
        id="functions",
        aria_label="Functions",
        data_live=True,
    )


def _content(view: View) -> Html:
    done = DONE.get(view.done)
    notice = None if done is None else tag("p", done, role="status", class_="notice")
    if view.function is None:
        title = "Where records go"
        whole = drawing(view.graph, "Functions, what invokes them and their destinations")
        return join(
            tag("h1", "Overview"),
            tag("p", "Choose a function to invoke it, or to change where its records go.", class_="quiet"),
            notice,
            card("map", title, whole, live=True),
            card("found", "What can get lost", _found(view.findings), live=True),
            _queue(view),
            _events(view),
        )
    ref = view.function.ref
    return join(
        tag("h1", tag("bdi", ref.name)),
        tag("p", tag("code", ref.unqualified_arn), class_="quiet"),
        notice,
        designer(view, view.function),
        tag("div", adding(view, view.function), invoking(view, view.function), class_="pair"),
        _queue(view),
        _events(view),
    )


def _found(findings: Sequence[Finding]) -> Html:
    """What a check of all that is set up finds."""
    if not findings:
        return tag("p", "A check of what is set up finds nothing.", class_="quiet")
    items = [
        tag(
            "li",
            parts.chip("bad" if each.level == "error" else "warn", each.level),
            tag("bdi", f" {each.text}. {each.fix}. "),
            tag("a", "AWS's page", href=each.url, rel="noreferrer", aria_label=f"AWS's page on {each.rule}"),
        )
        for each in findings
    ]
    return tag("ul", items, class_="found")


def _queue(view: View) -> Html:
    return card(
        "queue",
        "Queue",
        [wrong(view, action) for action in ("step", "run", "advance")],
        tag("p", _CLOCKS[view.clock][1], class_="quiet"),
        # Updates would lose what is typed in this form, so it is updated only where it comes and goes.
        tag("div", _driving(view), class_="drive", id="drive", data_live=view.clock == "skip"),
        tag("div", parts.queue(view.pending, view.now), id="queue-inside", data_live=True),
    )


def _driving(view: View) -> list[Html]:
    """The forms that drive time, where that is of use."""
    if view.clock == "real" or (view.clock == "skip" and not view.pending):
        return []
    form = view.form if view.action == "advance" else {}
    back = {} if view.function is None else {"back": view.function.ref.unqualified_arn}
    number = tag(
        "input",
        id="seconds",
        name="seconds",
        value=form.get("seconds", "60"),
        inputmode="decimal",
        autocomplete="off",
        **described(view, "advance"),
    )
    return [
        _drive(view, back, "step", tag("button", "Run the next")),
        _drive(view, back, "run", tag("button", "Run until idle")),
        _drive(
            view, back, "advance", tag("label", "Seconds", for_="seconds"), number, tag("button", "Advance")
        ),
    ]


def _drive(view: View, back: Mapping[str, str], action: str, *children: Html) -> Html:
    return tag("form", hidden(view, **back), *children, method="post", action=action_url(view, action))


def _events(view: View) -> Html:
    told = stories(view.told, view.pending)
    if not told:
        inside = tag("p", "Nothing was invoked yet.", class_="quiet")
        return card("events", "Events", inside, live=True)
    more = tag(
        "a", f"Show more: {view.older:,} older", href=f"{url(view, events=str(view.shown * 4))}#events"
    )
    return card(
        "events",
        "Events",
        tag("p", on_axis(min(_ON_AXIS, len(told)), len(told) + view.older), class_="quiet"),
        together(told[:_ON_AXIS]),
        [parts.event(story, unfolded=story.key == view.unfolded) for story in told],
        tag("p", more) if view.older else None,
        live=True,
    )
