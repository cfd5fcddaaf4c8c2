"""HTTP APIs: made by boto3, called by HTTP clients of the process."""

import json

import boto3
import pytest

from destmock.errors import UnsupportedError
from tests.services.apigateway.apis import Http, echo
from tests.services.front_doors.clients import CLIENTS, by_urllib3

each_client = pytest.mark.parametrize("ask", CLIENTS.values(), ids=CLIENTS)


@pytest.fixture
def api(destmock):
    destmock.handler("f", echo)
    return Http()


def message(got):
    return got.status, json.loads(got.body)


@each_client
def test_a_request_calls_the_function(destmock, api, ask):
    api.route("POST /orders/{id}")
    got = ask("POST", f"{api.url}/orders/a%20b?q=1&q=2", {"X-A": "1", "Cookie": "a=1"}, b"\x00\x01")
    event = json.loads(got.body)
    assert (got.status, event["version"], event["routeKey"]) == (200, "2.0", "POST /orders/{id}")
    assert event["rawPath"] == "/orders/a b"
    assert event["pathParameters"] == {"id": "a b"}
    assert event["queryStringParameters"] == {"q": "1,2"}
    assert event["cookies"] == ["a=1"]
    assert event["requestContext"]["http"]["method"] == "POST"
    assert got.header("apigw-requestid") == event["requestContext"]["requestId"]
    [run] = destmock.runs
    assert run.source == "api POST /orders/a%20b"


def test_the_path_begins_with_the_stage_unless_it_is_the_default_one(api):
    api.route("GET /orders").client.create_stage(
        ApiId=api.id, StageName="test", StageVariables={"color": "red"}
    )
    event = json.loads(by_urllib3("GET", f"{api.url}/test/orders").body)
    assert (event["rawPath"], event["requestContext"]["stage"]) == ("/test/orders", "test")
    assert event["stageVariables"] == {"color": "red"}
    assert "stageVariables" not in json.loads(by_urllib3("GET", f"{api.url}/orders").body)


def test_the_most_specific_route_is_chosen(api):
    api.route("$default").route("ANY /{proxy+}").route("GET /orders/{id}").route("GET /orders/new")

    def chosen(verb, path):
        return json.loads(by_urllib3(verb, f"{api.url}{path}").body)["routeKey"]

    assert chosen("GET", "/orders/new") == "GET /orders/new"
    assert chosen("GET", "/orders/7") == "GET /orders/{id}"
    assert chosen("PUT", "/orders/7") == "ANY /{proxy+}"
    assert chosen("GET", "/") == "$default"


def test_what_is_not_there_is_not_found(api):
    api.route("GET /orders")
    assert message(by_urllib3("GET", f"{api.url}/other")) == (404, {"message": "Not Found"})


def test_R53_errors_are_500_and_slow_functions_503(destmock, api):
    api.route("GET /")
    destmock.handler("f", lambda event, context: 1 / 0)
    assert message(by_urllib3("GET", api.url)) == (500, {"message": "Internal Server Error"})
    destmock.handler("f", echo, timeout=2, duration=5)
    assert by_urllib3("GET", api.url).status == 500
    destmock.handler("f", echo, timeout=60, duration=30.5)
    assert message(by_urllib3("GET", api.url)) == (503, {"message": "Service Unavailable"})


def test_R49_a_result_without_a_status_is_json(destmock, api):
    api.route("GET /")
    destmock.handler("f", lambda event, context: {"orders": [1, 2]})
    got = by_urllib3("GET", api.url)
    assert (got.body, got.header("content-type")) == (b'{"orders":[1,2]}', "application/json")


def test_version_1_0_of_the_event(api):
    api.route("GET /orders/{id}", PayloadFormatVersion="1.0")
    event = json.loads(by_urllib3("GET", f"{api.url}/orders/7?q=1").body)
    assert (event["version"], event["resource"], event["httpMethod"]) == ("1.0", "/orders/{id}", "GET")
    assert event["multiValueQueryStringParameters"] == {"q": ["1"]}


def test_the_api_s_cors_counts_and_not_the_function_s(destmock):
    api = Http(CorsConfiguration={"AllowOrigins": ["https://shop.example"], "AllowMethods": ["GET"]})
    api.route("GET /")

    def own(event, context):
        return {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*", "X-A": "1"}}

    destmock.handler("f", own)
    origin = {"Origin": "https://shop.example"}
    got = by_urllib3("OPTIONS", api.url, {**origin, "Access-Control-Request-Method": "GET"})
    assert (got.status, got.header("access-control-allow-methods")) == (204, "GET")
    got = by_urllib3("GET", api.url, origin)
    assert (got.header("access-control-allow-origin"), got.header("x-a")) == (origin["Origin"], "1")
    got = by_urllib3("GET", api.url, {"Origin": "https://other.example"})
    assert got.header("access-control-allow-origin") is None


def test_an_api_can_be_made_of_one_function(destmock, lam):
    destmock.handler("f", echo)
    function = lam.get_function(FunctionName="f")["Configuration"]["FunctionArn"]
    made = boto3.client("apigatewayv2").create_api(Name="a", ProtocolType="HTTP", Target=function)
    assert json.loads(by_urllib3("GET", f"{made['ApiEndpoint']}/any").body)["routeKey"] == "$default"


def test_websockets_and_other_hosts_are_refused_by_name(destmock, api):
    client = boto3.client("apigatewayv2")
    socket = client.create_api(
        Name="s", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )
    host = f"https://{socket['ApiId']}.execute-api.us-east-1.amazonaws.com/"
    with pytest.raises(UnsupportedError, match="WebSocket"):
        by_urllib3("GET", host)
    api.route("GET /", IntegrationType="HTTP_PROXY", IntegrationUri="https://example.com")
    with pytest.raises(UnsupportedError, match=r"HTTP_PROXY of an HTTP API with https://example\.com"):
        by_urllib3("GET", api.url)


def test_a_mapping_of_parameters_is_refused_by_name(api):
    api.route("GET /", RequestParameters={"append:header.x-a": "$request.path"})
    with pytest.raises(UnsupportedError, match="append:header"):
        by_urllib3("GET", api.url)
