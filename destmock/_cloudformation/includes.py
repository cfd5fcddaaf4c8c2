"""Files beside a template that belong into it: `AWS::Include`, and the documents of APIs.

`sam package` would put them into S3, from where CloudFormation includes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Read = Callable[[str], Any]

_TRANSFORM, _INCLUDE = "Fn::Transform", "AWS::Include"
#: The property that names the document of an API, and the one that has the document itself.
_DOCUMENTS = {
    "AWS::ApiGateway::RestApi": ("BodyS3Location", "Body"),
    "AWS::ApiGatewayV2::Api": ("BodyS3Location", "Body"),
    "AWS::Serverless::Api": ("DefinitionUri", "DefinitionBody"),
    "AWS::Serverless::HttpApi": ("DefinitionUri", "DefinitionBody"),
}


def completed(body: dict[str, Any], read: Read, path: Path) -> dict[str, Any]:
    """The template with all that its local files hold; `read` parses the text of one.

    Raises `FileNotFoundError` for a file that isn't there, `UnsupportedError` for one in S3.
    """

    def content(location: str) -> Any:
        if location.startswith("s3://"):
            message = f"destmock includes files beside the template, and not {location}"
            raise UnsupportedError(message)
        file = path.parent / location
        if not file.is_file():
            message = f"{path} includes {location}, but {file} isn't there"
            raise FileNotFoundError(message)
        return read(file.read_text("utf-8"))

    found: dict[str, Any] = _included(body, content)
    resources = found.get("Resources")
    for resource in resources.values() if isinstance(resources, dict) else ():
        if isinstance(resource, dict):  # what isn't is refused later
            _take_document(resource, content)
    return found


def _included(value: Any, content: Read) -> Any:
    if isinstance(value, list):
        return [_included(each, content) for each in value]
    if not isinstance(value, dict):
        return value
    found = {name: _included(each, content) for name, each in value.items() if name != _TRANSFORM}
    if _TRANSFORM not in value:
        return found
    location = _location(value[_TRANSFORM])
    if location is None:
        return {**found, _TRANSFORM: value[_TRANSFORM]}
    included = _included(content(location), content)
    return {**included, **found} if isinstance(included, dict) else included


def _location(transform: Any) -> str | None:
    """Where the file is that a transform includes; `None` for another transform, or an expression."""
    if not isinstance(transform, dict) or transform.get("Name") != _INCLUDE:
        return None
    parameters = transform.get("Parameters")
    location = parameters.get("Location") if isinstance(parameters, dict) else None
    return location if isinstance(location, str) else None


def _take_document(resource: dict[str, Any], content: Read) -> None:
    uri, document = _DOCUMENTS.get(str(resource.get("Type")), ("", ""))
    properties = resource.get("Properties")
    if isinstance(properties, dict) and isinstance(properties.get(uri), str):
        properties[document] = _included(content(properties.pop(uri)), content)
