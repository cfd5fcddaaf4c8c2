"""Pure: which of an API's routes a request goes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Target = TypeVar("Target")
ANY = "ANY"
_LITERAL, _VARIABLE, _GREEDY = range(3)


@dataclass(frozen=True, slots=True)
class Route(Generic[Target]):
    """A method and the pattern of a path, such as `/orders/{id}` or `/{proxy+}`, and where they lead."""

    method: str
    pattern: str
    target: Target

    @property
    def parts(self) -> list[str]:
        return _split(self.pattern)

    @property
    def rank(self) -> tuple[tuple[int, ...], bool]:
        """The more specific route comes first: part by part, and then its own method before any."""
        return tuple(_kind(part) for part in self.parts), self.method == ANY


@dataclass(frozen=True, slots=True)
class Found(Generic[Target]):
    """The route of a request, and what its path has for the variables in the pattern."""

    route: Route[Target]
    parameters: Mapping[str, str]


def choose(routes: Iterable[Route[Target]], method: str, path: str) -> Found[Target] | None:
    """The most specific route that has both the path and the method; `None` if there is none.

    A route whose path fits better, but that lacks the method, hides no other route.
    """
    parts = _split(path)
    best: Found[Target] | None = None
    for route in routes:
        if route.method not in (method, ANY):
            continue
        parameters = _fit(route.parts, parts)
        if parameters is not None and (best is None or route.rank < best.route.rank):
            best = Found(route, parameters)
    return best


def _fit(pattern: Sequence[str], parts: Sequence[str]) -> dict[str, str] | None:
    """The values of the pattern's variables; `None` if the path doesn't fit."""
    found: dict[str, str] = {}
    for index, wanted in enumerate(pattern):
        kind = _kind(wanted)
        if kind == _GREEDY:
            rest = "/".join(parts[index:])
            if not rest:
                return None
            return {**found, wanted[1:-2]: rest}
        if index >= len(parts):
            return None
        if kind == _LITERAL:
            if parts[index] != wanted:
                return None
        elif parts[index]:
            found[wanted[1:-1]] = parts[index]
        else:
            return None
    return found if len(parts) == len(pattern) else None


def _kind(part: str) -> int:
    if not (part.startswith("{") and part.endswith("}")):
        return _LITERAL
    return _GREEDY if part.endswith("+}") else _VARIABLE


def _split(path: str) -> list[str]:
    return path[1:].split("/") if len(path) > 1 else []
