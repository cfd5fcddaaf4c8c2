"""The front doors of one mock: which host is whose, and what a request to it is answered."""

from __future__ import annotations

import re
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from destmock._engine.active import active
from destmock._services.apigateway.backends import find, region_of
from destmock._services.front_doors.urls import FunctionUrls
from destmock._services.loadbalancing import balancers

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._engine.simulation import Simulation
    from destmock._services.http.exchange import HttpAnswer, HttpRequest

    Door = Callable[[HttpRequest], HttpAnswer]

_HOST = re.compile(
    r"(?P<id>[0-9a-z]+)\.(?:(?P<url>lambda-url)\.(?P<url_region>[0-9a-z-]+)\.on\.aws"
    r"|execute-api\.(?P<region>[0-9a-z-]+)\.amazonaws\.com(?:\.cn)?)"
)
_BALANCER = ".elb.amazonaws.com"
_MODELS = "moto.apigateway.models"


def is_door(host: str | None) -> bool:
    """Whether a host is answered here: a function URL, there or not, or what else is there."""
    if not active or host is None:
        return False
    host = host.lower()
    if host.endswith(_BALANCER):
        return balancers.find(host) is not None
    found = _HOST.fullmatch(host)
    if found is None:
        return False
    simulation = active[-1]
    if found["url"] is None:
        return _api(found["id"], found["region"]) is not None
    known = simulation.part(FunctionUrls).host_of(found["id"]) == found[0]
    return known or not simulation.hosts.names(found[0])  # the user may have allowed a real one


def host_of(simulation: Simulation, kind: str, door_id: str) -> str | None:
    """The host of a function URL (`lambda-url`), an API (`execute-api`) or a load balancer (`elb`)."""
    if kind == "elb":
        return balancers.host_of(door_id)
    if kind == "lambda-url":
        return simulation.part(FunctionUrls).host_of(door_id)
    if kind != "execute-api" or _MODELS not in sys.modules:
        return None
    from moto.apigateway.models import apigateway_backends  # noqa: PLC0415 - see `_MODELS`
    from moto.apigatewayv2.models import apigatewayv2_backends  # noqa: PLC0415 - the same

    region = region_of(apigateway_backends, door_id) or region_of(apigatewayv2_backends, door_id)
    return None if region is None else f"{door_id}.execute-api.{region}.amazonaws.com"


def answered(
    request: HttpRequest, timeout: float | None = None, simulation: Simulation | None = None
) -> HttpAnswer:
    """Answer a request to a host that is a front door. With autorun, what it has queued runs, too.

    Raises `TimeoutError` if the answer takes longer than `timeout`, in virtual seconds. Without a
    simulation, the mock that started last answers.
    """
    simulation = simulation or active[-1]
    before = simulation.now
    with simulation.turns:  # but for the time that a handler runs
        answer = _door(simulation, request.host)(request)
    took = simulation.clock.now - before if answer.after is None else answer.after
    simulation.driver.settle_down()
    if timeout is not None and took > timeout * 1000:
        message = "timed out"
        raise TimeoutError(message)
    return answer


def _door(simulation: Simulation, host: str) -> Door:
    if host.endswith(_BALANCER):
        balancer = balancers.find(host)
        assert balancer is not None  # the caller has asked `is_door`
        return partial(simulation.part(balancers.LoadBalancers).answer, *balancer)
    found = _HOST.fullmatch(host)
    assert found is not None  # the caller has asked `is_door`
    if found["url"] is not None:
        urls = simulation.part(FunctionUrls)
        return lambda request: urls.answer(found["id"], found["url_region"], request)
    api = _api(found["id"], found["region"])
    assert api is not None
    return api(simulation)


def _api(api_id: str, region: str) -> Callable[[Simulation], Door] | None:
    """An API that is there. Without moto's API Gateway, which takes long to import, there is none."""
    if _MODELS not in sys.modules:
        return None
    from moto.apigateway.models import apigateway_backends  # noqa: PLC0415 - see `_MODELS`
    from moto.apigatewayv2.models import apigatewayv2_backends  # noqa: PLC0415 - the same

    from destmock._services.apigateway import http_apis, rest  # noqa: PLC0415 - they import it

    rest_api = find(apigateway_backends, api_id, region)
    if rest_api is not None:
        return lambda simulation: _bound(simulation.part(rest.RestApis).answer, rest_api)
    http_api = find(apigatewayv2_backends, api_id, region)
    if http_api is not None:
        return lambda simulation: _bound(simulation.part(http_apis.HttpApis).answer, http_api)
    return None


def _bound(answer: Callable[[Any, HttpRequest], HttpAnswer], api: Any) -> Door:
    return lambda request: answer(api, request)
