"""Completes moto's CloudFormation, while a mock is active and uses it.

Imported at the first CloudFormation call of a mock: moto's CloudFormation takes a second to import.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.cloudformation.models import ChangeSet, Stack

from destmock._cloudformation import changes, order, stack_calls
from destmock._cloudformation.resources import expressions, functions, generic
from destmock._cloudformation.resources.answers import Answers
from destmock._cloudformation.resources.custom import CUSTOM_RESOURCE, CustomModel, is_custom
from destmock._cloudformation.resources.expressions import resolved
from destmock._cloudformation.resources.kinds import WithoutEffect
from destmock._cloudformation.resources.model import Model
from destmock._cloudformation.resources.names import generated
from destmock._cloudformation.resources.table import KINDS
from destmock._cloudformation.resources.theirs import Theirs
from destmock._cloudformation.template_text import read
from destmock._cloudformation.templates import TRANSFORMS, transforms
from destmock._cloudformation.validation import (
    PSEUDO_PARAMETERS,
    TemplateError,
    check_format,
    check_references,
    references,
)
from destmock._isolation.patching import Patch, patched
from destmock._services.clients import Clients

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_TRANSFORM = (
    "Transform {}: destmock transforms a template that its deploy() gets, "
    "not one that CreateStack, UpdateStack or CreateChangeSet gets"
)


@contextlib.contextmanager
def stacks_completed() -> Iterator[None]:
    """While entered, stacks can have every resource type of `KINDS`, and a failed stack leaves nothing."""
    clients = Clients()
    theirs = parsing.get_model_map()
    kinds = {kind.type: kind for kind in generic.kinds() if kind.type not in theirs} | dict(KINDS)
    models: dict[str, Any] = {name: Model(kind, clients, theirs.get(name)) for name, kind in kinds.items()}
    models[CUSTOM_RESOURCE] = CustomModel(Answers(), clients)
    with patch.dict(theirs, models), patch.object(parsing, "NULL_MODELS", []), patched(PATCHES):
        yield


@contextlib.contextmanager
def ignored(resources: Mapping[str, str]) -> Iterator[None]:
    """While entered, these resources (logical id -> type) are made without any effect."""
    models = {name: Model(WithoutEffect(name), Clients()) for name in resources.values()}
    unknown = {name: model for name, model in models.items() if not supports(name)}
    parse = parsing.parse_resource_and_generate_name

    def parse_resource_and_generate_name(
        logical_id: str, resource_json: dict[str, Any], resources_map: Any
    ) -> Any:
        kind = resources.get(logical_id)
        if kind is None:
            return parse(logical_id, resource_json, resources_map)
        return models[kind], resource_json, generated(kind, logical_id, resources_map)

    with (
        patch.dict(parsing.get_model_map(), unknown),
        patch.object(parsing, "parse_resource_and_generate_name", parse_resource_and_generate_name),
    ):
        yield


@contextlib.contextmanager
def followed(stack_name: str, made: Callable[[str, Any], None]) -> Iterator[None]:
    """While entered, `made` is told of each resource that the stack has made: its logical id, and itself."""
    create = parsing.parse_and_create_resource

    def parse_and_create_resource(
        logical_id: str, resource_json: dict[str, Any], resources_map: Any, **place: str
    ) -> Any:
        resource = create(logical_id, resource_json, resources_map, **place)
        if resources_map["AWS::StackName"] == stack_name:  # and not one that is nested in it
            made(logical_id, resource)
        return resource

    with patch.object(parsing, "parse_and_create_resource", parse_and_create_resource):
        yield


def supports(resource_type: str) -> bool:
    """Whether a stack can have a resource of this type."""
    return resource_type in parsing.get_model_map() or is_custom(resource_type)


def is_run(resource_type: str) -> bool:
    """Whether a resource of this type is made by a function that the template names."""
    return is_custom(resource_type) and resource_type not in KINDS


class Evaluation:
    """A template's conditions and expressions, as far as they need no resource."""

    def __init__(
        self, template: dict[str, Any], parameters: dict[str, str], stack_name: str, account: str, region: str
    ) -> None:
        self._map = parsing.ResourceMap("", stack_name, parameters, {}, region, account, template, {})
        with _as_value_error():
            self._map.load_mapping()
            self._map.load_parameters()
            self._map.load_conditions()
        #: A stack's id isn't known before there is one.
        self._known = {*PSEUDO_PARAMETERS, *template.get("Parameters", {})} - {"AWS::StackId"}

    def has(self, resource: dict[str, Any]) -> bool:
        """Whether the resource's condition holds."""
        condition = resource.get("Condition")
        return condition is None or bool(self._map.lazy_condition_map[condition])

    def value(self, expression: Any) -> Any:
        """The value of an expression; `None` if it depends on a resource."""
        named = {name for kind, name in references(expression) if kind in ("Ref", "Fn::GetAtt")}
        if named - self._known:
            return None
        with _as_value_error():
            return parsing.clean_json(expression, self._map)


