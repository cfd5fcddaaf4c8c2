"""The page's HTML: an overview, and a page for each function."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from destmock._pictures import parts
from destmock._pictures.drawing import drawing
from destmock._pictures.graph import WAYS, incoming, kind_of, name_of, outgoing, unqualified
from destmock._pictures.html import Html, join, tag
from destmock._pictures.lanes import together
from destmock._pictures.story import stories
from destmock._record import timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from destmock._books import Told
    from destmock._ledger import Pending
    from destmock._pictures.graph import Edge, Graph
    from destmock._pictures.topology import Known, Topology

PREFIX = "/_destmock"
_ON_AXIS = 12
#: What a redirect says was done.
DONE = {
    "saved": "Destination saved.",
    "removed": "Destination removed.",
    "invoked": "Invoked.",
    "stepped": "The next queued thing has run.",
    "advanced": "Time has passed.",
    "idle": "Ran until nothing was queued.",
}


@dataclass(frozen=True, slots=True)
class View:
    """What a page shows. `error` belongs to the form called `action`, whose input is in `form`."""

    topology: Topology
    graph: Graph
    told: Sequence[Told]
    older: int
    shown: int
    pending: Sequence[Pending]
    now: int
    version: str
    token: str
    function: Known | None = None
    destinations: Sequence[str] = ()
    unfolded: str = ""
    done: str = ""
    action: str = ""
    error: str = ""
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return "destmock" if self.function is None else f"{self.function.ref.name} · destmock"


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


def url(view: View, **more: str) -> str:
    """The page's own address."""
    if view.function is None:
        return f"{PREFIX}?{urlencode(more)}" if more else PREFIX
    return function_url(view.function.ref.unqualified_arn, **more)


def function_url(arn: str, **more: str) -> str:
    return f"{PREFIX}/function?{urlencode({'arn': arn, **more})}"


def _top(view: View) -> Html:
    failed = sum(edge.failed for edge in view.graph.edges)
    return tag(
        "header",
        tag("a", "destmock", href=PREFIX, class_="brand"),
        tag(
            "p",
            tag("span", "Virtual time ", class_="quiet"),
            tag("time", timestamp(view.now), datetime=timestamp(view.now)),
            " ",
            parts.chip("wait", f"{len(view.pending)} queued") if view.pending else parts.chip("", "idle"),
            parts.chip("bad", f"{failed} not delivered") if failed else None,
            id="clock",
            data_live=True,
        ),
        tag("p", id="live", role="status", class_="quiet"),
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
            notice,
            _card("map", title, whole, live=True),
            _queue(view),
            _events(view),
        )
    ref = view.function.ref
    return join(
        tag("h1", tag("bdi", ref.name)),
        tag("p", tag("code", ref.unqualified_arn), class_="quiet"),
        notice,
        _designer(view, view.function),
        tag("div", _add(view, view.function), _invoke(view, view.function), class_="pair"),
        _queue(view),
        _events(view),
    )


def _card(key: str, title: str, *children: object, live: bool = False) -> Html:
    heading = tag("h2", title, id=f"{key}-title")
    inside = tag("div", *children, id=f"{key}-inside", data_live=True) if live else join(*children)  # type: ignore[arg-type]
    return tag("section", heading, inside, class_="card", id=key, aria_labelledby=f"{key}-title")


