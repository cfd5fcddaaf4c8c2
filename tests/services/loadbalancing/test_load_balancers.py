"""A request to an Application Load Balancer invokes the function behind its target group."""

import base64
import json
import time

import boto3
import pytest
import requests
import urllib3

from destmock import outcomes
from destmock.errors import UnsupportedError
from tests.services.front_doors.clients import CLIENTS, by_urllib3
from tests.services.places import ACCOUNT, REGION

ASKING = {name: ask for name, ask in CLIENTS.items() if name != "http.client"}  # that one asks by HTTPS
each_client = pytest.mark.parametrize("ask", ASKING.values(), ids=ASKING)
WEB = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:web"


def echo(event, context):
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(event)}


@pytest.fixture
def elb(destmock):
    return boto3.client("elbv2")


@pytest.fixture
def balancer(elb):
    """The load balancer `shop`, as boto3 tells it."""
    subnets = [each["SubnetId"] for each in boto3.client("ec2").describe_subnets()["Subnets"][:2]]
    return elb.create_load_balancer(Name="shop", Subnets=subnets)["LoadBalancers"][0]


@pytest.fixture
def group(elb, destmock):
    """Makes a target group of a function; answers its ARN."""

    def make(name="web", *, multi_values=False):
        arn = elb.create_target_group(Name=name, TargetType="lambda")["TargetGroups"][0]["TargetGroupArn"]
        destmock.handler(name, echo)
        elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": WEB.replace("web", name)}])
        if multi_values:
            enabled = {"Key": "lambda.multi_value_headers.enabled", "Value": "true"}
            elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[enabled])
        return arn

    return make


def listen(elb, balancer, *actions, port=80):
    made = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=port, DefaultActions=[*actions]
    )
    return made["Listeners"][0]["ListenerArn"]


def to(arn):
    return {"Type": "forward", "TargetGroupArn": arn}


@pytest.fixture
def web(elb, balancer, group):
    """Answers the ARN of the group `web`, which is behind port 80."""
    arn = group()
    listen(elb, balancer, to(arn))
    return arn


@pytest.fixture
def url(balancer, web):
    return f"http://{balancer['DNSName']}"


def result(destmock, answer, function="web"):
    destmock.handler(function, lambda event, context: answer)


@each_client
def test_a_request_invokes_the_function(destmock, url, web, ask):
    got = ask("POST", f"{url}/a%20b?q=a+b&q=%26&x", {"X-Shop": "1", "Content-Type": "text/plain"}, b"lamp")
    assert (got.status, got.header("content-type")) == (200, "application/json")
    event = json.loads(got.body)
    headers = event.pop("headers")
    assert event == {
        "requestContext": {"elb": {"targetGroupArn": web}},
        "httpMethod": "POST",
        "path": "/a%20b",
        "queryStringParameters": {"q": "%26", "x": ""},
        "body": "lamp",
        "isBase64Encoded": False,
    }
    assert headers["host"] == url.removeprefix("http://")
    assert (headers["x-shop"], headers["content-type"]) == ("1", "text/plain")
    forwarded = [headers[f"x-forwarded-{name}"] for name in ("for", "port", "proto")]
    assert forwarded == ["203.0.113.10", "80", "http"]
    assert headers["x-amzn-trace-id"].startswith("Root=1-")
    [run] = destmock.runs
    assert (run.source, run.asynchronous) == ("load balancer POST /a%20b", False)


def test_multi_value_headers_are_those_that_the_group_wants(elb, destmock, balancer, group):
    listen(elb, balancer, to(group(multi_values=True)))

    def handler(event, context):
        assert "headers" not in event
        assert "queryStringParameters" not in event
        body = json.dumps([event["multiValueQueryStringParameters"], event["multiValueHeaders"]["x-shop"]])
        return {"statusCode": 200, "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}, "body": body}

    destmock.handler("web", handler)
    got = by_urllib3("GET", f"http://{balancer['DNSName']}/?q=1&q=2", {"X-Shop": "1"})
    assert json.loads(got.body) == [{"q": ["1", "2"]}, ["1"]]
    assert [value for name, value in got.headers if name == "set-cookie"] == ["a=1", "b=2"]
    assert got.header("content-type") == "application/octet-stream"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "text/plain", "Content-Encoding": "gzip"},
    ],
)
def test_what_is_no_text_is_base64(url, headers):
    event = json.loads(by_urllib3("POST", f"{url}/", headers, b"a=1").body)
    assert (event["body"], event["isBase64Encoded"]) == (base64.b64encode(b"a=1").decode(), True)


def test_a_request_without_a_body_has_an_empty_one(url):
    event = json.loads(by_urllib3("GET", f"{url}/").body)
    assert (event["body"], event["isBase64Encoded"], event["queryStringParameters"]) == ("", False, {})


