"""Function URLs: made by boto3, called by any HTTP client of the process."""

import http.client
import json

import boto3
import pytest
import requests
import urllib3
from botocore.exceptions import ClientError

from destmock import mock_destinations, outcomes
from destmock.errors import NoHandlerError
from tests.services.front_doors.clients import CLIENTS, by_urllib3

each_client = pytest.mark.parametrize("ask", CLIENTS.values(), ids=CLIENTS)


def echo(event, context):
    assert event["requestContext"]["requestId"] == context.aws_request_id
    body = json.dumps({"event": event, "function": context.invoked_function_arn})
    return {"statusCode": 201, "cookies": ["a=1", "b=2"], "headers": {"X-Seen": "yes"}, "body": body}


@pytest.fixture
def url(destmock, lam):
    destmock.handler("orders", echo)
    return lam.create_function_url_config(FunctionName="orders", AuthType="NONE")["FunctionUrl"]


@each_client
def test_R50_a_request_calls_the_function(destmock, url, ask):
    got = ask("POST", f"{url}a%20b?q=1&q=2", {"X-A": "1", "Content-Type": "text/plain"}, b"lamp")
    assert got.status == 201
    assert got.header("x-seen") == "yes"
    assert got.header("content-type") == "application/json"
    assert got.header("set-cookie") == "a=1, b=2"
    event = json.loads(got.body)["event"]
    assert (event["rawPath"], event["rawQueryString"], event["body"]) == ("/a%20b", "q=1&q=2", "lamp")
    assert event["requestContext"]["accountId"] == "anonymous"
    assert event["headers"]["x-a"] == "1"
    assert url == f"https://{event['headers']['host']}/"
    assert got.header("x-amzn-requestid") == event["requestContext"]["requestId"]
    [run] = destmock.runs
    assert (run.source, run.asynchronous) == ("url POST /a%20b", False)
    assert "(url POST /a%20b" in destmock.timeline()


@each_client
def test_bytes_go_in_and_come_out(destmock, url, ask):
    def mirror(event, context):
        assert event["isBase64Encoded"]
        return {"statusCode": 200, "body": event["body"], "isBase64Encoded": True}

    destmock.handler("orders", mirror)
    picture = bytes(range(256))
    assert ask("PUT", url, {"Content-Type": "image/png"}, picture).body == picture


@each_client
def test_R48_a_function_s_error_is_a_502(destmock, url, ask):
    destmock.handler("orders", lambda event, context: 1 / 0)
    got = ask("GET", url)
    assert (got.status, got.body) == (502, b"Internal Server Error")
    [run] = destmock.runs
    assert run.response["errorType"] == "ZeroDivisionError"


def test_chunks_of_a_body_are_put_together(url):
    parts = iter([b"la", b"", b"mp"])
    answer = urllib3.PoolManager().request("POST", url, body=parts, headers={"Content-Type": "text/plain"})
    assert answer.json()["event"]["body"] == "lamp"


def test_R47_an_unknown_url_and_one_whose_function_has_gone_are_forbidden(lam, url):
    got = by_urllib3("GET", url.replace("https://", "https://0"))
    assert (got.status, json.loads(got.body)) == (403, {"Message": None})
    lam.delete_function(FunctionName="orders")
    got = by_urllib3("GET", url)
    assert got.status == 403
    assert got.header("x-amzn-errortype") == "AccessDeniedException"
    assert json.loads(got.body)["Message"].startswith("Forbidden. For troubleshooting Function URL")


def test_R47_with_IAM_only_who_has_signed_may_call(lam, url):
    lam.update_function_url_config(FunctionName="orders", AuthType="AWS_IAM")
    assert by_urllib3("GET", url).status == 403
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIAX/20260101/us-east-1/lambda/aws4_request"}
    event = json.loads(by_urllib3("GET", url, signed).body)["event"]
    assert event["requestContext"]["accountId"] == "123456789012"
    assert event["requestContext"]["authorizer"]["iam"]["accessKey"] == "AKIAX"


def test_R51_the_service_answers_a_preflight_itself(destmock, lam, url):
    cors = {"AllowOrigins": ["https://shop.example"], "AllowMethods": ["GET"]}
    lam.update_function_url_config(FunctionName="orders", Cors=cors)
    origin = {"Origin": "https://shop.example"}
    got = by_urllib3("OPTIONS", url, {**origin, "Access-Control-Request-Method": "GET"})
    assert (got.status, got.body) == (200, b"")
    assert got.header("access-control-allow-origin") == "https://shop.example"
    other = {"Origin": "https://other.example", "Access-Control-Request-Method": "GET"}
    assert by_urllib3("OPTIONS", url, other).header("access-control-allow-origin") is None
    assert not destmock.runs
    got = by_urllib3("GET", url, origin)
    assert (got.header("access-control-allow-origin"), got.header("x-seen")) == (origin["Origin"], "yes")


def test_an_alias_has_a_url_of_its_own(lam, url):
    version = lam.publish_version(FunctionName="orders")["Version"]
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion=version)
    made = lam.create_function_url_config(FunctionName="orders", Qualifier="live", AuthType="NONE")
    assert made["FunctionUrl"] != url
    assert made["FunctionArn"].endswith(":orders:live")
    assert json.loads(by_urllib3("GET", made["FunctionUrl"]).body)["function"] == made["FunctionArn"]
    listed = lam.list_function_url_configs(FunctionName="orders")["FunctionUrlConfigs"]
    assert [each["FunctionUrl"] for each in listed] == [url, made["FunctionUrl"]]
    lam.delete_alias(FunctionName="orders", Name="live")
    assert by_urllib3("GET", made["FunctionUrl"]).status == 403
    assert by_urllib3("GET", url).status == 201


