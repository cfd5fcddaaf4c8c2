"""What a client was made of, to be seen whether anybody has changed it, and to make another client of it."""

from __future__ import annotations

import re
import sys
import threading
import weakref
from collections import Counter
from functools import lru_cache
from operator import attrgetter
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, cast

from botocore.model import ServiceModel
from botocore.utils import CachedProperty, S3ExpressIdentityCache

from destmock._isolation.sessions import Aliaser, SharedTrie

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from botocore.client import BaseClient

#: What remembers the answers of pure functions: a new client may have them.
_MEMORIES = frozenset({"_alias_name_cache", "_lookup_cache", "_instance_cache"})
#: What a client finds out while it is used: a new one begins without.
_CACHE = "_cache"
#: The attribute of a part that knows its client.
_CLIENT = "_client"
#: What an endpoint has of its session.
_OF_SESSION = frozenset({"_response_parser_factory"})
#: What a part has from a file: it is remembered, but not what is in it.
_OF_FILES = frozenset({"_endpoint_data"})
#: What clients share in any case, or what follows from a service's model, by the names of botocore's modules.
_SHARED = frozenset({"model", "loaders", "session", "errorfactory", "endpoint_provider", "configprovider"})
#: What a client's model finds out of itself when it is asked.
_FOUND_IN_MODEL = _MEMORIES | {
    name for name, value in vars(ServiceModel).items() if isinstance(value, CachedProperty)
}
#: What somebody has put on a function.
_ATTRIBUTES = attrgetter("__dict__")
#: What has no parts that could change.
_WHOLE = frozenset(
    {
        *(str, int, float, bool, bytes, type(None), type, re.Pattern),
        *(FunctionType, BuiltinFunctionType, type(threading.Lock()), type(threading.RLock())),
    }
)


class _Given:
    """A dictionary of a user's configuration, which a client has as it is: the user may change it later."""

    def __init__(self, value: dict[Any, Any], insides: Iterable[tuple[Any, Any, Any]]) -> None:
        self._value, self._content = value, dict(value)
        self._places = [
            (inside, before, name)
            for inside, before, _ in insides
            if type(before) is dict
            for name, each in before.items()
            if each is value
        ]

    @property
    def is_unchanged(self) -> bool:
        return self._value == self._content

    def become(self, value: dict[Any, Any]) -> None:
        """Put an equal one in its place, and in there what botocore has made of the earlier one."""
        if value is not self._value:
            value.update(self._content)
            for name in value.keys() - self._content.keys():
                del value[name]
            for inside, before, name in self._places:
                inside[name] = before[name] = value
            self._value = value


