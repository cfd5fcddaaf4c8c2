"""CloudWatch Logs invokes functions asynchronously."""

import base64
import gzip
import json
import time

import pytest
from botocore.exceptions import ClientError

from destmock import UnsupportedError
from tests.services.places import ACCOUNT, START
from tests.services.triggers import ORDERS

pytestmark = pytest.mark.destmock(start=START, handlers={"orders": lambda event, context: event})


@pytest.fixture
def group(logs):
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="one")
    return "/app"


def subscribe(logs, pattern, group="/app"):
    logs.put_subscription_filter(
        logGroupName=group, filterName="errors", filterPattern=pattern, destinationArn=ORDERS
    )


def write(logs, *messages):
    now = int(time.time() * 1000)
    lines = [{"timestamp": now, "message": message} for message in messages]
    logs.put_log_events(logGroupName="/app", logStreamName="one", logEvents=lines)


def decoded(invocation):
    return json.loads(gzip.decompress(base64.b64decode(invocation.event["awslogs"]["data"])))


def test_a_subscription_gets_the_log_events_that_its_pattern_wants(destmock, logs, group):
    subscribe(logs, "ERROR")
    write(logs, "ERROR one", "fine", "an ERROR")
    [invocation] = destmock.invocations
    data = decoded(invocation)
    lines = data.pop("logEvents")
    assert data == {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": group,
        "logStream": "one",
        "subscriptionFilters": ["errors"],
    }
    assert [line["message"] for line in lines] == ["ERROR one", "an ERROR"]
    assert [len(line["id"]) for line in lines] == [56, 56]
    assert invocation.source == "CloudWatch Logs group /app"


def test_nothing_is_invoked_when_no_log_event_is_wanted(destmock, logs, group):
    subscribe(logs, '{ $.level = "ERROR" }')
    write(logs, "plain", '{"level": "INFO"}')
    assert list(destmock.invocations) == []


def test_what_a_function_prints_goes_to_the_subscriber_of_its_group(destmock, lam, logs):
    destmock.handler("noisy", lambda event, context: print(json.dumps({"level": "ERROR", "id": event["id"]})))
    lam.invoke(FunctionName="noisy", InvocationType="Event", Payload=b'{"id": 1}')
    subscribe_to = logs.describe_log_groups()["logGroups"][0]["logGroupName"]
    subscribe(logs, '{ $.level = "ERROR" && $.id > 1 }', subscribe_to)  # what came before isn't sent
    lam.invoke(FunctionName="noisy", InvocationType="Event", Payload=b'{"id": 2}')
    [told] = destmock.invocations.for_function("orders")
    assert [json.loads(line["message"])["id"] for line in decoded(told)["logEvents"]] == [2]


def test_a_pattern_of_fields_wants_lines_that_have_them(destmock, logs, group):
    subscribe(logs, "[ip, user, status = 5*]")
    write(logs, "10.0.0.1 ann 503", "10.0.0.1 ann 200", "10.0.0.1 ann 503 more")
    [invocation] = destmock.invocations
    assert [line["message"] for line in decoded(invocation)["logEvents"]] == ["10.0.0.1 ann 503"]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ('{ $.level = "ERROR"', "If a filter pattern starts with '{' it must end with '}'"),
        ("{ $.level }", "Invalid filter pattern"),
        ("[ip, user", "Invalid filter pattern"),
        ('"ERROR', "Invalid filter pattern"),
        ("ERROR: late", "Invalid character(s) in term ':'"),
    ],
)
def test_a_pattern_with_wrong_syntax_is_refused_by_aws(destmock, logs, group, pattern, text):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html"""
    with pytest.raises(logs.exceptions.InvalidParameterException) as caught:
        subscribe(logs, pattern)
    assert caught.value.response["Error"]["Message"] == text
    assert logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"] == []


def test_a_pattern_that_destmock_does_not_simulate_is_named(destmock, logs, group):
    with pytest.raises(UnsupportedError, match=r"%ERR%.*regular expressions"):
        subscribe(logs, "%ERR%")
    assert logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"] == []


def test_a_group_can_not_subscribe_a_function_that_is_not_there(destmock, lam, logs, group):
    lam.delete_function(FunctionName="orders")
    with pytest.raises(ClientError, match="Could not execute the lambda function"):
        subscribe(logs, "ERROR")
