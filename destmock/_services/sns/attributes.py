"""SNS: the message attributes that it refuses (R26, R27)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from moto.sns.exceptions import SNSException
from moto.sns.responses import SNSResponse

from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable

_ASTRAL = "Invalid parameter: Invalid attribute value was passed in for message attribute {name}"
_NO_NUMBER = "Could not cast message attribute '{name}' value to number."
_OUT_OF_RANGE = "Message attribute '{name}' number value [{value}] scale must be 10^-128 and 10^126."
_TOO_PRECISE = "Message attribute '{name}' number value [{value}] must have less than 38 precision digits."
#: The powers of ten of the first digit, and how many digits there may be.
_LEAST, _MOST, _DIGITS = -128, 125, 38
_LAST_OF_BMP = "\uffff"


class _ParameterValueInvalidError(SNSException):
    code = "ParameterValueInvalid"


class _InvalidParameterError(SNSException):
    code = "InvalidParameter"


def _transform(transform: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Refuse what AWS refuses, of a message or of a batch as a whole."""

    def transformed(self: SNSResponse, attributes: dict[str, Any]) -> dict[str, Any]:
        for name, attribute in attributes.items():
            kind, value = str(attribute.get("DataType") or ""), attribute.get("StringValue")
            if value and kind == "Number":
                _check_number(name, value)
            elif value and kind.partition(".")[0] == "String" and max(value) > _LAST_OF_BMP:
                raise _InvalidParameterError(_ASTRAL.format(name=name))
        return transform(self, attributes)

    return transformed


def _check_number(name: str, value: str) -> None:
    text = _NO_NUMBER
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if number.is_finite():
        if _LEAST <= number.adjusted() <= _MOST:
            if len(number.as_tuple().digits) <= _DIGITS:
                return
            text = _TOO_PRECISE
        else:
            text = _OUT_OF_RANGE
    raise _ParameterValueInvalidError(text.format(name=name, value=value))


PATCHES = (Patch(SNSResponse, "_transform_message_attributes", _transform),)
