"""REST APIs: made by boto3, called by HTTP clients of the process."""

import json
from datetime import timedelta

import boto3
import pytest

from destmock.errors import UnsupportedError
from tests.services.apigateway.apis import Rest, echo, invocations
from tests.services.front_doors.clients import CLIENTS, by_requests, by_urllib3

each_client = pytest.mark.parametrize("ask", CLIENTS.values(), ids=CLIENTS)
STATUS = {"application/json": '{"statusCode": 204}'}


@pytest.fixture
def api(destmock):
    destmock.handler("f", echo)
    return Rest()


def message(got):
    return got.status, json.loads(got.body)


@each_client
def test_R54_a_request_calls_the_function(destmock, api, ask):
    url = api.proxy("POST", "/orders/{id}").deploy(variables={"color": "red"})
    got = ask("POST", f"{url}/orders/a%20b?q=1&q=2", {"X-A": "1", "Content-Type": "text/plain"}, b"lamp")
    assert got.status == 200
    event = json.loads(got.body)
    assert (event["resource"], event["path"], event["httpMethod"]) == (
        "/orders/{id}",
        "/orders/a%20b",
        "POST",
    )
    assert event["pathParameters"] == {"id": "a%20b"}
    assert event["multiValueQueryStringParameters"] == {"q": ["1", "2"]}
    assert event["stageVariables"] == {"color": "red"}
    assert event["body"] == "lamp"
    assert {name.lower(): value for name, value in event["headers"].items()}["x-a"] == "1"
    context = event["requestContext"]
    assert (context["stage"], context["path"]) == ("prod", "/prod/orders/a%20b")
    assert got.header("x-amzn-requestid") == context["requestId"]
    [run] = destmock.runs
    assert run.source == "api POST /orders/a%20b"
    assert "f invoked synchronously" in destmock.timeline()


@each_client
def test_what_is_not_there_is_forbidden(api, ask):
    url = api.proxy("GET", "/orders").deploy()
    assert message(ask("GET", f"{url}/other")) == (403, {"message": "Missing Authentication Token"})
    assert message(ask("PUT", f"{url}/orders")) == (403, {"message": "Missing Authentication Token"})
    assert message(ask("GET", url.replace("/prod", "/test/orders"))) == (403, {"message": "Forbidden"})
    assert ask("GET", f"{url}/orders/").status == 200


def test_R52_R53_a_function_s_error_and_a_result_that_is_no_answer_are_a_502(destmock, api):
    url = api.proxy("GET", "/").deploy()
    for handler in (lambda event, context: 1 / 0, lambda event, context: "hello", lambda event, context: {}):
        destmock.handler("f", handler)
        got = by_urllib3("GET", url)
        assert message(got) == (502, {"message": "Internal server error"})
    assert got.header("x-amzn-errortype") == "InternalServerErrorException"


def test_R53_an_integration_that_takes_29_seconds_is_a_504(destmock, api, lam):
    url = api.proxy("GET", "/").deploy()
    destmock.handler("f", echo, timeout=60, duration=29.5)
    got = by_urllib3("GET", url)
    assert message(got) == (504, {"message": "Endpoint request timed out"})
    destmock.handler("f", echo, timeout=60, duration=28.9)
    assert by_urllib3("GET", url).status == 200


def test_R53_the_function_s_own_timeout_is_a_502(destmock, api):
    url = api.proxy("GET", "/").deploy()
    destmock.handler("f", echo, timeout=2, duration=5)
    assert by_urllib3("GET", url).status == 502


def test_a_function_that_is_throttled_or_gone_is_a_500(api, lam):
    url = api.proxy("GET", "/").deploy()
    lam.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    assert message(by_urllib3("GET", url)) == (500, {"message": "Internal server error"})
    lam.delete_function(FunctionName="f")
    assert message(by_urllib3("GET", url)) == (500, {"message": "Internal server error"})


