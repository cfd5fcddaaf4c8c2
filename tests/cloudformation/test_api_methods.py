"""Methods of API Gateway, with and without what they lead to."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.cloudformation.deployed import attribute, resource

ALLOWED = {"method.response.header.Access-Control-Allow-Origin": "'*'"}
#: What answers a browser's question in advance, without any code behind it.
PREFLIGHT = {
    "Type": "MOCK",
    "PassthroughBehavior": "NEVER",
    "RequestTemplates": {"application/json": '{"statusCode": 204}'},
    "IntegrationResponses": [{"StatusCode": "204", "ResponseParameters": ALLOWED}],
}


@pytest.fixture
def put(cloudformation):
    """Creates the stack of an API with one method, or updates it; answers the method."""

    def make(*, update=False, **properties):
        place = {"RestApiId": {"Ref": "Api"}, "ResourceId": attribute("Api", "RootResourceId")}
        method = resource("AWS::ApiGateway::Method", **place, **properties)
        api = resource("AWS::ApiGateway::RestApi", Name="shop")
        call = cloudformation.update_stack if update else cloudformation.create_stack
        call(StackName="shop", TemplateBody=json.dumps({"Resources": {"Api": api, "Method": method}}))
        return found(properties["HttpMethod"])

    return make


def found(http_method):
    apigateway = boto3.client("apigateway")
    [api] = apigateway.get_rest_apis()["items"]
    [root] = apigateway.get_resources(restApiId=api["id"])["items"]
    return apigateway.get_method(restApiId=api["id"], resourceId=root["id"], httpMethod=http_method)


def test_a_method_that_is_answered_without_a_backend_needs_no_uri(put):
    responses = [{"StatusCode": "204", "ResponseParameters": dict.fromkeys(ALLOWED, "true")}]
    given = {"Integration": PREFLIGHT, "MethodResponses": responses, "AuthorizationType": "NONE"}
    method = put(HttpMethod="OPTIONS", **given)
    integration = method["methodIntegration"]
    assert integration["type"] == "MOCK"
    assert integration["passthroughBehavior"] == "NEVER"
    assert integration["requestTemplates"] == PREFLIGHT["RequestTemplates"]
    assert integration["integrationResponses"]["204"]["responseParameters"] == ALLOWED
    assert method["methodResponses"]["204"]["responseParameters"] == dict.fromkeys(ALLOWED, True)


def test_a_method_needs_no_integration(put):
    method = put(HttpMethod="GET", AuthorizationType="NONE")
    assert method["authorizationType"] == "NONE"
    assert "methodIntegration" not in method


def test_a_method_is_changed_and_goes(put):
    http = {"Type": "HTTP", "IntegrationHttpMethod": "GET", "Uri": "https://example.com/a"}
    put(HttpMethod="GET", Integration=http)
    changed = put(HttpMethod="GET", Integration={**http, "Uri": "https://example.com/b"}, update=True)
    assert changed["methodIntegration"]["uri"] == "https://example.com/b"
    put(HttpMethod="POST", Integration=http, update=True)
    with pytest.raises(ClientError, match="NotFound"):
        found("GET")


def test_an_integration_with_a_backend_says_how_it_is_asked(put):
    with pytest.raises(ClientError, match="Enumeration value for HttpMethod must be non-empty"):
        put(HttpMethod="GET", Integration={"Type": "HTTP", "Uri": "https://example.com"})
