"""Pure: why a body doesn't fit its model, as `$context.error.validationErrorString` has it.

The words are those of json-schema-validator, the Java library whose texts API Gateway answers:
https://github.com/java-json-tools/json-schema-validator. As there, what is inside of an object or a list is
told only if nothing is wrong with the object or the list itself.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from jsonschema.exceptions import ValidationError

_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
)


def in_words(errors: Iterable[ValidationError]) -> str:
    """The errors of one body, in square brackets."""
    found = {_place(each): each for each in errors}  # one for each keyword at each place
    wrong = {path for path, _ in found}
    told = [
        _text(found[path, keyword])
        for path, keyword in sorted(found)
        if not any(path[:length] in wrong for length in range(len(path)))
    ]
    return f"[{', '.join(told)}]"


def _place(error: ValidationError) -> tuple[tuple[str, ...], str]:
    return tuple(map(str, error.absolute_path)), str(error.validator)


def _text(error: ValidationError) -> str:
    make = _TEXTS.get(str(error.validator))
    return error.message if make is None else make(error.instance, error.validator_value, error.schema)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _type_of(value: Any) -> str:
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "null")


def _type(value: Any, wanted: Any, _: Any) -> str:
    names = {wanted} if isinstance(wanted, str) else set(wanted)
    allowed = sorted(names | ({"integer"} if "number" in names else set()))
    return (
        f"instance type ({_type_of(value)}) does not match any allowed primitive type "
        f"(allowed: {_json(allowed)})"
    )


def _required(value: Any, wanted: Any, _: Any) -> str:
    return f"object has missing required properties ({_json(sorted(set(wanted) - set(value)))})"


def _additional(value: Any, _: Any, schema: Any) -> str:
    extra = sorted(set(value) - set(schema.get("properties", {})))
    return f"object instance has properties which are not allowed by the schema: {_json(extra)}"


def _minimum(value: Any, limit: Any, schema: Any) -> str:
    if value == limit and schema.get("exclusiveMinimum"):
        return f"numeric instance is not strictly greater than the required minimum {limit}"
    return f"numeric instance is lower than the required minimum (minimum: {limit}, found: {value})"


def _maximum(value: Any, limit: Any, schema: Any) -> str:
    if value == limit and schema.get("exclusiveMaximum"):
        return f"numeric instance is not strictly lower than the required maximum {limit}"
    return f"numeric instance is greater than the required maximum (maximum: {limit}, found: {value})"


_TEXTS: Mapping[str, Callable[[Any, Any, Any], str]] = {
    "additionalProperties": _additional,
    "enum": lambda value, wanted, _: (
        f"instance value ({_json(value)}) not found in enum (possible values: {_json(wanted)})"
    ),
    "maxItems": lambda value, limit, _: (
        f"array is too long: must have at most {limit} elements but instance has {len(value)} elements"
    ),
    "maxLength": lambda value, limit, _: (
        f'string "{value}" is too long (length: {len(value)}, maximum allowed: {limit})'
    ),
    "maxProperties": lambda value, limit, _: (
        f"object has too many properties (found {len(value)} but schema requires at most {limit})"
    ),
    "maximum": _maximum,
    "minItems": lambda value, limit, _: (
        f"array is too short: must have at least {limit} elements but instance has {len(value)} elements"
    ),
    "minLength": lambda value, limit, _: (
        f'string "{value}" is too short (length: {len(value)}, required minimum: {limit})'
    ),
    "minProperties": lambda value, limit, _: (
        f"object has too few properties (found {len(value)} but schema requires at least {limit})"
    ),
    "minimum": _minimum,
    "multipleOf": lambda value, wanted, _: f"remainder of division is not zero ({value} / {wanted})",
    "pattern": lambda value, wanted, _: f'ECMA 262 regex "{wanted}" does not match input string "{value}"',
    "required": _required,
    "type": _type,
    "uniqueItems": lambda *_: "array must not contain duplicate elements",
}
