"""The resources of a template that neither moto's CloudFormation nor destmock simulates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NESTED, _MAPPING = "AWS::CloudFormation::Stack", "AWS::Lambda::EventSourceMapping"
_APPLICATION = "AWS::Serverless::Application"
_API, _API_GATEWAY = "AWS::ApiGateway::RestApi", "AWS::ApiGateway::"
_READ = ("dynamodb", "kinesis", "sqs")
#: Properties of mappings that read from sources that aren't simulated: Kafka, Amazon MQ and DocumentDB.
_OTHER_SOURCES = ("DocumentDBEventSourceConfig", "Queues", "SelfManagedEventSource", "Topics")


def unsupported(
    body: Mapping[str, Any], has: Callable[[dict[str, Any]], bool], supports: Callable[[str], bool]
) -> dict[str, str]:
    """The unsupported resources: logical id -> type and reason.

    `has` says whether the stack will have a resource, `supports` whether a stack can have a type.
    """
    resources = {name: each for name, each in body["Resources"].items() if has(each)}
    documents = {
        name for name, each in resources.items() if each["Type"] == _API and "Body" in _properties(each)
    }
    found = {}
    for name, each in resources.items():
        why = _why(name, each, documents)
        if why is not None:
            found[name] = f"{each['Type']} {why}"
        elif not supports(each["Type"]):
            found[name] = each["Type"]
    return found


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


def _why(name: str, resource: Mapping[str, Any], documents: set[str]) -> str | None:
    """The unsupported part of a resource whose type is supported; `None` if there is none."""
    kind, properties = resource["Type"], _properties(resource)
    if name in documents:
        return "with a Body"
    if kind.startswith(_API_GATEWAY) and (properties.get("RestApiId") or {}) in [
        {"Ref": each} for each in documents
    ]:
        return "of an API with a Body"
    url = properties.get("TemplateURL")
    if kind == _NESTED and isinstance(url, str) and not url.startswith("https://"):
        return f"of the local template {url}"
    if kind == _MAPPING and not _is_read(properties):
        return "of another source than a queue, a stream or a table"
    return None


def _is_read(mapping: Mapping[str, Any]) -> bool:
    if any(name in mapping for name in _OTHER_SOURCES):
        return False
    arn = mapping.get("EventSourceArn")
    return not isinstance(arn, str) or not arn.startswith("arn:") or arn.split(":")[2] in _READ


def _properties(resource: Mapping[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = resource.get("Properties", {})
    return properties
