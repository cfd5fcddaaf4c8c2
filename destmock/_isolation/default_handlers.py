"""The handlers that boto3 adds to each session, registered once: sessions share them, as those of botocore.

Some are told the session's own events. Those are made for each session.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from types import FunctionType, SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
import boto3.utils
from boto3 import Session as Boto3Session
from botocore.hooks import HierarchicalEmitter
from botocore.session import Session

from destmock._isolation import sessions
from destmock._isolation.own_steps import Steps

if TYPE_CHECKING:
    from collections.abc import Callable

_utils: Any = boto3.utils
_Emitter: Any = HierarchicalEmitter
_HOME = str(Path(boto3.__file__).parent)
_lazy_call = _utils.lazy_call
_REGISTER = vars(Boto3Session)["_register_default_handlers"]
_SESSION = Steps(Session, ("register",))
#: Stands for a session's events.
_EVENTS = object()


class _Added(NamedTuple):
    """One handler: its event, its own id if it has one, and what makes it."""

    event: str
    unique_id: str | None
    function: str
    named: dict[str, object]

    @property
    def is_own(self) -> bool:
        """Whether each session has its own."""
        return any(value is _EVENTS for value in self.named.values())

    def made(self, events: object) -> Any:
        """The handler of the session that has these events."""
        named = {name: events if value is _EVENTS else value for name, value in self.named.items()}
        return _lazy_call(self.function, **named)


def register(made: Any, own: Callable[[Any], None]) -> None:
    """Do what boto3's `own` function does for a session that it is making."""
    session: Any = made._session
    is_plain = (
        own is _REGISTER
        and type(made) is Boto3Session
        and _SESSION.are_own(session)
        and _utils.lazy_call is _lazy_call
        and type(session._events) is sessions.Aliaser
        and type(session._events._emitter) is _Emitter
        and type(session._events._emitter._handlers) is sessions.SharedTrie
    )
    shared = _to_share(session._events._emitter) if is_plain else None
    if shared is None:
        own(made)
        return
    emitter, (with_all, own_ones) = session._events._emitter, shared
    emitter._handlers = with_all._handlers.__copy__()
    emitter._lookup_cache = {}
    for unique_id, item in with_all._unique_id_handlers.items():
        emitter._unique_id_handlers[unique_id] = dict(item)
    for each in own_ones:
        session.register(each.event, each.made(made.events), each.unique_id)


def _to_share(emitter: Any) -> tuple[Any, tuple[_Added, ...]] | None:
    """What a session gets whose emitter has botocore's own handlers, and no others."""
    root = emitter._handlers._root
    try:
        return _shared(sessions.Same(root)) if root is sessions.root_of_built_in() else None
    except TypeError:  # somebody has added a handler that has no hash
        return None


@lru_cache(maxsize=4)
def _shared(base: sessions.Same) -> tuple[Any, tuple[_Added, ...]] | None:
    """An emitter with all that sessions can share, and the rest; nothing for an unknown boto3."""
    added = _added()
    own_ones = tuple(each for each in added if each.is_own)
    if not added or {each.event for each in own_ones} & {each.event for each in added if not each.is_own}:
        return None
    emitter = _Emitter()
    emitter._handlers = sessions.SharedTrie.of(base.value)
    events: Any = sessions.Aliaser(emitter)
    for each in added:
        if not each.is_own:
            events.register(each.event, each.made(None), each.unique_id)
    return emitter, own_ones


def _added() -> list[_Added]:
    """What boto3 adds to a session; nothing if it does so in another way."""
    found: list[_Added] = []

    def noted(event: str, handler: Any, unique_id: str | None = None) -> None:
        assert type(handler) is FunctionType
        assert handler.__code__ is _lazy_call("").__code__
        enclosed = dict(zip(handler.__code__.co_freevars, handler.__closure__ or (), strict=True))
        function, named = (enclosed[name].cell_contents for name in ("full_name", "parent_kwargs"))
        found.append(_Added(event, unique_id, function, named))

    try:
        if not all(each.__code__.co_filename.startswith(_HOME) for each in (_REGISTER, _lazy_call)):
            return []  # somebody has put his own in their place
        _REGISTER(SimpleNamespace(_session=SimpleNamespace(register=noted), events=_EVENTS))
    except (AssertionError, AttributeError, KeyError, TypeError):
        return []
    return found
