"""The parameters of a call that are as its model says: botocore need not look for what is wrong with them."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from botocore import validate as validation
from botocore.validate import ParamValidationDecorator, ParamValidator

from destmock._isolation.own_steps import Steps, names_of
from destmock._isolation.patching import unless_replaced

if TYPE_CHECKING:
    from collections.abc import Callable

_OF_BYTES = frozenset({bytes, bytearray, str})
_LISTS = frozenset({list, tuple})
_validation: Any = validation
_in_range = _validation.range_check
_VALIDATOR = Steps(ParamValidator, names_of(ParamValidator, "validate", "_validate", "_check"))


def _quickly(serialize: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    """A request is made of parameters that are right, without a list of what is wrong with them."""

    @wraps(serialize)
    def serialized(self: Any, parameters: Any, operation_model: Any) -> Any:
        shape = operation_model.input_shape
        if shape is not None and not (
            _VALIDATOR.are_own(self._param_validator)
            and _validation.range_check is _in_range
            and _is_right(parameters, shape)
        ):
            return serialize(self, parameters, operation_model)
        return self._serializer.serialize_to_request(parameters, operation_model)

    return serialized


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
        if member is None:
            return False
        kind = member.type_name
        if kind == "string":  # as most are
            if type(each) is not str or len(each) < member.metadata.get("min", _LEAST):
                return False
        elif kind not in _CHECKS or not _CHECKS[kind](each, member):
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
PATCHES = (unless_replaced(ParamValidationDecorator, "serialize_to_request", _quickly),)
