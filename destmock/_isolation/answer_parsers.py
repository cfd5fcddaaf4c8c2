"""What takes answers apart, made once for a session and a protocol: botocore makes one for each answer.

Each refers to itself, so that only the garbage collector removes it. It keeps nothing of an answer.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from botocore import parsers
from botocore.parsers import ResponseParserFactory

from destmock._isolation.client_makers import is_own
from destmock._isolation.patching import unless_replaced

if TYPE_CHECKING:
    from collections.abc import Callable

_parsers: Any = parsers
#: The attribute of a session's factory that has what it has made.
_KNOWN = "_destmock_made"


def _parts_of(kind: Any) -> tuple[Any, ...]:
    """What one of this class is made by."""
    return kind.__init__, kind._default_blob_parser, kind.EVENT_STREAM_PARSER_CLS  # noqa: SLF001


#: botocore's own, by their class.
_OWN = {kind: _parts_of(kind) for kind in _parsers.PROTOCOL_PARSERS.values() if is_own(kind.__init__)}


def _made_once(create: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    """A session has its own; what is made outside of one, as for a client's attribute, is made as ever."""

    @wraps(create)
    def created(factory: Any, protocol_name: str) -> Any:
        kind = _parsers.PROTOCOL_PARSERS.get(protocol_name)
        if factory._defaults or kind not in _OWN or _parts_of(kind) != _OWN[kind]:  # noqa: SLF001
            return create(factory, protocol_name)
        known = vars(factory).setdefault(_KNOWN, {})
        key = kind, _parsers.DEFAULT_TIMESTAMP_PARSER
        parser = known.get(key)
        if parser is None:
            parser = known[key] = create(factory, protocol_name)
        return parser

    return created


PATCHES = (unless_replaced(ResponseParserFactory, "create_parser", _made_once),)
