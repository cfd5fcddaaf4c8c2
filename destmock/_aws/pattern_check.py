"""Pure: which event patterns AWS refuses, and with which words (R4).

https://github.com/aws/event-ruler has the order of the checks.
"""

from __future__ import annotations

import ipaddress
import json
from typing import TYPE_CHECKING

from destmock._aws import pattern_complexity
from destmock._aws.pattern_tokens import PatternError, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

_OR = "$or"
_OPERATORS = (
    "exactly",
    "prefix",
    "suffix",
    "cidr",
    "numeric",
    "anything-but",
    "exists",
    "equals-ignore-case",
    "wildcard",
)
_ONE_KEY = "Only one key allowed in match expression"
_TOO_MANY = "Too many elements in numeric expression"
_STRING = "{} match pattern must be a string"
_ANYTHING_BUT_VALUE = "Value of anything-but must be an array or single string/number value."
_ANYTHING_BUT_LIST = "Inside anything but list, start|null|boolean is not supported."
_ANYTHING_BUT_MIXED = (
    "Inside anything but list, either all values are number or string, mixed type is not supported"
)
#: What is said of a value inside one of anything-but's own operators that is no string.
_INSIDE = {
    "prefix": "prefix/suffix match pattern must be a string",
    "suffix": "prefix/suffix match pattern must be a string",
    "wildcard": "wildcard match pattern must be a string",
    "equals-ignore-case": (
        "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
    ),
}
_NAMES = {"=": "equals"}
_MOST_BITS = {4: 31, 6: 127}


def check(text: str) -> None:
    """Raise `PatternError` for a pattern that AWS refuses."""
    tokens = Tokens(text)
    if tokens.next() != "{":
        tokens.refuse("Filter is not an object")
    _object(tokens, alternative=False)
    if '"wildcard"' in text:
        pattern_complexity.check(json.loads(text))


def _object(tokens: Tokens, *, alternative: bool) -> None:
    """The fields of an object; `alternative` says whether it is part of a `$or`."""
    empty = True
    while tokens.next() != "}":
        empty, name = False, tokens.name()
        if name == _OR:
            _alternatives(tokens)
            continue
        if alternative and name in _OPERATORS:
            tokens.refuse(f"{name} is Ruler reserved fieldName which cannot be used inside {_OR}.")
        kind = tokens.next()
        if kind == "{":
            _object(tokens, alternative=alternative)
        elif kind == "[":
            _filters(tokens)
        else:
            tokens.refuse(f'"{name}" must be an object or an array')
    if empty:
        tokens.refuse("Empty objects are not allowed")


def _alternatives(tokens: Tokens) -> None:
    if tokens.next() != "[":
        tokens.refuse(f"It must be an Array followed with {_OR}.")
    number = 0
    while (kind := tokens.next()) != "]":
        number += 1
        if kind != "{":
            tokens.refuse(f"Only JSON object is allowed in array of {_OR} relationship.")
        _object(tokens, alternative=True)
    if number < 2:  # noqa: PLR2004 - one alternative is none
        tokens.refuse(f"There must have at least 2 Objects in {_OR} relationship.")


def _filters(tokens: Tokens) -> None:
    empty = True
    while (kind := tokens.next()) != "]":
        empty = False
        if kind == "{":
            _expression(tokens)
        elif kind == "[":
            tokens.refuse("Match value must be String, number, true, false, or null")
        elif kind == "string":
            tokens.text()
    if empty:
        tokens.refuse("Empty arrays are not allowed")


def _expression(tokens: Tokens) -> None:
    """An object with the name of an operator."""
    if tokens.next() != "field":
        tokens.refuse("Match expression name not found")
    name = tokens.name()
    if name not in _OPERATORS:
        tokens.refuse(f"Unrecognized match type {name}")
    _CHECKS.get(name, _text_of)(tokens, name)


def _text_of(tokens: Tokens, name: str) -> None:
    """An operator whose value is a text; a prefix or suffix may be one in whichever case."""
    kind = tokens.next()
    if kind == "{" and name in ("prefix", "suffix"):
        if tokens.next() != "field":
            tokens.refuse(f"{name.capitalize()} expression name not found")
        inner = tokens.name()
        if inner != "equals-ignore-case":
            tokens.refuse(f"Unsupported {name} pattern: {inner}")
        _string(tokens, "equals-ignore-case")
        _end(tokens, _ONE_KEY)
    else:
        _string(tokens, "exact" if name == "exactly" else name, kind)
    _end(tokens, _ONE_KEY)


def _string(tokens: Tokens, name: str, kind: str | None = None) -> str:
    if (kind or tokens.next()) != "string":
        tokens.refuse(_STRING.format(name))
    return tokens.text()


def _end(tokens: Tokens, reason: str) -> None:
    if tokens.next() != "}":
        tokens.refuse(reason)


def _wildcard(tokens: Tokens, name: str) -> None:
    _check_wildcard(tokens, _string(tokens, name))
    _end(tokens, _ONE_KEY)


