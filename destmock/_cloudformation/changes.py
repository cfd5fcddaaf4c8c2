"""An update of a stack: what is new or changed comes after all that it depends on, as at its creation.

moto makes everything that is new before it changes anything. A deployment of an API that is new in the
template would have the API's methods as they were before. And moto compares templates only: here, a resource
is changed, made or removed as well when its expressions or its condition have other values.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Stack
from moto.cloudformation.parsing import ResourceMap

from destmock._cloudformation.order import in_order, is_kept
from destmock._cloudformation.resources.custom import CustomResource
from destmock._cloudformation.resources.model import Resource
from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def _update(_: Callable[..., None]) -> Callable[..., None]:
    def updated(
        self: ResourceMap, template: dict[str, Any], parameters: dict[str, Any] | None = None
    ) -> None:
        _check_types(self._resource_json_map, template["Resources"])
        found = self.build_resource_diff(template, parameters)
        templates, before = self._resource_json_map, _values(self)
        self._template = template
        self._resource_json_map = template["Resources"]
        if parameters:
            self.input_parameters = parameters
        self.load_mapping()
        self.load_parameters()
        self.load_conditions()
        gone = [name for name in reversed(in_order(templates)) if name in before and not _wanted(self, name)]
        _repeated([*found["Remove"], *gone], lambda name: _remove(self, name, templates[name]))
        changed, failed = set(found["Modify"]), []
        for name in in_order(template["Resources"]):
            if self._parsed_resources.get(name) is None:
                _make(self, name, new=name not in templates)
            elif name in changed or _has_other_values(self, name, before.get(name)):
                try:
                    _change(self, name)
                except Exception as error:  # noqa: BLE001 - it may need what comes later, and is tried again
                    if name in changed or _is_ours(self, name):
                        failed.append(name)
                    else:
                        message = f"{name} stays as it was, though it refers to what has changed: {error}"
                        warnings.warn(message, stacklevel=2)
        _repeated(failed, lambda name: _change(self, name))

    return updated


def _check_types(before: dict[str, Any], now: dict[str, Any]) -> None:
    others = [name for name in now if name in before and now[name]["Type"] != before[name]["Type"]]
    if others:
        message = (
            "Update of resource type is not permitted. The new template modifies resource type of the "
            f"following resources: [{', '.join(others)}]"
        )
        raise ValidationError(message=message)


def _values(resources: ResourceMap) -> dict[str, Any]:
    """The properties of each resource that there is, without expressions; `None` if they can't be told."""
    made = resources._parsed_resources  # noqa: SLF001
    return {
        name: _value(resources, name)
        for name in resources._resource_json_map  # noqa: SLF001
        if made.get(name) is not None
    }


def _value(resources: ResourceMap, name: str) -> Any:
    try:
        return parsing.clean_json(resources._resource_json_map[name].get("Properties"), resources)  # noqa: SLF001
    except Exception:  # noqa: BLE001 - it is raised where the resource is made or changed
        return None


def _has_other_values(resources: ResourceMap, name: str, before: Any) -> bool:
    """Whether properties have changed: with a parameter, a mapping, a condition, or another resource."""
    now = _value(resources, name)
    return before is not None and now is not None and now != before


def _is_ours(resources: ResourceMap, name: str) -> bool:
    """Whether destmock changes the resource; some of moto's own models change nothing that has a name."""
    return isinstance(resources._parsed_resources[name], (CustomResource, Resource, Stack))  # noqa: SLF001


def _wanted(resources: ResourceMap, name: str) -> bool:
    """Whether the condition of a resource holds; one that the template doesn't have isn't asked about."""
    condition = resources._resource_json_map.get(name, {}).get("Condition")  # noqa: SLF001
    return condition is None or bool(resources.lazy_condition_map[condition])


def _make(resources: ResourceMap, name: str, *, new: bool) -> None:
    """Make a resource that is new, or whose condition holds from now on."""
    if new or "Condition" in resources._resource_json_map[name]:  # noqa: SLF001
        _ = resources[name]


def _change(resources: ResourceMap, name: str) -> None:
    changed: Any = parsing.parse_and_update_resource(
        name,
        resources._resource_json_map[name],  # noqa: SLF001
        resources,
        account_id=resources._account_id,  # noqa: SLF001
        region_name=resources._region_name,  # noqa: SLF001
    )
    if changed is not None:  # otherwise moto can't change it
        resources._parsed_resources[name] = changed  # noqa: SLF001


def _remove(resources: ResourceMap, name: str, template: dict[str, Any]) -> None:
    """Delete a resource, or leave it alone if its template says so. A later one may have its name."""
    resource = resources._parsed_resources.get(name)  # noqa: SLF001
    if resource is not None and not is_kept(template):
        resources._delete_resource(resource, template)  # noqa: SLF001
    resources._parsed_resources.pop(name, None)  # noqa: SLF001


def _repeated(names: Iterable[str], act: Callable[[str], None]) -> None:
    """Act on each, and again on those that have failed, as long as that helps any of them."""
    left = [*names]
    while left:
        failures = {name: failure for name in left if (failure := _failure(act, name)) is not None}
        if len(failures) == len(left):
            raise failures[left[0]]
        left = [*failures]


def _failure(act: Callable[[str], None], name: str) -> Exception | None:
    try:
        act(name)
    except Exception as error:  # noqa: BLE001 - raised by the caller, unless it goes well later
        return error
    return None


PATCHES = (Patch(ResourceMap, "update", _update),)
