"""A FIFO queue keeps the order of each group, whoever reads it and whatever fails."""

import json
from datetime import datetime, timezone

import pytest

from tests.services.places import ACCOUNT, REGION, REPORTS

START = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
pytestmark = pytest.mark.destmock(start=START)
ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
TIMEOUT = 8


@pytest.fixture
def url(sqs):
    settings = {"FifoQueue": "true", "VisibilityTimeout": str(TIMEOUT)}
    return sqs.create_queue(QueueName="jobs.fifo", Attributes=settings)["QueueUrl"]


@pytest.fixture
def send(sqs, url):
    def send(*bodies, group="g"):
        for body in bodies:
            put(sqs, url, body, group)

    return send


def put(sqs, url, body, group):
    sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=body)


@pytest.fixture
def read(sqs, url):
    def read(count=10, **settings):
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=count, **settings)
        return found.get("Messages", [])

    return read


def bodies_of(messages):
    return [message["Body"] for message in messages]


def test_the_deduplication_interval_is_moto_s_which_a_test_may_change(destmock, send, read, monkeypatch):
    monkeypatch.setattr("moto.sqs.models.DEDUPLICATION_TIME_IN_SECONDS", 5)
    send("1")
    destmock.advance(4)
    send("1")
    assert bodies_of(read()) == ["1"]
    destmock.advance(1)
    send("1", group="other")
    assert bodies_of(read()) == ["1"]


def test_a_later_message_has_a_greater_sequence_number(sqs, url, read):
    more = {"QueueUrl": url, "MessageGroupId": "g"}
    told = [sqs.send_message(MessageBody=b, MessageDeduplicationId=b, **more) for b in "abcdefgh"]
    numbers = [one["SequenceNumber"] for one in told]
    assert numbers == sorted(numbers)
    found = read(AttributeNames=["SequenceNumber"])
    assert [one["Attributes"]["SequenceNumber"] for one in found] == numbers


def test_a_failed_batch_comes_again_in_its_order(destmock, send, connect):
    batches = []

    @destmock.handler("work")
    def work(event, context):
        batches.append([record["body"] for record in event["Records"]])
        if len(batches) == 1:
            raise ValueError

    send("1", "2", "3", "4")
    connect(ARN + "jobs.fifo")
    destmock.advance(TIMEOUT + 1)
    assert batches == [["1", "2", "3", "4"]] * 2


def test_what_a_function_reports_comes_again_and_then_goes_to_the_dead_letter_queue(destmock, sqs, connect):
    """The batches that AWS made of four messages in one group, with `maxReceiveCount` 2."""
    dead = sqs.create_queue(QueueName="dead.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    policy = json.dumps({"deadLetterTargetArn": ARN + "dead.fifo", "maxReceiveCount": 2})
    settings = {"FifoQueue": "true", "RedrivePolicy": policy}
    url = sqs.create_queue(QueueName="jobs.fifo", Attributes=settings)["QueueUrl"]
    batches, failing = [], [{"2", "3", "4"}, {"4"}]

    @destmock.handler("work")
    def work(event, context):
        records = event["Records"]
        batches.append([(r["body"], r["attributes"]["ApproximateReceiveCount"]) for r in records])
        failed = failing[len(batches) - 1]
        return {
            "batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in records if r["body"] in failed]
        }

    for body in "1234":
        put(sqs, url, body, "g")
    connect(ARN + "jobs.fifo", **REPORTS)
    destmock.advance(100)
    assert batches == [
        [("1", "1"), ("2", "1"), ("3", "1"), ("4", "1")],
        [("2", "2"), ("3", "2"), ("4", "2")],
    ]
    assert bodies_of(sqs.receive_message(QueueUrl=dead)["Messages"]) == ["4"]


def test_a_reader_without_a_mapping_gets_a_group_again_in_its_order(destmock, send, read):
    send("1", "2", "3")
    assert bodies_of(read(2)) == ["1", "2"]
    assert read() == []
    destmock.advance(TIMEOUT + 1)
    assert bodies_of(read()) == ["1", "2", "3"]


def test_a_group_waits_for_the_last_message_that_is_being_read(destmock, sqs, url, send, read):
    send("1", "2", "3")
    first, second = read(2)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    assert read() == []
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=second["ReceiptHandle"], VisibilityTimeout=0)
    assert bodies_of(read()) == ["2", "3"]


def test_other_groups_do_not_wait(send, read):
    send("1", "2")
    read(1)
    send("3", group="h")
    assert bodies_of(read()) == ["3"]


def test_a_long_poll_waits_for_a_group_that_is_being_read(destmock, send, read):
    send("1", "2")
    read(1)
    assert bodies_of(read(WaitTimeSeconds=20)) == ["1", "2"]
    assert (destmock.now - START).total_seconds() == TIMEOUT


def test_a_mapping_reads_on_as_soon_as_another_reader_is_done(destmock, sqs, url, send, read, connect):
    batches = []
    destmock.handler("work", lambda event, context: batches.append(event["Records"]))
    send("1", "2")
    [first] = read(1)
    connect(ARN + "jobs.fifo")
    assert batches == []
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    assert [record["body"] for [record] in batches] == ["2"]


def test_a_delayed_queue_gives_the_first_message_while_the_second_is_delayed(destmock, sqs, url, send, read):
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "5"})
    send("1")
    destmock.advance(3)
    send("2")
    destmock.advance(3)
    assert bodies_of(read()) == ["1"]


# What a queue has had before


@pytest.mark.parametrize("ended", ["left", "deleted"])
def test_a_queue_takes_a_message_once_in_five_minutes(destmock, sqs, url, send, read, ended):
    send("same")
    if ended == "deleted":
        [message] = read()
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    destmock.advance(299)
    send("same")
    assert bodies_of(read()) == ([] if ended == "deleted" else ["same"])
    destmock.advance(1)
    send("same")
    destmock.advance(TIMEOUT)
    assert bodies_of(read()) == (["same"] if ended == "deleted" else ["same", "same"])


def test_a_queue_may_look_for_duplicates_in_each_group_by_itself(sqs, read, destmock):
    settings = {"FifoQueue": "true", "DeduplicationScope": "messageGroup"}
    url = sqs.create_queue(QueueName="grouped.fifo", Attributes=settings)["QueueUrl"]
    for group in "ggh":
        put(sqs, url, "same", group)
    assert len(sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]) == 2
