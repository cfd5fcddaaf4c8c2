"""Pure: the filter patterns of CloudWatch Logs, of text, of fields and of JSON.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from destmock._aws.field_pattern import parse_fields

#: Whether a log event's message is wanted.
Filter: TypeAlias = Callable[[str], bool]

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
#: Selectors that AWS has, and these filters don't.
_SELECTOR = re.compile(r"\$[^\s=]*(?:\.\[|\[\*|\['|\.\*)")
#: Characters that a term has in quotes only, as far as AWS was seen to say so.
_QUOTED_ONLY = re.compile(r"[:,()\[\]\\`]+")
_NO_BRACE = "If a filter pattern starts with '{' it must end with '}'"
_TERM = re.compile(r'\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))')
_TOKEN = re.compile(
    r'\s*(?:(?P<symbol>\(|\)|&&|\|\||!=|<=|>=|=|<|>)|"(?P<text>(?:[^"\\]|\\.)*)"'
    r"|(?P<path>\$(?:\.[\w@-]+|\[\d+\])+)|(?P<word>[^\s()&|=<>!\"]+))"
)
_STEP = re.compile(r"\.([\w@-]+)|\[(\d+)\]")
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
_MISSING = object()


class NotSimulatedError(ValueError):
    """A pattern that AWS takes, as far as one can tell, and these filters don't."""


class ToldError(ValueError):
    """A pattern that AWS refuses, with AWS's own text."""


def parse(pattern: str) -> Filter:
    """The filter that a pattern means.

    Raises `NotSimulatedError` for what these filters can't do, and `ValueError` for wrong syntax, as a
    `ToldError` where AWS says more than that it is wrong.
    """
    text = pattern.strip()
    if not text or text == '""':
        return lambda _message: True
    unquoted = _QUOTED.sub('""', text)
    if "%" in unquoted:
        message = "regular expressions (%...%) are not understood"
        raise NotSimulatedError(message)
    if text.startswith("{") and _SELECTOR.search(unquoted):
        message = "selectors with brackets and wildcards are not understood"
        raise NotSimulatedError(message)
    if text.startswith("["):
        return parse_fields(text)
    if text.startswith("{"):
        return _json_filter(text)
    _check_terms(unquoted)
    return _terms(text)


def _check_terms(unquoted: str) -> None:
    if unquoted.count('"') % 2:
        message = "the closing quote is missing"
        raise ValueError(message)
    bad = _QUOTED_ONLY.search(unquoted)
    if bad is not None:
        message = f"Invalid character(s) in term '{bad[0]}'"
        raise ToldError(message)


def _terms(text: str) -> Filter:
    """A filter of terms: `a b` wants both, `?a ?b` either, `-a` excludes; quotes keep a phrase together."""
    required: list[str] = []
    optional: list[str] = []
    excluded: list[str] = []
    for sign, phrase, word in _TERM.findall(text):
        kept = {"?": optional, "-": excluded}.get(sign, required)
        kept.append(word or phrase.replace('\\"', '"'))

    def wanted(message: str) -> bool:
        return (
            all(term in message for term in required)
            and (not optional or bool(required) or any(term in message for term in optional))
            and not any(term in message for term in excluded)
        )

    return wanted


def _json_filter(text: str) -> Filter:
    if not text.endswith("}"):
        raise ToldError(_NO_BRACE)
    condition = _Parser(text[1:-1]).whole()

    def wanted(message: str) -> bool:
        try:
            event = json.loads(message)
        except ValueError:
            return False
        return isinstance(event, dict) and condition(event)

    return wanted


class _Parser:
    """Parses conditions such as `$.a = "x" && ($.b > 3 || $.c IS NULL)`; && binds closer than ||."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        position, text = 0, text.rstrip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                message = f"{text[position:]!r} is not understood"
                raise ValueError(message)
            kind = str(match.lastgroup)
            self._tokens.append((kind, match[kind]))
            position = match.end()

    def whole(self) -> Callable[[Any], bool]:
        condition = self._either()
        if self._tokens:
            message = f"{self._tokens[0][1]!r} is not expected there"
            raise ValueError(message)
        return condition

    def _either(self) -> Callable[[Any], bool]:
        parts = [self._both()]
        while self._take("symbol", "||"):
            parts.append(self._both())
        return lambda event: any(part(event) for part in parts)

    def _both(self) -> Callable[[Any], bool]:
        parts = [self._one()]
        while self._take("symbol", "&&"):
            parts.append(self._one())
        return lambda event: all(part(event) for part in parts)

    def _one(self) -> Callable[[Any], bool]:
        if self._take("symbol", "("):
            condition = self._either()
            self._expect("symbol", ")")
            return condition
        path = self._expect("path")
        if self._take("word", "IS"):
            wanted = {"TRUE": True, "FALSE": False, "NULL": None}.get(self._expect("word"), _MISSING)
            return lambda event: _at(event, path) is wanted
        if self._take("word", "NOT"):
            self._expect("word", "EXISTS")
            return lambda event: _at(event, path) is _MISSING
        if self._take("word", "EXISTS"):
            return lambda event: _at(event, path) is not _MISSING
        operator = self._expect("symbol")
        kind, value = self._tokens.pop(0) if self._tokens else ("", "")
        return _comparison(path, operator, kind, value)

    def _take(self, kind: str, value: str) -> bool:
        if self._tokens[:1] != [(kind, value)]:
            return False
        del self._tokens[0]
        return True

    def _expect(self, kind: str, value: str | None = None) -> str:
        if not self._tokens or self._tokens[0][0] != kind or value not in (None, self._tokens[0][1]):
            message = f"it has no {value or kind} where one is expected"
            raise ValueError(message)
        return self._tokens.pop(0)[1]


def _comparison(path: str, operator: str, kind: str, value: str) -> Callable[[Any], bool]:
    """A condition on the value at `path`; numbers are compared as numbers, text may contain `*`."""
    if kind not in ("text", "word") or operator not in ("=", "!=", *_COMPARISONS):
        message = f"the comparison {path} {operator} {value} is not understood"
        raise ValueError(message)
    number = _number(value) if kind == "word" else None
    if operator in _COMPARISONS:
        if number is None:
            message = f"{value!r} is not a number to compare with"
            raise ValueError(message)
        compare = _COMPARISONS[operator]
        return lambda event: (found := _number(_at(event, path))) is not None and compare(found, number)

    def equal(event: Any) -> bool:
        found = _at(event, path)
        if number is not None:
            return _number(found) == number
        return isinstance(found, str) and fnmatchcase(found, value.replace("[", "[[]").replace("?", "[?]"))

    if operator == "=":
        return equal
    return lambda event: _at(event, path) is not _MISSING and not equal(event)


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _at(event: Any, path: str) -> Any:
    try:
        for name, index in _STEP.findall(path):
            event = event[name or int(index)]
    except (LookupError, TypeError):
        return _MISSING
    return event
