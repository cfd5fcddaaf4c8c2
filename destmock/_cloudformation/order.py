"""The order of a stack's resources: after those that they depend on when made, before them when deleted."""

from __future__ import annotations

import contextlib
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

from moto.cloudformation.parsing import Export, OutputMap, ResourceMap, clean_json

from destmock._cloudformation.validation import dependencies
from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable


def in_order(resources: dict[str, Any]) -> list[str]:
    """The names of resources, each after those that it depends on."""
    graph = {}
    for name, each in resources.items():
        needed = dependencies(each)
        graph[name] = [other for other in resources if other in needed]
    return [*TopologicalSorter(graph).static_order()]


def is_kept(template: dict[str, Any]) -> bool:
    """Whether a resource stays when its stack is deleted, or an update no longer has it."""
    return template.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate")


def _creation_order(_: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """Make a resource after all that it depends on, and otherwise in the template's order.

    moto follows `DependsOn` from where it begins only: what a `Ref` needs earlier would come too early. Log
    groups come as early as they can: a function that a custom resource runs would make its own else. On AWS,
    which makes resources side by side, they are there in time.
    """

    def creation_order(self: ResourceMap) -> list[str]:
        resources = self._resource_json_map
        needed = {name: dependencies(each) & {*resources} for name, each in resources.items()}
        groups = [name for name, each in resources.items() if each.get("Type") == "AWS::Logs::LogGroup"]
        made: dict[str, None] = {}

        def make(name: str) -> None:
            for other in resources:
                if other in needed[name] and other not in made:
                    make(other)
            made.setdefault(name)
            made.update(dict.fromkeys(each for each in groups if needed[each] <= made.keys()))

        for name in resources:
            make(name)
        return [*made]

    return creation_order


def _delete(delete: Callable[..., None]) -> Callable[..., None]:
    """Delete in order; moto, whose own order is any, then tries again what could not be deleted."""

    def deleted(self: ResourceMap) -> None:
        templates = self._resource_json_map
        for name in reversed(in_order(templates)):
            resource = self._parsed_resources.get(name)
            if resource is None or templates[name].get("DeletionPolicy") == "Retain":
                continue
            with contextlib.suppress(Exception):
                self._delete_resource(resource, templates[name])
                del self._parsed_resources[name]
        delete(self)

    return deleted


def _build_resource_diff(build: Callable[..., Any]) -> Callable[..., Any]:
    def build_resource_diff(self: ResourceMap, other_template: dict[str, Any], *given: Any) -> Any:
        found = build(self, other_template, *given)
        before, now = in_order(self._resource_json_map), in_order(other_template["Resources"])
        found["Remove"].sort(key=before.index, reverse=True)
        for action in ("Add", "Modify"):
            found[action].sort(key=now.index)
        return found

    return build_resource_diff


class _Export(Export):
    """What a stack exports. moto asks for names before it makes the stack: a value waits until asked for."""

    def __init__(self, stack_id: str, output: dict[str, Any], resources: ResourceMap) -> None:
        super().__init__(stack_id, clean_json(output["Export"].get("Name"), resources), "")
        self._output = output
        self._resources = resources

    @property
    def value(self) -> str:
        found: str = clean_json(self._output.get("Value"), self._resources)
        return found


def _exports(_: Any) -> Any:
    """Don't make the resources of exported values before those that come first."""

    def exports(self: OutputMap) -> list[Export]:
        outputs = (self._output_json_map or {}).values()
        return [
            _Export(self._stack_id, output, self._resource_map) for output in outputs if output.get("Export")
        ]

    return property(exports)


PATCHES = (
    Patch(OutputMap, "exports", _exports),
    Patch(ResourceMap, "_ResourceMap__get_resources_in_dependency_order", _creation_order),
    Patch(ResourceMap, "delete", _delete),
    Patch(ResourceMap, "build_resource_diff", _build_resource_diff),
)
