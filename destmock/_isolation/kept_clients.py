"""A client like an earlier one is put together from the parts of that one, once nobody has it any more.

botocore finds the same things out for each client, which is much of what a small test costs. The client
itself is a new object each time. It gets the parts of an earlier one: its endpoint, signer, events and class.
That one was made with the same arguments by a session like this one, in the same environment. It is gone, and
its parts are as they were made. Parts that somebody has changed, by a handler of his own for instance, are
never used again, nor are those that somebody still holds. While somebody has put his own in the place of what
makes clients, botocore makes them all.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections import OrderedDict, deque
from functools import wraps
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

from boto3.session import Session as Boto3Session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.configprovider import ConfigValueStore
from botocore.context import get_context
from botocore.loaders import Loader
from botocore.plugin import get_plugin_context
from botocore.session import Session
from botocore.useragent import UserAgentString

from destmock._isolation import configuration, default_handlers, sessions
from destmock._isolation.client_makers import MAKERS, TREES
from destmock._isolation.client_parts import Parts, handlers_added
from destmock._isolation.made_inside import is_from_inside
from destmock._isolation.patching import Patch
from destmock._isolation.session_settings import Settings
from destmock._isolation.sessions import Same

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from botocore.client import BaseClient

#: How many kinds of clients are remembered, and how many clients of each.
_KINDS, _OF_EACH = 128, 4
#: What a session keeps of itself as boto3 has set it up.
_SET_UP = "_destmock_set_up"
#: The variables of AWS's that botocore does not go by when it makes a client.
_OF_FUNCTIONS = "AWS_LAMBDA_"
#: Those of Python and of libraries that it does go by.
_OF_OTHERS = frozenset({"HOME", "USERPROFILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSLKEYLOGFILE"})
#: What botocore does more for each client, or what ends one day.
_MORE = ("BOTOCORE_EXPERIMENTAL__PLUGINS", "AWS_CREDENTIAL_EXPIRATION")
#: The methods of sessions and loaders of models, which may be replaced on one of them.
_METHODS, _OF_LOADERS = (
    frozenset({name for name, value in vars(kind).items() if type(value) is FunctionType})
    for kind in (Session, Loader)
)
#: What a session has of configuration files that are empty.
_NO_PROFILES: dict[str, Any] = {"profiles": {}}
#: The types of settings that can be compared as they are.
_UNCHANGING = frozenset({str, int, float, bool, bytes, type(None)})
#: What sessions look up themselves.
_FILES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")


class _Kept:
    """The parts of the clients that there were, by what clients follow from."""

    def __init__(self) -> None:
        self._parts: OrderedDict[Hashable, deque[Parts]] = OrderedDict()
        self._lock = threading.Lock()

    def client(self, key: Hashable, session: Any, given: list[Any]) -> BaseClient | None:
        """A new client of a session from the parts of one that is gone, if there are such parts."""
        with self._alone() as alone:
            found = self._parts.get(key) if alone else None
            for parts in tuple(found or ()):
                if parts.are_free:
                    parts.forget()
                    if not parts.are_unchanged():
                        assert found is not None  # the parts are in it
                        found.remove(parts)
                    elif not parts.are_held:
                        return parts.client(session, given)
        return None

    def keep(self, key: Hashable, client: BaseClient, tree: Any, given: list[Any]) -> None:
        """Keep the parts of a client, from the second one of its kind on, in the place of older ones."""
        with self._alone() as alone:
            if not alone:
                return
            if key not in self._parts:
                self._parts[key] = deque(maxlen=_OF_EACH)
                if len(self._parts) > _KINDS:
                    self._parts.popitem(last=False)
                return
            self._parts.move_to_end(key)
            with contextlib.suppress(Exception):  # whatever somebody has made a part of a client
                self._parts[key].append(Parts(client, tree, given))

    def forget(self) -> None:
        """Give up all parts."""
        with self._alone() as alone:
            if alone:
                self._parts.clear()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether nobody else is at the parts: a thread, or what the collector or a signal has called here.

        The latter could wait for ever.
        """
        alone = self._lock.acquire(blocking=False)
        try:
            yield alone
        finally:
            if alone:
                self._lock.release()


