"""The endpoints of calls: what one follows from is gathered in one go, and mostly it is what it was."""

from __future__ import annotations

import logging
from functools import wraps
from typing import TYPE_CHECKING, Any

from botocore import regions
from botocore.endpoint_provider import EndpointProvider, RuleSetEndpoint
from botocore.regions import EndpointResolverBuiltins, EndpointRulesetResolver

from destmock._isolation.emissions import is_unheard
from destmock._isolation.own_steps import Steps, names_of

if TYPE_CHECKING:
    from collections.abc import Callable

_regions: Any = regions
#: Where an operation's model keeps the parameters of its endpoint that it gives a value for.
_NAMES = "_destmock_endpoint_parameters"
#: Where a resolver keeps the latest endpoint of all operations that give none, with what it followed from.
_KEPT = "_destmock_endpoint"
_NONE: frozenset[str] = frozenset()
_NEVER = ("never",)
_BUILTINS = frozenset(builtin.value for builtin in EndpointResolverBuiltins)
#: The parameters that botocore notes in the user agent.
_OF_FEATURES = frozenset({"AccountIdEndpointMode", "AccountId"})
#: What goes through them one by one.
_RESOLVER = Steps(
    EndpointRulesetResolver,
    ("construct_endpoint", *names_of(EndpointRulesetResolver, "_resolve", "_get", "_register")),
)
_PROVIDER = Steps(EndpointProvider, ("resolve_endpoint", "_resolve_endpoint"))
_LOG: Any = _regions.LOG
#: What its logger has found out of its levels. It is emptied whenever a level changes.
_LEVELS: dict[int, bool] = _LOG._cache
_made: Any = tuple.__new__


def _kept_for_the_next(construct: Callable[..., Any]) -> Callable[..., Any]:
    """A client's endpoint, which hardly any operation has a say in.

    It is found again once anything that it follows from is another.
    """

    @wraps(construct)
    def constructed(self: Any, operation_model: Any, call_args: Any, request_context: Any) -> Any:
        if not (operation_model.__dict__.get(_NAMES) is _NONE and _RESOLVER.are_own(self)):
            return construct(self, operation_model, call_args, request_context)
        kept = self._instance_cache.get(_KEPT)
        if kept and kept is not _NEVER:
            builtins, provider, definitions, uses_ssl, event, url, properties = kept
            if (
                self._builtins == builtins
                and self._provider is provider
                and self._param_definitions is definitions
                and self._use_ssl is uses_ssl
                and _LEVELS.get(logging.DEBUG) is False
                and _regions.LOG is _LOG
                and _PROVIDER.are_own(provider)
                and is_unheard(self._event_emitter, event)
            ):
                return _made(RuleSetEndpoint, (url, properties, {}))
        found = construct(self, operation_model, call_args, request_context)
        if kept is not _NEVER:
            self._instance_cache[_KEPT] = _to_keep(self, found)
        return found

    return constructed


def _to_keep(resolver: Any, found: Any) -> tuple[Any, ...] | None:
    """An endpoint with what it follows from.

    Nothing, if somebody may have changed it. Some never are, for what they follow from is asked each time.
    """
    builtins, definitions = resolver._builtins, resolver._param_definitions
    for name, definition in definitions.items():
        if name in _OF_FEATURES or callable(builtins.get(definition.builtin)):
            return _NEVER
    event = f"before-endpoint-resolution.{resolver._service_model.service_id.hyphenize()}"
    if not (_RESOLVER.are_own(resolver) and _PROVIDER.are_own(resolver._provider)):
        return None
    if not is_unheard(resolver._event_emitter, event) or type(found) is not RuleSetEndpoint or found.headers:
        return None
    of_resolver = dict(builtins), resolver._provider, definitions, resolver._use_ssl
    return *of_resolver, event, found.url, found.properties


def _found_in_one_go(params_of: Callable[..., Any]) -> Callable[..., Any]:
    """The parameters of a call's endpoint.

    Most operations give nothing for most of them. botocore asks four times for each, and goes through a list
    of all names for those that are built in.
    """

    @wraps(params_of)
    def found(resolver: Any, operation_model: Any, call_args: Any, request_context: Any) -> Any:
        if not _RESOLVER.are_own(resolver):
            return params_of(resolver, operation_model, call_args, request_context)
        given = operation_model.__dict__.get(_NAMES)
        if given is None:
            given = operation_model.__dict__[_NAMES] = _given_by(operation_model)
        builtins = resolver._get_customized_builtins(operation_model, call_args, request_context)
        params: dict[str, Any] = {}
        for name, definition in resolver._param_definitions.items():
            value, builtin = None, definition.builtin
            if name in given:
                value = resolver._resolve_param_from_context(name, operation_model, call_args)
            if value is None and builtin in _BUILTINS:
                value = builtins.get(builtin)
                value = value() if callable(value) else value
            elif value is None and builtin is not None:
                value = resolver._resolve_param_as_builtin(builtin, builtins)
            if value is not None:
                params[name] = value
                if name in _OF_FEATURES:
                    resolver._register_endpoint_feature_ids(name, value)
        return params

    return found


def _given_by(operation_model: Any) -> frozenset[str]:
    """The parameters of its endpoint that an operation, or its client, gives a value for."""
    given = {
        *(param.name for param in operation_model.static_context_parameters),
        *(param.name for param in operation_model.context_parameters),
        *operation_model.operation_context_parameters,
        *(param.name for param in operation_model.service_model.client_context_parameters),
    }
    return frozenset(given) if given else _NONE


PATCHES = (
    _RESOLVER.replaced("_get_provider_params", _found_in_one_go),
    _RESOLVER.replaced("construct_endpoint", _kept_for_the_next),
)