class Parts:
    """What a client was made of."""

    def __init__(self, client: BaseClient, tree: Any, given: list[dict[Any, Any]]) -> None:
        """`tree` is the root of the handlers of the client's session, and `given` is of its configuration."""
        if cast("Any", client.meta.config).retries.get("mode") == "adaptive":
            message = "its retries follow from the time when it was made"
            raise ValueError(message)
        self._kind = type(client)
        self._bases = self._kind.__bases__
        self._of_class = dict(vars(self._kind))
        #: boto3 adds functions that all clients share, which have attributes.
        self._methods = [
            value for value in self._of_class.values() if type(value) is FunctionType and not value.__dict__
        ]
        self._owner = weakref.ref(client)
        self._own = dict(vars(client))
        #: What was in each part, and the names that don't count.
        self._insides: list[tuple[Any, Any, frozenset[str]]] = []
        #: The parts that know their client, and what others remember.
        self._knowing: list[dict[str, Any]] = []
        self._caches: list[dict[Any, Any]] = []
        #: Those that have credentials for buckets of their own.
        self._identified: list[dict[str, Any]] = []
        #: The parts that somebody could hold, and by how many things each is held.
        self._holdable = [self._kind, *_reached_from(client)]
        self._look_into(client, tree)
        own = {id(each) for each in given}
        self._insides = [each for each in self._insides if id(each[0]) not in own]
        self._given = [_Given(each, self._insides) for each in given]
        by_client = Counter(map(id, [self._kind, *vars(client).values()]))
        held = [*map(sys.getrefcount, self._holdable)]
        self._held = [count - by_client[id(part)] for count, part in zip(held, self._holdable, strict=True)]
        #: How many things wait for the end of each.
        self._awaited = [*map(weakref.getweakrefcount, self._holdable)]

    @property
    def are_free(self) -> bool:
        """Whether the client is gone that has them."""
        return self._owner() is None

    def forget(self) -> None:
        """Empty what the client that is gone has found out."""
        for cache in self._caches:
            cache.clear()

    @property
    def are_held(self) -> bool:
        """Whether something else holds one of them than the others, and so may see or change it later.

        What the client has found out may hold them, too: see `forget`.
        """
        return [*map(sys.getrefcount, self._holdable)] != self._held

    def are_unchanged(self) -> bool:
        """Whether each is as it was made, and nobody waits for its end."""
        try:
            if self._kind.__bases__ != self._bases or not all(given.is_unchanged for given in self._given):
                return False
            if [*map(weakref.getweakrefcount, self._holdable)] != self._awaited:
                return False
            if vars(self._kind) != self._of_class or any(map(_ATTRIBUTES, self._methods)):
                return False
            for inside, before, spared in self._insides:
                now = {name: inside[name] for name in inside if name not in spared} if spared else inside
                if now != before:
                    return False
        except Exception:  # noqa: BLE001 - of whatever somebody has put there
            return False
        return True

    def client(self, session: Any, given: list[dict[Any, Any]]) -> BaseClient:
        """A new client that has them, what all clients of its session share, and its own configuration's."""
        for old, new in zip(self._given, given, strict=True):
            old.become(new)
        made: BaseClient = self._kind.__new__(self._kind)
        vars(made).update(self._own)
        vars(made)[_CACHE] = {}
        vars(made)["_exceptions_factory"] = session._get_internal_component("exceptions_factory")
        self._own["_endpoint"]._response_parser_factory = session.get_component("response_parser_factory")
        self._owner = weakref.ref(made)
        for part in self._knowing:
            part[_CLIENT] = weakref.proxy(made)
        for part in self._identified:
            part[_CACHE] = S3ExpressIdentityCache(part[_CLIENT], part[_CACHE]._credential_cls)
        return made

    def _look_into(self, client: Any, tree: Any) -> None:
        """Find those that are the client's own; raises `ValueError` if one of them holds the client."""
        root = client.meta.events._emitter._handlers._root
        added = [handler for _, _, handler in handlers_added(root, tree)]
        todo, seen = _parted([*self._own.values(), *added]), set[int]()
        while todo:
            part = todo.pop()
            if part is client:
                message = "a part of the client holds it"
                raise ValueError(message)
            if id(part) not in seen:
                seen.add(id(part))
                todo += _parted(self._noted(part))

    def _noted(self, part: Any) -> Iterable[Any]:
        """Remember what is in a part; gives the parts in there."""
        kind = type(part)
        if kind is dict:
            self._insides.append((part, dict(part), frozenset()))
            return [*part.values()]
        if kind in (list, tuple, set):
            if kind is not tuple:
                self._insides.append((part, kind(part), frozenset()))
            return tuple(part)
        if kind is MethodType:
            return (part.__self__,)
        if kind is SharedTrie:  # whose nodes are never changed
            self._insides.append((vars(part), dict(vars(part)), frozenset()))
            return ()
        if kind is ServiceModel:
            part.signature_version  # noqa: B018 - which is looked up when it is asked for
            self._noted_attributes(vars(part), _FOUND_IN_MODEL)
            return ()
        own = _is_own(cast("Hashable", kind)) and hasattr(part, "__dict__")
        return self._noted_attributes(vars(part), _MEMORIES) if own else ()

    def _noted_attributes(self, inside: dict[str, Any], spared: frozenset[str]) -> Iterable[Any]:
        if spared is not _FOUND_IN_MODEL:  # most have none
            spared = (spared | _OF_SESSION) & inside.keys()
        if type(inside.get(_CLIENT)) is weakref.ProxyType:
            self._knowing.append(inside)
            spared |= {_CLIENT}
        if type(inside.get(_CACHE)) is S3ExpressIdentityCache:
            self._identified.append(inside)
            spared |= {_CACHE}
        elif inside.get(_CACHE) == {}:
            self._caches.append(inside[_CACHE])
            spared |= {_CACHE}
        kept = {name: value for name, value in inside.items() if name not in spared}
        self._insides.append((inside, kept, spared))
        return [value for name, value in kept.items() if name not in _OF_FILES]


def _reached_from(client: Any) -> Iterator[Any]:
    """The parts that a program reaches from its client, but for those that clients share."""
    meta, endpoint = client.meta, client._endpoint
    inner = (meta.events, meta.config, endpoint.http_session, client._request_signer._credentials)
    yield from (part for part in (*inner, *vars(client).values()) if _is_own(cast("Hashable", type(part))))


def _parted(parts: Iterable[Any]) -> list[Any]:
    """Those that have parts themselves."""
    return [part for part in parts if type(part) not in _WHOLE]


@lru_cache(maxsize=1024)
def _is_own(kind: Any) -> bool:
    """Whether objects of a class are a client's own parts."""
    package, _, module = kind.__module__.partition(".")
    return kind is Aliaser or (package == "botocore" and module not in _SHARED)


def handlers_added(node: Any, before: Any, event: str = "") -> Iterator[tuple[str, int, Any]]:
    """The handlers in the nodes of a tree that an earlier one has not: event, section and handler."""
    if node is before:
        return
    for number, section in enumerate(node["values"] or ()):
        yield from ((event, number, handler) for handler in section)
    earlier = before["children"] if before else {}
    for name, child in node["children"].items():
        yield from handlers_added(child, earlier.get(name), f"{event}.{name}")