def _designer(view: View, known: Known) -> Html:
    arn = known.ref.unqualified_arn
    sources = [
        tag(
            "li",
            tag("bdi", name_of(edge.start), class_="name"),
            tag("small", f"{WAYS.get(edge.way, 'Invokes')} · {edge.taken} times"),
            class_="box source",
        )
        for edge in incoming(view.graph, arn)
    ]
    destinations = [_destination(view, known, edge) for edge in outgoing(view.graph, arn)]
    settings = [
        f"{one.ref.qualifier or 'Retries'}: {one.policy.maximum_retry_attempts}, "
        f"age at most {one.policy.maximum_event_age_in_seconds:,} s"
        for one in known.configs
    ]
    middle = tag(
        "div",
        tag("bdi", known.ref.name, class_="name"),
        tag("small", f"{known.ref.region} · {known.ref.account}"),
        [tag("small", words) for words in settings or ["Retries: 2, age at most 21,600 s (defaults)"]],
        class_="box function",
    )
    return _card(
        "designer",
        "Designer",
        tag(
            "div",
            tag("div", tag("h3", "Invoked by"), _boxes(sources, "Nothing so far."), class_="sources"),
            tag("div", tag("h3", "Function"), middle, class_="middle"),
            tag("div", tag("h3", "Destinations"), _boxes(destinations, "None yet."), class_="ends"),
            class_="designer",
        ),
        live=True,
    )


def _boxes(items: Sequence[Html], none: str) -> Html:
    return tag("ul", items) if items else tag("p", none, class_="quiet")


def _destination(view: View, known: Known, edge: Edge) -> Html:
    way = WAYS[edge.way]
    tone = {"OnSuccess": "good", "OnFailure": "bad"}.get(edge.way, "warn")
    named = way if edge.qualifier is None else f"{way} of {edge.qualifier}"
    count = f"{kind_of(edge.end)} · {edge.taken} sent"
    return tag(
        "li",
        parts.chip(tone, named),
        tag("bdi", name_of(edge.end), class_="name"),
        tag("small", count, parts.chip("bad", f"{edge.failed} FAILED") if edge.failed else None),
        _change(view, known, edge, named) if _is_set(known, edge) else None,
        class_=f"box {edge.way}",
        title=edge.end,
    )


def _is_set(known: Known, edge: Edge) -> bool:
    """Whether it is configured now; what was taken once may not be any more."""
    for config in known.configs:
        arn = {"OnSuccess": config.on_success, "OnFailure": config.on_failure}.get(edge.way)
        if arn is not None and edge.end == unqualified(arn) and (config.ref.qualifier == edge.qualifier):
            return True
    return False


def _change(view: View, known: Known, edge: Edge, named: str) -> Html:
    arn = known.ref.unqualified_arn
    prefilled = {"condition": edge.way, "destination": edge.end, "qualifier": edge.qualifier or ""}
    what = tag("span", f" {named}: {name_of(edge.end)}", class_="unseen")
    return tag(
        "form",
        _hidden(view, function=arn, condition=edge.way, qualifier=edge.qualifier or ""),
        tag("a", "Replace", what, href=f"{function_url(arn, **prefilled)}#add"),
        tag("button", "Remove", what, class_="plain"),
        method="post",
        action=f"{PREFIX}/remove",
        class_="change",
    )


def _add(view: View, known: Known) -> Html:
    form = view.form if view.action in ("", "destination") else {}
    chosen = form.get("condition") or "OnFailure"
    options = [tag("option", value=arn) for arn in view.destinations]
    arn = known.ref.unqualified_arn
    return _card(
        "add",
        "Add or replace a destination",
        _wrong(view, "destination"),
        _wrong(view, "remove"),
        tag(
            "form",
            _hidden(view, function=arn),
            tag(
                "fieldset",
                tag("legend", "Condition"),
                _radio("condition", "OnFailure", "On failure", chosen),
                _radio("condition", "OnSuccess", "On success", chosen),
            ),
            tag("label", "Destination ARN", for_="destination"),
            tag(
                "input",
                id="destination",
                name="destination",
                value=form.get("destination", ""),
                list="destinations",
                autocomplete="off",
                spellcheck="false",
                **_described(view, "destination"),
            ),
            tag("datalist", options, id="destinations"),
            _qualifier(form, "destination"),
            tag("button", "Save destination"),
            method="post",
            action=f"{PREFIX}/destination",
        ),
    )


