"""The resources of HTTP and WebSocket APIs, of which moto's CloudFormation has no models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from destmock._cloudformation.resources.api import check_known, without
from destmock._cloudformation.resources.kinds import Made, Properties

if TYPE_CHECKING:
    from destmock._cloudformation.resources.api import Api
    from destmock._cloudformation.resources.kinds import Kind

_SERVICE = "apigatewayv2"


class HttpApi:
    """An API; with a Body, everything that the document describes."""

    type = "AWS::ApiGatewayV2::Api"
    attributes = ("ApiEndpoint", "ApiId")
    identity = ("ProtocolType",)
    _APART = ("BasePath", "Body", "FailOnWarnings")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        info = (properties.get("Body") or {}).get("info") or {}
        given = {"Name": info.get("title", name), "ProtocolType": "HTTP", **properties}
        answer = api.call(_SERVICE, "create_api", **without(given, *self._APART))
        api_id = answer["ApiId"]
        endpoint = answer["ApiEndpoint"]
        if given["ProtocolType"] == "WEBSOCKET":
            endpoint = endpoint.replace("https://", "wss://")
        made = Made(api_id, {"ApiId": api_id, "ApiEndpoint": endpoint})
        try:
            self._import(api, made, properties)
        except Exception:
            self.delete(api, made, properties)
            raise
        return made

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        fixed = (*self._APART, "ProtocolType", "Tags", "Target", "RouteKey", "CredentialsArn")
        settings = without(properties, *fixed)
        if settings:
            api.call(_SERVICE, "update_api", ApiId=made.id, **settings)
        if before.get("Body") != properties.get("Body"):
            self._import(api, made, properties)
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call(_SERVICE, "delete_api", ApiId=made.id)

    @staticmethod
    def _import(api: Api, made: Made, properties: Properties) -> None:
        if "Body" in properties:
            body = json.dumps(properties["Body"])
            api.call(_SERVICE, "reimport_api", ApiId=made.id, Body=body)


class Part:
    """A part of an API: a route, an integration or an authoriser."""

    def __init__(self, name: str, *identity: str) -> None:
        self.type = f"AWS::ApiGatewayV2::{name}"
        self.attributes = (f"{name}Id",)
        self.identity = ("ApiId", *identity)
        self._name = name

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        own = {"IdentitySource": [], "Name": name} if self._name == "Authorizer" else {}
        given = {**own, **properties}
        answer = api.call(_SERVICE, f"create_{self._name.lower()}", **given)
        found = answer[f"{self._name}Id"]
        return Made(found, {f"{self._name}Id": found})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        api.call(_SERVICE, f"update_{self._name.lower()}", **properties, **self._place(made))
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        place = {"ApiId": properties["ApiId"], **self._place(made)}
        api.call(_SERVICE, f"delete_{self._name.lower()}", **place)

    def _place(self, made: Made) -> Properties:
        return {f"{self._name}Id": made.id}


class Response:
    """What a WebSocket API's route or integration answers with."""

    def __init__(self, part: str) -> None:
        self.type = f"AWS::ApiGatewayV2::{part}Response"
        self.attributes = (f"{part}ResponseId",)
        self.identity = ("ApiId", f"{part}Id")
        self._part = part
        self._call = f"{part.lower()}_response"

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        answer = api.call(_SERVICE, f"create_{self._call}", **properties)
        found = answer[self.attributes[0]]
        return Made(found, {self.attributes[0]: found})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        self.delete(api, made, before)
        return self.create(api, made.id, properties)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        place = {name: properties[name] for name in self.identity}
        api.call(_SERVICE, f"delete_{self._call}", **place, **{self.attributes[0]: made.id})


class HttpStage:
    type = "AWS::ApiGatewayV2::Stage"
    attributes = ()
    identity = ("ApiId", "StageName")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        api.call(_SERVICE, "create_stage", **without(properties, "AccessPolicyId"))
        return Made(str(properties["StageName"]))

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        self.delete(api, made, before)
        return self.create(api, made.id, properties)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call(_SERVICE, "delete_stage", ApiId=properties["ApiId"], StageName=made.id)


class HttpDeployment:
    """A deployment, of which moto knows none: an HTTP API is served as it is now."""

    type = "AWS::ApiGatewayV2::Deployment"
    attributes = ("DeploymentId",)
    identity = ("ApiId", "StageName")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        check_known(properties, ("ApiId", "Description", "StageName"))
        api.call(_SERVICE, "get_api", ApiId=properties["ApiId"])
        return Made(name, {"DeploymentId": name})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None: ...


KINDS: tuple[Kind, ...] = (
    HttpApi(),
    Part("Route"),
    Part("Integration"),
    Part("Authorizer"),
    Response("Route"),
    Response("Integration"),
    HttpStage(),
    HttpDeployment(),
)
