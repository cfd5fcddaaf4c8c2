"""An update of a stack: what is new or changed comes after all that it depends on, as at its creation.

moto makes everything that is new before it changes anything. A deployment of an API that is new in the
template would have the API's methods as they were before.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from moto.cloudformation import parsing
from moto.cloudformation.parsing import ResourceMap

from destmock._cloudformation.order import in_order
from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def _update(_: Callable[..., None]) -> Callable[..., None]:
    def updated(
        self: ResourceMap, template: dict[str, Any], parameters: dict[str, Any] | None = None
    ) -> None:
        found = self.build_resource_diff(template, parameters)
        _repeated(found["Remove"], lambda name: _remove(self, name))
        self._template = template
        self._resource_json_map = template["Resources"]
        if parameters:
            self.input_parameters = parameters
        self.load_mapping()
        self.load_parameters()
        self.load_conditions()
        new, changed = set(found["Add"]), set(found["Modify"])
        failed = []
        for name in in_order(template["Resources"]):
            if name in new:
                _ = self[name]
            elif name in changed:
                try:
                    _change(self, name)
                except Exception:  # noqa: BLE001 - it may need what comes later, and is tried again
                    failed.append(name)
        _repeated(failed, lambda name: _change(self, name))

    return updated


def _change(resources: ResourceMap, name: str) -> None:
    resources._parsed_resources[name] = parsing.parse_and_update_resource(  # noqa: SLF001
        name,
        resources._resource_json_map[name],  # noqa: SLF001
        resources,
        account_id=resources._account_id,  # noqa: SLF001
        region_name=resources._region_name,  # noqa: SLF001
    )


def _remove(resources: ResourceMap, name: str) -> None:
    if name in resources._parsed_resources:  # noqa: SLF001
        resource = resources._parsed_resources[name]  # noqa: SLF001
        resources._delete_resource(resource, resources._resource_json_map[name])  # noqa: SLF001
    else:
        warnings.warn(f"Unable to delete {name}, as it was never created", stacklevel=2)


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
