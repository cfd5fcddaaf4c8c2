"""Application Load Balancers: which there are, and what a request to one is answered."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from destmock._aws.arn import parse_function_arn
from destmock._services.http.answers import MalformedError
from destmock._services.http.invocations import NotInvokedError, invoke, trace_of
from destmock._services.loadbalancing import event as events
from destmock._services.loadbalancing.conditions import fits
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from destmock._engine.simulation import Simulation
    from destmock._services.http.exchange import HttpAnswer, HttpRequest

#: moto's takes a second to import, and nobody has made a load balancer before.
_MODELS = "moto.elbv2.models"
_MULTI_VALUES, _IDLE = "lambda.multi_value_headers.enabled", "idle_timeout.timeout_seconds"
_LONGEST_IDLE = 60
_ACTIONS = ("fixed-response", "forward", "redirect")


def find(host: str) -> tuple[Any, Any] | None:
    """The application load balancer of a host, and moto's backend of it."""
    return next((found for found in _all() if found[0].dns_name.lower() == host), None)


def host_of(name: str) -> str | None:
    """The host of a load balancer, by its name."""
    return next((str(each.dns_name).lower() for each, _ in _all() if each.name == name), None)


def _all() -> Iterator[tuple[Any, Any]]:
    models = sys.modules.get(_MODELS)
    for regions in [] if models is None else [*models.elbv2_backends.values()]:
        for backend in [*regions.values()]:
            for each in backend.load_balancers.values():
                if each.type == "application":
                    yield each, backend


class LoadBalancers:
    """The load balancers, as one mock answers for them."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def answer(self, balancer: Any, backend: Any, request: HttpRequest) -> HttpAnswer:
        """Answer a request by the first rule that it fits. Without a listener, the connection is refused."""
        listener = _listener(balancer, request)
        if listener is None:
            message = f"the load balancer {balancer.name} has no listener at port {request.port}"
            raise ConnectionRefusedError(message)
        if len(request.body) > events.LARGEST:
            return events.failure(413)
        port = int(listener.port)
        request = request._replace(secure=listener.protocol == "HTTPS")
        for rule in _in_order(listener):
            if not fits(request, rule.conditions or []):
                continue
            return self._acted(_action_of(rule), balancer, backend, request, port)
        return events.failure(503)

    def _acted(
        self, action: dict[str, Any], balancer: Any, backend: Any, request: HttpRequest, port: int
    ) -> HttpAnswer:
        if action["Type"] == "fixed-response":
            return events.fixed(action["FixedResponseConfig"])
        if action["Type"] == "redirect":
            return events.redirect(action["RedirectConfig"], request, port)
        group = backend.target_groups.get(self._target_group(action))
        if group is None or not group.targets:
            return events.failure(503)
        if group.target_type != "lambda":
            message = (
                f"destmock does not simulate the targets of the target group {group.name}: it has functions "
                f"only, not targets of type {group.target_type}"
            )
            raise UnsupportedError(message)
        idle = int(balancer.attrs.get(_IDLE) or _LONGEST_IDLE)
        return self._invoked(group, request, port, idle * 1000)

    def _target_group(self, action: dict[str, Any]) -> str | None:
        """The target group of an action; of several, one by its weight."""
        groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or [action]
        weighted = [(each["TargetGroupArn"], float(each.get("Weight") or 0)) for each in groups]
        if len(weighted) == 1:
            return str(weighted[0][0])
        drawn = self._simulation.ids.fraction() * sum(weight for _, weight in weighted)
        for arn, weight in weighted:
            drawn -= weight
            if drawn < 0:
                return str(arn)
        return None

    def _invoked(self, group: Any, request: HttpRequest, port: int, idle: int) -> HttpAnswer:
        """Invoke the function; `idle` is how long the load balancer waits, in milliseconds."""
        simulation = self._simulation
        trace = trace_of(simulation, request)
        multi_values = str(group.attributes.get(_MULTI_VALUES)).lower() == "true"
        event = events.event(request, group.arn, port, trace.root, multi_values=multi_values)
        ref = parse_function_arn(next(iter(group.targets)))
        source = f"load balancer {request.method} {request.path}"
        try:
            result = invoke(simulation, ref, event, source=source, trace=trace)
            if result.took > idle:
                return events.failure(504)._replace(after=idle)
            if result.failed:
                return events.failure(502)
            return events.answer(result.payload, multi_values=multi_values)
        except (NotInvokedError, MalformedError):
            return events.failure(502)


def _action_of(rule: Any) -> dict[str, Any]:
    """What a rule does with a request. There may be actions before that one, which check who asks."""
    for action in rule.actions:
        if action.data["Type"] in _ACTIONS:
            found: dict[str, Any] = action.data
        else:
            message = f"destmock does not simulate the action {action.data['Type']} of a load balancer's rule"
            raise UnsupportedError(message)
    return found


def _listener(balancer: Any, request: HttpRequest) -> Any:
    """The listener at the request's port; without one, which the server's paths have not, the first."""
    found = [each for each in balancer.listeners.values() if request.port in (None, int(each.port))]
    return found[0] if found else None


def _in_order(listener: Any) -> list[Any]:
    """The rules by their priority, and the default one at the end."""
    rules = listener.rules.values()
    return sorted(rules, key=lambda rule: (rule.is_default, 0 if rule.is_default else int(rule.priority)))