def _invoke(view: View, known: Known) -> Html:
    form = view.form if view.action == "invoke" else {}
    chosen = form.get("type") or "Event"
    return _card(
        "invoke",
        "Invoke",
        _wrong(view, "invoke"),
        tag(
            "form",
            _hidden(view, function=known.ref.unqualified_arn),
            tag(
                "fieldset",
                tag("legend", "Invocation type"),
                _radio("type", "Event", "Event (asynchronous)", chosen),
                _radio("type", "RequestResponse", "RequestResponse", chosen),
            ),
            tag("label", "Payload (JSON)", for_="payload"),
            tag(
                "textarea",
                Html("\n"),  # which HTML takes away; a line break of the payload's own stays
                form.get("payload", "{}"),
                id="payload",
                name="payload",
                rows="6",
                spellcheck="false",
                **_described(view, "invoke"),
            ),
            _qualifier(form, "invoke"),
            tag("button", "Invoke"),
            method="post",
            action=f"{PREFIX}/invoke",
        ),
    )


def _queue(view: View) -> Html:
    form = view.form if view.action == "advance" else {}
    back = {} if view.function is None else {"back": view.function.ref.unqualified_arn}
    number = tag(
        "input",
        id="seconds",
        name="seconds",
        value=form.get("seconds", "60"),
        inputmode="decimal",
        autocomplete="off",
        **_described(view, "advance"),
    )
    forms = [
        _drive(view, back, "step", tag("button", "Run the next")),
        _drive(view, back, "run", tag("button", "Run until idle")),
        _drive(
            view, back, "advance", tag("label", "Seconds", for_="seconds"), number, tag("button", "Advance")
        ),
    ]
    return _card(
        "queue",
        "Queue",
        [_wrong(view, action) for action in ("step", "run", "advance")],
        tag("div", forms, class_="drive"),
        tag("div", parts.queue(view.pending, view.now), id="queue-inside", data_live=True),
    )


def _drive(view: View, back: Mapping[str, str], action: str, *children: Html) -> Html:
    return tag("form", _hidden(view, **back), *children, method="post", action=f"{PREFIX}/{action}")


def _events(view: View) -> Html:
    told = stories(view.told, view.pending)
    if not told:
        inside = tag("p", "Nothing was invoked yet.", class_="quiet")
        return _card("events", "Events", inside, live=True)
    more = tag(
        "a", f"Show more: {view.older:,} older", href=f"{url(view, events=str(view.shown * 4))}#events"
    )
    return _card(
        "events",
        "Events",
        together(told[:_ON_AXIS]),
        [parts.event(story, unfolded=story.key == view.unfolded) for story in told],
        tag("p", more) if view.older else None,
        live=True,
    )


def _hidden(view: View, **values: str) -> Html:
    found = {"token": view.token, **values}
    return join(tag("input", type="hidden", name=key, value=value) for key, value in found.items())


def _radio(name: str, value: str, words: str, chosen: str) -> Html:
    box = tag("input", type="radio", name=name, value=value, checked=value == chosen)
    return tag("label", box, f" {words}", class_="radio")


def _qualifier(form: Mapping[str, str], key: str) -> Html:
    return join(
        tag("label", "Version or alias (optional)", for_=f"{key}-qualifier"),
        tag(
            "input",
            id=f"{key}-qualifier",
            name="qualifier",
            value=form.get("qualifier", ""),
            autocomplete="off",
            spellcheck="false",
        ),
    )


def _wrong(view: View, action: str) -> Html | None:
    """What is wrong with a form that was sent, at the form."""
    if view.action != action or not view.error:
        return None
    return tag("p", view.error, role="alert", class_="wrong", id=f"{action}-error")


def _described(view: View, action: str) -> dict[str, str | bool]:
    if view.action != action or not view.error:
        return {}
    return {"aria_describedby": f"{action}-error", "aria_invalid": "true", "autofocus": True}
