"""A graph as a drawing in SVG, from left to right."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from destmock._pictures.graph import KINDS, WAYS, name_of
from destmock._pictures.html import Html, join, tag

if TYPE_CHECKING:
    from destmock._pictures.graph import Edge, Graph, Node

_WIDTH, _HEIGHT, _VIA = 176, 72, 12
#: The gaps between columns, with room for an edge's words, between the boxes of a column, and around all.
_ACROSS, _DOWN, _MARGIN = 160, 18, 10
#: The distance between the ends of two edges at the same box.
_PORT = 20
_LABEL_SHOWN = 24
#: How long a name may be, which gets three lines, and how much is shown of a longer name's start and end.
_NAME_SHOWN, _NAME_START, _NAME_END = 32, 17, 14
#: The width of a box, which fits a narrow window.
_NARROW = 330


@dataclass(frozen=True, slots=True)
class Box:
    """Where a node is drawn, or where an edge passes between others."""

    node: Node | None
    x: float
    y: float
    height: float

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


#: An edge, and what it passes from its start to its end.
_Route: TypeAlias = "tuple[Edge, list[Box]]"


def drawing(graph: Graph, title: str) -> Html:
    """The picture, with the same in words for people who can't see it."""
    if not graph.nodes:
        return tag("p", "There are no functions yet.", class_="quiet")
    boxes, routes = _laid_out(graph)
    ports = _ports(routes)
    width = max(box.x for box in boxes.values()) + _WIDTH + _MARGIN
    below = any(passed[-1].x <= passed[0].x for _, passed in routes)
    height = max(box.y + box.height for box in boxes.values()) + _MARGIN + 30 * below
    picture = tag(
        "svg",
        tag("title", title),
        tag("desc", "; ".join(_told(edge) for edge in graph.edges) or "Nothing goes anywhere."),
        [_edge(route, ends) for route, ends in zip(routes, ports, strict=True)],
        [_drawn(box, box.node) for box in boxes.values() if box.node is not None],
        [_words(route, ends) for route, ends in zip(routes, ports, strict=True)],
        role="img",
        viewBox=f"0 0 {width:g} {height:g}",
        width=f"{width:g}",
        height=f"{height:g}",
        class_="map",
    )
    scrolled = tag("div", picture, class_="scroll", tabindex="0", role="group", aria_label=title)
    wide = width > _NARROW
    hint = tag("p", "Wider than this window: scroll it sideways →", class_="narrow quiet", aria_hidden="true")
    return join(hint if wide else None, scrolled)


def _laid_out(graph: Graph) -> tuple[dict[str, Box], list[_Route]]:
    """Where each node is, and the boxes that each edge passes: those of its ends, and room between others."""
    column = _columns(graph)
    routes = [(edge, _stops(edge, number, column)) for number, edge in enumerate(graph.edges)]
    ends: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    before = defaultdict(list)
    columns: dict[int, dict[str, Node | None]] = defaultdict(dict)
    for node in graph.nodes:
        columns[column[node.key]][node.key] = node
    for edge, stops in routes:
        ends[edge.start][0] += 1
        ends[edge.end][1] += 1
        for place, (start, end) in enumerate(pairwise(stops), column[edge.start] + 1):
            before[end].append(start)
            columns[place].setdefault(end, None)
    boxes: dict[str, Box] = {}
    for number in sorted(columns):
        nodes, y = columns[number], float(_MARGIN)
        for key in sorted(nodes, key=lambda key: (not before[key], _pull(before[key], boxes), key)):
            found = nodes[key]
            height = _VIA if found is None else max(_HEIGHT, _PORT * max(ends[key]) + 8)
            boxes[key] = Box(found, _MARGIN + number * (_WIDTH + _ACROSS), y, height)
            y += height + _DOWN
    boxes = _centred(boxes)
    return boxes, [(edge, [boxes[stop] for stop in stops]) for edge, stops in routes]


def _stops(edge: Edge, number: int, column: dict[str, int]) -> list[str]:
    """The keys of an edge's two ends and, in each column between them, of a place only for this edge."""
    between = range(column[edge.start] + 1, column[edge.end])
    return [edge.start, *(f"{edge.end} {number} {place}" for place in between), edge.end]


def _pull(keys: list[str], boxes: dict[str, Box]) -> float:
    """The average height of the nodes that have a way to this one."""
    found = [boxes[key].middle for key in keys if key in boxes]
    return sum(found) / len(found) if found else 0.0


def _centred(boxes: dict[str, Box]) -> dict[str, Box]:
    """The boxes, with each column centred on the height of the tallest column."""
    bottoms: dict[float, float] = defaultdict(float)
    for box in boxes.values():
        bottoms[box.x] = max(bottoms[box.x], box.y + box.height)
    tallest = max(bottoms.values())
    return {key: replace(box, y=box.y + (tallest - bottoms[box.x]) / 2) for key, box in boxes.items()}


def _columns(graph: Graph) -> dict[str, int]:
    """The length of the longest way to each node; ways that close a circle don't count."""
    forward = defaultdict(list)
    for start, end in _without_circles(graph):
        forward[start].append(end)
    waiting = {node.key: 0 for node in graph.nodes}
    for ends in forward.values():
        for end in ends:
            waiting[end] += 1
    ready = [key for key, number in waiting.items() if not number]
    column = dict.fromkeys(waiting, 0)
    functions = {node.key for node in graph.nodes if node.kind == "lambda"}
    if any(key not in functions for key in ready):  # nobody invokes these yet: they aren't sources
        column.update(dict.fromkeys(functions.intersection(ready), 1))
    while ready:
        key = ready.pop()
        for end in forward[key]:
            column[end] = max(column[end], column[key] + 1)
            waiting[end] -= 1
            if not waiting[end]:
                ready.append(end)
    return column


