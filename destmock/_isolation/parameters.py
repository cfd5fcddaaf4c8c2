"""The parameters of a call that are as its model says: botocore need not look for what is wrong with them."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from botocore import validate as validation
from botocore.validate import ParamValidator, ValidationErrors

from destmock._isolation.own_steps import Steps, names_of

if TYPE_CHECKING:
    from collections.abc import Callable

_OF_BYTES = frozenset({bytes, bytearray, str})
_LISTS = frozenset({list, tuple})
_validation: Any = validation
_in_range = _validation.range_check
_VALIDATOR = Steps(ParamValidator, names_of(ParamValidator, "validate", "_validate", "_check"))


def _quickly(validate: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    @wraps(validate)
    def validated(validator: Any, params: Any, shape: Any) -> Any:
        own = _VALIDATOR.are_own(validator) and _validation.range_check is _in_range
        if own and _is_right(params, shape):
            return ValidationErrors()
        return validate(validator, params, shape)

    return validated


def _is_right(value: Any, shape: Any) -> bool:
    """Whether botocore finds nothing wrong with a value; `False` as well where that takes a closer look."""
    check = _CHECKS.get(shape.type_name)
    return check is not None and check(value, shape)


def _is_right_text(value: Any, shape: Any) -> bool:
    return type(value) is str and len(value) >= shape.metadata.get("min", _LEAST)


def _is_right_number(value: Any, shape: Any) -> bool:
    return type(value) is int and value >= shape.metadata.get("min", _LEAST)


def _is_right_list(value: Any, shape: Any) -> bool:
    if type(value) not in _LISTS or len(value) < shape.metadata.get("min", _LEAST):
        return False
    member = shape.member
    return all(_is_right(each, member) for each in value)


def _is_right_map(value: Any, shape: Any) -> bool:
    key, member = shape.key, shape.value
    return type(value) is dict and all(
        _is_right(name, key) and _is_right(each, member) for name, each in value.items()
    )


def _is_right_structure(value: Any, shape: Any) -> bool:
    metadata = shape.metadata
    if type(value) is not dict or "document" in metadata or ("union" in metadata and len(value) != 1):
        return False
    for name in metadata.get("required", ()):
        if name not in value:
            return False
    members = shape.members
    for name, each in value.items():
        member = members.get(name)
        if member is None or not _is_right(each, member):
            return False
    return True


#: What is right for each shape that doesn't say what is the least: less is for some shapes only.
_LEAST = 1
_CHECKS: dict[str, Callable[[Any, Any], bool]] = {
    "blob": lambda value, _: type(value) in _OF_BYTES,
    "boolean": lambda value, _: type(value) is bool,
    "integer": _is_right_number,
    "list": _is_right_list,
    "long": _is_right_number,
    "map": _is_right_map,
    "string": _is_right_text,
    "structure": _is_right_structure,
}
PATCHES = (_VALIDATOR.replaced("validate", _quickly),)
