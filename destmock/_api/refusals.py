"""What is refused of versions and aliases, before moto makes, changes or deletes them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from destmock._api import requests as wire
from destmock._api import revisions
from destmock._aws import api_errors as errors
from destmock._aws.arn import LATEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from destmock._api.requests import Request
    from destmock._engine.simulation import Simulation

_ALIAS_PATTERN = "(?!^[0-9]+$)([a-zA-Z0-9-_]+)"
_ALIAS, _VERSION = re.compile(_ALIAS_PATTERN, re.ASCII), re.compile(r"[0-9]+", re.ASCII)
_WEIGHT = (
    "Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, "
    "Member must not be null"
)
_KEY = (
    "Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, "
    "Member must satisfy regular expression pattern: [0-9]+, Member must not be null"
)
_LATEST_STAYS = "$LATEST version cannot be deleted without deleting the function."
_ALIASES_STAY = "Deletion of aliases is not currently supported."
_IN_USE = "Version {} was unable to be deleted due to the following aliases referencing it: [{}]"
_ONE_WEIGHT = "Number of items in AdditionalVersionWeights cannot be greater than 1"
_SAME_VERSION = (
    "Invalid function version {0}. Function version {0} is already included in routing configuration."
)
_OF_LATEST = "$LATEST is not supported for an alias pointing to more than 1 version"
_ALIAS_EXISTS = "Alias already exists: {}"


def _check_deletion(simulation: Simulation, request: Request) -> None:
    ref = wire.function_ref(request)
    qualifier = ref.qualifier
    if qualifier is None or simulation.identify(ref) is None:
        return
    if qualifier == LATEST:
        raise errors.invalid_parameter(_LATEST_STAYS)
    routes = simulation.functions.routes(ref)
    if qualifier in routes:
        raise errors.invalid_parameter(_ALIASES_STAY)
    users = sorted(name for name, versions in routes.items() if qualifier in versions)
    if users:
        raise errors.conflict(_IN_USE.format(qualifier, ", ".join(users)))


def _check_alias(simulation: Simulation, request: Request) -> None:
    """Check the name of a new alias, and the weights of a new or changed one."""
    body = json.loads(request.body or b"{}")
    weights = (body.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    found = [*_violations(body, weights)]
    if found:
        raise errors.validation(found)
    ref = wire.function_ref(request)
    if request.operation == "UpdateAlias":
        alias = ref._replace(qualifier=request.path.rsplit("/", 1)[-1])
        revisions.check(simulation, alias, body.get("RevisionId"))
    name = body.get("Name")
    if name in simulation.functions.routes(ref):  # moto's error has another code
        raise errors.conflict(_ALIAS_EXISTS.format(ref._replace(qualifier=name).arn))
    if weights:
        _check_weights(simulation, request, body, weights)


def _check_weights(
    simulation: Simulation, request: Request, body: Mapping[str, Any], weights: Mapping[str, float]
) -> None:
    if len(weights) > 1:
        raise errors.invalid_parameter(_ONE_WEIGHT)
    version = body.get("FunctionVersion") or _version(simulation, request)
    if version in weights:
        raise errors.invalid_parameter(_SAME_VERSION.format(version))
    if version == LATEST:
        raise errors.invalid_parameter(_OF_LATEST)
    ref = wire.function_ref(request)._replace(qualifier=next(iter(weights)))
    if simulation.identify(ref.unqualified) is not None and simulation.identify(ref) is None:
        raise errors.not_found(errors.NOT_FOUND.format(arn=ref.arn))


def _violations(body: Mapping[str, Any], weights: Mapping[str, float]) -> Iterator[str]:
    name, member = body.get("Name"), "routingConfig.additionalVersionWeights"
    if name is not None and not _ALIAS.fullmatch(name):
        yield errors.pattern(name, "name", _ALIAS_PATTERN)
    for version, weight in weights.items():
        given = f"{{{version}={weight}}}"
        if not 0 <= weight <= 1:
            yield _map_violation(given, member, "value", _WEIGHT)
        if not _VERSION.fullmatch(version):
            yield _map_violation(given, member, "keys", _KEY)


def _map_violation(given: str, member: str, part: str, constraint: str) -> str:
    text = errors.violation(given, member, f"satisfy constraint: [{constraint}]")
    return text.replace("constraint: Member must", f"constraint: Map {part} must", 1)


def _version(simulation: Simulation, request: Request) -> str | None:
    """The version of an alias that is changed without naming one."""
    routes = simulation.functions.routes(wire.function_ref(request))
    return next(iter(routes.get(request.path.rsplit("/", 1)[-1], [])), None)


def _check_function(simulation: Simulation, request: Request) -> None:
    """moto lists no versions of a function that isn't there."""
    ref = wire.function_ref(request)
    if simulation.identify(ref.unqualified) is None:
        raise errors.not_found(errors.NOT_FOUND.format(arn=ref.unqualified_arn))


CHECKS: dict[str, Callable[[Simulation, Request], None]] = {
    "DeleteFunction": _check_deletion,
    "CreateAlias": _check_alias,
    "UpdateAlias": _check_alias,
    "ListVersionsByFunction": _check_function,
}