def test_bytes_come_out(destmock, url):
    picture = bytes(range(256))
    result(destmock, {"statusCode": 201, "isBase64Encoded": True, "body": base64.b64encode(picture).decode()})
    got = by_urllib3("GET", f"{url}/")
    assert (got.status, got.body) == (201, picture)


@pytest.mark.parametrize(
    "answer",
    [
        "hello",
        {},
        {"statusCode": "200"},
        {"statusCode": 99},
        {"statusCode": 200, "body": {}},
        {"statusCode": 200, "headers": {"X-N": 1}},
        {"statusCode": 200, "headers": []},
        {"statusCode": 200, "body": "no base64", "isBase64Encoded": True},
        {"statusCode": 200, "body": "x" * 1_048_576},
    ],
)
def test_an_invalid_answer_is_a_502(destmock, url, answer):
    result(destmock, answer)
    got = by_urllib3("GET", f"{url}/")
    assert (got.status, got.header("content-type"), got.header("server")) == (502, "text/html", "awselb/2.0")
    assert b"<h1>502 Bad Gateway</h1>" in got.body


def test_a_function_that_fails_or_is_throttled_is_a_502(destmock, lam, url):
    destmock.handler("web", outcomes(ValueError("no")))
    assert by_urllib3("GET", f"{url}/").status == 502
    lam.put_function_concurrency(FunctionName="web", ReservedConcurrentExecutions=0)
    assert by_urllib3("GET", f"{url}/").status == 502


def test_a_function_that_takes_too_long_is_a_504(destmock, elb, balancer, url):
    destmock.handler("web", lambda event, context: time.sleep(90), timeout=100)
    begun = destmock.now
    assert by_urllib3("GET", f"{url}/").status == 504
    idle = {"Key": "idle_timeout.timeout_seconds", "Value": "120"}
    elb.modify_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"], Attributes=[idle])
    assert by_urllib3("GET", f"{url}/").status == 502  # it has answered nothing
    assert (destmock.now - begun).total_seconds() >= 180


def test_a_body_that_is_too_large_is_refused(destmock, url):
    assert by_urllib3("POST", f"{url}/", {"Content-Type": "text/plain"}, b"x" * 1_048_577).status == 413
    assert destmock.runs == []


def test_a_group_without_a_function_is_a_503(elb, url, web):
    elb.deregister_targets(TargetGroupArn=web, Targets=[{"Id": WEB}])
    assert by_urllib3("GET", f"{url}/").status == 503


def test_a_port_without_a_listener_refuses(url):
    text = "the load balancer shop has no listener at port 8080"
    with pytest.raises(urllib3.exceptions.MaxRetryError, match=text):
        by_urllib3("GET", f"{url}:8080/")
    with pytest.raises(requests.ConnectionError, match=text):
        requests.get(f"{url}:8080/", timeout=1)


def test_a_load_balancer_that_is_not_there_is_no_door(destmock):
    with pytest.raises(urllib3.exceptions.NameResolutionError, match="no connection leaves the process"):
        urllib3.PoolManager().request("GET", "http://nobody-1.us-east-1.elb.amazonaws.com/", retries=False)


def test_https_needs_a_listener_at_its_port(elb, balancer, web):
    listen(elb, balancer, to(web), port=443)
    event = json.loads(CLIENTS["http.client"]("GET", f"https://{balancer['DNSName']}/").body)
    assert event["headers"]["x-forwarded-port"] == "443"


def condition(field, member, value, **more):
    return {"Field": field, member: {"Values": [value], **more}}


RULES = [
    (condition("path-pattern", "PathPatternConfig", "/a/*"), "GET", "/a/b", {}),
    ({"Field": "path-pattern", "Values": ["/?"]}, "GET", "/a", {}),
    (condition("http-request-method", "HttpRequestMethodConfig", "PUT"), "PUT", "/", {}),
    (
        condition("http-header", "HttpHeaderConfig", "*lamp*", HttpHeaderName="X-A"),
        "GET",
        "/",
        {"x-a": "a LAMP!"},
    ),
    (condition("query-string", "QueryStringConfig", {"Key": "q", "Value": "a*"}), "GET", "/?q=ab", {}),
    (condition("query-string", "QueryStringConfig", {"Value": "ab"}), "GET", "/?z=ab", {}),
    (condition("host-header", "HostHeaderConfig", "*.Example.com"), "GET", "/", {"Host": "a.example.com"}),
    (condition("source-ip", "SourceIpConfig", "203.0.113.0/24"), "GET", "/", {}),
]


