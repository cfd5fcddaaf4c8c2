"""Pure: how EventBridge looks for a pattern's fields in an event.

A pattern looks into arrays of objects, and wants all that it finds in one array in the same element.
https://github.com/aws/event-ruler#rules-json-arrays
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

#: Whether a value of the event passes one of a field's filters.
Accepts: TypeAlias = Callable[[Any, list[Any]], bool]
#: Which element of each array a value lies in, by the array's path and the elements around it.
_Place: TypeAlias = Mapping[tuple[str, tuple[int, ...]], int]
_Wanted: TypeAlias = Sequence[tuple[str, list[Any]]]
_Found: TypeAlias = Mapping[str, Sequence[tuple[Any, _Place]]]

_ABSENT = {"exists": False}


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any], accepts: Accepts) -> bool:
    """Whether the event has what the pattern wants."""
    found: defaultdict[str, list[tuple[Any, _Place]]] = defaultdict(list)
    for path, value, place in _values(event, "", {}, ()):
        found[path].append((value, place))
    return any(_consistent(sorted(wanted, key=_path), found, {}, accepts) for wanted in ways(pattern))


def _path(wanted: tuple[str, list[Any]]) -> str:
    return wanted[0]


def _values(
    node: Any, path: str, place: _Place, indices: tuple[int, ...]
) -> Iterator[tuple[str, Any, _Place]]:
    """Each value of the event that is neither object nor array, with its path and its place in arrays."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _values(value, _joined(path, name), place, indices)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _values(value, path, {**place, (path, indices): index}, (*indices, index))
    else:
        yield path, node, place


def ways(pattern: Mapping[str, Any], path: str = "") -> Iterator[_Wanted]:
    """The fields that a pattern wants, with their filters; `$or` makes more than one way to match."""
    parts: list[list[_Wanted]] = []
    for name, value in pattern.items():
        if name == "$or" and isinstance(value, list):
            parts.append([way for one in value for way in ways(one, path)])
        elif isinstance(value, dict):
            parts.append(list(ways(value, _joined(path, name))))
        else:
            parts.append([[(_joined(path, name), value)]])
    for chosen in itertools.product(*parts):
        yield [field for way in chosen for field in way]


def _consistent(wanted: _Wanted, found: _Found, place: _Place, accepts: Accepts) -> bool:
    """Whether the fields are found, all of one array in the same element; a missing one beside the others."""
    if not wanted:
        return True
    (path, filters), *others = wanted
    near = [one for one in found.get(path, ()) if _together(place, one[1])]
    if not near and _ABSENT in filters:
        return _consistent(others, found, place, accepts)
    return any(
        accepts(value, filters) and _consistent(others, found, {**place, **where}, accepts)
        for value, where in near
    )


def _together(one: _Place, other: _Place) -> bool:
    return all(one.get(array, index) == index for array, index in other.items())


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
