"""The front doors of functions that stand open, whether somebody has come or not."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from destmock._services.front_doors.door_names import URL
from destmock._services.front_doors.urls import FunctionUrls
from destmock._services.http.invocations import function_of
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from destmock._aws.arn import FunctionRef
    from destmock._engine.simulation import Simulation


def front_doors(simulation: Simulation) -> Iterator[tuple[str, FunctionRef]]:
    """Each route of an API and each function URL that leads to a function, in words, and the function."""
    for url in simulation.part(FunctionUrls).standing():
        yield URL, url.ref
    for words, uri in (*_rest_routes(), *_http_routes()):
        try:
            ref = function_of(uri)
        except UnsupportedError:
            continue
        if ref is not None:
            yield words, ref


def _rest_routes() -> Iterator[tuple[str, str]]:
    for api in _apis_of("moto.apigateway.models", "apigateway_backends"):
        for resource in api.resources.values():
            for verb, method in resource.resource_methods.items():
                integration = method.method_integration
                if integration is not None and integration.uri:
                    yield f"api {verb} {resource.get_path()}", integration.uri


def _http_routes() -> Iterator[tuple[str, str]]:
    for api in _apis_of("moto.apigatewayv2.models", "apigatewayv2_backends"):
        for route in api.routes.values():
            integration = api.integrations.get((route.target or "").removeprefix("integrations/"))
            if integration is not None and integration.integration_uri:
                yield f"api {route.route_key}", integration.integration_uri


def _apis_of(module: str, backends: str) -> Iterator[Any]:
    """moto's APIs, if the program has made one: without that, moto's module isn't imported."""
    loaded = sys.modules.get(module)
    for regions in [] if loaded is None else list(getattr(loaded, backends).values()):
        for backend in list(regions.values()):
            yield from list(backend.apis.values())