class _SetUp(NamedTuple):
    """What a session is like at first, and what it looks up credentials in, once a client of its was made."""

    begun_with: Hashable
    tree: Any
    store: Any
    #: What its clients call themselves, and what that was made of.
    agent: tuple[Any, Hashable]
    providers: tuple[Any, tuple[Any, ...]] | None = None

    def is_that_of(self, session: Any) -> bool:
        """Whether nobody has changed the session since, but for its variables."""
        components = session._components._components
        return (
            components.get("event_emitter") is session._events
            and _tree(session) is self.tree
            and components.get("config_store") is self.store
            and not self.store._overrides
            and not self.store._mapping.are_changed
            and session._credentials is None
            and session._auth_token is None
            and session._client_config is None
            and session._config in (None, _NO_PROFILES)
            and components.get("user_agent_creator") is self.agent[0]
            and _METHODS.isdisjoint(tuple(vars(session)))
            and _providers(session) == self.providers
        )


def _tree(session: Any) -> Any:
    """The root of the tree of a session's handlers, if it is a shared one."""
    handlers = getattr(getattr(session._events, "_emitter", None), "_handlers", None)
    return handlers._root if type(handlers) is sessions.SharedTrie else None


def _told(tree: Any) -> Hashable:
    """The handlers that a session has before boto3 adds its own: botocore's, and those of initializers.

    An initializer makes the same handlers for each session, as Powertools does: they count as the same ones.
    """
    try:
        base = sessions.root_of_built_in()
        added = tuple((event, part, _same(handler)) for event, part, handler in handlers_added(tree, base))
    except (TypeError, ValueError):
        return Same(tree)
    return Same(base), *added


def _same(handler: Any) -> Hashable:
    """What two handlers have in common that do the same; raises `TypeError` where that can't be told."""
    if type(handler) is not FunctionType or not handler.__closure__:
        return handler if type(handler) is FunctionType else Same(handler)
    if handler.__defaults__ or handler.__kwdefaults__ or handler.__dict__:
        message = "it may do something else"
        raise TypeError(message)
    enclosed = tuple(_frozen(cell.cell_contents) for cell in handler.__closure__)
    return handler.__code__, Same(handler.__globals__), enclosed


def _providers(session: Any) -> tuple[Any, tuple[Any, ...]] | None:
    """What a session looks up credentials in; nothing if it hasn't yet."""
    resolver = session._components._components.get("credential_provider")
    return None if resolver is None else (resolver, tuple(resolver.providers))


def _noting(register: Callable[[Any], None]) -> Callable[[Any], None]:
    """Note what a session is like that boto3 has just made."""

    @wraps(register)
    def registered(made: Any) -> None:
        session = made._session
        begun = _tree(session)
        default_handlers.register(made, register)
        store = session.get_component("config_store")
        known = type(session) is Session and type(made) is Boto3Session and type(store) is ConfigValueStore
        if known and begun is not None and type(store._mapping) is Settings:
            tree, agent = _tree(session), session.get_component("user_agent_creator")
            if type(agent) is UserAgentString and tree is not None and TREES.are_of_libraries(tree):
                made_of = _frozen(vars(agent))
                session.__dict__[_SET_UP] = _SetUp(_told(begun), tree, store, (agent, made_of))

    return registered


