"""The models of an API that is described by a document, and those that its methods want of bodies.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html says which keywords
an import leaves out of a schema: the numbers of a list's items. The same was reported for the numbers of an
object's properties: https://github.com/aws/serverless-application-model/discussions/2708.
"""

from __future__ import annotations

import json
import re
import zlib
from typing import TYPE_CHECKING, Any

from destmock._services.apigateway.request_models import model_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.apigateway.models import RestAPI

_JSON = "application/json"
_REFERENCE = re.compile(r"#/(?:definitions|components/schemas)/([^/]+)")
_LEFT_OUT = {"minItems", "maxItems", "minProperties", "maxProperties"}
#: Where the keys are names, and no keywords.
_NAMED = {"properties", "patternProperties", "definitions"}
#: Where the values are the user's own.
_VALUES = {"enum", "default", "example", "required"}


def put_models(api: RestAPI, document: Mapping[str, Any]) -> None:
    """Add the document's schemas to the API's models; a model that is there already is replaced."""
    schemas = document.get("definitions") or (document.get("components") or {}).get("schemas") or {}
    for name, schema in schemas.items():
        _put_model(api, name, schema)


def request_models(
    api: RestAPI, operation: Mapping[str, Any], document: Mapping[str, Any]
) -> dict[str, str] | None:
    """The models of an operation's bodies, by content type; a schema without a name becomes a model, too."""
    body = resolved(operation.get("requestBody"), document) or {}
    found = {kind: (each or {}).get("schema") for kind, each in (body.get("content") or {}).items()}
    for parameter in operation.get("parameters") or []:
        if parameter.get("in") == "body":
            kinds = operation.get("consumes") or document.get("consumes") or [_JSON]
            found.update(dict.fromkeys(kinds, parameter.get("schema")))
    return {kind: _name(api, schema) for kind, schema in found.items() if schema} or None


def resolved(part: Any, document: Mapping[str, Any]) -> Any:
    """A part of a document, or what it refers to."""
    reference = part.get("$ref") if isinstance(part, dict) else None
    found: Any = part
    if reference is not None:
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found.get(step) or {}
    return found


def _name(api: RestAPI, schema: Mapping[str, Any]) -> str:
    reference = _REFERENCE.fullmatch(str(schema.get("$ref", "")))
    if reference is not None:
        return reference[1]
    name = f"MODEL{zlib.crc32(json.dumps(schema, sort_keys=True).encode()):08x}"[:11]
    _put_model(api, name, schema)
    return name


def _put_model(api: RestAPI, name: str, schema: Mapping[str, Any]) -> None:
    text = json.dumps(_as_model_s(schema, api.id))
    api.add_model(name, schema.get("description", ""), text, _JSON)


def _as_model_s(schema: Any, api_id: str) -> Any:
    """A schema as a model has it: what it refers to are models of the API."""
    if isinstance(schema, list):
        return [_as_model_s(each, api_id) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found: dict[str, Any] = {}
    for key, value in schema.items():
        reference = _REFERENCE.fullmatch(value) if key == "$ref" and isinstance(value, str) else None
        if reference is not None:
            found[key] = model_address(api_id, reference[1])
        elif key in _NAMED and isinstance(value, dict):
            found[key] = {name: _as_model_s(each, api_id) for name, each in value.items()}
        elif key not in _LEFT_OUT:
            found[key] = value if key in _VALUES else _as_model_s(value, api_id)
    return found