def _without_circles(graph: Graph) -> list[tuple[str, str]]:
    following = defaultdict(list)
    for edge in graph.edges:
        following[edge.start].append(edge.end)
    entered = {edge.end for edge in graph.edges}
    first = sorted((node.key for node in graph.nodes), key=lambda key: (key in entered, key))
    kept, done, open_ = [], set(), set()
    for root in first:
        stack = [(root, iter(following[root]))] if root not in done else []
        done.add(root)
        open_.add(root)
        while stack:
            key, ends = stack[-1]
            end = next(ends, None)
            if end is None:
                open_.discard(key)
                stack.pop()
            elif end not in open_:
                kept.append((key, end))
                if end not in done:
                    done.add(end)
                    open_.add(end)
                    stack.append((end, iter(following[end])))
        open_.discard(root)
    return kept


def _ports(routes: list[_Route]) -> list[tuple[float, float]]:
    """How high the two ends of each edge are."""
    starts, ends = [0.0] * len(routes), [0.0] * len(routes)
    for heights, own, other in (starts, 0, 1), (ends, -1, -2):
        sides = defaultdict(list)
        for number, (_, boxes) in enumerate(routes):
            sides[boxes[own].x, boxes[own].y].append(number)
        for numbers in sides.values():
            numbers.sort(key=lambda number: routes[number][1][other].middle)
            for place, number in enumerate(numbers):
                heights[number] = routes[number][1][own].middle + (place - (len(numbers) - 1) / 2) * _PORT
    return [*zip(starts, ends, strict=True)]


def _edge(route: _Route, ports: tuple[float, float]) -> Html:
    edge, boxes = route
    start, end = boxes[0], boxes[-1]
    (y, to_y), to_x = ports, end.x
    path = f"M{start.x + _WIDTH:g} {y:g}"
    if end.x <= start.x:  # it closes a circle, below the two
        low = max(start.y + start.height, end.y + end.height) + 34
        path += f"C{start.x + _WIDTH + 70:g} {low:g} {to_x - 70:g} {low:g} {to_x - 7:g} {to_y:g}"
    else:
        for box in boxes[1:]:
            next_y, tip = (to_y, 7) if box is end else (box.middle, 0)
            bend = box.x - _ACROSS / 2
            path += f"C{bend:g} {y:g} {bend:g} {next_y:g} {box.x - tip:g} {next_y:g}"
            path += "" if box is end else f"h{_WIDTH}"
            y = next_y
    head = f"M{to_x - 8:g} {to_y - 4:g}L{to_x:g} {to_y:g}L{to_x - 8:g} {to_y + 4:g}Z"
    kind = f"edge {edge.way}{' failed' if edge.failed else '' if edge.taken else ' idle'}"
    return tag("g", tag("path", d=path), tag("path", d=head, class_="head"), class_=kind)


def _words(route: _Route, ports: tuple[float, float]) -> Html:
    """What the edge is called, in the first gap that it crosses."""
    edge, boxes = route
    start, end, second = boxes[0], boxes[-1], boxes[1]
    x = start.x + _WIDTH + _ACROSS / 2
    y = (ports[0] + (ports[1] if second is end else second.middle)) / 2
    if end.x <= start.x:
        x = (start.x + end.x + _WIDTH) / 2
        y = max(start.y + start.height, end.y + end.height) + 24
    tone = "failed" if edge.failed else "taken" if edge.taken else "idle"
    label = _short(edge.label, _LABEL_SHOWN)
    return tag("text", label, tag("title", edge.label), x=f"{x:g}", y=f"{y + 4:g}", class_=f"way {tone}")


def _drawn(box: Box, node: Node) -> Html:
    kind = KINDS[node.kind] + (f" · {node.dropped} dropped" if node.dropped else "")
    second = f"{kind} · {node.where}" if node.where else kind
    words = tag(
        "div",
        tag("bdi", _middle_out(node.name), class_="name long" if len(node.name) > _NAME_SHOWN else "name"),
        tag("small", second),
        class_="words",
    )
    return tag(
        "g",
        tag("title", f"{kind} {node.name} {node.where}".strip()),
        tag(
            "rect",
            x=f"{box.x:g}",
            y=f"{box.y:g}",
            width=_WIDTH,
            height=f"{box.height:g}",
            rx=24 if node.kind == "source" else 6,
        ),
        # HTML, which breaks and cuts words by the font that there is; SVG's text would run out of the box.
        tag(
            "foreignObject",
            words,
            x=f"{box.x + 10:g}",
            y=f"{box.middle - _HEIGHT / 2:g}",
            width=_WIDTH - 20,
            height=_HEIGHT,
        ),
        class_=f"node {node.kind}{' dropped' if node.dropped else ''}",
    )


def _told(edge: Edge) -> str:
    way = WAYS.get(edge.way, "invokes")
    return f"{name_of(edge.start)} to {name_of(edge.end)}, {way}: {edge.label}"


def _middle_out(name: str) -> str:
    """A long name, shortened in the middle: its start and end tell it from its neighbours."""
    return name if len(name) <= _NAME_SHOWN else f"{name[:_NAME_START]}…{name[-_NAME_END:]}"


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
