"""The calls that make a stack: they check its name, keep its outputs, and leave nothing of one that fails."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import ChangeSet, CloudFormationBackend, Stack, cloudformation_backends
from moto.cloudformation.parsing import OutputMap
from moto.cloudformation.responses import CloudFormationResponse

from destmock._cloudformation.order import is_kept
from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]*")
_LONGEST_NAME = 128
_BAD_NAME = (
    "1 validation error detected: Value '{}' at 'stackName' failed to satisfy constraint: Member must {}"
)


def _named(call: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse the names that CloudFormation refuses to a caller; those of StackSets' stacks are moto's own."""

    def checked(self: CloudFormationResponse) -> Any:
        name = str(self._get_param("StackName"))
        if self._get_param("ChangeSetType") == "UPDATE":  # the stack is there, and may be given by its ARN
            return call(self)
        if _NAME.fullmatch(name) is None:
            rule = f"satisfy regular expression pattern: {_NAME.pattern}"
            raise ValidationError(message=_BAD_NAME.format(name, rule))
        if len(name) > _LONGEST_NAME:
            rule = f"have length less than or equal to {_LONGEST_NAME}"
            raise ValidationError(message=_BAD_NAME.format(name, rule))
        return call(self)

    return checked


def _create_change_set(call: Callable[..., Any]) -> Callable[..., Any]:
    """Update the stack that there is by a change set without a type, for which moto makes a second stack."""
    named = _named(call)

    def create_change_set(self: CloudFormationResponse) -> Any:
        given, kind = self._get_param("StackName"), self._get_param("ChangeSetType")
        for stack in list(self.cloudformation_backend.stacks.values()):
            if given not in (stack.name, stack.stack_id) or stack.status == "REVIEW_IN_PROGRESS":
                continue
            if kind in (None, "UPDATE"):
                parameters = [_with_value(stack, each) for each in self._get_param("Parameters", [])]
                self.params = {**self.params, "ChangeSetType": "UPDATE", "Parameters": parameters}
        return named(self)

    return create_change_set


def _of_its_stack(call: Callable[..., Any]) -> Callable[..., Any]:
    """Have a change set be the one of the stack that is named; moto takes any that has its name."""

    def called(self: CloudFormationResponse) -> Any:
        stack, name = self._get_param("StackName"), self._get_param("ChangeSetName")
        for key, each in list(self.cloudformation_backend.change_sets.items()):
            if each.change_set_name == name and stack in (each.stack_name, each.stack_id):
                self.params = {**self.params, "ChangeSetName": key}
        return call(self)

    return called


def _create_stack(create: Callable[..., Any]) -> Callable[..., Any]:
    """Make a failed creation remove the stack, its resources and its exports."""

    def create_stack(self: CloudFormationBackend, *args: Any, **kwargs: Any) -> Any:
        name = kwargs["name"] if "name" in kwargs else args[0]
        with _undone_on_failure(self, name, set(self.stacks)):
            made = create(self, *args, **kwargs)
            list(made.output_map.values())  # otherwise moto evaluates outputs only when they are asked for
            return made

    return create_stack


def _update_stack(update: Callable[..., Any]) -> Callable[..., Any]:
    """Let a parameter's previous value be the default that the stack was made with."""

    def update_stack(self: CloudFormationBackend, **given: Any) -> Any:
        stack = self.get_stack(given["name"])
        parameters = [_with_value(stack, each) for each in given["parameters"]]
        return update(self, **{**given, "parameters": parameters})

    return update_stack


def _with_value(stack: Stack, parameter: dict[str, Any]) -> dict[str, Any]:
    """A parameter of an update, with its previous value if that is to be used."""
    if not parameter.get("UsePreviousValue"):
        return parameter
    name = parameter["ParameterKey"]
    defaults = stack.template_dict.get("Parameters") or {}
    if name not in defaults:
        message = (
            f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true for "
            "a parameter key not in the previous template"
        )
        raise ValidationError(message=message)
    value = stack.parameters.get(name, defaults[name].get("Default"))
    return {"ParameterKey": name, "ParameterValue": value}


def _apply(change: Callable[..., None]) -> Callable[..., None]:
    """Make a change set do what `CreateStack` or `UpdateStack` does, outputs and exports included."""

    def apply(self: ChangeSet) -> None:
        stack = self.stack
        backend = cloudformation_backends[stack.account_id][stack.region_name]
        if self.change_set_type == "UPDATE":
            with _rolled_back_on_failure(stack), _exports_renewed(backend, stack):
                change(self)
                stack.template_dict = self.template_dict
                stack.parameters = self.parameters or stack.parameters
                _describe(stack)
            return
        with _undone_on_failure(backend, stack.name, set(backend.stacks) - {stack.stack_id}):
            stack.template, stack.template_dict = self.template, self.template_dict
            stack.parameters = self.parameters
            stack.resource_map = stack._create_resource_map()  # noqa: SLF001 - as when a stack is made
            with _exports_renewed(backend, stack):
                stack.resource_map.create(stack.template_dict)
                _describe(stack)

    return apply


def _describe(stack: Stack) -> None:
    """Let the stack have the description and the outputs of its new template."""
    stack.description = stack.template_dict.get("Description")
    stack.output_map = OutputMap(stack.resource_map, stack.template_dict, stack.stack_id)