def _putting_together(create: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(create)
    def created(session: Any, *given: Any, **named: Any) -> Any:
        try:
            key = _key(session, given, named)
        except (TypeError, AttributeError, RecursionError):  # of a kind that nobody has thought of
            key = None
        if key is None:
            return create(session, *given, **named)
        own = _dictionaries(named.get("config"))
        client = KEPT.client(key, session, own)
        if client is not None:
            _noted_by(session, client)
            return client
        client = create(session, *given, **named)
        set_up: _SetUp = session.__dict__[_SET_UP]
        session.__dict__[_SET_UP] = set_up._replace(providers=_providers(session))
        if "fips" not in (session._last_client_region_used or ""):  # of which botocore warns each time
            KEPT.keep(key, client, set_up.tree, own)
        return client

    return created


def _dictionaries(config: Config | None) -> list[Any]:
    """Those in a user's configuration, which his client has as they are."""
    if config is None:
        return []
    return [each for name, each in vars(config).items() if type(each) is dict and not name.startswith("_")]


def _noted_by(session: Any, client: Any) -> None:
    """Do what botocore does beside making a client: note its region, and log where credentials were found."""
    session._last_client_region_used = client.meta.region_name
    if (
        _log.isEnabledFor(logging.INFO)
        and getattr(client._request_signer._credentials, "method", "") == "env"
    ):
        session.get_credentials()


def _key(session: Any, given: tuple[Any, ...], named: dict[str, Any]) -> Hashable | None:
    """What a client of a session follows from; `None` if that is more than can be told."""
    set_up: _SetUp | None = session.__dict__.get(_SET_UP) if type(session) is Session else None
    variables = configuration.ENVIRONMENT.variables()
    if (
        set_up is None
        or variables is None
        or len(given) > 1
        or not is_from_inside(session)
        or not set_up.is_that_of(session)
    ):
        return None
    said, context = _said(variables), get_context()
    if any(said.get(name) != os.devnull for name in _FILES) or any(name in said for name in _MORE):
        return None
    if not MAKERS.are_own() or get_plugin_context() is not None or _log.isEnabledFor(logging.DEBUG):
        return None
    loader = session.get_component("data_loader")
    if not _OF_LOADERS.isdisjoint(vars(loader)):
        return None
    return (
        set_up.begun_with,
        Same(loader._cache),
        _frozen(session._session_instance_vars),
        set_up.agent[1],
        None if context is None else frozenset(context.features),
        (session.user_agent_name, session.user_agent_version, session.user_agent_extra),
        tuple(said.items()),
        _frozen(given),
        _frozen(named),
    )


def _frozen(value: Any) -> Hashable:
    """A setting as the part of a key; raises `TypeError` for what may change unseen."""
    kind = type(value)
    if kind in _UNCHANGING or value is UNSIGNED:
        return kind, value
    if kind is tuple:
        return kind, *map(_frozen, value)
    if kind is Config:
        value = vars(value)
    if type(value) is not dict:
        message = f"not a setting that can be compared: {value!r}"
        raise TypeError(message)
    return kind, *[
        (name, (type(each), each) if type(each) in _UNCHANGING else _frozen(each))
        for name, each in sorted(value.items())
    ]


class _Said:
    """What botocore may read of the environment for a client, found out again when that has changed."""

    def __init__(self) -> None:
        self._latest: tuple[configuration.Variables | None, dict[str, str]] = (None, {})

    def __call__(self, variables: configuration.Variables) -> dict[str, str]:
        known, said = self._latest
        if known is not variables:
            said = {name: value for name, value in variables.values.items() if _is_read[name]}
            self._latest = variables, said
        return said


def _may_be_read(name: str) -> bool:
    """Whether botocore, or what it uses, may read a variable when it makes a client."""
    if name.startswith(("AWS_", "BOTO")):
        return not name.startswith(_OF_FUNCTIONS)
    return name in _OF_OTHERS or name.lower().endswith("_proxy")


_is_read = configuration.Answers(_may_be_read)
KEPT, _said = _Kept(), _Said()
_log = logging.getLogger("botocore.credentials")

PATCHES = (
    Patch(Session, "create_client", lambda create: _putting_together(configuration.read_once(create))),
    Patch(Boto3Session, "_register_default_handlers", _noting),
)
