"""API Gateway's methods: moto's model wants a URI in each, and drops the responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from destmock._cloudformation.resources.api import without
from destmock._cloudformation.resources.kinds import Made, Properties

if TYPE_CHECKING:
    from collections.abc import Mapping

    from destmock._cloudformation.resources.api import Api
    from destmock._cloudformation.resources.kinds import Kind

_PLACE = ("RestApiId", "ResourceId", "HttpMethod")


class Method:
    type = "AWS::ApiGateway::Method"
    attributes = ()
    identity = _PLACE

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        place = _place(properties)
        settings = _lower_first(without(properties, *_PLACE, "Integration", "MethodResponses"))
        api.call("apigateway", "put_method", **place, **{"authorizationType": "NONE", **settings})
        for response in properties.get("MethodResponses", []):
            api.call("apigateway", "put_method_response", **place, **_lower_first(response))
        integration = properties.get("Integration")
        if integration is not None:
            settings = _lower_first(without(integration, "IntegrationResponses"))
            api.call("apigateway", "put_integration", **place, **settings)
            for response in integration.get("IntegrationResponses", []):
                api.call("apigateway", "put_integration_response", **place, **_lower_first(response))
        return Made(name)

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        self.delete(api, made, before)
        return self.create(api, made.id, properties)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call("apigateway", "delete_method", **_place(properties))


def _place(properties: Properties) -> dict[str, Any]:
    return _lower_first({name: properties[name] for name in _PLACE})


def _lower_first(properties: Mapping[str, Any]) -> dict[str, Any]:
    """A template's properties as API Gateway's parameters, which begin with a small letter."""
    return {name[0].lower() + name[1:]: value for name, value in properties.items()}


KINDS: tuple[Kind, ...] = (Method(),)
