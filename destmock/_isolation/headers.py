"""The headers of a request and of its answer, with fewer looks at each.

botocore keeps a request's headers as an e-mail's until it is sent. Reading one costs a dozen calls, and each
is read six times for a call.
"""

from __future__ import annotations

from email.message import Message
from functools import lru_cache, wraps
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from botocore import awsrequest, parsers
from botocore.awsrequest import HeadersDict
from botocore.compat import HTTPHeaders
from botocore.endpoint import Endpoint

from destmock._isolation.patching import attributes_of, unless_replaced

if TYPE_CHECKING:
    from collections.abc import Callable

_HeaderKey: Any = vars(awsrequest)["_HeaderKey"]
_OF_HEADERS, _OF_MESSAGE, _OF_HTTP = map(attributes_of, (HeadersDict, Message, HTTPHeaders))
_get, _set, _all = (_OF_HEADERS[name] for name in ("__getitem__", "__setitem__", "__iter__"))
#: What `email.policy` calls `compat32`; that module takes long to import.
_COMPAT32 = Message().policy
#: Later versions of Python may look at the names.
_stores_as_it_is = not type(_COMPAT32).header_store_parse.__code__.co_names
_store = _OF_MESSAGE["__setitem__"]
_as_sent, _lower = attrgetter("_key"), attrgetter("_lower")
#: The same few names come again and again.
_key = lru_cache(maxsize=4096)(_HeaderKey)


def plain(headers: Any) -> list[tuple[str, Any]] | None:
    """Headers as they are kept, if they are botocore's own, and bytes or ASCII; else nothing."""
    if type(headers) is not HTTPHeaders:
        return None
    kept: list[tuple[str, Any]] = [*headers.raw_items()]
    try:
        is_plain = "".join([value for _, value in kept if type(value) is not bytes]).isascii()
    except TypeError:  # of another kind
        return None
    return kept if is_plain else None


def sent_items(headers: Any) -> list[tuple[str, Any]]:
    """The headers of a request that is sent; botocore's own look each name up again."""
    if type(headers) is not HeadersDict or not _is_own():
        return [*headers.items()]
    kept = _kept(headers)
    return [*zip(map(_as_sent, kept), kept.values(), strict=True)]


def _kept(headers: Any) -> dict[Any, Any]:
    kept: dict[Any, Any] = headers._dict  # noqa: SLF001
    return kept


def _is_own() -> bool:
    inside = _OF_HEADERS
    return (
        inside["__getitem__"] is _get
        and inside["__setitem__"] is _set
        and inside["__iter__"] is _all
        and vars(awsrequest)["_HeaderKey"] is _HeaderKey
    )


def _listed(items: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @wraps(items)
    def listed(headers: Any) -> Any:
        kept = plain(headers)
        return items(headers) if kept is None else kept

    return listed


def _stored(self: Any, name: str, val: Any) -> None:
    """A header is added as it is, as an e-mail of Python's older kind has it."""
    if self.policy is _COMPAT32 and _OF_MESSAGE["__setitem__"] is _store:
        self._headers.append((name, val))
    else:
        super(HTTPHeaders, self).__setitem__(name, val)


def _encoded_together(encode: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Each text is added once more, as bytes."""

    @wraps(encode)
    def encoded(endpoint: Any, headers: Any) -> None:
        kept = plain(headers)
        as_it_is = _OF_HTTP.get("__setitem__") is _stored and _OF_MESSAGE["__setitem__"] is _store
        if kept is None or not as_it_is or headers.policy is not _COMPAT32:
            encode(endpoint, headers)
        else:
            headers._headers += [(key, text.encode()) for key, text in kept if isinstance(text, str)]  # noqa: SLF001

    return encoded


def _filled(init: Callable[..., None]) -> Callable[..., None]:
    """What is sent or answered has each name as it comes first, with its last value."""

    @wraps(init)
    def made(headers: Any, *given: Any, **named: Any) -> None:
        plainly = not named and len(given) == 1 and type(given[0]) in (list, dict)
        if not plainly or type(headers) is not HeadersDict or not _is_own():
            init(headers, *given, **named)
            return
        found: dict[str, tuple[str, Any]] = {}
        for name, value in given[0].items() if type(given[0]) is dict else given[0]:
            key = name.lower()
            found[key] = (found[key][0] if key in found else name), value
        vars(headers)["_dict"] = {_key(name): value for name, value in found.values()}

    return made


def _contained(contains: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    @wraps(contains)
    def contained(headers: Any, name: Any) -> bool:
        return _key(name) in headers._dict if _is_own() else contains(headers, name)  # noqa: SLF001

    return contained


def _in_small_letters(lowered: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    @wraps(lowered)
    def in_small_letters(original: Any) -> dict[str, Any]:
        if type(original) is not HeadersDict or not _is_own():
            return lowered(original)
        kept = _kept(original)
        return dict(zip(map(_lower, kept), kept.values(), strict=True))

    return in_small_letters


PATCHES = (
    unless_replaced(HTTPHeaders, "items", _listed),
    *((unless_replaced(HTTPHeaders, "__setitem__", lambda _: _stored),) if _stores_as_it_is else ()),
    unless_replaced(Endpoint, "_encode_headers", _encoded_together),
    unless_replaced(HeadersDict, "__init__", _filled),
    unless_replaced(HeadersDict, "__contains__", _contained),
    unless_replaced(parsers, "lowercase_dict", _in_small_letters),
)
