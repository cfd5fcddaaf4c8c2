"""Dead letters of a queue: from where they come, and how they go back."""

import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.services.places import ACCOUNT, REGION, START

pytestmark = pytest.mark.destmock(start=START)
ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
NOTED = {"kind": {"DataType": "String", "StringValue": "x"}}


@pytest.fixture
def make(sqs):
    """A queue and its dead-letter queue, which gets what was received once."""

    def make(suffix="", **settings):
        dead = sqs.create_queue(QueueName=f"dead{suffix}", Attributes=settings)["QueueUrl"]
        policy = json.dumps({"deadLetterTargetArn": f"{ARN}dead{suffix}", "maxReceiveCount": 1})
        settings = {**settings, "RedrivePolicy": policy, "VisibilityTimeout": "5"}
        return sqs.create_queue(QueueName=f"jobs{suffix}", Attributes=settings)["QueueUrl"], dead

    return make


@pytest.fixture
def read(sqs):
    def read(url, *names):
        found = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            AttributeNames=[*names] or ["All"],
            MessageAttributeNames=["All"],
            VisibilityTimeout=5,
        )
        return found.get("Messages", [])

    return read


@pytest.fixture
def bury(destmock, read):
    """Have everything in a queue moved to its dead-letter queue."""

    def bury(url):
        read(url)
        destmock.advance(5)
        assert read(url) == []

    return bury


def status(sqs, **settings):
    [task] = sqs.list_message_move_tasks(SourceArn=ARN + "dead", **settings)["Results"]
    return task


def refusal(call, **given):
    with pytest.raises(ClientError) as error:
        call(**given)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_R28_a_dead_letter_is_the_same_message_and_says_from_where_it_comes(make, sqs, read, bury):
    jobs, dead = make()
    sent = sqs.send_message(QueueUrl=jobs, MessageBody="a", MessageAttributes=NOTED)
    bury(jobs)
    [message] = read(dead)
    assert message["MessageId"] == sent["MessageId"]
    assert message["MessageAttributes"] == NOTED
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == ARN + "jobs"
    assert message["Attributes"]["ApproximateReceiveCount"] == "2"
    assert message["Attributes"]["SentTimestamp"] == str(int(START.timestamp() * 1000))


def test_R28_the_attribute_comes_to_who_asks_for_it(destmock, make, sqs, read, bury):
    jobs, dead = make()
    sqs.send_message(QueueUrl=jobs, MessageBody="a")
    bury(jobs)
    assert read(dead, "DeadLetterQueueSourceArn")[0]["Attributes"] == {
        "DeadLetterQueueSourceArn": ARN + "jobs"
    }
    destmock.advance(5)
    assert "DeadLetterQueueSourceArn" not in read(dead, "SentTimestamp")[0]["Attributes"]


def test_R28_what_was_sent_to_a_dead_letter_queue_has_no_such_attribute(make, sqs, read):
    _, dead = make()
    sqs.send_message(QueueUrl=dead, MessageBody="a")
    assert "DeadLetterQueueSourceArn" not in read(dead)[0]["Attributes"]


def test_R28_a_function_that_reads_the_dead_letters_sees_it_too(destmock, make, sqs, bury, connect):
    jobs, _ = make()
    got = []
    destmock.handler("work", lambda event, context: got.extend(event["Records"]))
    connect(ARN + "dead")
    sqs.send_message(QueueUrl=jobs, MessageBody="a")
    bury(jobs)
    assert [record["attributes"]["DeadLetterQueueSourceArn"] for record in got] == [ARN + "jobs"]


@pytest.mark.parametrize("to", ["where it came from", "another queue"])
def test_R29_a_task_moves_dead_letters_as_new_messages(destmock, make, sqs, read, bury, to):
    jobs, dead = make()
    sent = sqs.send_message(QueueUrl=jobs, MessageBody="a", MessageAttributes=NOTED)
    bury(jobs)
    destination = {}
    if to == "another queue":
        jobs = sqs.create_queue(QueueName="other")["QueueUrl"]
        destination = {"DestinationArn": ARN + "other"}
    sqs.start_message_move_task(SourceArn=ARN + "dead", **destination)
    assert read(dead) == []
    [message] = read(jobs)
    assert message["MessageId"] != sent["MessageId"]
    assert (message["Body"], message["MessageAttributes"]) == ("a", NOTED)
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert message["Attributes"]["SentTimestamp"] == str(int(destmock.now.timestamp() * 1000))
    assert "DeadLetterQueueSourceArn" not in message["Attributes"]


def test_R29_a_fifo_queue_s_dead_letters_go_back_in_their_order(make, sqs, read, bury):
    jobs, dead = make(".fifo", FifoQueue="true", ContentBasedDeduplication="true")
    for body in "abc":
        sqs.send_message(QueueUrl=jobs, MessageBody=body, MessageGroupId="g")
    bury(jobs)
    sqs.start_message_move_task(SourceArn=ARN + "dead.fifo")
    assert [(one["Body"], one["Attributes"]["MessageGroupId"]) for one in read(jobs)] == [
        ("a", "g"),
        ("b", "g"),
        ("c", "g"),
    ]
    assert read(dead) == []


