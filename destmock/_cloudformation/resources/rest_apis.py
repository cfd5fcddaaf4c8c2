"""The resources of REST APIs: moto has models of some of them, which leave out most of their settings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from destmock._cloudformation.resources.api import PropertyError, check_known, tags, without
from destmock._cloudformation.resources.kinds import Made, Properties

if TYPE_CHECKING:
    from collections.abc import Mapping

    from destmock._cloudformation.resources.api import Api
    from destmock._cloudformation.resources.kinds import Kind

_PLACE = ("RestApiId", "ResourceId", "HttpMethod")
#: An API's settings, and where UpdateRestApi has them.
_API_SETTINGS = {
    "Name": "/name",
    "Description": "/description",
    "ApiKeySourceType": "/apiKeySource",
    "DisableExecuteApiEndpoint": "/disableExecuteApiEndpoint",
}
#: An API's settings that moto's UpdateRestApi doesn't have.
_FIXED = ("EndpointConfiguration", "MinimumCompressionSize", "Tags")


class RestApi:
    """An API; with a Body, everything that the document describes."""

    type = "AWS::ApiGateway::RestApi"
    attributes = ("RestApiId", "RootResourceId")
    identity = ()
    _KNOWN = (
        *_API_SETTINGS,
        "BinaryMediaTypes",
        "Body",
        "EndpointAccessMode",
        "EndpointConfiguration",
        "FailOnWarnings",
        "MinimumCompressionSize",
        "Mode",
        "Parameters",
        "Policy",
        "SecurityPolicy",
        "Tags",
    )

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, self._KNOWN)
        configuration = lower_first(properties.get("EndpointConfiguration") or {})
        minimum = properties.get("MinimumCompressionSize")
        made = api.call(
            "apigateway",
            "create_rest_api",
            name=_name(properties),
            description=_description(properties),
            apiKeySource=properties.get("ApiKeySourceType"),
            binaryMediaTypes=_types(properties) or None,
            disableExecuteApiEndpoint=properties.get("DisableExecuteApiEndpoint"),
            endpointConfiguration=configuration or None,
            minimumCompressionSize=minimum,
            policy=_policy(properties),
            tags=tags(properties) or None,
        )
        found = Made(made["id"], {"RestApiId": made["id"], "RootResourceId": made["rootResourceId"]})
        try:
            self._put(api, found, properties)
        except Exception:
            self.delete(api, found, properties)
            raise
        return found

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        check_known(properties, self._KNOWN)
        for name in _FIXED:
            if before.get(name) != properties.get(name):
                message = f"destmock can't change the {name} of an API that is there"
                raise PropertyError(message)
        operations = [
            replacement(path, properties[name]) for name, path in _API_SETTINGS.items() if name in properties
        ]
        was, now = _types(before), _types(properties)
        for operation, types in (("remove", set(was) - set(now)), ("add", set(now) - set(was))):
            operations += [
                {"op": operation, "path": f"/binaryMediaTypes/{each.replace('/', '~1')}"}
                for each in sorted(types)
            ]
        if _policy(before) != _policy(properties):
            operations.append(replacement("/policy", _policy(properties) or ""))
        if operations:
            api.call("apigateway", "update_rest_api", restApiId=made.id, patchOperations=operations)
        if before.get("Body") != properties.get("Body"):
            self._put(api, made, properties)
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call("apigateway", "delete_rest_api", restApiId=made.id)

    @staticmethod
    def _put(api: Api, made: Made, properties: Properties) -> None:
        if "Body" not in properties:
            return
        api.call(
            "apigateway",
            "put_rest_api",
            restApiId=made.id,
            mode=properties.get("Mode", "overwrite"),
            failOnWarnings=properties.get("FailOnWarnings"),
            body=json.dumps(properties["Body"]),
        )


class Method:
    """A method: moto's model wants a URI in each, and drops the responses."""

    type = "AWS::ApiGateway::Method"
    attributes = ()
    identity = _PLACE

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        place = _place(properties)
        settings = lower_first(without(properties, *_PLACE, "Integration", "MethodResponses"))
        api.call("apigateway", "put_method", **place, **{"authorizationType": "NONE", **settings})
        for response in properties.get("MethodResponses", []):
            api.call("apigateway", "put_method_response", **place, **lower_first(response))
        integration = properties.get("Integration")
        if integration is not None:
            settings = lower_first(without(integration, "IntegrationResponses"))
            api.call("apigateway", "put_integration", **place, **settings)
            for response in integration.get("IntegrationResponses", []):
                api.call("apigateway", "put_integration_response", **place, **lower_first(response))
        return Made(name)

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        self.delete(api, made, before)
        return self.create(api, made.id, properties)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call("apigateway", "delete_method", **_place(properties))


class Authorizer:
    type = "AWS::ApiGateway::Authorizer"
    attributes = ("AuthorizerId",)
    identity = ("RestApiId",)

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        settings = lower_first({"Name": name, **properties})
        if "providerARNs" not in settings and "ProviderARNs" in properties:
            settings["providerARNs"] = properties["ProviderARNs"]
        made = api.call("apigateway", "create_authorizer", **settings)
        return Made(made["id"], {"AuthorizerId": made["id"]})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        changed = {
            name: value
            for name, value in properties.items()
            if value != before.get(name) and name not in ("RestApiId", "ProviderARNs")
        }
        operations = [replacement(f"/{name}", value) for name, value in lower_first(changed).items()]
        place = {"restApiId": properties["RestApiId"], "authorizerId": made.id}
        if operations:
            api.call("apigateway", "update_authorizer", **place, patchOperations=operations)
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call("apigateway", "delete_authorizer", restApiId=properties["RestApiId"], authorizerId=made.id)


class Account:
    type = "AWS::ApiGateway::Account"
    attributes = ("Id",)
    identity = ()

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, ("CloudWatchRoleArn",))
        if "CloudWatchRoleArn" in properties:
            operation = replacement("/cloudwatchRoleArn", properties["CloudWatchRoleArn"])
            api.call("apigateway", "update_account", patchOperations=[operation])
        return Made(name, {"Id": name})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        return self.create(api, made.id, properties)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        """Leave the account as it is, as AWS does."""


def _name(properties: Properties) -> str:
    info = (properties.get("Body") or {}).get("info") or {}
    name = properties.get("Name", info.get("title"))
    if name is None:
        message = "Property 'Name' is missing"
        raise PropertyError(message)
    return str(name)


def _description(properties: Properties) -> str | None:
    info = (properties.get("Body") or {}).get("info") or {}
    found: str | None = properties.get("Description", info.get("description"))
    return found


def _types(properties: Properties) -> list[str]:
    return [str(each).replace("~1", "/") for each in properties.get("BinaryMediaTypes") or []]


def _policy(properties: Properties) -> str | None:
    policy = properties.get("Policy")
    return policy if policy is None or isinstance(policy, str) else json.dumps(policy)


def replacement(path: str, value: Any) -> Properties:
    """The operation of an update that sets one value."""
    return {"op": "replace", "path": path, "value": value}


def _place(properties: Properties) -> dict[str, Any]:
    return lower_first({name: properties[name] for name in _PLACE})


def lower_first(properties: Mapping[str, Any]) -> dict[str, Any]:
    """A template's properties as API Gateway's parameters, which begin with a small letter."""
    return {name[0].lower() + name[1:]: value for name, value in properties.items()}


KINDS: tuple[Kind, ...] = (RestApi(), Method(), Authorizer(), Account())
