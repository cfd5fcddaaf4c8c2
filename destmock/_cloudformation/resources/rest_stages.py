"""Deployments and stages of REST APIs, with the settings that only UpdateStage takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from destmock._cloudformation.resources.api import PropertyError, check_known, tags, without
from destmock._cloudformation.resources.kinds import Made, Properties
from destmock._cloudformation.resources.rest_apis import lower_first, replacement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from destmock._cloudformation.resources.api import Api
    from destmock._cloudformation.resources.kinds import Kind

#: A method's settings in a stage, and where UpdateStage has them.
_METHOD_SETTINGS = {
    "CacheDataEncrypted": "caching/dataEncrypted",
    "CacheTtlInSeconds": "caching/ttlInSeconds",
    "CachingEnabled": "caching/enabled",
    "DataTraceEnabled": "logging/dataTrace",
    "LoggingLevel": "logging/loglevel",
    "MetricsEnabled": "metrics/enabled",
    "ThrottlingBurstLimit": "throttling/burstLimit",
    "ThrottlingRateLimit": "throttling/rateLimit",
}
_ACCESS_LOG = {"DestinationArn": "destinationArn", "Format": "format"}


class Deployment:
    """A deployment; with a StageName, the stage as well."""

    type = "AWS::ApiGateway::Deployment"
    attributes = ("DeploymentId",)
    identity = ("RestApiId", "StageName")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(
            properties,
            ("DeploymentCanarySettings", "Description", "RestApiId", "StageDescription", "StageName"),
        )
        if "DeploymentCanarySettings" in properties:
            message = "destmock doesn't simulate DeploymentCanarySettings"
            raise PropertyError(message)
        stage, place = properties.get("StageDescription") or {}, {"restApiId": properties["RestApiId"]}
        made = api.call(
            "apigateway",
            "create_deployment",
            **place,
            stageName=properties.get("StageName"),
            description=properties.get("Description"),
            variables=stage.get("Variables"),
        )
        operations = [*_stage_operations(_without_others(stage))]
        if operations and "StageName" in properties:
            name = properties["StageName"]
            api.call("apigateway", "update_stage", **place, stageName=name, patchOperations=operations)
        return Made(made["id"], {"DeploymentId": made["id"]})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        """Delete the deployment, and the stage that it has made, unless that has another one by now."""
        place = {"restApiId": properties["RestApiId"]}
        for stage in api.call("apigateway", "get_stages", **place)["item"]:
            own = stage["stageName"] == properties.get("StageName") and stage["deploymentId"] == made.id
            if own:
                api.call("apigateway", "delete_stage", **place, stageName=stage["stageName"])
        api.call("apigateway", "delete_deployment", **place, deploymentId=made.id)


class Stage:
    type = "AWS::ApiGateway::Stage"
    attributes = ()
    identity = ("RestApiId", "StageName")
    _CREATED = ("CacheClusterEnabled", "CacheClusterSize", "Description", "DocumentationVersion", "Variables")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        given = without(properties, "AccessLogSetting", "MethodSettings", "Tags", *self._CREATED)
        check_known(given, ("DeploymentId", "RestApiId", "StageName", "TracingEnabled"))
        name = str(properties.get("StageName", "default"))
        place = {"restApiId": properties["RestApiId"], "stageName": name}
        api.call(
            "apigateway",
            "create_stage",
            **place,
            deploymentId=properties["DeploymentId"],
            tracingEnabled=properties.get("TracingEnabled"),
            tags=tags(properties) or None,
            **lower_first({key: properties[key] for key in self._CREATED if key in properties}),
        )
        self._change(api, place, _stage_operations(properties))
        return Made(name)

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        place = {"restApiId": properties["RestApiId"], "stageName": made.id}
        operations = [replacement("/deploymentId", properties["DeploymentId"])]
        if "Description" in properties:
            operations.append(replacement("/description", properties["Description"]))
        if "TracingEnabled" in properties:
            operations.append(replacement("/tracingEnabled", properties["TracingEnabled"]))
        was, now = before.get("Variables") or {}, properties.get("Variables") or {}
        operations += [{"op": "remove", "path": f"/variables/{key}"} for key in was if key not in now]
        operations += [replacement(f"/variables/{key}", value) for key, value in now.items()]
        self._change(api, place, [*operations, *_stage_operations(properties)])
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call("apigateway", "delete_stage", restApiId=properties["RestApiId"], stageName=made.id)

    @staticmethod
    def _change(api: Api, place: Properties, operations: Iterable[Properties]) -> None:
        found = [*operations]
        if found:
            api.call("apigateway", "update_stage", **place, patchOperations=found)


def _without_others(stage: Properties) -> Properties:
    """The settings of a deployment's stage, which stand beside those of its methods."""
    settings = {name: stage[name] for name in _METHOD_SETTINGS if name in stage}
    apart = ("AccessLogSetting", "MethodSettings")
    given: Properties = {name: stage[name] for name in apart if name in stage}
    own = [{"ResourcePath": "/*", "HttpMethod": "*", **settings}] if settings else []
    return {**given, "MethodSettings": [*own, *given.get("MethodSettings", [])]}


def _stage_operations(properties: Properties) -> list[Properties]:
    """What UpdateStage has to do for the settings that CreateStage doesn't take."""
    found = [
        replacement(f"/accessLogSettings/{path}", (properties.get("AccessLogSetting") or {})[name])
        for name, path in _ACCESS_LOG.items()
        if name in (properties.get("AccessLogSetting") or {})
    ]
    for setting in properties.get("MethodSettings") or []:
        path = str(setting.get("ResourcePath", "/*"))
        place = "*" if path == "/*" else path.replace("/", "~1") if not path.startswith("/~1") else path[1:]
        for name, value in setting.items():
            if name in _METHOD_SETTINGS:
                key = f"/{place}/{setting.get('HttpMethod', '*')}/{_METHOD_SETTINGS[name]}"
                found.append(replacement(key, value))
    return found


KINDS: tuple[Kind, ...] = (Deployment(), Stage())
