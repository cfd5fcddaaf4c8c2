"""moto's XML answers in fewer steps: they are small, and of plain elements.

xmltodict passes each element to a writer of events. What isn't plain goes that way still.
"""

from __future__ import annotations

import re
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

import xmltodict

from destmock._isolation.patching import unless_replaced

if TYPE_CHECKING:
    from collections.abc import Callable

#: How moto has its answers written.
_WRITTEN_BY = {"full_document": False, "short_empty_elements": True, "pretty": False}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)


class _OddError(Exception):
    """Something isn't plain."""


@lru_cache(maxsize=1000, typed=True)
def _is_plain(name: object) -> bool:
    return type(name) is str and _NAME.fullmatch(name) is not None


def _elements(name: Any, value: Any) -> str:
    if type(value) is not list:
        return _element(name, value)
    if not value:
        raise _OddError
    return "".join([_element(name, each) for each in value])


def _element(name: Any, value: Any) -> str:
    if not _is_plain(name):
        raise _OddError
    if type(value) is dict:
        attributes = [_attribute(key[1:], each) for key, each in value.items() if key[:1] == "@"]
        inside = [_elements(key, each) for key, each in value.items() if key[:1] != "@"]
        start, content = name + "".join(attributes), "".join(inside)
    elif type(value) is str or value is None:
        start, content = name, escape(value or "")
    else:
        raise _OddError
    return f"<{start}>{content}</{name}>" if content else f"<{start}/>"


def _attribute(name: str, value: Any) -> str:
    if type(value) is not str or not _is_plain(name):
        raise _OddError
    return f" {name}={quoteattr(value)}"


def _in_fewer_steps(unparse: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(unparse)
    def unparsed(input_dict: Any, *given: Any, **named: Any) -> Any:
        if not given and named == _WRITTEN_BY and type(input_dict) is dict:
            try:
                return "".join([_elements(name, value) for name, value in input_dict.items()])
            except (_OddError, TypeError):  # a key that isn't a text
                pass
        return unparse(input_dict, *given, **named)

    return unparsed


PATCHES = (unless_replaced(xmltodict, "unparse", _in_fewer_steps),)
