"""The checks that CloudFormation makes of a template before anything else, with AWS's texts."""

from __future__ import annotations

import re
import warnings
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Kind = Literal["Ref", "Fn::GetAtt", "Condition", "Fn::FindInMap", "unknown function", "malformed call"]
    Reference = tuple[Kind, str]

#: The sections in which names are looked up; only `Resources` is required.
_SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs")
_TOP_LEVEL = {
    *_SECTIONS,
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Rules",
    "Transform",
    "Hooks",
}
_ATTRIBUTES = {
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Description",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
    "Version",
}
#: Top-level sections and attributes of resources that only SAM's templates have.
_SAM_TOP_LEVEL, _SAM_ATTRIBUTES = {"Globals"}, {"Connectors", "IgnoreGlobals"}
FUNCTIONS = tuple(
    f"Fn::{name}"
    for name in (
        "And",
        "Base64",
        "Cidr",
        "Equals",
        "FindInMap",
        "GetAZs",
        "GetAtt",
        "If",
        "ImportValue",
        "Join",
        "Not",
        "Or",
        "Select",
        "Split",
        "Sub",
        "ToJsonString",
        "Transform",
    )
)
_LISTED = f"[{', '.join(FUNCTIONS)}]"
PSEUDO_PARAMETERS = frozenset(
    f"AWS::{name}"
    for name in (
        "AccountId",
        "NoValue",
        "NotificationARNs",
        "Partition",
        "Region",
        "StackId",
        "StackName",
        "URLSuffix",
    )
)
#: How many values these functions take in their list.
_VALUES: Mapping[str, tuple[int, ...]] = {
    "Fn::Cidr": (2, 3),
    "Fn::Equals": (2,),
    "Fn::FindInMap": (3, 4),
    "Fn::GetAtt": (2,),
    "Fn::If": (3,),
    "Fn::Join": (2,),
    "Fn::Not": (1,),
    "Fn::Select": (2,),
    "Fn::Split": (2,),
    "Fn::Sub": (2,),
}
#: The functions that take text instead of a list, too.
_OF_TEXT = ("Fn::GetAtt", "Fn::Sub")
_OPERATIONS = ("Condition", "Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or")
_SUBSTITUTION = re.compile(r"\$\{([^!}][^}]*)\}")


class TemplateError(ValueError):
    """A template that CloudFormation refuses."""


def _format_error(text: str) -> TemplateError:
    return TemplateError(f"Template format error: {text}")


def _template_error(text: str) -> TemplateError:
    return TemplateError(f"Template error: {text}")


def check_format(body: Mapping[str, Any], *, serverless: bool = False) -> None:
    """Check the form of a template; its references may still lead nowhere."""
    _check_object(body, "/")
    unknown = sorted(set(body) - _TOP_LEVEL - (_SAM_TOP_LEVEL if serverless else set()))
    if unknown:
        message = f"Invalid template property or properties [{', '.join(unknown)}]"
        raise TemplateError(message)
    for section in _SECTIONS:
        if section in body:
            _check_object(body[section], f"/{section}")
    if not body.get("Resources"):
        message = "At least one Resources member must be defined."
        raise _format_error(message)
    for section in ("Parameters", "Mappings", "Conditions", "Outputs"):
        _check_values(body.get(section, {}), f"/{section}")
    _check_members(body)
    for name, resource in body["Resources"].items():
        _check_resource(name, resource, _ATTRIBUTES | (_SAM_ATTRIBUTES if serverless else set()))
    _check_conditions(body)


def check_references(body: Mapping[str, Any]) -> None:
    """Check that everything exists that the template's expressions name; for SAM, in its result."""
    _check_values(body["Resources"], "/Resources")
    known = {*body.get("Parameters", {}), *body["Resources"], *PSEUDO_PARAMETERS}
    for block, key in (("Resources", "Properties"), ("Outputs", "Value")):
        unresolved = set()
        for each in body.get(block, {}).values():
            unresolved |= set(_depends_on(each)) - set(body["Resources"])
            for kind, name in references(each.get(key)):
                if kind == "Ref" and name not in known:
                    unresolved.add(name)
                elif kind == "Fn::GetAtt" and name not in body["Resources"]:
                    message = f"instance of Fn::GetAtt references undefined resource {name}"
                    raise _template_error(message)
        if unresolved:
            listed = ", ".join(sorted(unresolved))
            message = f"Unresolved resource dependencies [{listed}] in the {block} block of the template"
            raise _format_error(message)
    _check_order("resources", {name: dependencies(each) for name, each in body["Resources"].items()})


def references(expression: Any) -> Iterator[Reference]:
    """The names in an expression, without the variables of a `Fn::Sub`."""
    if isinstance(expression, list):
        for part in expression:
            yield from references(part)
    elif isinstance(expression, dict):
        if len(expression) != 1:
            yield from references(list(expression.values()))
            return
        [(function, given)] = expression.items()
        if function == "Ref" and isinstance(given, str):
            yield "Ref", given
        elif function.startswith("Fn::"):
            yield from _named_by(function, given)
        else:
            yield from references(given)


def _named_by(function: str, given: Any) -> Iterator[Reference]:
    if function not in FUNCTIONS:
        yield "unknown function", function
    elif not _is_well_formed(function, given):
        yield "malformed call", function
    elif function == "Fn::GetAtt":
        yield "Fn::GetAtt", given.split(".")[0] if isinstance(given, str) else str(given[0])
        yield from references(given[1:] if isinstance(given, list) else None)
    elif function == "Fn::Sub":
        text, variables = given if isinstance(given, list) else (given, {})
        for name in _SUBSTITUTION.findall(str(text)):
            if name not in variables:
                yield ("Fn::GetAtt", name.split(".")[0]) if "." in name else ("Ref", name)
        yield from references(list(variables.values()))
    elif function == "Fn::If":
        yield "Condition", str(given[0])
        yield from references(given[1:])
    elif function == "Fn::FindInMap" and isinstance(given[0], str):
        yield "Fn::FindInMap", given[0]
        yield from references(given[1:])
    else:
        yield from references(given)


