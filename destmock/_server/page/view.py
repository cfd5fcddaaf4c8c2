"""What a page shows, and the pieces that its cards and forms have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

from destmock._pictures.html import Html, join, tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from destmock._cloudformation.check.finding import Finding
    from destmock._observed.entries import Entry
    from destmock._observed.facts import Pending
    from destmock._pictures.graph import Graph
    from destmock._pictures.topology import Known, Topology

PREFIX = "/_destmock"
#: What moves virtual time: the invocations themselves, the user, or real time.
Clock = Literal["skip", "manual", "real"]


@dataclass(frozen=True, slots=True)
class View:
    """What a page shows. `error` belongs to the form called `action`, whose input is in `form`."""

    topology: Topology
    graph: Graph
    told: Sequence[tuple[int, Entry]]
    older: int
    shown: int
    pending: Sequence[Pending]
    now: int
    version: str
    token: str
    clock: Clock
    function: Known | None = None
    destinations: Sequence[str] = ()
    findings: Sequence[Finding] = ()
    unfolded: str = ""
    done: str = ""
    action: str = ""
    error: str = ""
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return "destmock" if self.function is None else f"{self.function.ref.name} · destmock"


def url(view: View, **more: str) -> str:
    """The page's own address."""
    if view.function is None:
        return f"{PREFIX}?{urlencode(more)}" if more else PREFIX
    return function_url(view.function.ref.unqualified_arn, **more)


def action_url(view: View, action: str) -> str:
    """The address that a form is sent to; opened in a browser, it leads back to the form's page."""
    if view.function is None:
        return f"{PREFIX}/{action}"
    return f"{PREFIX}/{action}?{urlencode({'arn': view.function.ref.unqualified_arn})}"


def function_url(arn: str, **more: str) -> str:
    return f"{PREFIX}/function?{urlencode({'arn': arn, **more})}"


def card(key: str, title: str, *children: object, live: bool = False) -> Html:
    heading = tag("h2", title, id=f"{key}-title")
    inside = tag("div", *children, id=f"{key}-inside", data_live=True) if live else join(*children)  # type: ignore[arg-type]
    return tag("section", heading, inside, class_="card", id=key, aria_labelledby=f"{key}-title")


def hidden(view: View, **values: str) -> Html:
    found = {"token": view.token, **values}
    return join(tag("input", type="hidden", name=key, value=value) for key, value in found.items())


def radio(name: str, value: str, words: str, chosen: str) -> Html:
    box = tag("input", type="radio", name=name, value=value, checked=value == chosen)
    return tag("label", box, f" {words}", class_="radio")


def qualifier(form: Mapping[str, str], key: str) -> Html:
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


def wrong(view: View, action: str) -> Html | None:
    """The error of a form that was refused, to be shown at the form."""
    if view.action != action or not view.error:
        return None
    return tag("p", view.error, role="alert", class_="wrong", id=f"{action}-error")


def described(view: View, action: str) -> dict[str, str | bool]:
    if view.action != action or not view.error:
        return {}
    return {"aria_describedby": f"{action}-error", "aria_invalid": "true", "autofocus": True}
