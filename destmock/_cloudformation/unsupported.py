"""The resources of a template that neither moto's CloudFormation nor destmock simulates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from destmock._cloudformation.validation import references

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

_NESTED = "AWS::CloudFormation::Stack"
_APPLICATION = "AWS::Serverless::Application"
_FUNCTION = "AWS::Lambda::Function"
#: CDK's custom resource whose function runs the command line of AWS, which isn't there.
_WITH_PROGRAMS = "Custom::CDKBucketDeployment"
_API = "AWS::ApiGateway::RestApi"


def unsupported(
    body: Mapping[str, Any],
    has: Callable[[dict[str, Any]], bool],
    supports: Callable[[str], bool],
    answers: Callable[[dict[str, Any]], bool],
) -> dict[str, str]:
    """The unsupported resources: logical id -> type and reason.

    `has` says whether the stack will have a resource, `supports` whether a stack can have a type, `answers`
    whether a resource needs no function of its own, or one that can run here.
    """
    resources = {name: each for name, each in body["Resources"].items() if has(each)}
    found = {}
    for name, each in resources.items():
        why = _why(each)
        if why is not None:
            found[name] = f"{each['Type']} {why}"
        elif not supports(each["Type"]):
            found[name] = each["Type"]
        elif each["Type"] == _WITH_PROGRAMS or not answers(each):
            found[name] = f"{each['Type']} whose function can't run here"
    return found


def functions_behind(token: Any, resources: Mapping[str, Any]) -> Iterator[str]:
    """The template's functions that a ServiceToken names, by themselves or by an alias or a version."""
    for _, name in references(token):
        if name in resources:
            if resources[name]["Type"] == _FUNCTION:
                yield name
            else:
                yield from functions_behind(_properties(resources[name]).get("FunctionName"), resources)


def runs(function: str, resources: Mapping[str, Any], replaced: Collection[str]) -> bool:
    """Whether one of the template's functions can run here: it is Python's, or has a handler."""
    runtime = _properties(resources[function]).get("Runtime")
    return function in replaced or str(runtime).startswith("python")


def without_applications(body: dict[str, Any]) -> dict[str, Any]:
    """The SAM template, with each application replaced by the nested stack that SAM makes of it."""
    resources = {
        name: _nested(each) if each["Type"] == _APPLICATION else each
        for name, each in body["Resources"].items()
    }
    return {**body, "Resources": resources}


def _nested(application: dict[str, Any]) -> dict[str, Any]:
    location = _properties(application).get("Location")
    url = location if isinstance(location, str) else _APPLICATION
    return {**application, "Type": _NESTED, "Properties": {"TemplateURL": url}}


def _why(resource: Mapping[str, Any]) -> str | None:
    """The unsupported part of a resource whose type is supported; `None` if there is none."""
    kind, properties = resource["Type"], _properties(resource)
    if kind == _API and ("BodyS3Location" in properties or "CloneFrom" in properties):
        return "with BodyS3Location or CloneFrom"
    url = properties.get("TemplateURL")
    if kind == _NESTED and isinstance(url, str) and not url.startswith("https://"):
        return f"of the local template {url}"
    return None


def _properties(resource: Mapping[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = resource.get("Properties", {})
    return properties