def test_the_configuration_is_kept_changed_and_deleted(lam, url):
    before = lam.get_function_url_config(FunctionName="orders")
    assert (before["FunctionUrl"], before["AuthType"], before["InvokeMode"]) == (url, "NONE", "BUFFERED")
    cors = {"AllowOrigins": ["*"], "MaxAge": 5}
    assert lam.update_function_url_config(FunctionName="orders", Cors=cors)["Cors"] == cors
    assert lam.get_function_url_config(FunctionName="orders")["AuthType"] == "NONE"
    lam.delete_function_url_config(FunctionName="orders")
    with pytest.raises(lam.exceptions.ResourceNotFoundException, match="The resource you requested"):
        lam.get_function_url_config(FunctionName="orders")
    assert by_urllib3("GET", url).status == 403


def test_what_aws_refuses_of_a_configuration(lam, url):
    with pytest.raises(lam.exceptions.ResourceConflictException, match="FunctionUrlConfig exists"):
        lam.create_function_url_config(FunctionName="orders", AuthType="NONE")
    with pytest.raises(lam.exceptions.ResourceNotFoundException):
        lam.create_function_url_config(FunctionName="missing", AuthType="NONE")
    with pytest.raises(ClientError, match="'authType' failed to satisfy constraint"):
        lam.create_function_url_config(FunctionName="orders", AuthType="ANY")
    with pytest.raises(ClientError, match="'qualifier' failed to satisfy constraint"):
        lam.create_function_url_config(FunctionName="orders", AuthType="NONE", Qualifier="1")


def test_a_throttled_request_gets_429(lam, url):
    lam.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    got = by_urllib3("GET", url)
    assert got.status == 429
    assert json.loads(got.body)["message"] == "Rate Exceeded."


@pytest.mark.parametrize(
    ("result", "body", "kind"),
    [
        ({"statusCode": 418, "body": "tea"}, b'{"statusCode": 418, "body": "tea"}', "application/json"),
        ("ä", '"ä"'.encode(), "application/json"),
        (b"\x00\xff", b"\x00\xff", "application/octet-stream"),
    ],
)
def test_a_url_that_streams_answers_the_result_of_a_python_function_as_it_is(
    lam, url, destmock, result, body, kind
):
    destmock.handler("orders", lambda event, context: result)
    lam.update_function_url_config(FunctionName="orders", InvokeMode="RESPONSE_STREAM")
    got = by_urllib3("GET", url)
    assert (got.status, got.header("content-type"), got.body) == (200, kind, body)


def test_a_url_that_streams_tells_no_more_of_an_error(lam, url, destmock):
    destmock.handler("orders", outcomes(ValueError("no")))
    lam.update_function_url_config(FunctionName="orders", InvokeMode="RESPONSE_STREAM")
    got = by_urllib3("GET", url)
    assert (got.status, got.body) == (502, b"Internal Server Error")


def test_a_function_without_code_is_the_test_s_mistake(lam, destmock):
    code = {"ZipFile": b"not python"}
    given = {"FunctionName": "js", "Runtime": "nodejs22.x", "Handler": "a.b", "Code": code}
    boto3.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument="{}")
    lam.create_function(**given, Role="arn:aws:iam::123456789012:role/any")
    url = lam.create_function_url_config(FunctionName="js", AuthType="NONE")["FunctionUrl"]
    with pytest.raises(NoHandlerError, match="js"):
        requests.get(url)


def test_what_a_request_queues_runs_before_it_returns(destmock, lam, url, make_queue, records):
    """A handler may call another function's URL, too."""

    def order(event, context):
        answer = urllib3.PoolManager().request("GET", url)
        boto3.client("lambda").invoke(FunctionName="pack", InvocationType="Event")
        return answer.json()["event"]["headers"]["x-amzn-trace-id"].partition(";")[0]

    destmock.handler("order", order)
    destmock.handler("pack", lambda event, context: 1 / 0)
    lam.put_function_event_invoke_config(
        FunctionName="pack", DestinationConfig={"OnFailure": {"Destination": make_queue("failed")}}
    )
    made = lam.create_function_url_config(FunctionName="order", AuthType="NONE")["FunctionUrl"]
    root = by_urllib3("GET", made).body.decode()
    assert root.startswith("Root=1-")
    assert [run.function_name for run in destmock.runs] == ["order", "orders", "pack", "pack", "pack"]
    [record] = records("failed")
    assert record["requestContext"]["condition"] == "RetriesExhausted"


def test_the_user_s_own_host_may_be_allowed():
    name = "0.lambda-url.us-east-1.on.aws"
    with mock_destinations(handlers={"f": echo}, allow_hosts=["*.on.aws"]):
        lam = boto3.client("lambda")
        made = lam.create_function_url_config(FunctionName="f", AuthType="NONE")
        assert by_urllib3("GET", made["FunctionUrl"]).status == 201
        connection = http.client.HTTPConnection(name, timeout=0.01)
        with pytest.raises(OSError, match=r"."):  # it is looked up, and isn't there
            connection.connect()


def test_leaving_puts_the_clients_back():
    def seen():
        return requests.adapters.HTTPAdapter.send, http.client.HTTPSConnection.connect

    before = seen()
    with mock_destinations():
        assert seen() != before
    assert seen() == before
