"""A function as the Lambda console's designer shows it, and the forms beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from destmock._pictures import parts
from destmock._pictures.graph import WAYS, incoming, kind_of, name_of, outgoing, unqualified
from destmock._pictures.html import Html, tag
from destmock._pictures.story import function_text
from destmock._server.page.view import (
    View,
    action_url,
    card,
    described,
    function_url,
    hidden,
    qualifier,
    radio,
    wrong,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from destmock._engine.event_invoke_config import EventInvokeConfig
    from destmock._pictures.graph import Edge
    from destmock._pictures.topology import Known


def designer(view: View, known: Known) -> Html:
    arn = known.ref.unqualified_arn
    sources = [
        tag(
            "li",
            tag("bdi", name_of(edge.start), class_="name"),
            tag("small", _invokes(edge)),
            class_="box source",
        )
        for edge in incoming(view.graph, arn)
    ]
    destinations = [_destination(view, known, edge) for edge in outgoing(view.graph, arn)]
    settings = [_settings(config) for config in known.configs]
    middle = tag(
        "div",
        tag("bdi", known.ref.name, class_="name"),
        tag("small", f"{known.ref.region} · {known.ref.account}"),
        [tag("small", words) for words in settings or ["Retries: 2, age at most 21,600 s (defaults)"]],
        class_="box function",
    )
    return card(
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


def _settings(config: EventInvokeConfig) -> str:
    whose = f" of {config.ref.qualifier}" if config.ref.qualifier else ""
    policy = config.policy
    return (
        f"Retries{whose}: {policy.maximum_retry_attempts}, "
        f"age at most {policy.maximum_event_age_in_seconds:,} s"
    )


def _invokes(edge: Edge) -> str:
    what = WAYS.get(edge.way, "Invokes")
    whom = "" if edge.qualifier is None or edge.way != "source" else f" {edge.qualifier}"
    return f"{what}{whom} · {edge.taken} time{'s' * (edge.taken != 1)}"


def _boxes(items: Sequence[Html], none: str) -> Html:
    return tag("ul", items) if items else tag("p", none, class_="quiet")


def _destination(view: View, known: Known, edge: Edge) -> Html:
    way = WAYS[edge.way]
    tone = {"OnSuccess": "good", "OnFailure": "bad"}.get(edge.way, "warn")
    named = way if edge.qualifier is None else f"{way} of {edge.qualifier}"
    count = f"{kind_of(edge.end)} · {edge.taken} sent"
    is_set, is_dead_letter = _is_set(known, edge), edge.way == "dead-letter" and known.dead_letter == edge.end
    former = not (is_set or is_dead_letter)
    return tag(
        "li",
        parts.chip("", f"Formerly {named[0].lower()}{named[1:]}") if former else parts.chip(tone, named),
        tag("bdi", name_of(edge.end), class_="name"),
        tag("small", count, parts.chip("bad", f"{edge.failed} FAILED") if edge.failed else None),
        _change(view, known, edge, named) if is_set else None,
        class_="box former" if former else f"box {edge.way}",
        title=edge.end,
    )


def _is_set(known: Known, edge: Edge) -> bool:
    """Whether an edge is configured now; an edge that was taken once may not be any more."""
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
        hidden(view, function=arn, condition=edge.way, qualifier=edge.qualifier or ""),
        tag("a", "Replace", what, href=f"{function_url(arn, **prefilled)}#add"),
        tag("button", "Remove", what, class_="plain"),
        method="post",
        action=action_url(view, "remove"),
        class_="change",
    )


def adding(view: View, known: Known) -> Html:
    form = view.form if view.action in ("", "destination") else {}
    chosen = form.get("condition") or "OnFailure"
    options = [tag("option", value=arn) for arn in view.destinations]
    arn = known.ref.unqualified_arn
    return card(
        "add",
        "Add or replace a destination",
        wrong(view, "destination"),
        wrong(view, "remove"),
        tag(
            "form",
            hidden(view, function=arn),
            tag(
                "fieldset",
                tag("legend", "Condition"),
                radio("condition", "OnFailure", "On failure", chosen),
                radio("condition", "OnSuccess", "On success", chosen),
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
                required=True,
                **described(view, "destination"),
            ),
            tag("datalist", options, id="destinations"),
            tag(
                "p",
                "A queue, topic, event bus or function of the same region and account, or a bucket "
                "on failure. Those there are come up while you type. One that is set already is replaced.",
                class_="quiet help",
            ),
            qualifier(form, "destination"),
            tag("button", "Save destination"),
            method="post",
            action=action_url(view, "destination"),
        ),
    )


def invoking(view: View, known: Known) -> Html:
    form = view.form if view.action == "invoke" else _again(view)
    chosen = form.get("type") or "Event"
    return card(
        "invoke",
        "Invoke",
        wrong(view, "invoke"),
        tag(
            "form",
            hidden(view, function=known.ref.unqualified_arn),
            tag(
                "fieldset",
                tag("legend", "Invocation type"),
                radio("type", "Event", "Event (asynchronous)", chosen),
                radio("type", "RequestResponse", "RequestResponse", chosen),
            ),
            tag("label", "Payload (JSON)", for_="payload"),
            tag(
                "textarea",
                Html("\n"),  # HTML drops the first line break, so the payload keeps its own
                form.get("payload", "{}"),
                id="payload",
                name="payload",
                rows="4",
                spellcheck="false",
                **described(view, "invoke"),
            ),
            qualifier(form, "invoke"),
            tag("button", "Invoke"),
            method="post",
            action=action_url(view, "invoke"),
        ),
    )


def _again(view: View) -> dict[str, str]:
    """The form of the invocation that was made just now, to be sent again or changed."""
    if view.done != "invoked":
        return {}
    for _, item in view.told:
        if item.invoked and view.unfolded == f"event-{item.request_id}":
            kind = "Event" if item.what == "event" else "RequestResponse"
            named = function_text(item.function_arn).partition(":")[2]
            return {"type": kind, "payload": item.payload.decode(errors="replace"), "qualifier": named}
    return {}
