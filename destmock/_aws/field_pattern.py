"""Pure: the filter patterns of CloudWatch Logs for lines of fields, such as `[ip, user, ..., status = 4*]`.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    #: Whether a field's text is wanted.
    Condition: TypeAlias = Callable[[str], bool]

_REST = "..."
_PART = re.compile(r'(?:"[^"]*"|[^,"])+')
_FIELD = re.compile(r'"([^"]*)"|\[([^\]]*)\]|(\S+)')
_NAME = re.compile(r"\$?[\w.@-]+")
_COMPARISON = re.compile(r'\s*[$\w.@-]+\s*(!=|<=|>=|=|<|>)\s*(?:"([^"]*)"|([^\s"&|()]+))\s*')
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def parse_fields(text: str) -> Callable[[str], bool]:
    """The filter that a pattern in brackets means. Raises `ValueError` for one that is not understood.

    A line has as many fields as the pattern, unless that has an ellipsis. Quotes and brackets keep a field of
    a line together. A pattern without any field wants every line.
    """
    if not text.endswith("]"):
        message = "the closing bracket is missing"
        raise ValueError(message)
    parts = [part.strip() for part in _PART.findall(text[1:-1])]
    if parts in ([], [""]):
        return lambda _line: True
    conditions = [_condition(part) for part in parts if part != _REST]
    rests = parts.count(_REST)
    if rests > 1:
        message = "it has more than one ellipsis"
        raise ValueError(message)
    before = parts.index(_REST) if rests else len(parts)
    after = len(conditions) - before

    def wanted(line: str) -> bool:
        fields = [quoted or bracketed or plain for quoted, bracketed, plain in _FIELD.findall(line)]
        if len(fields) < len(conditions) or (len(fields) > len(conditions) and not rests):
            return False
        asked = fields[:before] + fields[len(fields) - after :]
        return all(condition(field) for condition, field in zip(conditions, asked, strict=True))

    return wanted


def _condition(part: str) -> Condition:
    """What a part wants of its field; a name alone wants anything. `&&` binds closer than `||`."""
    if _NAME.fullmatch(part):
        return lambda _field: True
    either = [[_comparison(one) for one in both.split("&&")] for both in _bare(part).split("||")]
    return lambda field: any(all(one(field) for one in both) for both in either)


def _bare(part: str) -> str:
    """Without the parentheses around a whole condition."""
    while part.startswith("(") and part.endswith(")"):
        part = part[1:-1].strip()
    return part


def _comparison(text: str) -> Condition:
    match = _COMPARISON.fullmatch(text)
    if match is None:
        message = f"{text.strip()!r} is not understood"
        raise ValueError(message)
    operator, value = match[1], match[3] if match[2] is None else match[2]
    number = _number(value)
    if operator in _COMPARED:
        if number is None:
            message = f"{value!r} is not a number to compare with"
            raise ValueError(message)
        compare = _COMPARED[operator]
        return lambda field: (found := _number(field)) is not None and compare(found, number)
    shape = value.replace("[", "[[]").replace("?", "[?]")

    def equal(field: str) -> bool:
        return fnmatchcase(field, shape) or (number is not None and _number(field) == number)

    return equal if operator == "=" else lambda field: not equal(field)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