@pytest.mark.parametrize(("condition", "method", "path", "headers"), RULES)
def test_a_rule_has_conditions(elb, balancer, group, condition, method, path, headers):
    listener = listen(elb, balancer, to(group()))
    other = group("other")
    elb.create_rule(ListenerArn=listener, Priority=1, Conditions=[condition], Actions=[to(other)])
    url = f"http://{balancer['DNSName']}"
    event = json.loads(by_urllib3(method, f"{url}{path}", headers).body)
    assert event["requestContext"]["elb"]["targetGroupArn"] == other
    if condition["Field"] != "source-ip":
        event = json.loads(by_urllib3("GET", f"{url}/A/b/c?q=b", {"x-a": "desk"}).body)
        assert event["requestContext"]["elb"]["targetGroupArn"] != other


def test_rules_go_by_their_priority(elb, balancer, group):
    listener = listen(elb, balancer, to(group()))
    for priority, path in ((20, "/a*"), (3, "/a/b*")):
        fixed = {"StatusCode": str(200 + priority), "ContentType": "text/plain", "MessageBody": path}
        elb.create_rule(
            ListenerArn=listener,
            Priority=priority,
            Conditions=[condition("path-pattern", "PathPatternConfig", path)],
            Actions=[{"Type": "fixed-response", "FixedResponseConfig": fixed}],
        )
    got = by_urllib3("GET", f"http://{balancer['DNSName']}/a/b")
    assert (got.status, got.body, got.header("content-type")) == (203, b"/a/b*", "text/plain")
    assert by_urllib3("GET", f"http://{balancer['DNSName']}/a").status == 220


def test_an_action_can_redirect(elb, balancer):
    config = {"Protocol": "HTTPS", "Port": "443", "Path": "/new/#{path}", "StatusCode": "HTTP_301"}
    listen(elb, balancer, {"Type": "redirect", "RedirectConfig": config})
    got = by_urllib3("GET", f"http://{balancer['DNSName']}/a?q=1")
    assert got.status == 301
    assert got.header("location") == f"https://{balancer['DNSName']}:443/new/a?q=1"


@pytest.mark.destmock(seed=7)
def test_weights_share_the_requests(destmock, elb, balancer, group):
    groups = [
        {"TargetGroupArn": group("web"), "Weight": 3},
        {"TargetGroupArn": group("other"), "Weight": 1},
        {"TargetGroupArn": group("never"), "Weight": 0},
    ]
    listen(elb, balancer, {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}})
    for _ in range(40):
        assert by_urllib3("GET", f"http://{balancer['DNSName']}/").status == 200
    names = [run.function_name for run in destmock.runs]
    assert "never" not in names
    assert names.count("web") > names.count("other") > 0


def test_targets_that_are_no_functions_are_refused_by_name(elb, balancer):
    vpc = boto3.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    made = elb.create_target_group(Name="old", TargetType="ip", Protocol="HTTP", Port=80, VpcId=vpc)
    arn = made["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.1"}])
    listen(elb, balancer, to(arn))
    with pytest.raises(UnsupportedError, match="the targets of the target group old"):
        by_urllib3("GET", f"http://{balancer['DNSName']}/")


def test_an_action_that_checks_who_asks_is_refused_by_name(elb, balancer, group):
    config = {
        "UserPoolArn": f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/p",
        "UserPoolClientId": "c",
        "UserPoolDomain": "d",
    }
    check = {"Type": "authenticate-cognito", "Order": 1, "AuthenticateCognitoConfig": config}
    listen(elb, balancer, check, {**to(group()), "Order": 2})
    with pytest.raises(UnsupportedError, match="the action authenticate-cognito of a load balancer"):
        by_urllib3("GET", f"http://{balancer['DNSName']}/")


def test_a_condition_that_is_not_simulated_is_refused_by_name(elb, balancer, group):
    listener = listen(elb, balancer, to(group()))
    rule = elb.create_rule(
        ListenerArn=listener,
        Priority=1,
        Conditions=[condition("path-pattern", "PathPatternConfig", "/a")],
        Actions=[to(group("other"))],
    )["Rules"][0]["RuleArn"]
    by_expression = {
        "Field": "path-pattern",
        "PathPatternConfig": {"Values": ["/a"], "RegexValues": ["^/a$"]},
    }
    elb.modify_rule(RuleArn=rule, Conditions=[by_expression])
    with pytest.raises(UnsupportedError, match="RegexValues"):
        by_urllib3("GET", f"http://{balancer['DNSName']}/")


def test_what_the_function_invokes_runs_after_the_answer(destmock, url):
    destmock.handler("later", lambda event, context: None)

    def handler(event, context):
        boto3.client("lambda").invoke(FunctionName="later", InvocationType="Event")
        return {"statusCode": 202}

    destmock.handler("web", handler)
    assert by_urllib3("GET", f"{url}/").status == 202
    [invocation] = destmock.invocations
    assert (invocation.function_name, invocation.condition) == ("later", "Success")
