"""HTML and SVG made of elements. Whatever isn't made here is text, and is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, TypeAlias

from destmock._pictures.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Html(str):
    """Markup; any other `str` is text."""

    __slots__ = ()


Child: TypeAlias = "str | int | float | Iterable[Child] | None"
_EMPTY = {"input", "link", "meta"}
#: SVG's elements without content.
_CLOSED = {"circle", "line", "path", "rect"}


def tag(name: str, /, *children: Child, **attributes: str | float | bool | None) -> Html:
    """An element. `_` in an attribute's name becomes a hyphen; at its end `_` is dropped, as in `class_`.

    An attribute of `None` or `False` is left out; an attribute of `True` has no value.
    """
    start = f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}"
    if name in _EMPTY:
        return Html(f"{start}>")
    if name in _CLOSED and not children:
        return Html(f"{start}/>")
    return Html(f"{start}>{''.join(_flat(children))}</{name}>")


def join(*children: Child) -> Html:
    return Html("".join(_flat(children)))


def text(value: object) -> Html:
    """A text, escaped, with its invisible characters spelt out."""
    return Html(escape(visible(str(value))))


def _flat(children: Iterable[Child]) -> Iterator[str]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, Html):
            yield child
        elif isinstance(child, (str, int, float)):
            yield text(child)
        else:
            yield from _flat(child)


def _attribute(name: str, value: str | float | bool | None) -> str:  # noqa: FBT001
    if value is None or value is False:
        return ""
    key = name.rstrip("_").replace("_", "-")
    return f" {key}" if value is True else f' {key}="{text(value)}"'
