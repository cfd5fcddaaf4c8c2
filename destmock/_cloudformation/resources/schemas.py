"""The types that have no model: what AWS's resource schemas say of them, and the operations that make them.

`schemas.json` is made by `tests/cloudformation/make_schemas.py`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

_TABLE = Path(__file__).with_name("schemas.json")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*|[0-9]+")
_VERB = re.compile(r"[A-Z][a-z]+")


@dataclass(frozen=True, slots=True)
class Schema:
    """One type. Operations have AWS's names; properties inside others have paths: `Endpoint.Address`."""

    type: str
    service: str
    create: str
    #: The primary identifier's properties.
    id: tuple[str, ...]
    read: str | None = None
    update: str | None = None
    delete: str | None = None
    #: The properties of `Ref`, where it isn't the last of the primary identifier.
    ref: tuple[str, ...] = ()
    #: The properties that the service makes.
    attributes: tuple[str, ...] = ()
    #: The properties whose change replaces the resource.
    replace: tuple[str, ...] = ()
    #: The property that gets a generated name, how long that may be, and whether it has small letters only.
    name: str | None = None
    longest: int = 250
    lower: bool = False
    #: Properties whose parameters have another name.
    renames: Mapping[str, str] = field(default_factory=dict)
    #: Properties that stand for several others, whose values they have in one text.
    parts: Mapping[str, list[str]] = field(default_factory=dict)
    #: Parameters that CloudFormation adds, by their paths.
    defaults: Mapping[str, Any] = field(default_factory=dict)
    #: Attributes whose values follow from the resource's `{ref}` and its place.
    formats: Mapping[str, str] = field(default_factory=dict)

    @property
    def resource(self) -> str:
        return self.type.split("::")[-1]

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What the names of the resource's properties may begin with, or leave out: longest first."""
        found = set()
        for noun in (self.resource, _VERB.sub("", self.create, count=1)):
            words = [word.lower() for word in _WORD.findall(noun)]
            found |= {"".join(words[:end]) for end in range(1, len(words) + 1)}
            found |= {"".join(words[start:]) for start in range(len(words))}
        return tuple(sorted(found, key=lambda prefix: (-len(prefix), prefix)))


@cache
def schemas() -> Mapping[str, Schema]:
    """All schemas, by type.

    They are read as Python reads modules: a test may have put a file system of its own in the place of the
    real one.
    """
    rows = json.loads(SourceFileLoader(__name__, __file__).get_data(str(_TABLE)))
    return {kind: _schema(kind, row) for kind, row in rows.items()}


def _schema(kind: str, row: dict[str, Any]) -> Schema:
    values = {name: tuple(each) if isinstance(each, list) else each for name, each in row.items()}
    return Schema(kind, **cast("dict[str, Any]", values))
