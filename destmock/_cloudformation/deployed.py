"""What a deployment has made."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def _nothing() -> MappingProxyType[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack that `Destmock.deploy` made. `resources` maps logical ids to physical ids, as `Ref` does.

    `invented` has the values that `invent_parameters` has made up, by the names of the parameters. Of CDK's
    output, `stacks` has each stack by its name, and the rest what is in any of them: of outputs and resources
    of one name, those of the last stack.
    """

    name: str
    outputs: Mapping[str, str]
    resources: Mapping[str, str]
    invented: Mapping[str, str] = field(default_factory=_nothing)
    stacks: Mapping[str, Stack] = field(default_factory=lambda: MappingProxyType({}))
