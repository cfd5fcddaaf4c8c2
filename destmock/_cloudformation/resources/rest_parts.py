"""What stands beside the methods of REST APIs: models, validators, gateway responses, keys, usage plans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from destmock._cloudformation.resources.api import PropertyError, tags, without
from destmock._cloudformation.resources.kinds import Made, Properties
from destmock._cloudformation.resources.rest_apis import lower_first, replacement

if TYPE_CHECKING:
    from destmock._cloudformation.resources.api import Api
    from destmock._cloudformation.resources.kinds import Kind


@dataclass(frozen=True)
class Part:
    """One type: the operations that make and delete it, and the parameter that says which one it is."""

    type: str
    make: str
    remove: str
    #: The member of the answer that `Ref` gives.
    ref: str
    #: The parameter that has that value when it is deleted.
    which: str
    attributes: tuple[str, ...] = ()
    #: The properties that say what it is a part of.
    place: tuple[str, ...] = ("RestApiId",)
    identity: tuple[str, ...] = ()
    #: The property of its name, if it gets a generated one.
    named: str | None = None

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        given = properties if self.named is None else {self.named: name, **properties}
        settings = _lowered(without(given, "Tags", "UsagePlanName"))
        if "UsagePlanName" in given:
            settings["name"] = given["UsagePlanName"]
        if "Tags" in given:
            settings["tags"] = tags(given)
        answer: dict[str, Any] = api.call("apigateway", self.make, **settings)
        made = str(answer[self.ref])
        return Made(made, dict.fromkeys(self.attributes, made))

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        """Make it anew: AWS changes it, and keeps its id."""
        self.delete(api, made, before)
        return self.create(api, made.id, properties)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        place = _lowered({name: properties[name] for name in self.place})
        api.call("apigateway", self.remove, **place, **{self.which: made.id})


class UsagePlan(Part):
    """A usage plan, whose keys stay when it changes."""

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        old, new = _values_of(before), _values_of(properties)
        operations = [replacement(path, str(value)) for path, value in new.items() if value != old.get(path)]
        stages, wanted = _stages_of(before), _stages_of(properties)
        rest = [without(each, *_PLAN) for each in (before, properties)]
        kept = {stage: limits for stage, limits in wanted.items() if stage in stages}
        if rest[0] != rest[1] or old.keys() - new or any(stages[each] != kept[each] for each in kept):
            message = "destmock changes the name, description, limits and stages of a usage plan, and no more"
            raise PropertyError(message)
        for change, places in (("remove", stages.keys() - wanted), ("add", wanted.keys() - stages)):
            operations += [{"op": change, "path": "/apiStages", "value": each} for each in sorted(places)]
        if operations:
            api.call("apigateway", "update_usage_plan", usagePlanId=made.id, patchOperations=operations)
        return made


_PLAN = ("UsagePlanName", "Description", "Quota", "Throttle", "ApiStages")


def _values_of(plan: Properties) -> dict[str, Any]:
    """The single values of a usage plan, by their paths in an update."""
    simple = {"/name": plan.get("UsagePlanName"), "/description": plan.get("Description")}
    inside = {
        f"/{part.lower()}/{name}": value
        for part in ("Quota", "Throttle")
        for name, value in lower_first(plan.get(part) or {}).items()
    }
    return {path: value for path, value in {**simple, **inside}.items() if value is not None}


def _stages_of(plan: Properties) -> dict[str, Any]:
    return {f"{each['ApiId']}:{each['Stage']}": each.get("Throttle") for each in plan.get("ApiStages") or []}


def _lowered(properties: Properties) -> dict[str, Any]:
    """The parameters, with what is inside of them; a model's schema is the template's own."""
    return {
        name: value if name == "schema" else _inside(value) for name, value in lower_first(properties).items()
    }


def _inside(value: Any) -> Any:
    if isinstance(value, list):
        return [_inside(each) for each in value]
    return _lowered(value) if isinstance(value, dict) else value


KINDS: tuple[Kind, ...] = (
    Part(
        "AWS::ApiGateway::Model",
        "create_model",
        "delete_model",
        "name",
        "modelName",
        identity=("ContentType", "Name", "RestApiId"),
        named="Name",
    ),
    Part(
        "AWS::ApiGateway::RequestValidator",
        "create_request_validator",
        "delete_request_validator",
        "id",
        "requestValidatorId",
        attributes=("RequestValidatorId",),
        identity=("Name", "RestApiId"),
        named="Name",
    ),
    Part(
        "AWS::ApiGateway::GatewayResponse",
        "put_gateway_response",
        "delete_gateway_response",
        "responseType",
        "responseType",
        attributes=("Id",),
        identity=("ResponseType", "RestApiId"),
    ),
    Part(
        "AWS::ApiGateway::ApiKey",
        "create_api_key",
        "delete_api_key",
        "id",
        "apiKey",
        attributes=("APIKeyId",),
        place=(),
        identity=("GenerateDistinctId", "Name", "Value"),
        named="Name",
    ),
    UsagePlan(
        "AWS::ApiGateway::UsagePlan",
        "create_usage_plan",
        "delete_usage_plan",
        "id",
        "usagePlanId",
        attributes=("Id",),
        place=(),
        named="UsagePlanName",
    ),
    Part(
        "AWS::ApiGateway::UsagePlanKey",
        "create_usage_plan_key",
        "delete_usage_plan_key",
        "id",
        "keyId",
        attributes=("Id",),
        place=("UsagePlanId",),
        identity=("KeyId", "KeyType", "UsagePlanId"),
    ),
)
