"""Production's failures, invoked again."""

import json

import boto3
import pytest

from destmock import mock_destinations, outcomes
from destmock._aws.failed_invocation import failed_invocations
from destmock._mock.replay import replay
from tests.durable.protocol import CONFIG, durable


def place_order(event, context):
    if event["quantity"] > 3:
        raise ValueError("only 3 left")
    return event["quantity"]


@pytest.fixture
def kept():
    """What lands in the queues of a function that fails: its record, and its dead-letter message."""
    with mock_destinations(handlers={"orders": place_order}):
        sqs, lam = boto3.client("sqs"), boto3.client("lambda")
        urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("records", "letters")}
        arn = "arn:aws:sqs:us-east-1:123456789012:"
        lam.put_function_event_invoke_config(
            FunctionName="orders", DestinationConfig={"OnFailure": {"Destination": f"{arn}records"}}
        )
        lam.update_function_configuration(
            FunctionName="orders", DeadLetterConfig={"TargetArn": f"{arn}letters"}
        )
        lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b'{"quantity": 20}')
        return {
            name: sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])
            for name, url in urls.items()
        }


@pytest.mark.parametrize("name", ["records", "letters"])
def test_what_lies_in_a_queue_is_invoked_again(kept, name):
    with mock_destinations(handlers={"orders": place_order}) as destmock:
        invocation = destmock.replay(kept[name])
        assert invocation.event == {"quantity": 20}
        assert [attempt.outcome for attempt in invocation.attempts] == ["Error"] * 3
        assert destmock.invocations == [invocation]


def test_a_mended_handler_succeeds(kept):
    with mock_destinations(handlers={"orders": lambda e, c: "fine", "other": place_order}) as destmock:
        invocation = destmock.replay(kept["records"])
        assert (invocation.condition, invocation.attempts[0].response) == ("Success", "fine")


def test_without_autorun_the_event_runs_as_well(kept):
    with mock_destinations(handlers={"orders": place_order}, autorun=False) as destmock:
        assert destmock.replay(kept["records"]).condition == "RetriesExhausted"


def test_a_function_of_a_stack_is_found_by_its_logical_id(kept):
    [message] = kept["records"]["Messages"]
    body = message["Body"].replace("function:orders:", "function:prod-PlaceOrder-7E0F6393FBDA:")
    handlers = {"test-PlaceOrder-ABC": place_order, "test-Other-ABC": place_order}
    with mock_destinations(handlers=handlers) as destmock:
        assert destmock.replay(body).function_name == "test-PlaceOrder-ABC"


def test_a_function_that_is_not_known_has_to_be_named(kept):
    handlers = {"a": place_order, "b": place_order}
    with mock_destinations(handlers=handlers) as destmock:
        with pytest.raises(
            ValueError, match="names the function orders; say which one to invoke; there are: a, b"
        ):
            destmock.replay(kept["records"])
        with pytest.raises(ValueError, match="names no function"):
            destmock.replay(kept["letters"])
        assert destmock.replay(kept["letters"], function="b").function_name == "b"
        assert len(destmock.invocations) == 1


def test_a_message_that_a_queue_gave_up_goes_to_the_queue_s_reader():
    def reader(event, context):
        raise KeyError(event["Records"][0]["body"])

    with mock_destinations(handlers={"reader": reader, "other": place_order}, strict=False) as destmock:
        sqs, lam = boto3.client("sqs"), boto3.client("lambda")
        letters = sqs.create_queue(QueueName="letters")["QueueUrl"]
        redrive = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:letters", "maxReceiveCount": 2}
        url = sqs.create_queue(QueueName="q", Attributes={"RedrivePolicy": json.dumps(redrive)})["QueueUrl"]
        lam.create_event_source_mapping(
            FunctionName="reader", EventSourceArn="arn:aws:sqs:us-east-1:123456789012:q"
        )
        sqs.send_message(QueueUrl=url, MessageBody="seven")
        destmock.advance(120)
        moved = sqs.receive_message(QueueUrl=letters, AttributeNames=["All"])
        invocation = destmock.replay(moved)
        assert invocation.function_name == "reader"
        assert invocation.attempts[0].response["errorMessage"] == "'seven'"


def test_several_records_are_replayed_one_at_a_time(kept):
    [message] = kept["records"]["Messages"]
    with mock_destinations(handlers={"orders": outcomes(1)}) as destmock:
        with pytest.raises(ValueError, match="holds 2 records or messages"):
            destmock.replay({"Messages": [message, message]})
        assert destmock.invocations == []


@pytest.mark.parametrize(
    ("n", "verdict"), [(1, "it succeeded this time"), (2, "the same error: ValueError: no")]
)
def test_a_record_of_a_durable_function_starts_an_execution(n, verdict):
    """Its invocations succeed, also those that tell that it has failed."""
    record = {
        "requestContext": {
            "requestId": "7",
            "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:orders:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 1,
        },
        "requestPayload": {"n": n},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "no", "errorType": "ValueError"},
    }
    durable_handler = durable(lambda run: ValueError("no") if run.input["n"] == 2 else "fine")
    with mock_destinations() as destmock:
        destmock.handler("orders", durable_handler, durable_config=CONFIG)
        assert destmock.replay(record).event == {"n": n}
        [failed] = failed_invocations(record)
        assert replay(destmock._simulation, failed, None).verdict == verdict
