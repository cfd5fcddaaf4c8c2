"""Pure: items of DynamoDB, with values such as `{"S": "text"}`: their size, and which are the same.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What a list or map has beside its elements, and what each of those has beside itself.
_COLLECTION, _ELEMENT = 3, 1


def item_size(item: Mapping[str, Any]) -> int:
    """The size of the attributes, with their names; values are as in `{"S": "text"}`."""
    return sum(_text(name) + _value(value) for name, value in item.items())


def _value(typed: Mapping[str, Any]) -> int:
    [(kind, value)] = typed.items()
    if kind == "M":
        return _COLLECTION + item_size(value) + _ELEMENT * len(value)
    if kind == "L":
        return _COLLECTION + sum(_value(one) + _ELEMENT for one in value)
    if kind in ("SS", "NS", "BS"):
        return sum(_value({kind[0]: one}) for one in value)
    if kind == "N":
        return _number(str(value))
    if kind in ("S", "B"):
        return len(value) if isinstance(value, bytes) else _text(value)
    return 1  # NULL and BOOL


def _number(text: str) -> int:
    """One byte for two significant digits, and one more, and another for a minus."""
    number = Decimal(text).normalize()
    digits = 0 if number == 0 else len(number.as_tuple().digits)
    return (digits + 1) // 2 + 1 + (number < 0)


def _text(value: str) -> int:
    return len(value.encode(errors="surrogatepass"))


def same_items(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two items have the same attributes: `1.0` is `1`, and sets have no order."""
    return _compared({"M": one}) == _compared({"M": other})


def _compared(typed: Mapping[str, Any]) -> tuple[str, Any]:
    [(kind, value)] = typed.items()
    if kind == "M":
        return kind, {name: _compared(part) for name, part in value.items()}
    if kind == "L":
        return kind, [_compared(one) for one in value]
    if kind == "N":
        return kind, Decimal(str(value))
    if kind in ("SS", "NS", "BS"):
        return kind, {_compared({kind[0]: one}) for one in value}
    return kind, value
