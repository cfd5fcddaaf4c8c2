"""What every session and client of botocore does again, done once: handlers, names of events, endpoint rules.

A session registers some 140 handlers, and each client copies the tree that they are kept in. Here the tree is
made once for the process. Sessions and clients share its nodes. Whoever registers a handler later copies the
nodes on the way to it, so that no other session or client sees it. A session keeps its tree after the mock.
"""

from __future__ import annotations

from functools import lru_cache
from inspect import CO_VARKEYWORDS
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from botocore import handlers, hooks, regions
from botocore.endpoint_provider import EndpointProvider
from botocore.hooks import EventAliaser, HierarchicalEmitter
from botocore.retryhandler import RetryHandler
from botocore.session import Session
from botocore.utils import EVENT_ALIASES

from destmock._isolation.patching import Patch, unless_replaced

if TYPE_CHECKING:
    from collections.abc import Callable

#: botocore's own classes, whose insides its stubs leave out.
_Session: Any = Session
_EventAliaser: Any = EventAliaser
_Emitter: Any = HierarchicalEmitter
_Trie: Any = hooks._PrefixTrie  # type: ignore[attr-defined]


class SharedTrie(_Trie):  # type: ignore[misc]
    """botocore's tree of handlers, whose nodes are never changed, so that copies of it can share them."""

    def append_item(self, key: str, *handler: Any, **section: Any) -> None:
        """Add a handler to an event."""
        self._root = self._changed(key, _Trie.append_item, *handler, **section)

    def remove_item(self, key: str, handler: Any) -> None:
        """Take a handler out; raises `ValueError` if the event has none."""
        self._root = self._changed(key, _Trie.remove_item, handler)

    @classmethod
    def of(cls, root: Any) -> SharedTrie:
        """A tree with the nodes of another one."""
        made = cls()
        made._root = root
        return made

    def __copy__(self) -> SharedTrie:
        return SharedTrie.of(self._root)

    def _changed(self, key: str, change: Callable[..., None], *given: Any, **named: Any) -> dict[str, Any]:
        """The root of a tree in which the nodes on the way to `key` are new, and changed."""
        trie = _Trie()
        node: Any = self._root
        copied = trie._root = _node(self._root)
        for part in key.split("."):
            node = node["children"].get(part)
            if node is None:
                break
            copied["children"][part] = _node(node)
            copied = copied["children"][part]
        change(trie, key, *given, **named)
        root: dict[str, Any] = trie._root
        return root


def _node(node: dict[str, Any]) -> dict[str, Any]:
    """A node of its own, with the same children."""
    values = node["values"]
    return {
        **node,
        "children": dict(node["children"]),
        "values": None if values is None else type(values)(*(list(section) for section in values)),
    }


class Aliaser(_EventAliaser):  # type: ignore[misc]
    """botocore's own names of events, looked for once in the process."""

    def _alias_event_name(self, event_name: str) -> Any:
        name = self._alias_name_cache.get(event_name)
        if name is None:
            known = self._event_aliases == EVENT_ALIASES
            name = _botocore_s_own(event_name) if known else super()._alias_event_name(event_name)
            self._alias_name_cache[event_name] = name
        return name


#: What botocore calls otherwise: parts of a name, and texts of several parts.
_OTHERWISE = frozenset(old for old in EVENT_ALIASES if "." not in old)
_OTHERWISE_TOGETHER = tuple(old for old in EVENT_ALIASES if "." in old)


@lru_cache(maxsize=10_000)
def _botocore_s_own(event_name: str) -> str:
    """Most names are as they are; botocore finds that out by 65 looks at each."""
    if _OTHERWISE.isdisjoint(event_name.split(".")) and not any(
        old in event_name for old in _OTHERWISE_TOGETHER
    ):
        return event_name
    name: str = _EventAliaser(None)._alias_event_name(event_name)
    return name


def _with_handlers_shared(register: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Start a session from the tree that has the built-in handlers already, unless it is a special one."""

    def wrapper(session: Any, events: Any) -> None:
        emitter: Any = session._original_handler
        plain = (
            register is _REGISTER
            and type(session).register is Session.register
            and type(events) is EventAliaser
            and isinstance(emitter, _Emitter)
            and not emitter._handlers._root["children"]
        )
        try:
            built_in = _built_in(tuple(handlers.BUILTIN_HANDLERS)) if plain else None
        except TypeError:  # somebody has added a handler that has no hash
            built_in = None
        if built_in is None:
            register(session, events)
            return
        emitter._handlers = built_in._handlers.__copy__()
        emitter._unique_id_handlers = {
            name: dict(item) for name, item in built_in._unique_id_handlers.items()
        }
        session._events = Aliaser(emitter)

    return wrapper


_REGISTER = _Session._register_builtin_handlers


@lru_cache(maxsize=4)
def _built_in(_handlers: tuple[Any, ...]) -> Any:
    """What a session's emitter is once all of botocore's `BUILTIN_HANDLERS` are registered."""
    session: Any = Session(include_builtin_handlers=False)
    emitter = session._original_handler
    emitter._handlers = SharedTrie()
    session._events = Aliaser(emitter)
    _REGISTER(session, session._events)
    return emitter


def root_of_built_in() -> Any:
    """The root of the tree that has botocore's `BUILTIN_HANDLERS` as they are now."""
    return _built_in(tuple(handlers.BUILTIN_HANDLERS))._handlers._root


def _accepts_kwargs(inspected: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Whether a handler takes any argument by name, without a look at its whole signature."""

    def wrapper(handler: Any) -> Any:
        function = handler.__func__ if type(handler) is MethodType else handler
        if type(handler) is RetryHandler:
            function = RetryHandler.__call__
        if type(function) is not FunctionType or hasattr(function, "__signature__"):
            return inspected(handler)
        return bool(function.__code__.co_flags & CO_VARKEYWORDS)

    return wrapper


class Same:
    """Stands for an object as the key of a cache: for that very object, whatever is in it."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


def _with_rules_read_once(made: Callable[..., Any]) -> Callable[..., Any]:
    """One provider of endpoints for each service: it has read the rules, and remembers what it has found."""
    if made is not EndpointProvider:
        return made

    def provider(ruleset_data: Any, partition_data: Any, **others: Any) -> Any:
        others = {name: Same(value) for name, value in others.items()}
        return provider_of(Same(ruleset_data), Same(partition_data), **others)

    return provider


@lru_cache(maxsize=512)
def provider_of(ruleset: Same, partitions: Same, **others: Same) -> EndpointProvider:
    given = {name: same.value for name, same in others.items()}
    return EndpointProvider(ruleset_data=ruleset.value, partition_data=partitions.value, **given)


PATCHES = (
    Patch(Session, "_register_builtin_handlers", _with_handlers_shared),
    unless_replaced(hooks, "accepts_kwargs", _accepts_kwargs),
    Patch(regions, "EndpointProvider", _with_rules_read_once),
)
