"""APIs as documents, through boto3: what is imported can be read, and answers requests."""

import contextlib
import copy
import json

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.services.apigateway.apis import ACCOUNT, echo, invocations
from tests.services.front_doors.clients import by_urllib3

PROXY = {"type": "aws_proxy", "httpMethod": "POST", "uri": invocations("f")}
DOCUMENT = {
    "swagger": "2.0",
    "info": {"title": "shop", "version": "1.0", "description": "all of it"},
    "paths": {
        "/orders/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "type": "string"}],
            "get": {
                "security": [{"judge": []}],
                "x-amazon-apigateway-integration": PROXY,
                "responses": {"200": {"headers": {"X-A": {"type": "string"}}}},
            },
            "options": {
                "x-amazon-apigateway-integration": {
                    "type": "mock",
                    "requestTemplates": {"application/json": '{"statusCode": 200}'},
                    "responses": {
                        "default": {
                            "statusCode": "200",
                            "responseParameters": {
                                "method.response.header.Access-Control-Allow-Origin": "'*'"
                            },
                        }
                    },
                },
            },
        },
        "/any": {
            "x-amazon-apigateway-any-method": {
                "security": [{"api_key": []}],
                "x-amazon-apigateway-integration": PROXY,
            }
        },
        "/signed": {"post": {"security": [{"sigv4": []}], "x-amazon-apigateway-integration": PROXY}},
    },
    "securityDefinitions": {
        "judge": {
            "type": "apiKey",
            "name": "X-Token",
            "in": "header",
            "x-amazon-apigateway-authtype": "custom",
            "x-amazon-apigateway-authorizer": {"type": "token", "authorizerUri": invocations("judge")},
        },
        "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
        "sigv4": {"type": "apiKey", "name": "Authorization", "x-amazon-apigateway-authtype": "awsSigv4"},
    },
    "x-amazon-apigateway-binary-media-types": ["image/png"],
    "x-amazon-apigateway-gateway-responses": {"DEFAULT_4XX": {"statusCode": "418"}},
    "definitions": {"Order": {"type": "object"}},
}


@pytest.fixture
def client(destmock):
    destmock.handler("f", echo)
    return boto3.client("apigateway")


def openapi(document):
    """The same in OpenAPI 3."""
    found = copy.deepcopy(document)
    del found["swagger"]
    components = {"securitySchemes": found.pop("securityDefinitions"), "schemas": found.pop("definitions")}
    return {"openapi": "3.0.1", **found, "components": components}


def methods(client, api_id):
    found = client.get_resources(restApiId=api_id, embed=["methods"])["items"]
    return {
        (each["path"], verb): method
        for each in found
        for verb, method in each.get("resourceMethods", {}).items()
    }


@pytest.mark.parametrize("document", [DOCUMENT, openapi(DOCUMENT)], ids=["swagger", "openapi"])
def test_a_document_becomes_an_api(destmock, client, document):
    api = client.import_rest_api(body=json.dumps(document))
    assert (api["name"], api["description"], api["binaryMediaTypes"]) == ("shop", "all of it", ["image/png"])
    found = methods(client, api["id"])
    assert set(found) == {
        ("/orders/{id}", "GET"),
        ("/orders/{id}", "OPTIONS"),
        ("/any", "ANY"),
        ("/signed", "POST"),
    }
    [judge] = client.get_authorizers(restApiId=api["id"])["items"]
    assert (judge["type"], judge["identitySource"]) == ("TOKEN", "method.request.header.X-Token")
    get = found["/orders/{id}", "GET"]
    assert (get["authorizationType"], get["authorizerId"]) == ("CUSTOM", judge["id"])
    assert get["requestParameters"] == {"method.request.path.id": True}
    assert get["methodIntegration"]["type"] == "AWS_PROXY"
    assert get["methodResponses"]["200"]["responseParameters"] == {"method.response.header.X-A": False}
    assert found["/any", "ANY"]["apiKeyRequired"] is True
    assert found["/signed", "POST"]["authorizationType"] == "AWS_IAM"
    assert [each["name"] for each in client.get_models(restApiId=api["id"])["items"]] == ["Order"]

    client.create_deployment(restApiId=api["id"], stageName="prod")
    url = f"https://{api['id']}.execute-api.us-east-1.amazonaws.com/prod"
    assert by_urllib3("OPTIONS", f"{url}/orders/7").header("access-control-allow-origin") == "*"
    assert by_urllib3("GET", f"{url}/orders/7").status == 418


def test_a_document_is_merged_or_replaces_everything(client):
    api = client.import_rest_api(body=json.dumps(DOCUMENT))["id"]
    new = {"swagger": "2.0", "paths": {"/new": {"get": {"x-amazon-apigateway-integration": PROXY}}}}
    client.put_rest_api(restApiId=api, mode="merge", body=json.dumps(new))
    assert len(methods(client, api)) == 5
    client.put_rest_api(restApiId=api, mode="overwrite", body=json.dumps(new))
    assert set(methods(client, api)) == {("/new", "GET")}
    assert client.get_authorizers(restApiId=api)["items"] == []
    root = client.get_rest_api(restApiId=api)["rootResourceId"]
    assert root in [each["id"] for each in client.get_resources(restApiId=api)["items"]]


