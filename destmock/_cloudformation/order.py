"""The order of a stack's resources: after those that they depend on when made, before them when deleted."""

from __future__ import annotations

import contextlib
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

from moto.cloudformation.parsing import ResourceMap

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


PATCHES = (
    Patch(ResourceMap, "delete", _delete),
    Patch(ResourceMap, "build_resource_diff", _build_resource_diff),
)