def _update(update: Callable[..., None]) -> Callable[..., None]:
    """Make an update export what the new template exports, and no more. One that fails is rolled back."""

    def updated(self: Stack, *args: Any, **kwargs: Any) -> None:
        backend = cloudformation_backends[self.account_id][self.region_name]
        with _rolled_back_on_failure(self), _exports_renewed(backend, self):
            update(self, *args, **kwargs)

    return updated


@contextlib.contextmanager
def _rolled_back_on_failure(stack: Stack) -> Iterator[None]:
    """While entered, the stack may change; an error gives it back its template and its resources.

    A template that is refused has changed no resource. What can't be brought back stays as it is.
    """
    resources, template, parsed = stack.resource_map, stack.template, stack.template_dict
    parameters, stack_parameters = resources.input_parameters, stack.parameters
    begun = resources._resource_json_map  # noqa: SLF001
    try:
        yield
    except Exception:
        stack.template, stack.template_dict, stack.parameters = template, parsed, stack_parameters
        if resources._resource_json_map is not begun:  # noqa: SLF001
            resources.input_parameters = parameters
            with contextlib.suppress(Exception):
                resources.update(parsed, parameters)
            _describe(stack)
            stack.status = "UPDATE_ROLLBACK_COMPLETE"
            stack._add_stack_event(stack.status)  # noqa: SLF001 - as moto does
        raise


@contextlib.contextmanager
def _exports_renewed(backend: CloudFormationBackend, stack: Stack) -> Iterator[None]:
    """While entered, the stack may change; it imports what the region exports, which changes with it."""
    stack.resource_map.cross_stack_resources = backend.exports
    yield
    list(stack.output_map.values())
    exports = dict(backend.exports)
    own = {name for name, each in exports.items() if each.exporting_stack_id == stack.stack_id}
    exported = {each.name: each for each in stack.exports}
    if (exports.keys() - own) & exported.keys():
        message = "Export names must be unique across a given region"
        raise ValidationError(stack.stack_id, message=message)
    for name in own - exported.keys():
        del backend.exports[name]
    backend.exports.update(exported)


@contextlib.contextmanager
def _undone_on_failure(backend: CloudFormationBackend, name: str, before: Collection[str]) -> Iterator[None]:
    """While entered, a stack may be made; an error takes it away again. Other threads make theirs meanwhile.

    `before` has the ids of the stacks that are there already.
    """
    try:
        yield
    except Exception:
        for stack in list(backend.stacks.values()):
            if stack.name == name and stack.stack_id not in before:
                del backend.stacks[stack.stack_id]
                with contextlib.suppress(Exception):  # what can't be deleted doesn't hide the first error
                    stack.resource_map.delete()
                for export in list(backend.exports.values()):
                    if export.exporting_stack_id == stack.stack_id:
                        del backend.exports[export.name]
        raise


def _delete_stack(delete: Callable[..., None]) -> Callable[..., None]:
    """Keep a stack with resources that can't be deleted, such as a bucket that isn't empty; it has failed."""

    def deleted(self: CloudFormationBackend, name_or_stack_id: str) -> None:
        stack = self.stacks.get(name_or_stack_id)
        if stack is not None:
            _retain(stack)
        try:
            delete(self, name_or_stack_id)
        except ClientError:
            if stack is None:
                raise
            self.stacks[stack.stack_id] = stack
            stack.status = "DELETE_FAILED"
            left = ", ".join(_undeleted(stack))
            reason = f"The following resource(s) failed to delete: [{left}]. "
            stack._add_stack_event(stack.status, resource_status_reason=reason)  # noqa: SLF001 - as moto does

    return deleted


def _retain(stack: Stack) -> None:
    """Keep what only the roll-back of a creation deletes; moto knows one word for it."""
    resources = stack.resource_map
    resources._resource_json_map = {  # noqa: SLF001
        name: {**each, "DeletionPolicy": "Retain"} if is_kept(each) else each
        for name, each in resources._resource_json_map.items()  # noqa: SLF001
    }


def _stack_resources(_: Any) -> Any:
    """List the resources that there are. moto's map makes the others, such as those deleted."""

    def stack_resources(self: Stack) -> list[Any]:
        resources = self.resource_map
        found = (resources._parsed_resources.get(name) for name in resources._resource_json_map)  # noqa: SLF001
        return [each for each in found if each is not None]

    return property(stack_resources)


def _undeleted(stack: Stack) -> list[str]:
    resources = stack.resource_map
    return [
        name
        for name, each in resources._resource_json_map.items()  # noqa: SLF001
        if resources._parsed_resources.get(name) is not None  # noqa: SLF001
        and each.get("DeletionPolicy") != "Retain"
    ]


PATCHES = (
    Patch(CloudFormationResponse, "create_stack", _named),
    Patch(CloudFormationResponse, "create_change_set", _create_change_set),
    Patch(CloudFormationResponse, "execute_change_set", _of_its_stack),
    Patch(CloudFormationResponse, "describe_change_set", _of_its_stack),
    Patch(CloudFormationResponse, "delete_change_set", _of_its_stack),
    Patch(CloudFormationBackend, "create_stack", _create_stack),
    Patch(CloudFormationBackend, "delete_stack", _delete_stack),
    Patch(CloudFormationBackend, "update_stack", _update_stack),
    Patch(ChangeSet, "apply", _apply),
    Patch(Stack, "update", _update),
    Patch(Stack, "stack_resources", _stack_resources),
)