def _is_well_formed(function: str, given: Any) -> bool:
    if function == "Fn::GetAtt":
        return "." in given if isinstance(given, str) else isinstance(given, list) and len(given) > 1
    if function == "Fn::Sub":
        parts = given if isinstance(given, list) else [given, {}]
        return [type(part) for part in parts] == [str, dict]
    return function not in _VALUES or (isinstance(given, list) and len(given) in _VALUES[function])


def _check_object(value: Any, path: str) -> None:
    if value is None:
        raise _null(path)
    if not isinstance(value, dict):
        message = f"{path} must be an object"
        raise _format_error(message)


def _check_members(body: Mapping[str, Any]) -> None:
    """Check the members of each section."""
    for section, attribute in (("Parameters", "Type"), ("Resources", "Type"), ("Outputs", "Value")):
        for name, each in body.get(section, {}).items():
            _check_object(each, f"/{section}/{name}")
            if attribute not in each or (attribute == "Type" and not isinstance(each["Type"], str)):
                message = (
                    f"Every {section} object must contain a {attribute} member; {name} has no {attribute}"
                )
                raise _format_error(message)
            if not isinstance(each.get("Condition", ""), str):
                message = f"Every Condition member must be a string; that of {name} is not"
                raise _format_error(message)
    for name, condition in body.get("Conditions", {}).items():
        if isinstance(condition, bool):
            continue
        if not isinstance(condition, dict) or [key for key in condition if key in _OPERATIONS] != [
            *condition
        ]:
            message = (
                f"Conditions can only be boolean operations on parameters and other conditions; {name} is not"
            )
            raise _format_error(message)


def _check_resource(name: str, resource: dict[str, Any], attributes: set[str]) -> None:
    for attribute in resource:
        if attribute not in attributes:
            message = f"Invalid template resource property '{attribute}' of the resource {name}"
            raise TemplateError(message)
    if "Description" in resource:
        message = f"the Description of the resource {name} stands beside its Type; there it has no effect"
        warnings.warn(message, stacklevel=2)
    for attribute in ("Properties", "Metadata"):
        if attribute in resource:
            _check_object(resource[attribute], f"/Resources/{name}/{attribute}")


def _check_conditions(body: Mapping[str, Any]) -> None:
    """Check all uses of conditions and mappings, which the author writes even in a SAM template."""
    conditions: dict[str, Any] = body.get("Conditions", {})
    nested = {name: set(_conditions_in(each)) for name, each in conditions.items()}
    for block in ("Conditions", "Resources", "Outputs"):
        for name, each in body.get(block, {}).items():
            asked = nested[name] if block == "Conditions" else {each.get("Condition")} - {None}
            _check_functions(body, each)
            asked |= {name for kind, name in references(each) if kind == "Condition"}
            for condition in sorted(map(str, asked - set(conditions))):
                message = f"Unresolved condition dependency {condition} in the {block} block of the template"
                raise _format_error(message)
    known = {*body.get("Parameters", {}), *PSEUDO_PARAMETERS}
    named = {name for kind, name in references(list(conditions.values())) if kind in ("Ref", "Fn::GetAtt")}
    if named - known:
        listed = ", ".join(sorted(named - known))
        message = f"Unresolved dependencies [{listed}]. Cannot reference resources in the Conditions block"
        message += " of the template"
        raise _format_error(message)
    _check_order("conditions", nested)


def _check_functions(body: Mapping[str, Any], expression: Any) -> None:
    for kind, name in references(expression):
        if kind == "unknown function":
            message = f"Encountered unsupported function: {name} Supported functions are: {_LISTED}"
        elif kind == "malformed call":
            counts = " or ".join(map(str, _VALUES[name]))
            text = " or a string" if name in _OF_TEXT else ""
            message = f"every {name} object requires a list of {counts} values{text}"
        elif kind == "Fn::FindInMap" and name not in body.get("Mappings", {}):
            message = f"Mapping named '{name}' is not present in the 'Mappings' section of template."
        else:
            continue
        raise _template_error(message)


def _conditions_in(expression: Any) -> Iterator[str]:
    """The conditions that a condition is made of."""
    if isinstance(expression, list):
        for part in expression:
            yield from _conditions_in(part)
    elif isinstance(expression, dict):
        for name, value in expression.items():
            if name == "Condition" and isinstance(value, str):
                yield value
            else:
                yield from _conditions_in(value)


def dependencies(resource: Mapping[str, Any]) -> set[str]:
    """The names that a resource depends on; some may be parameters."""
    named = references(resource.get("Properties"))
    return {*_depends_on(resource), *(name for kind, name in named if kind in ("Ref", "Fn::GetAtt"))}


def _depends_on(resource: Mapping[str, Any]) -> list[str]:
    found = resource.get("DependsOn", [])
    return [found] if isinstance(found, str) else list(found)


def _check_order(what: str, graph: Mapping[str, Iterable[str]]) -> None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        listed = ", ".join(sorted(set(error.args[1])))
        message = f"Circular dependency between {what}: [{listed}]"
        raise TemplateError(message) from None


def _null(path: str) -> TemplateError:
    return _format_error(f"[{path}] 'null' values are not allowed in templates")


def _check_values(value: Any, path: str) -> None:
    if value is None:
        raise _null(path)
    named = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in named:
        if name != "Metadata":
            _check_values(part, f"{path}/{name}")
