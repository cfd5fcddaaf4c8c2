"""What stands beside the methods of a REST API in a template: made, read back, changed and deleted."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.cloudformation.deployed import attribute, resource

REF = {"Ref": "Shop"}


def template(limit=5, model=None, status="403"):
    """An API with a part of each kind."""
    stages = [{"ApiId": REF, "Stage": "live", "Throttle": {"/orders/GET": {"BurstLimit": 2, "RateLimit": 1}}}]
    quota = {"Limit": limit, "Period": "DAY"}
    path = {"paths": {"/orders": {"get": {"x-amazon-apigateway-integration": {"type": "mock"}}}}}
    body = {"openapi": "3.0.1", "info": {"title": "shop", "version": "1"}, **path}
    parts = {
        "Shop": resource("AWS::ApiGateway::RestApi", Body=body),
        "Live": resource("AWS::ApiGateway::Deployment", RestApiId=REF, StageName="live"),
        "Order": resource(
            "AWS::ApiGateway::Model",
            RestApiId=REF,
            ContentType="application/json",
            Schema=model or {"type": "object", "properties": {"Sku": {"type": "string"}}},
        ),
        "Valid": resource("AWS::ApiGateway::RequestValidator", RestApiId=REF, ValidateRequestBody=True),
        "Denied": resource(
            "AWS::ApiGateway::GatewayResponse",
            RestApiId=REF,
            ResponseType="ACCESS_DENIED",
            StatusCode=status,
            ResponseParameters={"gatewayresponse.header.X-Why": "'no'"},
        ),
        "Key": resource("AWS::ApiGateway::ApiKey", Enabled="true", Value="a-key-of-twenty-signs-or-more"),
        "Plan": {
            **resource(
                "AWS::ApiGateway::UsagePlan",
                UsagePlanName="basic",
                ApiStages=stages,
                Quota=quota,
                Tags=[{"Key": "team", "Value": "shop"}],
            ),
            "DependsOn": "Live",
        },
        "Member": resource(
            "AWS::ApiGateway::UsagePlanKey",
            KeyId={"Ref": "Key"},
            KeyType="API_KEY",
            UsagePlanId={"Ref": "Plan"},
        ),
    }
    outputs = {"Key": {"Value": attribute("Key", "APIKeyId")}, "Plan": {"Value": attribute("Plan", "Id")}}
    return json.dumps({"Resources": parts, "Outputs": outputs})


@pytest.fixture
def apis(destmock):
    return boto3.client("apigateway")


@pytest.fixture
def stack(destmock, tmp_path):
    file = tmp_path / "shop.json"
    file.write_text(template())
    return destmock.deploy(file)


def test_each_part_is_read_back_from_its_service(apis, stack):
    api = stack.resources["Shop"]
    [model] = [
        each for each in apis.get_models(restApiId=api)["items"] if each["name"] not in ("Empty", "Error")
    ]
    assert json.loads(model["schema"])["properties"] == {"Sku": {"type": "string"}}
    [validator] = apis.get_request_validators(restApiId=api)["items"]
    assert (validator["id"], validator["validateRequestBody"]) == (stack.resources["Valid"], True)
    denied = apis.get_gateway_response(restApiId=api, responseType="ACCESS_DENIED")
    assert denied["responseParameters"] == {"gatewayresponse.header.X-Why": "'no'"}
    [plan] = apis.get_usage_plans()["items"]
    assert (plan["id"], plan["name"], plan["tags"]) == (stack.outputs["Plan"], "basic", {"team": "shop"})
    assert (plan["quota"]["limit"], plan["quota"]["period"]) == (5, "DAY")
    assert (plan["apiStages"][0]["apiId"], plan["apiStages"][0]["stage"]) == (api, "live")
    [key] = apis.get_usage_plan_keys(usagePlanId=plan["id"])["items"]
    assert (key["id"], key["value"]) == (stack.outputs["Key"], "a-key-of-twenty-signs-or-more")


def test_a_change_that_moto_can_t_make_is_refused_by_name(apis, stack):
    changed = template().replace('"RateLimit": 1', '"RateLimit": 3')
    with pytest.raises(ClientError, match="of a usage plan, and no more"):
        boto3.client("cloudformation").update_stack(StackName=stack.name, TemplateBody=changed)


def test_changes_are_made_and_all_goes_with_the_stack(apis, stack):
    cloudformation = boto3.client("cloudformation")
    cloudformation.update_stack(StackName=stack.name, TemplateBody=template(limit=9, status="401"))
    [plan] = apis.get_usage_plans()["items"]
    assert (plan["id"], str(plan["quota"]["limit"])) == (stack.outputs["Plan"], "9")
    [key] = apis.get_usage_plan_keys(usagePlanId=plan["id"])["items"]
    assert key["id"] == stack.outputs["Key"]
    denied = apis.get_gateway_response(restApiId=stack.resources["Shop"], responseType="ACCESS_DENIED")
    assert denied["statusCode"] == "401"
    cloudformation.delete_stack(StackName=stack.name)
    assert [apis.get_rest_apis()["items"], apis.get_usage_plans()["items"], apis.get_api_keys()["items"]] == [
        [],
        [],
        [],
    ]
