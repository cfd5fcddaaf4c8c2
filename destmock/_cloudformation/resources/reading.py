"""What services answer about a resource: the values by which it is found again, and its attributes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from destmock._cloudformation.resources.fitting import alike, plain, several

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from botocore.model import StructureShape

#: Parameters that are an answer's value of another name.
_SAME = {"ifmatch": "etag"}
_SCALARS = (str, int, float, datetime)


class Known:
    """All that is known of a resource: what it was made with, and what its service has answered since."""

    def __init__(self, prefixes: Sequence[str], values: Mapping[str, Any] | None = None) -> None:
        self._prefixes = prefixes
        self._values: dict[str, Any] = dict(values or {})

    def with_values(self, values: Mapping[str, Any]) -> Known:
        """The same and these, which are newer. What lies in structures is known by its name, too."""
        newer = {plain(name): value for name, value in values.items() if value is not None}
        inside = {
            plain(name): value
            for each in values.values()
            if isinstance(each, dict)
            for name, value in each.items()
            if isinstance(value, _SCALARS)
        }
        return Known(self._prefixes, {**inside, **self._values, **newer})

    def value(self, path: str) -> Any:
        """The value of a property, or of one inside another; `None` if it isn't known."""
        name, _, rest = path.partition(".")
        found = next((self._values[each] for each in self._names(name) if each in self._values), None)
        if not rest or found is None:
            return found
        if isinstance(found, dict):
            return Known(()).with_values(found).value(rest)
        if rest == "Address":  # of an endpoint that the service answers as a text, beside its port
            return found
        return self.value(rest) if rest == "Port" else None

    def _names(self, name: str) -> Iterator[str]:
        yield from alike(name, self._prefixes)

    def arguments(self, shape: StructureShape | None, identifier: Sequence[str]) -> dict[str, Any] | None:
        """The parameters of an operation on the resource; `None` if a required one isn't known."""
        if shape is None:
            return {}
        names = {each for name in identifier for each in self._names(name)}
        lists = {each for name in names for each in several(name)}
        made: dict[str, Any] = {}
        for member, inner in shape.members.items():
            required, name = member in shape.required_members, plain(member)
            value = None
            if inner.type_name == "list" and (required or name in lists):
                value = next((self.value(each) for each in _singulars(name) if self.value(each)), None)
                value = [value] if isinstance(value, str) else value
            elif inner.type_name != "list" and (required or name in names or name in _SAME):
                value = self.value(_SAME.get(name, member))
                if value is None and name in self._prefixes:  # e.g. a work group's name is its WorkGroup
                    value = self.value([*identifier][-1])
            elif name.removesuffix("prefix") in names:
                value = self.value(name.removesuffix("prefix"))
            if isinstance(value, (list, *_SCALARS)):
                made[member] = value
            elif required and not inner.metadata.get("idempotencyToken"):
                return None
        return made

    def identified(self, identifier: Iterable[str]) -> set[str]:
        """The values of the primary identifier."""
        found = [self.value(name) for name in identifier]
        return {value for value in found if isinstance(value, str)}


def record(answer: Mapping[str, Any], identifying: set[str], prefixes: Sequence[str]) -> dict[str, Any]:
    """The part of an answer that describes the resource; its other values are kept beside it."""
    flat = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    for name, value in flat.items():
        if isinstance(value, dict) and (len(flat) == 1 or plain(name) in (*prefixes, f"{prefixes[0]}detail")):
            return {**_without(flat, name), **value}
        if isinstance(value, list):
            found = [each for each in value if isinstance(each, dict) and _is_of(each, identifying)]
            if found:
                best = max(found, key=lambda each: len(identifying & {*_texts(each)}))
                return {**_without(flat, name), **best}
    return flat


def _without(answer: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {each: value for each, value in answer.items() if each != name}


def _is_of(described: Mapping[str, Any], identifying: set[str]) -> bool:
    return not {*_texts(described)}.isdisjoint(identifying)


def _texts(described: Mapping[str, Any]) -> Iterator[str]:
    return (value for value in described.values() if isinstance(value, str))


def _singulars(plural: str) -> Iterator[str]:
    yield plural
    if plural.endswith("ies"):
        yield f"{plural[:-3]}y"
    if plural.endswith("s"):
        yield plural[:-1]


def text(value: Any) -> Any:
    """An attribute as `Fn::GetAtt` gives it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, (list, str)) else str(value)
