"""APIs and function URLs at a path of the server."""

import json

import pytest

from tests.server.asking import ask


def echo(event, context):
    return {"statusCode": 201, "cookies": ["a=1", "b=2"], "body": json.dumps(event)}


def rest_echo(event, context):
    return {"statusCode": 299, "body": json.dumps(event)}


pytestmark = pytest.mark.destmock(handlers={"f": echo, "g": rest_echo})


def uri(name):
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
    return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"


def test_a_function_url(destmock_server, client):
    made = client("lambda").create_function_url_config(FunctionName="f", AuthType="NONE")
    url_id = made["FunctionUrl"].split("//")[1].partition(".")[0]
    path = f"/_aws/lambda-url/{url_id}/a%20b?q=1"
    status, headers, body = ask(destmock_server, "POST", path, b"lamp", X_A="1", Content_Type="text/plain")
    event = json.loads(body)
    assert (status, event["rawPath"], event["body"]) == (201, "/a%20b", "lamp")
    assert event["headers"]["x-a"] == "1"
    assert f"https://{event['headers']['host']}/" == made["FunctionUrl"]
    assert {name.lower(): value for name, value in headers.items()}["content-length"] == str(len(body))
    [run] = destmock_server.runs
    assert run.source == "url POST /a%20b"


def test_a_rest_api_and_an_http_api(destmock_server, client):
    api = client("apigateway")
    made = api.import_rest_api(
        body=json.dumps(
            {
                "swagger": "2.0",
                "info": {"title": "shop"},
                "paths": {
                    "/orders": {
                        "get": {
                            "x-amazon-apigateway-integration": {
                                "type": "aws_proxy",
                                "httpMethod": "POST",
                                "uri": uri("g"),
                            }
                        }
                    }
                },
            }
        )
    )
    api.create_deployment(restApiId=made["id"], stageName="prod")
    status, _, body = ask(destmock_server, "GET", f"/_aws/execute-api/{made['id']}/prod/orders?q=1", X_A="1")
    event = json.loads(body)
    assert (status, event["resource"], event["queryStringParameters"]) == (299, "/orders", {"q": "1"})
    assert event["headers"]["X-A"] == "1"
    status, _, body = ask(destmock_server, "GET", f"/_aws/execute-api/{made['id']}/prod/other")
    assert (status, json.loads(body)) == (403, {"message": "Missing Authentication Token"})
    function = client("lambda").get_function(FunctionName="f")["Configuration"]["FunctionArn"]
    http = client("apigatewayv2").create_api(Name="a", ProtocolType="HTTP", Target=function)
    status, _, body = ask(destmock_server, "GET", f"/_aws/execute-api/{http['ApiId']}/any/thing")
    assert (status, json.loads(body)["rawPath"]) == (201, "/any/thing")


def test_a_load_balancer_with_its_first_listener(destmock_server, client):
    elb = client("elbv2")
    subnets = [each["SubnetId"] for each in client("ec2").describe_subnets()["Subnets"][:2]]
    balancer = elb.create_load_balancer(Name="shop", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    group = elb.create_target_group(Name="g", TargetType="lambda")["TargetGroups"][0]["TargetGroupArn"]
    function = client("lambda").get_function(FunctionName="g")["Configuration"]["FunctionArn"]
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": function}])
    forward = {"Type": "forward", "TargetGroupArn": group}
    elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=8080, DefaultActions=[forward])
    status, _, body = ask(destmock_server, "GET", "/_aws/elb/shop/orders?q=1", X_A="1")
    event = json.loads(body)
    assert (status, event["path"], event["headers"]["x-forwarded-port"]) == (299, "/orders", "8080")
    assert event["headers"]["host"] == "shop-1.us-east-1.elb.amazonaws.com"


@pytest.mark.parametrize(
    "path", ["/_aws/execute-api/none/prod", "/_aws/lambda-url/none/", "/_aws/elb/none/x", "/_aws/other"]
)
def test_nothing_is_there(destmock_server, path):
    status, _, body = ask(destmock_server, "GET", path)
    assert status == 404
    assert path.rstrip("/") in body.decode()


def test_a_url_that_streams_answers_the_result_as_it_is(destmock_server, client):
    destmock_server.handler("g", lambda event, context: {"statusCode": 299})
    made = client("lambda").create_function_url_config(
        FunctionName="g", AuthType="NONE", InvokeMode="RESPONSE_STREAM"
    )
    url_id = made["FunctionUrl"].split("//")[1].partition(".")[0]
    status, _, body = ask(destmock_server, "GET", f"/_aws/lambda-url/{url_id}/")
    assert (status, body) == (200, b'{"statusCode": 299}')


def test_a_streamed_invocation_is_sent_as_events(destmock_server, client):
    destmock_server.handler("g", lambda event, context: {"got": event})
    answer = client("lambda").invoke_with_response_stream(FunctionName="g", Payload=b"1")
    assert [*answer["EventStream"]] == [{"PayloadChunk": {"Payload": b'{"got": 1}'}}, {"InvokeComplete": {}}]
