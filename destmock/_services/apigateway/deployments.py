"""A REST API's methods as they were when it was deployed: what is changed later isn't served until then."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moto.apigateway.models import RestAPI

from destmock._isolation.patching import Patch
from destmock._services.apigateway.request_models import validator_of
from destmock._services.apigateway.routes import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.apigateway.models import Deployment, Method

    from destmock._services.apigateway.request_models import Validator


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method of a resource."""

    resource_id: str
    path: str
    method: Method
    validator: Validator | None


def served(api: RestAPI, deployment_id: str | None) -> tuple[Route[Endpoint], ...]:
    """The routes of a deployment; those of the API as it is now for one that was made before the mock."""
    deployment = api.deployments.get(deployment_id or "")
    found: tuple[Route[Endpoint], ...] | None = (
        None if deployment is None else vars(deployment).get("_destmock_routes")
    )
    return _routes(api) if found is None else found


def _routes(api: RestAPI) -> tuple[Route[Endpoint], ...]:
    found = []
    for resource in api.resources.values():
        path = resource.get_path()
        for name, method in resource.resource_methods.items():
            endpoint = Endpoint(resource.id, path, copy.deepcopy(method), validator_of(api, method))
            found.append(Route(name.upper(), path, endpoint))
    return tuple(found)


def _create_deployment(create: Callable[..., Deployment]) -> Callable[..., Deployment]:
    """A stage that is there already keeps its settings; moto makes another one in its place."""

    def create_deployment(
        self: RestAPI, name: str, description: str, stage_variables: dict[str, str] | None = None
    ) -> Deployment:
        stage = self.stages.get(name)
        deployment = create(self, name, description, stage_variables)
        vars(deployment)["_destmock_routes"] = _routes(self)
        if stage is not None:
            stage.deployment_id = deployment.id
            stage.variables.update(stage_variables or {})
            self.stages[name] = stage
        return deployment

    return create_deployment


PATCHES = (Patch(RestAPI, "create_deployment", _create_deployment),)
