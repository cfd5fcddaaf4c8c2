"""Pure: whether a value of an event passes one of a pattern's filters.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import ipaddress
import operator
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}
_ESCAPED_OR_STAR = re.compile(r"(\\[*\\])|(\*)")
_IGNORE_CASE = "equals-ignore-case"


def passes(value: Any, filters: list[Any]) -> bool:
    """Whether the value, which is neither object nor array, passes any of the filters."""
    return any(_passes(value, one) for one in filters)


def _passes(value: Any, wanted: Any) -> bool:
    if not isinstance(wanted, dict):
        return _is_same(value, wanted)
    name, given = next(iter(wanted.items()))
    if name == "exists":
        return bool(given)  # it is there
    if name == "anything-but":
        return not _is_one_of(value, given)
    if name == "numeric":
        pairs = zip(given[::2], given[1::2], strict=False)
        return _is_number(value) and all(_COMPARED[sign](value, bound) for sign, bound in pairs)
    return isinstance(value, str) and _TEXTS[name](value, given)


def _is_same(value: Any, wanted: Any) -> bool:
    """Numbers are compared by value; in Python, `true` were 1."""
    if _is_number(value) and _is_number(wanted):
        return bool(value == wanted)
    return type(value) is type(wanted) and bool(value == wanted)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_one_of(value: Any, given: Any) -> bool:
    """Whether an anything-but rules the value out: a value, a list of them, or an operator with either."""
    if isinstance(given, dict):
        name, texts = next(iter(given.items()))
        listed = texts if isinstance(texts, list) else [texts]
        return isinstance(value, str) and any(_TEXTS[name](value, text) for text in listed)
    return any(_is_same(value, one) for one in (given if isinstance(given, list) else [given]))


def _begins(value: str, given: Any) -> bool:
    if isinstance(given, dict):
        return value.lower().startswith(given[_IGNORE_CASE].lower())
    return value.startswith(given)


def _ends(value: str, given: Any) -> bool:
    if isinstance(given, dict):
        return value.lower().endswith(given[_IGNORE_CASE].lower())
    return value.endswith(given)


def _is_like(value: str, given: str) -> bool:
    return _wildcard(given).fullmatch(value) is not None


@lru_cache(maxsize=100)
def _wildcard(text: str) -> re.Pattern[str]:
    parts, end = [], 0
    for match in _ESCAPED_OR_STAR.finditer(text):
        parts += [re.escape(text[end : match.start()]), ".*" if match[2] else re.escape(match[1][1])]
        end = match.end()
    return re.compile("".join([*parts, re.escape(text[end:])]), re.DOTALL)


def _is_in(value: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


#: The operators that only texts pass.
_TEXTS: dict[str, Callable[[str, Any], bool]] = {
    "exactly": operator.eq,
    "prefix": _begins,
    "suffix": _ends,
    _IGNORE_CASE: lambda value, given: value.lower() == given.lower(),
    "wildcard": _is_like,
    "cidr": _is_in,
}
