"""Properties of a template as the parameters of an operation, found by botocore's description of it.

CloudFormation's names are the services' own, but for some habits: the resource's name in front, an ending
such as `Id` or `Arn`, a plural, and settings that the operation wants inside a structure.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from botocore.model import Shape, StructureShape

_ENDINGS = ("name", "id", "arn", "list", "configuration", "config", "settings")
_KEYS, _VALUES = ("key", "tagkey"), ("value", "tagvalue")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def plain(name: str) -> str:
    """A name without what differs between services: capital letters, hyphens and underscores."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def alike(name: str, prefixes: Sequence[str]) -> Iterator[str]:
    """The same name, plain, with and without what it may begin with."""
    name = plain(name)
    yield name
    for prefix in prefixes:
        yield prefix + name
        if name.startswith(prefix) and name != prefix:
            yield name[len(prefix) :]


def several(name: str) -> Iterator[str]:
    """A plain name in the plural."""
    yield f"{name}s"
    if name.endswith("y"):
        yield f"{name[:-1]}ies"


def _related(name: str, prefixes: Sequence[str]) -> Iterator[str]:
    """Names that may mean the same, the closest first."""
    yield from alike(name, prefixes)
    name = plain(name)
    for ending in _ENDINGS:
        yield name + ending
        if name.endswith(ending) and name != ending:
            yield name[: -len(ending)]
    yield from several(name)
    if name.endswith("s"):
        yield name[:-1]


class Fitting:
    """One operation's parameters. `left_out` collects the properties that fit nowhere, by their paths."""

    def __init__(self, resource: str, prefixes: Sequence[str], renames: Mapping[str, str]) -> None:
        self._resource = resource
        self._prefixes = prefixes
        self._renames = renames
        self.left_out: list[str] = []

    def parameters(self, properties: Mapping[str, Any], shape: StructureShape) -> dict[str, Any]:
        """The parameters; those that fit into no parameter itself may fit into a structure among them."""
        made, rest = self._members(properties, shape, "", self._prefixes)
        for member, inner in shape.members.items():
            if not rest or inner.type_name != "structure" or member in made:
                continue
            if member in shape.required_members or plain(member).startswith(self._prefixes[0]):
                inside, rest = self._members(rest, inner, "", self._prefixes)
                if inside:
                    made[member] = inside
        if "Tags" in rest and "TagSpecifications" in shape.members:
            kind = _CAMEL.sub("-", self._resource).lower()
            made["TagSpecifications"] = [{"ResourceType": kind, "Tags": rest.pop("Tags")}]
        self.left_out += rest
        return made

    def _members(
        self, value: Mapping[str, Any], shape: Any, path: str, prefixes: Sequence[str]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """What fits a structure's members, and the rest. Equal names come first, so that none is taken."""
        members = {plain(name): name for name in shape.members}
        made: dict[str, Any] = {}
        rest: dict[str, Any] = {}
        for name in sorted(value, key=lambda name: plain(name) not in members):
            names = _related(self._renames[name], ()) if name in self._renames else _related(name, prefixes)
            found = (members[each] for each in names if each in members)
            member = next(
                (each for each in found if each not in made and _suits(value[name], shape.members[each])),
                None,
            )
            if member is None:
                rest[name] = value[name]
            elif value[name] is not None:
                made[member] = self._value(value[name], shape.members[member], f"{path}{name}.")
        return made, rest

    def _value(self, value: Any, shape: Shape, path: str) -> Any:
        fit = {"structure": self._structure, "list": self._list, "map": self._map, "string": self._text}.get(
            shape.type_name
        )
        return value if fit is None else fit(value, shape, path)

    def _structure(self, value: Any, shape: Any, path: str) -> Any:
        if isinstance(value, list) and {"Items", "Quantity"} <= set(shape.members):
            value = {"Quantity": len(value), "Items": value}
        if not isinstance(value, dict) or getattr(shape, "is_document_type", False):
            return value
        prefixes = ("tag",) if {*map(plain, value)} == {"key", "value"} else ()
        made, rest = self._members(value, shape, path, prefixes)
        self.left_out += [path + name for name in rest]
        return made

    def _list(self, value: Any, shape: Any, path: str) -> Any:
        if isinstance(value, dict) and _names_of_pairs(shape.member) is not None:
            key, member = _names_of_pairs(shape.member) or ("", "")
            return [{key: name, member: each} for name, each in value.items()]
        values = value if isinstance(value, list) else [value]
        return [self._value(each, shape.member, path) for each in values]

    def _map(self, value: Any, shape: Any, path: str) -> Any:
        if isinstance(value, list) and all(isinstance(each, dict) for each in value):
            pairs = [{plain(name): part for name, part in each.items()} for each in value]
            return {_one(each, _KEYS): _one(each, _VALUES) for each in pairs}
        if not isinstance(value, dict):
            return value
        return {name: self._value(each, shape.value, f"{path}{name}.") for name, each in value.items()}

    @staticmethod
    def _text(value: Any, _shape: Shape, _path: str) -> Any:
        return json.dumps(value) if isinstance(value, (dict, list)) else value


def _suits(value: Any, shape: Shape) -> bool:
    """Whether a value can be made one of this shape at all."""
    inner = getattr(shape, "member", shape) if shape.type_name == "list" else shape
    return isinstance(value, (dict, list)) or inner.type_name not in ("structure", "map")


def _names_of_pairs(shape: Any) -> tuple[str, str] | None:
    """The names of a tag's two members in a service; `None` if it isn't made of two such."""
    members = {plain(name): name for name in getattr(shape, "members", ())}
    keys = [members[name] for name in _KEYS if name in members]
    values = [members[name] for name in _VALUES if name in members]
    return (keys[0], values[0]) if keys and values else None


def _one(pair: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((pair[name] for name in names if name in pair), None)
