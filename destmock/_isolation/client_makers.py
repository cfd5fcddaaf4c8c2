"""Whether clients are made by botocore's own code, or somebody has put his own in the place of some of it.

A test may do so for a moment, and a library that watches a program for as long as this runs: both count on
being asked for each client.
"""

from __future__ import annotations

from operator import itemgetter
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

import botocore
from botocore import args, client, endpoint, retryhandler, session, translate
from botocore.args import ClientArgsCreator
from botocore.client import BaseClient, ClientCreator, ClientEndpointBridge, ClientMeta
from botocore.config import Config
from botocore.configprovider import ConfigValueStore
from botocore.credentials import Credentials, EnvProvider
from botocore.endpoint import Endpoint, EndpointCreator
from botocore.errorfactory import ClientExceptionsFactory
from botocore.hooks import EventAliaser, HierarchicalEmitter
from botocore.httpsession import URLLib3Session
from botocore.loaders import Loader
from botocore.regions import EndpointResolver, EndpointRulesetResolver
from botocore.retries import standard
from botocore.session import Session
from botocore.signers import RequestSigner
from botocore.useragent import UserAgentString

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

#: What makes a client and its parts: all that is public.
_WHOLE: tuple[Any, ...] = (
    *(ClientArgsCreator, ClientEndpointBridge, ClientMeta, EndpointCreator, EnvProvider, ConfigValueStore),
    *(Config, ClientExceptionsFactory),
    args,
)
#: What does other things too: only how it begins.
_BEGUN: tuple[Any, ...] = (
    *(Endpoint, RequestSigner, URLLib3Session, Credentials, UserAgentString),
    *(EventAliaser, HierarchicalEmitter, EndpointRulesetResolver),
)
_SOME: dict[Any, tuple[str, ...]] = {
    BaseClient: ("__init__", "_register_handlers"),
    Session: (
        *("create_client", "get_credentials", "get_auth_token", "get_component", "get_config_variable"),
        *("get_default_client_config", "get_scoped_config", "user_agent", "register", "__init__"),
        *("_add_configured_endpoint_provider", "_get_internal_component", "_missing_cred_vars"),
        *("_resolve_defaults_mode", "_resolve_region_name", "full_config"),
    ),
    client: (
        *("BaseClient", "ClientArgsCreator", "ClientCreator", "ClientEndpointBridge", "ClientMeta", "Config"),
        *("S3ControlArnParamHandlerv2", "S3ExpressIdentityResolver", "S3RegionRedirectorv2", "ServiceModel"),
        *("get_service_module_name", "resolve_auth_type", "xform_name"),
    ),
    session: (
        *("ConfiguredEndpointProvider", "ClientExceptionsFactory", "EndpointResolver", "UserAgentString"),
        *("get_context", "register_feature_id", "validate_region_name"),
    ),
    endpoint: ("Endpoint", "EndpointCreator", "get_environ_proxies", "is_valid_endpoint_url"),
    retryhandler: ("create_retry_handler", "RetryHandler"),
    standard: ("register_retry_handler", "RetryHandler"),
    translate: ("build_retry_config", "resolve_references"),
    Loader: ("load_service_model", "load_data", "load_data_with_path"),
    EndpointResolver: ("construct_endpoint", "get_available_endpoints"),
}
#: The events while a client is made, and who may hear of them.
_EVENTS = ("choose-service-name", "creating-client-class", "creating-serializer", "*")
_LIBRARIES = frozenset({"boto3", "botocore", "moto"})
#: What a configuration says that says nothing.
_SETTINGS: Any = Config.OPTION_DEFAULTS
#: Where the code is that may make clients.
_HOMES = tuple(str(Path(module).parent) for module in (botocore.__file__, __file__))


class _Trees:
    """Whether only AWS's libraries and moto are asked for each client, by the tree that sessions share."""

    def __init__(self) -> None:
        #: The nodes of the events that hold for it, which are never changed.
        self._known: dict[str, Any] = {}

    def are_of_libraries(self, handlers: Any) -> bool:
        nodes = handlers["children"]
        for name in _EVENTS:
            if name in nodes and nodes[name] is not self._known.get(name):
                if not _is_of_libraries(nodes[name]):
                    return False
                self._known[name] = nodes[name]
        return True


def _is_of_libraries(handlers: Any) -> bool:
    todo = [handlers]
    while todo:
        node = todo.pop()
        todo += node["children"].values()
        for section in node["values"] or ():
            if not all(_package(handler) in _LIBRARIES for handler in section):
                return False
    return True


def _package(handler: Any) -> str:
    module: str = getattr(handler, "__module__", "")
    return module.partition(".")[0]


class _Makers:
    """All of them as they were at first, and as they were when somebody looked last."""

    def __init__(self, names: dict[Any, tuple[str, ...]]) -> None:
        self._places = [(vars(owner), _getter(vars(owner), of_owner)) for owner, of_owner in names.items()]
        self._first = self._latest = self._now()
        self._settings = dict(_SETTINGS)
        functions = [each for found in self._first for each in found if type(each) is FunctionType]
        self._were_own = all(map(is_own, functions))

    def are_own(self) -> bool:
        """Whether all are botocore's, or what destmock has put in their place."""
        try:
            now = self._now()
        except KeyError:  # somebody has taken one away
            return False
        if now != self._latest:
            if not all(map(is_own, self._changed(now))):
                return False
            self._latest = now
        return self._were_own and dict.__eq__(_SETTINGS, self._settings) is True

    def _now(self) -> list[tuple[Any, ...]]:
        return [get(inside) for inside, get in self._places]

    def _changed(self, now: list[tuple[Any, ...]]) -> Iterator[Any]:
        for found, first in zip(now, self._first, strict=True):
            yield from (each for each, before in zip(found, first, strict=True) if each is not before)


def _getter(inside: Mapping[str, Any], names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """What gets the values that there are of these names: older versions of botocore lack some."""
    return itemgetter("__doc__", *(name for name in names if name in inside))  # never one alone


def is_own(function: Any) -> bool:
    """Whether a function is botocore's or destmock's, and what it wraps too."""
    while type(function) is FunctionType and function.__code__.co_filename.startswith(_HOMES):
        if "__wrapped__" not in function.__dict__:
            return True
        function = function.__dict__["__wrapped__"]
    return False


def _names(owner: Any) -> Iterator[str]:
    """The names of what makes clients in a class or module, but for private ones."""
    for name, value in vars(owner).items():
        if (not name.startswith("_") or name == "__init__") and _is_of_botocore(value):
            yield name


def _is_of_botocore(value: Any) -> bool:
    """Whether it is a function or class of botocore's, and no exception."""
    function = getattr(value, "__func__", None) or getattr(value, "fget", None) or value
    if isinstance(function, type) and issubclass(function, Exception):
        return False
    return isinstance(function, (FunctionType, type)) and function.__module__.startswith("botocore")


TREES = _Trees()
MAKERS = _Makers(
    {
        **{owner: tuple(_names(owner)) for owner in _WHOLE},
        **dict.fromkeys(_BEGUN, ("__init__",)),
        **_SOME,
        ClientCreator: tuple(name for name, value in vars(ClientCreator).items() if callable(value)),
    }
)
