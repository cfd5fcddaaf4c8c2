"""A kind of resource: one CloudFormation type, made, changed and deleted through its service."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from destmock._cloudformation.resources.api import Api

Properties = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Made:
    """A resource that exists: `id` is the value of `Ref`, `attributes` are those of `Fn::GetAtt`."""

    id: str
    attributes: Mapping[str, str] = field(default_factory=dict)


class Kind(Protocol):
    """One resource type. `create` gets a generated name, for resources whose properties have none."""

    @property
    def type(self) -> str: ...
    @property
    def attributes(self) -> Container[str]: ...
    @property
    def identity(self) -> tuple[str, ...] | None:
        """The properties whose change replaces the resource; `None`: any change replaces it."""

    def create(self, api: Api, name: str, properties: Properties) -> Made: ...
    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made: ...
    def delete(self, api: Api, made: Made, properties: Properties) -> None: ...


class Attributes(dict[str, str]):
    """The attributes of a resource that isn't simulated: whatever a template asks for is made up."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def __contains__(self, attribute: object) -> bool:
        return True

    def __missing__(self, attribute: str) -> str:
        return f"{self._name}.{attribute}"


class WithoutEffect:
    """A type whose resources do nothing here; they have a name, and any attribute that is asked for."""

    identity = ()

    def __init__(self, resource_type: str) -> None:
        self.type = resource_type
        self.attributes = Attributes("")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        return Made(name, Attributes(name))

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None: ...