def test_bytes_go_in_and_come_out_if_the_type_is_binary(destmock):
    def mirror(event, context):
        assert event["isBase64Encoded"]
        return {"body": event["body"], "isBase64Encoded": True, "headers": {"Content-Type": "image/png"}}

    destmock.handler("f", mirror)
    api = Rest(binaryMediaTypes=["image/png"])
    url = api.proxy("PUT", "/").deploy()
    picture = bytes(range(256))
    headers = {"Content-Type": "image/png", "Accept": "image/png"}
    assert by_urllib3("PUT", url, headers, picture).body == picture
    added = [{"op": "add", "path": "/binaryMediaTypes/image~1gif"}]
    api.client.update_rest_api(restApiId=api.id, patchOperations=added)
    assert api.client.get_rest_api(restApiId=api.id)["binaryMediaTypes"] == ["image/png", "image/gif"]


def test_what_is_changed_is_served_from_the_next_deployment_on(api):
    url = api.proxy("GET", "/").deploy(variables={"a": "1"})
    api.proxy("GET", "/new")
    assert by_urllib3("GET", f"{url}/new").status == 403
    api.deploy()
    event = json.loads(by_urllib3("GET", f"{url}/new").body)
    assert event["stageVariables"] == {"a": "1"}


def test_a_stage_variable_names_the_function(destmock, api):
    uri = invocations("f").replace(":f/", ":${stageVariables.name}/")
    url = api.method("GET", "/", type="AWS_PROXY", integrationHttpMethod="POST", uri=uri).deploy(
        variables={"name": "f"}
    )
    assert by_urllib3("GET", url).status == 200


def test_an_answer_of_the_api_s_own_needs_no_function(destmock, api):
    allowed = {"method.response.header.Access-Control-Allow-Origin": "'https://shop.example'"}
    default = {"statusCode": "204", "responseParameters": allowed}
    busy = {
        "statusCode": "503",
        "selectionPattern": "5..",
        "responseTemplates": {"application/json": '{"for": "$context.httpMethod"}'},
    }
    api.method("OPTIONS", "/", type="MOCK", requestTemplates=STATUS, responses=[default, busy])
    lenient = {"application/json": "{ statusCode: 503 }"}
    api.method("PUT", "/", type="MOCK", requestTemplates=lenient, responses=[default, busy])
    api.method("POST", "/", type="MOCK", responses=[default])
    template = {"application/json": '{"statusCode": $input.params("status")}'}
    api.method("GET", "/", type="MOCK", requestTemplates=template, responses=[default, busy])
    url = api.deploy()
    got = by_urllib3("OPTIONS", url)
    assert (got.status, got.body) == (204, b"")
    assert got.header("access-control-allow-origin") == "https://shop.example"
    assert message(by_urllib3("GET", f"{url}?status=503")) == (503, {"for": "GET"})
    assert by_urllib3("PUT", url).status == 503
    assert by_urllib3("POST", url).status == 500
    assert not destmock.runs


def test_templates_make_the_event_and_the_answer(destmock, api):
    """As the Serverless Framework and the console write them for functions without a proxy."""
    destmock.handler("f", lambda event, context: {"seen": event})
    request = r"""
        #define($all){#foreach($key in $map.keySet())"$key":
            "$util.escapeJavaScript($map.get($key)).replaceAll("\\'", "'")"
            #if($foreach.hasNext), #end#end}
        #end
        #set($map = $input.params().querystring)
        {"body": $input.json("$"), "query": $all, "stage": "$context.stage"}
    """
    response = """#set($seen = $input.path("$.seen"))#set($context.responseOverride.status = 201)
        #set($context.responseOverride.header.Location = "/orders/$seen.body.id"){"stage": "$seen.stage"}"""
    given = {"type": "AWS", "integrationHttpMethod": "POST", "uri": invocations("f")}
    answered = {"statusCode": "200", "responseTemplates": {"application/json": response}}
    url = api.method(
        "POST", "/", requestTemplates={"application/json": request}, responses=[answered], **given
    ).deploy()
    got = by_urllib3("POST", f"{url}?a=it's&b=2", {"Content-Type": "application/json"}, b'{"id": 7}')
    assert destmock.runs[0].event == {"body": {"id": 7}, "query": {"a": "it's", "b": "2"}, "stage": "prod"}
    assert (got.status, json.loads(got.body), got.header("location")) == (201, {"stage": "prod"}, "/orders/7")


