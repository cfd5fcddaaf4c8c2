"""Pure: the JSON protocol of AWS's services: a body as boto3's parameters, and boto3's answer as the body.

The texts for values of the wrong type are those that DynamoDB answers. dynalite's tests have them from there:
https://github.com/architect/dynalite.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from botocore.model import ListShape, MapShape, Shape, StructureShape

_SCALARS = {"string": "String", "boolean": "Boolean", "integer": "Integer", "long": "Long"}
_FITTING: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": (int, float),
    "long": (int, float),
}
_INSIDE = "Start of structure or map found where not expected"
_GROUP = 4


class SerializationError(Exception):
    """The service can't read the body; the text says why, if the service does."""


def parameters(shape: Shape, body: str) -> dict[str, Any]:
    """What boto3 is given for an operation's body; raises `SerializationError`.

    Bytes are base64 in JSON. Members that the operation doesn't have are left out, as AWS does.
    """
    try:
        given = json.loads(body)
    except ValueError:
        raise SerializationError from None
    if not isinstance(given, dict):
        raise SerializationError
    return cast("dict[str, Any]", _read(shape, given))


def answer_body(answer: Any) -> str:
    """What boto3 has answered, as JSON: bytes are base64, a time is its seconds."""
    return json.dumps(answer, separators=(",", ":"), default=_written, ensure_ascii=False)


def error_members(error: ClientError) -> dict[str, Any]:
    """The members of a service's error, its message among them, by the service's own names."""
    own = {key: value for key, value in error.response.items() if key not in ("Error", "ResponseMetadata")}
    return (
        own if {"message", "Message"} & set(own) else {**own, "message": error.response["Error"]["Message"]}
    )


def _read(shape: Shape, value: Any) -> Any:
    kind = shape.type_name
    if kind == "structure":
        members = cast("StructureShape", shape).members
        given = _collection(value, dict, "Unexpected value type in payload")
        present = {name: each for name, each in given.items() if name in members and each is not None}
        return {name: _read(members[name], each) for name, each in present.items()}
    if kind == "map":
        found = _collection(value, dict, "Unexpected field type")
        return {name: _read(cast("MapShape", shape).value, each) for name, each in found.items()}
    if kind == "list":
        inside = cast("ListShape", shape).member
        return [_read(inside, each) for each in _collection(value, list, "Unexpected field type")]
    if kind == "blob":
        return _decoded(value)
    if kind in _SCALARS:
        _check(value, kind)
    return value


def _collection(value: Any, wanted: type, otherwise: str) -> Any:
    if isinstance(value, wanted):
        return value
    if isinstance(value, list):
        otherwise = "Unrecognized collection type"
    raise SerializationError(_INSIDE if isinstance(value, dict) else otherwise)


def _check(value: Any, kind: str) -> None:
    """Raise `SerializationError` unless a single value has the type that the service wants."""
    fits = isinstance(value, _FITTING[kind])
    if fits and (kind == "boolean" or not isinstance(value, bool)):
        return
    java = _SCALARS[kind]
    if isinstance(value, dict):
        raise SerializationError(_INSIDE)
    if isinstance(value, list):
        message = f"Unrecognized collection type class java.lang.{java}"
    elif kind == "boolean" and isinstance(value, str):
        message = "Unexpected token received from parser"
    else:
        message = f"{_token(value)} cannot be converted to {java}"
    raise SerializationError(message)


def _token(value: Any) -> str:
    if isinstance(value, (bool, type(None))):
        return f"{json.dumps(value).upper()}_VALUE"
    if isinstance(value, str):
        return "STRING_VALUE"
    return "NUMBER_VALUE" if isinstance(value, int) else "DECIMAL_VALUE"


def _decoded(value: Any) -> bytes:
    if not isinstance(value, str):
        message = "only base-64-encoded strings are convertible to bytes"
        raise SerializationError(message)
    if len(value) % _GROUP:
        message = f"Base64 encoded length is expected a multiple of 4 bytes but found: {len(value)}"
        raise SerializationError(message)
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        message = "Invalid last non-pad Base64 character dectected"  # AWS's spelling
        raise SerializationError(message) from None


def _written(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value.timestamp()
