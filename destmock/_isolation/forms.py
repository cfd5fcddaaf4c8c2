"""The form that a query request is: what was quoted or read before isn't quoted or read again.

botocore quotes a form twice for each request, as it signs and as it sends it, and werkzeug reads it for moto.
"""

from __future__ import annotations

from functools import lru_cache, wraps
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, unquote

from botocore import awsrequest
from werkzeug import formparser

from destmock._isolation.patching import unless_replaced

if TYPE_CHECKING:
    from collections.abc import Callable

#: Longer ones aren't kept: a message may have 256 kB.
_LONGEST = 200
#: What botocore quotes by, and what werkzeug reads by.
_QUOTED_BY: dict[str, Any] = {"doseq": True}
_READ_BY: dict[str, Any] = {"keep_blank_values": True, "errors": "werkzeug.url_quote"}


def _unquote(text: str) -> str:
    return unquote(text.replace("+", " "), errors=_READ_BY["errors"])


def _kept(convert: Callable[[Any], str]) -> Callable[[Any], str]:
    before = lru_cache(maxsize=1000)(convert)
    return lambda text: before(text) if len(text) <= _LONGEST else convert(text)


_quoted, _unquoted = _kept(quote_plus), _kept(_unquote)


def _written(encode: Callable[..., str]) -> Callable[..., str]:
    @wraps(encode)
    def urlencode(query: Any, *given: Any, **named: Any) -> str:
        plainly = not given and named == _QUOTED_BY and type(query) is list
        if plainly and {*map(type, query)} == {tuple} and {*map(type, chain.from_iterable(query))} == {bytes}:
            return "&".join([f"{_quoted(name)}={_quoted(value)}" for name, value in query])
        return encode(query, *given, **named)

    return urlencode


def _read(parse: Callable[..., list[tuple[str, str]]]) -> Callable[..., list[tuple[str, str]]]:
    @wraps(parse)
    def parse_qsl(form: Any, *given: Any, **named: Any) -> list[tuple[str, str]]:
        if given or named != _READ_BY or type(form) is not str:
            return parse(form, *given, **named)
        fields = [field.partition("=") for field in form.split("&") if field]
        return [(_unquoted(name), _unquoted(value)) for name, _, value in fields]

    return parse_qsl


PATCHES = (
    unless_replaced(awsrequest, "urlencode", _written),
    unless_replaced(formparser, "parse_qsl", _read),
)