def test_a_template_may_change_the_headers_that_reach_lambda(destmock, api):
    template = {
        "application/json": "#set($context.requestOverride.header['X-Amz-Invocation-Type'] = 'Event'){}"
    }
    given = {"type": "AWS", "integrationHttpMethod": "POST", "uri": invocations("f")}
    url = api.method(
        "POST", "/", requestTemplates=template, responses=[{"statusCode": "202"}], **given
    ).deploy()
    assert by_urllib3("POST", url, {"Content-Type": "application/json"}).status == 202
    assert destmock.runs[0].asynchronous


def test_a_wrong_template_is_told(api):
    template = {"application/json": "#if(true)"}
    url = api.method("GET", "/", type="MOCK", requestTemplates=template).deploy()
    with pytest.raises(UnsupportedError, match="can't fill in the mapping template '#if"):
        by_urllib3("GET", url)


def test_another_host_behind_the_api_is_refused_by_name(api):
    given = {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": "https://example.com"}
    url = api.method("GET", "/", **given).deploy()
    with pytest.raises(UnsupportedError, match=r"HTTP_PROXY of API Gateway with https://example\.com"):
        by_urllib3("GET", url)


def test_a_method_may_want_an_api_key_of_a_usage_plan(api):
    api.proxy("GET", "/", method={"apiKeyRequired": True})
    url = api.deploy()
    key = api.client.create_api_key(name="k", value="a-key-of-twenty-letters", enabled=True)
    assert message(by_urllib3("GET", url)) == (403, {"message": "Forbidden"})
    headers = {"X-Api-Key": "a-key-of-twenty-letters"}
    assert by_urllib3("GET", url, headers).status == 403
    plan = api.client.create_usage_plan(name="p", apiStages=[{"apiId": api.id, "stage": "prod"}])
    api.client.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    event = json.loads(by_urllib3("GET", url, headers).body)
    assert event["requestContext"]["identity"]["apiKey"] == "a-key-of-twenty-letters"


def test_a_gateway_response_changes_api_gateway_s_own_answers(api):
    url = api.proxy("GET", "/").deploy()
    api.client.put_gateway_response(
        restApiId=api.id,
        responseType="MISSING_AUTHENTICATION_TOKEN",
        statusCode="404",
        responseParameters={"gatewayresponse.header.X-Why": "'none'"},
        responseTemplates={"application/json": '{"error": $context.error.messageString}'},
    )
    got = by_urllib3("GET", f"{url}/other")
    assert message(got) == (404, {"error": "Missing Authentication Token"})
    assert got.header("x-why") == "none"


def test_who_must_sign_and_has_not(api):
    url = api.proxy("GET", "/", method={"authorizationType": "AWS_IAM"}).deploy()
    assert message(by_urllib3("GET", url)) == (403, {"message": "Missing Authentication Token"})
    assert by_urllib3("GET", url, {"Authorization": "AWS4-HMAC-SHA256 Credential=A/b/c/d/e"}).status == 200


def test_required_parameters_are_validated_if_the_method_has_a_validator(api):
    validator = api.client.create_request_validator(
        restApiId=api.id, name="v", validateRequestParameters=True
    )
    wants = {"method.request.querystring.id": True, "method.request.header.X-A": True}
    url = api.proxy(
        "GET", "/", method={"requestParameters": wants, "requestValidatorId": validator["id"]}
    ).deploy()
    got = message(by_urllib3("GET", f"{url}?other=1", {"X-A": "1"}))
    assert got == (400, {"message": "Missing required request parameters: [id]"})
    assert by_urllib3("GET", f"{url}?id=1", {"X-A": "1"}).status == 200


def test_R55_the_asynchronous_integration_queues(destmock, api, lam, make_queue, records):
    """The caller hears 202 at once; the event is tried again, and its record lands in the queue."""

    def fail(event, context):
        raise ValueError("out of stock")

    destmock.handler("f", fail)
    lam.put_function_event_invoke_config(
        FunctionName="f", DestinationConfig={"OnFailure": {"Destination": make_queue("failed")}}
    )
    url = api.method(
        "POST",
        "/",
        type="AWS",
        integrationHttpMethod="POST",
        uri=invocations("f"),
        requestParameters={"integration.request.header.X-Amz-Invocation-Type": "'Event'"},
        responses=[{"statusCode": "202"}],
    ).deploy()
    got = by_urllib3("POST", url, {"Content-Type": "application/json"}, b'{"order":7}')
    assert (got.status, got.body) == (202, b"")
    [invocation] = destmock.invocations
    assert (invocation.source, invocation.event) == ("api POST /", {"order": 7})
    [record] = records("failed")
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestPayload"] == {"order": 7}


def test_a_function_without_proxy_gets_what_the_template_says(destmock, api):
    def order(event, context):
        if event["id"] == "0":
            raise KeyError("no order 0")
        return {"was": event}

    destmock.handler("f", order)
    template = '{"id": "$input.params(\'id\')", "body": $input.json(\'$\')}'
    missing = {
        "statusCode": "404",
        "selectionPattern": ".*no order.*",
        "responseTemplates": {"application/json": "{\"error\": $input.json('$.errorMessage')}"},
    }
    url = api.method(
        "POST",
        "/orders/{id}",
        type="AWS",
        integrationHttpMethod="POST",
        uri=invocations("f"),
        requestTemplates={"application/json": template},
        responses=[{"statusCode": "200"}, missing],
    ).deploy()
    json_body = {"Content-Type": "application/json"}
    got = message(by_urllib3("POST", f"{url}/orders/7", json_body, b'{"a":[1]}'))
    assert got == (200, {"was": {"id": "7", "body": {"a": [1]}}})
    got = message(by_urllib3("POST", f"{url}/orders/0", json_body, b"{}"))
    assert got == (404, {"error": "'no order 0'"})


def test_a_disabled_endpoint_is_forbidden(api):
    url = api.proxy("GET", "/").deploy()
    off = [{"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true"}]
    api.client.update_rest_api(restApiId=api.id, patchOperations=off)
    assert message(by_requests("GET", url)) == (403, {"message": "Forbidden"})


def test_time_passes_as_the_function_takes_it(destmock, api):
    url = api.proxy("GET", "/").deploy()
    destmock.handler("f", echo, timeout=60, duration=10)
    before = destmock.now
    by_urllib3("GET", url)
    assert destmock.now - before >= timedelta(0)
    assert destmock.runs[-1].attempt.duration == 10


def test_a_handler_calls_its_own_api(destmock, api):
    url = api.proxy("GET", "/a", "outer").proxy("GET", "/b").deploy()

    def outer(event, context):
        return {"body": by_urllib3("GET", f"{url}/b").body.decode()}

    destmock.handler("outer", outer)
    assert json.loads(by_urllib3("GET", f"{url}/a").body)["resource"] == "/b"


def test_an_api_in_another_region(destmock):
    destmock.handler("f", echo)
    client = boto3.client("apigateway", region_name="eu-west-1")
    made = client.create_rest_api(name="shop")
    place = {"restApiId": made["id"], "resourceId": made["rootResourceId"], "httpMethod": "GET"}
    client.put_method(**place, authorizationType="NONE")
    uri = invocations("f").replace("us-east-1", "eu-west-1")
    boto3.client("lambda", region_name="eu-west-1").get_function(FunctionName="f")
    client.put_integration(**place, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    client.create_deployment(restApiId=made["id"], stageName="prod")
    assert by_urllib3("GET", f"https://{made['id']}.execute-api.eu-west-1.amazonaws.com/prod").status == 200


def test_keys_that_an_authoriser_names_are_refused_by_name(destmock):
    url = Rest(apiKeySource="AUTHORIZER").proxy("GET", "/", method={"apiKeyRequired": True}).deploy()
    with pytest.raises(UnsupportedError, match="API keys that an authoriser names"):
        by_urllib3("GET", url)


def test_an_integration_that_streams_is_refused_by_name(api):
    """A Python function can't write what API Gateway waits for there."""
    uri = invocations("f").replace("/invocations", "/response-streaming-invocations")
    url = api.method("GET", "/", type="AWS_PROXY", integrationHttpMethod="POST", uri=uri).deploy()
    with pytest.raises(UnsupportedError, match="the streamed responses of an API"):
        by_urllib3("GET", url)