@contextlib.contextmanager
def _as_value_error() -> Iterator[None]:
    """Turn moto's errors into `ValueError`: outside of a call, nobody gets an answer of AWS's."""
    try:
        yield
    except CloudFormationError as error:
        raise ValueError(error.message) from error


def _resource_class_from_type(find: Callable[[str], Any]) -> Callable[[str], Any]:
    """Find the model of a type. Any custom type has the same one."""

    def resource_class_from_type(resource_type: str) -> Any:
        models = parsing.get_model_map()
        if resource_type not in models and is_custom(resource_type):
            return models[CUSTOM_RESOURCE]
        model = models.get(resource_type) or find(resource_type)
        return (
            model
            if model is None or isinstance(model, (CustomModel, Model))
            else Theirs(resource_type, model)
        )

    return resource_class_from_type


def _parse_resource_and_generate_name(parse: Callable[..., Any]) -> Callable[..., Any]:
    """Generate names as AWS does, but the same on every run."""

    def parse_resource_and_generate_name(
        logical_id: str, resource_json: dict[str, Any], resources_map: Any
    ) -> Any:
        parsed: Any = parse(logical_id, resource_json, resources_map)
        if parsed is None:
            return None
        model, resource, name = parsed
        resource = resolved(resource, resources_map)
        named_by = parsing.resource_name_property_from_type(resource["Type"])
        if not named_by or named_by not in resource["Properties"]:
            name = generated(resource["Type"], logical_id, resources_map)
        return model, resource, name

    return parse_resource_and_generate_name


# These stand in wherever moto reads a template: they read or refuse it as CloudFormation does.


def _parsed_template(template: str) -> Any:
    try:
        return read(template)
    except ValueError as error:
        raise ValidationError(message=str(error)) from error


def _parse_template(self: Any) -> None:
    body = _parsed_template(self.template)
    try:
        for name in transforms(body) if isinstance(body, dict) else ():
            if name in TRANSFORMS:
                raise ValidationError(message=_TRANSFORM.format(name))
        check_format(body)
        check_references(body)
    except TemplateError as error:
        raise ValidationError(message=str(error)) from error
    self.template_dict = body


PATCHES = (
    Patch(parsing, "resource_class_from_type", _resource_class_from_type),
    Patch(parsing, "parse_resource_and_generate_name", _parse_resource_and_generate_name),
    *expressions.PATCHES,
    *functions.PATCHES,
    Patch(Stack, "parse_template", lambda _: staticmethod(_parsed_template)),
    Patch(Stack, "_parse_template", lambda _: _parse_template),
    Patch(ChangeSet, "_parse_template", lambda _: _parse_template),
    *order.PATCHES,
    *changes.PATCHES,
    *stack_calls.PATCHES,
)
