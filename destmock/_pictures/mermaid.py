"""A graph as a flowchart in Mermaid's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from destmock._pictures.graph import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from destmock._pictures.graph import Edge, Graph, Node

#: What stands around a label, by the kind of the node.
_SHAPES = {
    "source": ("([", "])"),
    "lambda": ("[", "]"),
    "sqs": ("[/", "/]"),
    "sns": ("{{", "}}"),
    "events": ("[[", "]]"),
    "s3": ("[(", ")]"),
    "other": ("(", ")"),
}
_PLAIN = set(" -_.,:/()")
_LISTS = ("- ", ". ")


def flowchart(graph: Graph) -> str:
    """The flowchart's text, which ends with a newline. Names are encoded where Mermaid would read syntax."""
    return "\n".join(["flowchart LR", *_lines(graph), ""])


def _lines(graph: Graph) -> Iterator[str]:
    ids = {node.key: f"n{number}" for number, node in enumerate(graph.nodes)}
    for node in graph.nodes:
        before, after = _SHAPES[node.kind]
        yield f'    {ids[node.key]}{before}"{_label(node)}"{after}'
    for edge in graph.edges:
        yield f"    {ids[edge.start]} {_arrow(edge)} {ids[edge.end]}"
    for number, edge in enumerate(graph.edges):
        if edge.failed:
            yield f"    linkStyle {number} stroke:#b3261e,stroke-width:3px"


def _arrow(edge: Edge) -> str:
    line = "-.->" if edge.way == "dead-letter" else "-->"
    return f'{line}|"{encoded(edge.label)}"|'


def _label(node: Node) -> str:
    words = node.name if node.kind in ("source", "lambda") else f"{KINDS[node.kind]} {node.name}"
    where = f" ({node.where})" if node.where else ""
    dropped = f"<br/>{node.dropped} dropped" if node.dropped else ""
    return f"{encoded(words + where)}{dropped}"


def encoded(text: str) -> str:
    """The text, with every character that could have a meaning for Mermaid written as `#code;`.

    A hyphen or full stop before a space would begin a list.
    """
    return "".join(
        char
        if char.isalnum() or (char in _PLAIN and f"{char}{after}" not in _LISTS)
        else f"#{_number(char)};"
        for char, after in zip(text, f"{text[1:]} ", strict=True)
    )


def _number(char: str) -> int:
    """The code of a character; of the replacement character, if HTML can't contain the character."""
    code = ord(char)
    unseen = code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000  # noqa: PLR2004 - control, surrogates
    return 0xFFFD if unseen else code
