"""A program's own handlers on botocore's events see the calls that destmock answers as they see others."""

import io
import json
import os

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from moto.core.botocore_stubber import MockRawResponse

from destmock import mock_destinations

EVENTS = [
    *("before-call", "before-sign", "request-created", "before-send", "before-parse", "response-received"),
    "after-call",
]
HEADER = "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1"


@pytest.fixture
def destmock():
    handlers = {"orders": lambda event, context: os.environ["_X_AMZN_TRACE_ID"]}
    with mock_destinations(handlers=handlers) as started:
        yield started


@pytest.mark.parametrize(
    "call",
    [
        lambda lam: lam.invoke(FunctionName="orders"),
        lambda lam: lam.invoke(FunctionName="orders", InvocationType="Event"),
        lambda lam: lam.put_function_event_invoke_config(FunctionName="orders", MaximumRetryAttempts=0),
        lambda lam: lam.list_function_event_invoke_configs(FunctionName="orders"),
        lambda lam: lam.list_functions(),
    ],
    ids=["Invoke", "Event", "PutConfig", "ListConfigs", "moto's own"],
)
def test_each_event_comes_once_and_in_order(destmock, call):
    lam, seen = boto3.client("lambda"), []

    def see(event_name, **_):
        seen.append(event_name.partition(".")[0])

    for event in EVENTS:
        lam.meta.events.register(f"{event}.lambda", see)
    plain = call(boto3.client("lambda"))
    watched = call(lam)
    assert seen == EVENTS
    assert watched.keys() == plain.keys()
    assert watched["ResponseMetadata"].keys() == plain["ResponseMetadata"].keys()


@pytest.mark.parametrize("event", ["request-created", "before-sign", "before-send"])
def test_I3_a_trace_header_that_is_set_there_is_the_function_s(destmock, event):
    lam = boto3.client("lambda")
    lam.meta.events.register(
        f"{event}.*.*", lambda request, **_: request.headers.__setitem__("X-Amzn-Trace-Id", HEADER)
    )
    found = json.loads(lam.invoke(FunctionName="orders")["Payload"].read())
    assert found.startswith("Root=1-3152b799-8954dae64eda91bc9a23a7e8;")
    assert len(destmock.runs) == 1


def test_an_account_that_is_named_there_is_the_caller_s(destmock):
    destmock.handler("whose", lambda event, context: context.invoked_function_arn.split(":")[4])
    lam = boto3.client("lambda")
    lam.meta.events.register(
        "before-send.lambda", lambda request, **_: request.headers.__setitem__("x-moto-account-id", "4" * 12)
    )
    assert json.loads(lam.invoke(FunctionName="whose")["Payload"].read()) == "4" * 12


def test_a_request_says_which_attempt_it_is(destmock):
    lam, seen = boto3.client("lambda"), []
    lam.meta.events.register("before-send.lambda", lambda request, **_: seen.append(dict(request.headers)))
    lam.invoke(FunctionName="orders")
    lam.list_functions()  # which moto answers
    destmock_s, moto_s = seen
    assert destmock_s["amz-sdk-request"] == moto_s["amz-sdk-request"]
    assert destmock_s["amz-sdk-request"].startswith(b"attempt=1")  # newer versions of botocore add the most
    assert destmock_s["amz-sdk-invocation-id"] != moto_s["amz-sdk-invocation-id"]


def test_what_is_added_before_an_answer_is_read_is_in_it(destmock):
    lam = boto3.client("lambda")
    lam.meta.events.register(
        "before-parse.lambda.Invoke",
        lambda customized_response_dict, **_: customized_response_dict.update(Mine=1),
    )
    answer = lam.invoke(FunctionName="orders")
    assert answer["Mine"] == 1
    assert json.loads(answer["Payload"].read()).startswith("Root=")


def test_an_answer_of_a_user_s_own_is_the_answer(destmock):
    lam = boto3.client("lambda")
    lam.meta.events.register(
        "before-send.lambda.Invoke",
        lambda request, **_: AWSResponse(request.url, 200, {}, MockRawResponse(b'"mine"')),
    )
    assert lam.invoke(FunctionName="orders")["Payload"].read() == b'"mine"'
    assert len(destmock.runs) == 0


def test_an_error_is_received_too(destmock):
    lam, seen = boto3.client("lambda"), []
    lam.meta.events.register(
        "response-received.lambda", lambda parsed_response, **_: seen.append(parsed_response["Error"]["Code"])
    )
    with pytest.raises(lam.exceptions.ResourceNotFoundException):
        lam.invoke(FunctionName="nobody")
    assert seen == ["ResourceNotFoundException"]


def test_a_handler_that_is_taken_away_sees_nothing_more(destmock):
    lam, seen = boto3.client("lambda"), []

    def see(**_):
        seen.append(1)

    lam.invoke(FunctionName="orders")
    for change in (lam.meta.events.register, lam.meta.events.unregister):
        change("before-send.lambda", see)
        lam.invoke(FunctionName="orders")
    assert seen == [1]


def test_what_a_user_s_handler_raises_comes_out_of_the_call(destmock):
    lam = boto3.client("lambda")

    def refuse(**_):
        raise PermissionError("not today")

    lam.meta.events.register("before-send.lambda", refuse)
    with pytest.raises(PermissionError, match="not today"):
        lam.invoke(FunctionName="orders")
    assert len(destmock.runs) == 0


def test_a_payload_from_a_file_is_read_once_for_all():
    """A library that the program imports may register a handler, as Powertools does for its User-Agent."""
    with mock_destinations({"orders": lambda event, context: event}):
        lam = boto3.client("lambda")
        lam.meta.events.register("request-created.lambda.Invoke", lambda **_: None)
        answer = lam.invoke(FunctionName="orders", Payload=io.BytesIO(b'{"id": 7}'))
        assert answer["Payload"].read() == b'{"id": 7}'