@pytest.mark.parametrize("mode", ["merge", "overwrite"])
def test_a_document_that_is_refused_changes_nothing(client, mode):
    api = client.import_rest_api(body=json.dumps(DOCUMENT))["id"]
    before = methods(client, api)
    wrong = {"type": "aws_proxy", "httpMethod": "POST", "uri": "nowhere"}
    document = {"swagger": "2.0", "paths": {"/any": {"get": {"x-amazon-apigateway-integration": wrong}}}}
    with pytest.raises(ClientError, match="Invalid ARN"):
        client.put_rest_api(restApiId=api, mode=mode, body=json.dumps(document))
    with pytest.raises(ClientError, match="Invalid OpenAPI input"):
        client.put_rest_api(restApiId=api, mode=mode, body='{"hello": 1}')
    assert methods(client, api) == before
    with pytest.raises(ClientError, match="Invalid ARN"):
        client.import_rest_api(body=json.dumps({**document, "info": {"title": "x"}}))
    assert [each["id"] for each in client.get_rest_apis()["items"]] == [api]


HTTP_DOCUMENT = {
    "openapi": "3.0.1",
    "info": {"title": "shop", "version": "7"},
    "paths": {
        "/orders/{id}": {
            "get": {
                "security": [{"judge": []}],
                "x-amazon-apigateway-integration": {**PROXY, "payloadFormatVersion": "2.0"},
            }
        },
        "$default": {
            "x-amazon-apigateway-any-method": {
                "isDefaultRoute": True,
                "x-amazon-apigateway-integration": {"$ref": "#/components/x-integrations/one"},
            }
        },
    },
    "components": {
        "x-integrations": {"one": {**PROXY, "payloadFormatVersion": "1.0"}},
        "securitySchemes": {
            "judge": {
                "type": "apiKey",
                "name": "Unused",
                "in": "header",
                "x-amazon-apigateway-authorizer": {
                    "type": "request",
                    "authorizerUri": invocations("judge"),
                    "identitySource": ["$request.header.Authorization"],
                    "authorizerPayloadFormatVersion": "2.0",
                    "enableSimpleResponses": True,
                },
            }
        },
    },
    "x-amazon-apigateway-cors": {"allowOrigins": ["*"]},
    "tags": [{"name": "team", "x-amazon-apigateway-tag-value": "orders"}],
}


@pytest.mark.parametrize("again", [False, True], ids=["imported", "imported again"])
def test_a_document_becomes_an_http_api(destmock, again):
    destmock.handler("f", echo)
    destmock.handler("judge", lambda event, context: {"isAuthorized": True})
    client = boto3.client("apigatewayv2")
    body = json.dumps(HTTP_DOCUMENT)
    if again:
        made = client.create_api(Name="old", ProtocolType="HTTP")
        made = client.reimport_api(ApiId=made["ApiId"], Body=body)
    else:
        made = client.import_api(Body=body)
    api = client.get_api(ApiId=made["ApiId"])
    assert (api["Name"], api["Version"], api["Tags"]) == ("shop", "7", {"team": "orders"})
    assert api["CorsConfiguration"] == {"AllowOrigins": ["*"]}
    routes = {each["RouteKey"]: each for each in client.get_routes(ApiId=api["ApiId"])["Items"]}
    assert set(routes) == {"GET /orders/{id}", "$default"}
    [judge] = client.get_authorizers(ApiId=api["ApiId"])["Items"]
    assert routes["GET /orders/{id}"]["AuthorizerId"] == judge["AuthorizerId"]
    client.create_stage(ApiId=api["ApiId"], StageName="$default")
    url = api["ApiEndpoint"]
    assert by_urllib3("GET", f"{url}/orders/7").status == 401
    event = json.loads(by_urllib3("GET", f"{url}/orders/7", {"Authorization": "x"}).body)
    assert event["version"] == "2.0"
    assert json.loads(by_urllib3("GET", url).body)["version"] == "1.0"
    assert event["requestContext"]["accountId"] == ACCOUNT


def test_a_document_for_an_http_api_that_is_none(destmock):
    client = boto3.client("apigatewayv2")
    with pytest.raises(ClientError, match="Invalid OpenAPI input"):
        client.import_api(Body='{"hello": 1}')
    assert client.get_apis()["Items"] == []


@pytest.mark.parametrize("again", [False, True], ids=["imported", "imported again"])
@pytest.mark.parametrize("strict", [False, True], ids=["warnings pass", "warnings fail"])
def test_a_response_whose_schema_is_missing_is_a_warning(destmock, again, strict):
    client = boto3.client("apigatewayv2")
    schema = {"$ref": "#/components/schemas/Order"}
    response = {"description": "found", "content": {"application/json": {"schema": schema}}}
    document = {
        **HTTP_DOCUMENT,
        "paths": {"/orders": {"get": {"responses": {"200": response}}}},
    }
    refused = pytest.raises(
        ClientError, match="Warnings found during import:\n\tParse issue: attribute paths"
    )
    given = {"Body": json.dumps(document), "FailOnWarnings": strict}
    made = client.create_api(Name="old", ProtocolType="HTTP")
    with refused if strict else contextlib.nullcontext():
        if again:
            client.reimport_api(ApiId=made["ApiId"], **given)
        else:
            client.import_api(**given)
    names = [api["Name"] for api in client.get_apis()["Items"]]
    assert names == (["old"] if strict else ["shop"] if again else ["old", "shop"])
    document["components"] = {"schemas": {"Order": {"type": "object"}}}
    client.import_api(Body=json.dumps(document), FailOnWarnings=True)