def test_moved_messages_reach_the_mapping_of_their_queue(destmock, make, sqs, connect):
    make()
    got, failing = [], [True]

    @destmock.handler("work")
    def work(event, context):
        got.extend(record["body"] for record in event["Records"])
        if failing:
            raise ValueError

    connect(ARN + "jobs")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="jobs")["QueueUrl"], MessageBody="a")
    assert got == ["a"]
    failing.clear()
    sqs.start_message_move_task(SourceArn=ARN + "dead")
    assert got == ["a", "a"]


@pytest.mark.destmock(autorun=False)
def test_a_rate_is_kept_in_virtual_time(destmock, make, sqs, read, bury):
    jobs, _ = make()
    for number in range(5):
        sqs.send_message(QueueUrl=jobs, MessageBody=str(number))
    bury(jobs)
    begun = destmock.now
    handle = sqs.start_message_move_task(SourceArn=ARN + "dead", MaxNumberOfMessagesPerSecond=2)["TaskHandle"]
    assert status(sqs) == {
        "TaskHandle": handle,
        "Status": "RUNNING",
        "SourceArn": ARN + "dead",
        "MaxNumberOfMessagesPerSecond": 2,
        "ApproximateNumberOfMessagesMoved": 0,
        "ApproximateNumberOfMessagesToMove": 5,
        "StartedTimestamp": int(begun.timestamp() * 1000),
    }
    destmock.advance(1)
    assert status(sqs)["ApproximateNumberOfMessagesMoved"] == 4
    destmock.run_until_idle()
    assert destmock.now == begun + timedelta(seconds=2)
    ended = status(sqs)
    assert (ended["Status"], ended["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 5)
    assert "TaskHandle" not in ended


@pytest.mark.destmock(autorun=False)
def test_a_task_can_be_cancelled(destmock, make, sqs, read, bury):
    jobs, dead = make()
    for number in range(3):
        sqs.send_message(QueueUrl=jobs, MessageBody=str(number))
    bury(jobs)
    handle = sqs.start_message_move_task(SourceArn=ARN + "dead", MaxNumberOfMessagesPerSecond=1)["TaskHandle"]
    destmock.advance(1)
    assert sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"] == 2
    destmock.advance(10)
    assert status(sqs)["Status"] == "CANCELLED"
    assert [message["Body"] for message in read(dead)] == ["2"]


def test_the_newest_task_is_listed_first(destmock, make, sqs):
    make()
    for _ in range(3):
        sqs.start_message_move_task(SourceArn=ARN + "dead")
        destmock.advance(1)
    begun = [
        task["StartedTimestamp"]
        for task in sqs.list_message_move_tasks(SourceArn=ARN + "dead", MaxResults=2)["Results"]
    ]
    assert begun == [int(START.timestamp() + 2) * 1000, int(START.timestamp() + 1) * 1000]


def test_a_message_of_unknown_origin_ends_a_task_without_a_destination(make, sqs, read):
    _, dead = make()
    sqs.send_message(QueueUrl=dead, MessageBody="a")
    sqs.start_message_move_task(SourceArn=ARN + "dead")
    task = status(sqs)
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert len(read(dead)) == 1


@pytest.mark.destmock(autorun=False)
def test_what_a_task_can_not_be(make, sqs):
    make()
    start = sqs.start_message_move_task
    missing = "The resource that you specified for the {} parameter doesn't exist."
    assert refusal(start, SourceArn=ARN + "none") == (
        "ResourceNotFoundException",
        missing.format("SourceArn"),
    )
    assert refusal(start, SourceArn=ARN + "dead", DestinationArn=ARN + "none") == (
        "ResourceNotFoundException",
        missing.format("DestinationArn"),
    )
    assert refusal(start, SourceArn=ARN + "jobs") == (
        "InvalidParameterValue",
        "Source queue must be configured as a Dead Letter Queue.",
    )
    assert (
        refusal(start, SourceArn=ARN + "dead", MaxNumberOfMessagesPerSecond=501)[0] == "InvalidParameterValue"
    )
    handle = start(SourceArn=ARN + "dead")["TaskHandle"]
    code, text = refusal(start, SourceArn=ARN + "dead")
    assert code == "AWS.SimpleQueueService.UnsupportedOperation"
    assert text.startswith("There is already a task running.")
    assert refusal(sqs.cancel_message_move_task, TaskHandle="nobody's") == (
        "ResourceNotFoundException",
        "Task does not exist.",
    )
    sqs.cancel_message_move_task(TaskHandle=handle)


def test_the_timeline_tells_of_a_message_that_a_function_has_failed_on(destmock, sqs, make, connect):
    url, _ = make()
    destmock.handler("work", lambda event, context: 1 / 0)
    connect(f"{ARN}jobs")
    sqs.send_message(QueueUrl=url, MessageBody="line 1\nline 2 " + "x" * 100)
    destmock.advance(5)
    told = destmock.timeline().splitlines()[-2:]
    assert told == [
        f"2026-01-01T00:00:05.000Z work gave up 1 message of SQS queue jobs: line 1 line 2 {'x' * 46}...",
        f"  +0.000 s moved to the dead-letter queue {ARN}dead, received once",
    ]
    assert len(destmock.runs) == 1
