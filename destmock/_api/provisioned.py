"""The calls for provisioned concurrency, which moto doesn't have. It is kept, and has no effect."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from destmock._api import answers
from destmock._api import requests as wire
from destmock._aws import api_errors as errors
from destmock._aws.arn import LATEST
from destmock._aws.times import to_datetime

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._api.answers import Answer
    from destmock._api.requests import Request
    from destmock._aws.arn import FunctionRef
    from destmock._engine.simulation import Simulation

_UNPUBLISHED = "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
_VERSION_HAS = (
    "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
)
_ALIAS_HAS = "Version is pointed by a Provisioned Concurrency alias"
_LARGEST_PAGE = 50


class _Config(NamedTuple):
    """`identity` is the version or alias that it was made for."""

    identity: object
    requested: int
    modified: int


class _Configs:
    """The provisioned concurrency of the versions and aliases of one simulation."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._configs: dict[FunctionRef, _Config] = {}

    def put(self, ref: FunctionRef, requested: int) -> _Config:
        config = _Config(self._simulation.identify(ref), requested, self._simulation.now)
        self._configs[ref] = config
        return config

    def of(self, ref: FunctionRef) -> _Config | None:
        """What there is for the version or alias that exists now."""
        config = self._configs.get(ref)
        return config if config and config.identity is self._simulation.identify(ref) else None

    def of_function(self, ref: FunctionRef) -> list[tuple[FunctionRef, _Config]]:
        own = [one for one in self._configs if one.unqualified == ref]
        return [(one, config) for one in own if (config := self.of(one)) is not None]

    def delete(self, ref: FunctionRef) -> None:
        del self._configs[ref]


def _put(simulation: Simulation, request: Request) -> Answer:
    requested = int(json.loads(request.body or b"{}").get("ProvisionedConcurrentExecutions") or 0)
    least = "have value greater than or equal to 1"
    found = [] if requested > 0 else [errors.violation(requested, "provisionedConcurrentExecutions", least)]
    ref = wire.function_ref(request, found)
    if ref.qualifier in (None, LATEST):
        raise errors.invalid_parameter(_UNPUBLISHED)
    if simulation.identify(ref) is None:
        raise errors.not_found(errors.NOT_FOUND.format(arn=ref.arn))
    _check_overlap(simulation, ref)
    config = simulation.part(_Configs).put(ref, requested)
    body = {**_shown(config), "AllocatedProvisionedConcurrentExecutions": 0, "Status": "IN_PROGRESS"}
    del body["AvailableProvisionedConcurrentExecutions"]
    return replace(_answer(simulation, body), status=202)


def _check_overlap(simulation: Simulation, ref: FunctionRef) -> None:
    """A version and an alias that points to it can't both have some."""
    routes, configs = simulation.functions.routes(ref), simulation.part(_Configs)
    for version in routes.get(str(ref.qualifier), []):
        if configs.of(ref._replace(qualifier=version)) is not None:
            raise errors.conflict(_VERSION_HAS)
    for alias, versions in routes.items():
        if ref.qualifier in versions and configs.of(ref._replace(qualifier=alias)) is not None:
            raise errors.conflict(_ALIAS_HAS)


def _get(simulation: Simulation, request: Request) -> Answer:
    _, config = _existing(simulation, request)
    return _answer(simulation, _shown(config))


def _delete(simulation: Simulation, request: Request) -> Answer:
    ref, _ = _existing(simulation, request)
    simulation.part(_Configs).delete(ref)
    return answers.deleted(simulation.ids.uuid())


def _list(simulation: Simulation, request: Request) -> Answer:
    ref = wire.unqualified_ref(request, [])
    if simulation.identify(ref) is None:
        raise errors.not_found(errors.NOT_FOUND.format(arn=ref.arn))
    found = [
        {"FunctionArn": one.arn, **_shown(config)}
        for one, config in simulation.part(_Configs).of_function(ref)
    ]
    start, size = int(request.query.get("Marker") or 0), int(request.query.get("MaxItems") or _LARGEST_PAGE)
    more = {"NextMarker": str(start + size)} if len(found) > start + size else {}
    return _answer(simulation, {"ProvisionedConcurrencyConfigs": found[start : start + size], **more})


def _existing(simulation: Simulation, request: Request) -> tuple[FunctionRef, _Config]:
    ref = wire.function_ref(request)
    if simulation.identify(ref) is None:
        raise errors.not_found(errors.NOT_FOUND.format(arn=ref.arn))
    config = simulation.part(_Configs).of(ref)
    if config is None:
        raise errors.no_provisioned_concurrency()
    return ref, config


def _shown(config: _Config) -> dict[str, Any]:
    return {
        "RequestedProvisionedConcurrentExecutions": config.requested,
        "AvailableProvisionedConcurrentExecutions": config.requested,
        "AllocatedProvisionedConcurrentExecutions": config.requested,
        "Status": "READY",
        "LastModified": f"{to_datetime(config.modified):%Y-%m-%dT%H:%M:%S+0000}",
    }


def _answer(simulation: Simulation, body: dict[str, Any]) -> Answer:
    return answers.json_answer(simulation.ids.uuid(), json.dumps(body, separators=(",", ":")))


OPERATIONS: dict[str, Callable[[Simulation, Request], Answer | None]] = {
    "PutProvisionedConcurrencyConfig": _put,
    "GetProvisionedConcurrencyConfig": _get,
    "DeleteProvisionedConcurrencyConfig": _delete,
    "ListProvisionedConcurrencyConfigs": _list,
}
