"""What a strict mock says when it ends with something left."""

from datetime import datetime, timezone

import boto3
import pytest

from destmock import (
    LeftoverError,
    mock_destinations,
    outcomes,
)
from tests.promises.process import ok, send


def complaint(mock):
    with pytest.raises(LeftoverError) as caught:
        mock.stop()
    assert isinstance(caught.value, AssertionError)
    return str(caught.value)


START = datetime(2024, 2, 29, tzinfo=timezone.utc)


def test_one_event_left():
    mock = mock_destinations({"orders": ok}, autorun=False, start=START)
    destmock = mock.start()
    send()
    assert complaint(mock) == (
        "1 event is still queued:\n"
        f"  orders {destmock.invocations[0].request_id}: attempt 1 is due at 2024-02-29T00:00:00.000Z\n"
        "  run them with destmock.run_until_idle() or destmock.advance(...)\n"
        "To allow this, pass strict=False."
    )


def test_an_event_between_two_attempts_and_one_in_the_middle_of_one():
    mock = mock_destinations({"orders": outcomes(ValueError("no stock"))}, autorun=False, start=START)
    destmock = mock.start()
    destmock.handler("slow", ok, duration=2.5)
    send()
    destmock.step()
    boto3.client("lambda").publish_version(FunctionName="slow")
    send("slow", Qualifier="1")
    destmock.step()
    first, second = destmock.invocations
    assert complaint(mock) == (
        "2 events are still queued:\n"
        f"  slow:1 {second.request_id}: attempt 1 ends at 2024-02-29T00:00:02.500Z\n"
        f"  orders {first.request_id}: attempt 2 is due at 2024-02-29T00:01:00.000Z\n"
        "  run them with destmock.run_until_idle() or destmock.advance(...)\n"
        "To allow this, pass strict=False."
    )


def test_many_events_left_are_not_all_named():
    mock = mock_destinations({"orders": ok}, autorun=False)
    mock.start()
    for _ in range(13):
        send()
    lines = complaint(mock).splitlines()
    assert lines[0] == "13 events are still queued:"
    assert sum(": attempt 1 is due at " in line for line in lines) == 10
    assert lines[11] == "  ... and 3 more"


def test_records_undelivered_and_events_left_are_told_together():
    mock = mock_destinations({"orders": ok}, start=START, autorun=False)
    destmock = mock.start()
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="done")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    config = {"OnSuccess": {"Destination": arn}}
    boto3.client("lambda").put_function_event_invoke_config(FunctionName="orders", DestinationConfig=config)
    sqs.delete_queue(QueueUrl=url)
    send()
    destmock.run_until_idle()
    send()
    first, second = destmock.invocations
    assert complaint(mock) == (
        "1 event is still queued:\n"
        f"  orders {second.request_id}: attempt 1 is due at 2024-02-29T00:00:00.000Z\n"
        "  run them with destmock.run_until_idle() or destmock.advance(...)\n"
        "1 record could not be delivered:\n"
        f"  orders {first.request_id} (Success) to {arn}: the queue {arn} does not exist\n"
        "  create the destination, or mend its configuration\n"
        "To allow this, pass strict=False."
    )


def test_a_drop_or_a_failed_synchronous_invocation_is_no_leftover():
    with mock_destinations({"orders": outcomes(ValueError("no stock"))}) as destmock:
        send()
        boto3.client("lambda").invoke(FunctionName="orders")
    assert len(destmock.drops) == 1