def _check_wildcard(tokens: Tokens, text: str) -> None:
    """Positions are those of bytes, in the text with its quotes."""
    value, at = f'"{text}"'.encode(errors="surrogatepass"), 0
    while at < len(value):
        following = value[at + 1 : at + 2]
        if value[at : at + 1] == b"\\":
            if following not in (b"*", b"\\"):
                tokens.refuse(f"Invalid escape character at pos {at}")
            at += 1
        elif value[at : at + 1] == b"*" and following == b"*":
            tokens.refuse(f"Consecutive wildcard characters at pos {at}")
        at += 1


def _exists(tokens: Tokens, _: str) -> None:
    if tokens.next() not in ("true", "false"):
        tokens.refuse("exists match pattern must be either true or false.")
    _end(tokens, _ONE_KEY)


def _cidr(tokens: Tokens, _: str) -> None:
    """Of a text that is no network, AWS doesn't say where it is."""
    address, slash, bits = _string(tokens, "prefix").partition("/")  # that is what AWS calls it
    if not slash or "/" in bits or not bits:
        text = "Malformed CIDR, one '/' required"
        raise PatternError(text)
    if not (bits.removeprefix("-").isascii() and bits.removeprefix("-").isdigit()):
        text = "Malformed CIDR, mask bits must be an integer"
        raise PatternError(text)
    if int(bits) < 0:
        text = "Malformed CIDR, mask bits must not be negative"
        raise PatternError(text)
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        text = f"Nonstandard IP address: {address}"
        raise PatternError(text) from None
    if int(bits) > _MOST_BITS[version]:
        text = f"IPv{version} mask bits must be < {_MOST_BITS[version] + 1}"
        raise PatternError(text)
    _end(tokens, _ONE_KEY)


def _numeric(tokens: Tokens, name: str) -> None:
    if tokens.next() != "[":
        tokens.refuse(f"Value of {name} must be an array.")
    if tokens.next() != "string":
        tokens.refuse(f"Invalid member in numeric match: {tokens.name()}")
    operator = tokens.text()
    kind = tokens.next()
    if operator not in ("=", "<", "<=", ">", ">="):
        tokens.refuse(f"Unrecognized numeric range operator: {operator}")
    if kind != "number":
        tokens.refuse(f"Value of {_NAMES.get(operator, operator)} must be numeric")
    bottom = float(tokens.name())
    kind = tokens.next()
    if kind != "]" and operator in (">", ">="):
        _upper(tokens, kind, bottom)
    elif kind != "]":
        tokens.refuse(_TOO_MANY)
    _end(tokens, _TOO_MANY)


def _upper(tokens: Tokens, kind: str, bottom: float) -> None:
    """The upper end of a range."""
    if kind != "string":
        tokens.refuse(f"Bad value in numeric range: {tokens.name()}")
    operator = tokens.text()
    if operator not in ("<", "<="):
        tokens.refuse(f"Bad numeric range operator: {operator}")
    if tokens.next() != "number":
        tokens.refuse(f"Value of {operator} must be numeric")
    top = float(tokens.name())
    if tokens.next() != "]":
        tokens.refuse("Too many terms in numeric range expression")
    if bottom >= top:
        tokens.refuse("Bottom must be less than top")


def _anything_but(tokens: Tokens, _: str) -> None:
    kind, inner = tokens.next(), None
    if kind == "{":
        if tokens.next() != "field":
            tokens.refuse("Anything-But expression name not found")
        inner = tokens.name()
        if inner not in _INSIDE:
            tokens.refuse(f"Unsupported anything-but pattern: {inner}")
        kind = tokens.next()
    if kind not in ("[", "string", "number"):
        tokens.refuse(_ANYTHING_BUT_VALUE)
    if kind == "[":
        try:
            _listed(tokens, inner)
        except PatternError as error:  # AWS says the place once more
            tokens.refuse(str(error))
    elif inner is not None:
        _inside(tokens, inner, kind)
    elif kind == "string":
        tokens.text()
    _end(tokens, _TOO_MANY)
    if inner is not None:
        _end(tokens, _TOO_MANY)


def _listed(tokens: Tokens, inner: str | None) -> None:
    """The values of an anything-but: of an operator inside it, or numbers or strings."""
    kinds = set()
    while (kind := tokens.next()) != "]":
        if inner is not None:
            _inside(tokens, inner, kind)
        elif kind not in ("string", "number"):
            tokens.refuse(_ANYTHING_BUT_LIST)
        elif kind == "string":
            tokens.text()
        kinds.add(kind)
    if inner is None and len(kinds) != 1:
        raise PatternError(_ANYTHING_BUT_MIXED)


def _inside(tokens: Tokens, operator: str, kind: str) -> None:
    """One value of an operator inside anything-but."""
    if kind != "string":
        tokens.refuse(_INSIDE[operator])
    text = tokens.text()
    if operator == "wildcard":
        _check_wildcard(tokens, text)
    elif not text and operator in ("prefix", "suffix"):
        tokens.refuse("Null prefix/suffix not allowed")


_CHECKS: dict[str, Callable[[Tokens, str], None]] = {
    "wildcard": _wildcard,
    "exists": _exists,
    "cidr": _cidr,
    "numeric": _numeric,
    "anything-but": _anything_but,
}
