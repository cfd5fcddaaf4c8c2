"""Event source mappings: SQS, Kinesis and DynamoDB run a function synchronously with what they read."""

import base64
import json
from datetime import datetime, timedelta, timezone

import boto3
import pytest
from botocore.exceptions import ClientError

from destmock import InvocationLoopError, NoHandlerError, UnsupportedError, outcomes

ACCOUNT, REGION = "123456789012", "us-east-1"
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
MS = int(START.timestamp() * 1000)

pytestmark = pytest.mark.destmock(start=START)


class Recorder:
    """A handler that keeps what it gets, and fails with the bodies it is told to."""

    def __init__(self, *failing):
        self.failing = failing
        self.batches = []

    def __call__(self, event, context):
        self.batches.append(event["Records"])
        if any(body in self.failing for body in self.bodies[-1]):
            raise ValueError("can't do that")

    @property
    def bodies(self):
        return [[record["body"] for record in batch] for batch in self.batches]


@pytest.fixture
def handler(destmock):
    recorder = Recorder("bad")
    destmock.handler("work", recorder)
    return recorder


@pytest.fixture
def jobs(make_queue):
    return make_queue("jobs")


@pytest.fixture
def jobs_with_dead_letters(sqs, make_queue):
    """A queue that moves what was received twice to the queue `dead`."""
    policy = {"deadLetterTargetArn": make_queue("dead"), "maxReceiveCount": 2}
    return make_queue("jobs", RedrivePolicy=json.dumps(policy))


@pytest.fixture
def connect(lam):
    def connect(source, function="work", **settings):
        return lam.create_event_source_mapping(EventSourceArn=source, FunctionName=function, **settings)[
            "UUID"
        ]

    return connect


@pytest.fixture
def send(sqs):
    def send(*bodies, queue="jobs", **settings):
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        entries = [{"Id": str(n), "MessageBody": body, **settings} for n, body in enumerate(bodies)]
        return sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]

    return send


@pytest.fixture
def left(sqs):
    """How many messages are in a queue: to be read, and being read."""

    def left(name):
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=wanted)["Attributes"]
        return tuple(int(found[name]) for name in wanted)

    return left


# SQS


def test_a_batch_is_read_run_and_deleted(destmock, handler, jobs, connect, send, left):
    connect(jobs)
    attribute = {"kind": {"DataType": "String", "StringValue": "x"}}
    [sent] = send("hello", MessageAttributes=attribute)
    [[record]] = handler.batches
    assert isinstance(record.pop("receiptHandle"), str)
    assert record.pop("attributes").pop("SenderId")
    assert record == {
        "messageId": sent["MessageId"],
        "body": "hello",
        "messageAttributes": {
            "kind": {
                "stringValue": "x",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            }
        },
        "md5OfMessageAttributes": sent["MD5OfMessageAttributes"],
        "md5OfBody": sent["MD5OfMessageBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": jobs,
        "awsRegion": REGION,
    }
    assert left("jobs") == (0, 0)
    assert list(destmock.invocations) == []  # a synchronous invocation, which has no destinations
    assert "work invoked synchronously" in destmock.timeline()
    assert "(SQS queue jobs, " in destmock.timeline()


def test_what_sqs_knows_of_a_message_is_in_its_attributes(destmock, handler, jobs, connect, send):
    connect(jobs)
    send("hello")
    attributes = handler.batches[0][0]["attributes"]
    attributes.pop("SenderId")
    assert attributes == {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": str(MS),
        "ApproximateFirstReceiveTimestamp": str(MS),
    }


def test_binary_attributes_are_in_base64(handler, jobs, connect, send):
    connect(jobs)
    send("x", MessageAttributes={"raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}})
    assert handler.batches[0][0]["messageAttributes"]["raw"]["binaryValue"] == "AP8="


@pytest.mark.parametrize(("size", "expected"), [(10, [3]), (2, [2, 1]), (1, [1, 1, 1])])
def test_messages_come_in_batches_of_the_mapping_s_size(handler, jobs, connect, send, size, expected):
    connect(jobs, BatchSize=size)
    send("a", "b", "c")
    assert [len(batch) for batch in handler.batches] == expected


def test_what_was_in_the_queue_before_the_mapping_is_read_too(handler, jobs, connect, send):
    send("early")
    connect(jobs)
    assert handler.bodies == [["early"]]


def test_a_failing_batch_comes_again_until_it_is_a_dead_letter(
    destmock, handler, jobs_with_dead_letters, connect, send, left, messages
):
    connect(jobs_with_dead_letters)
    send("bad")
    assert handler.bodies == [["bad"], ["bad"]]
    counts = [batch[0]["attributes"]["ApproximateReceiveCount"] for batch in handler.batches]
    assert counts == ["1", "2"]
    assert destmock.now == START + timedelta(seconds=60)  # two visibility timeouts of 30 s
    assert left("jobs") == (0, 0)
    assert [message["Body"] for message in messages("dead")] == ["bad"]


def test_without_a_redrive_policy_a_failing_batch_stays_in_the_queue(
    destmock, handler, jobs, connect, send, left
):
    """Nobody waits for it, but it is read again when time comes to it."""
    connect(jobs)
    send("bad")
    assert (handler.bodies, left("jobs"), list(destmock.pending)) == ([["bad"]], (0, 1), [])
    destmock.advance(29.9)
    assert len(handler.batches) == 1
    destmock.advance(0.1)
    assert len(handler.batches) == 2
    handler.failing = ()
    destmock.advance(30)
    assert left("jobs") == (0, 0)


def test_a_message_is_gone_when_the_queue_has_kept_it_long_enough(
    destmock, handler, make_queue, connect, send, left
):
    connect(make_queue("jobs", MessageRetentionPeriod="120"))
    send("bad")
    destmock.advance(timedelta(days=1))
    assert len(handler.batches) == 4  # at 0, 30, 60 and 90 s
    assert left("jobs") == (0, 0)


def test_what_fails_for_longer_than_the_limit_of_attempts_is_no_loop(destmock, handler, jobs, connect, send):
    """Time that is advanced comes to an end by itself."""
    connect(jobs)
    send("bad")
    destmock._simulation.driver.run(3, until=MS + 300_000)
    assert len(handler.batches) == 11


REPORTS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


def test_only_the_reported_messages_come_again(destmock, jobs_with_dead_letters, connect, send, messages):
    def report(event, context):
        bad = [record["messageId"] for record in event["Records"] if record["body"] == "bad"]
        return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in bad]}

    destmock.handler("work", report)
    connect(jobs_with_dead_letters, **REPORTS)
    send("good", "bad", "better")
    assert [message["Body"] for message in messages("dead")] == ["bad"]


@pytest.mark.parametrize(
    ("answer", "succeeds"),
    [
        (None, True),
        ({}, True),
        ({"batchItemFailures": None}, True),
        ({"batchItemFailures": []}, True),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, False),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, False),
        ({"batchItemFailures": [{"identifier": "x"}]}, False),
        ({"batchItemFailures": [{"itemIdentifier": "nobody"}]}, False),
        ({"batchItemFailures": "x"}, False),
        ("text", False),
        (b"not JSON", False),
    ],
)
def test_what_a_report_can_say(destmock, jobs, connect, send, left, answer, succeeds):
    destmock.handler("work", outcomes(answer))
    connect(jobs, **REPORTS)
    send("a")
    assert left("jobs") == ((0, 0) if succeeds else (0, 1))


def test_a_report_is_not_asked_for_by_default(destmock, jobs, connect, send, left):
    destmock.handler("work", outcomes({"batchItemFailures": [{"itemIdentifier": "x"}]}))
    connect(jobs)
    send("a")
    assert left("jobs") == (0, 0)


def test_filters_let_only_some_messages_through_and_delete_the_rest(handler, jobs, connect, send, left):
    patterns = [{"body": {"kind": ["order"]}}, {"body": {"total": [{"numeric": [">", 100]}]}}]
    criteria = {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]}
    connect(jobs, FilterCriteria=criteria)
    wanted = ['{"kind": "order"}', '{"kind": "refund", "total": 101}']
    send(*wanted, '{"kind": "refund", "total": 3}', "text")
    assert handler.bodies == [wanted]
    assert left("jobs") == (0, 0)


def test_a_batching_window_waits_for_more(destmock, handler, jobs, connect, send):
    connect(jobs, BatchSize=3, MaximumBatchingWindowInSeconds=20)
    send("a")
    assert (handler.bodies, destmock.now) == ([["a"]], START + timedelta(seconds=20))


@pytest.mark.destmock(autorun=False)
def test_a_full_batch_does_not_wait_for_the_window_to_end(destmock, handler, jobs, connect, send):
    connect(jobs, BatchSize=3, MaximumBatchingWindowInSeconds=20)
    send("a", "b")
    destmock.advance(5)
    assert handler.batches == []
    send("c")
    [waiting] = destmock.pending
    assert waiting.due_at == destmock.now
    destmock.step()
    assert handler.bodies == [["a", "b", "c"]]
    assert list(destmock.pending) == []


@pytest.mark.destmock(autorun=False)
def test_a_mapping_that_is_to_read_is_pending(destmock, handler, jobs, connect, send):
    uuid = connect(jobs)
    send("a")
    [waiting] = destmock.pending
    assert (waiting.request_id, waiting.function_name, waiting.due_at) == (uuid, "work", START)
    assert destmock.step() == waiting
    assert (handler.bodies, destmock.step()) == ([["a"]], None)


def test_a_fifo_queue_keeps_its_order_and_says_what_a_message_belongs_to(handler, make_queue, connect, sqs):
    connect(make_queue("jobs.fifo", FifoQueue="true", ContentBasedDeduplication="true"))
    url = sqs.get_queue_url(QueueName="jobs.fifo")["QueueUrl"]
    entries = [{"Id": str(n), "MessageBody": f"m{n}", "MessageGroupId": "g"} for n in range(3)]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert handler.bodies == [["m0", "m1", "m2"]]
    attributes = handler.batches[0][0]["attributes"]
    assert attributes["MessageGroupId"] == "g"
    assert {"MessageDeduplicationId", "SequenceNumber"} <= attributes.keys()


def test_a_disabled_mapping_reads_nothing_until_it_is_enabled(handler, jobs, connect, send, lam):
    uuid = connect(jobs, Enabled=False)
    send("a")
    assert handler.batches == []
    lam.update_event_source_mapping(UUID=uuid, Enabled=True)
    assert handler.bodies == [["a"]]


def test_a_deleted_mapping_reads_nothing(handler, jobs, connect, send, lam, left):
    lam.delete_event_source_mapping(UUID=connect(jobs))
    send("a")
    assert (handler.batches, left("jobs")) == ([], (1, 0))


def test_a_mapping_can_be_given_another_function(destmock, handler, jobs, connect, send, lam):
    other = Recorder()
    destmock.handler("other", other)
    uuid = connect(jobs)
    lam.update_event_source_mapping(UUID=uuid, FunctionName="other")
    send("a")
    assert (handler.bodies, other.bodies) == ([], [["a"]])


def test_a_mapping_to_an_alias_runs_the_alias(destmock, jobs, connect, send, lam):
    arns = []
    destmock.handler("work", lambda event, context: arns.append(context.invoked_function_arn))
    lam.publish_version(FunctionName="work")
    lam.create_alias(FunctionName="work", Name="live", FunctionVersion="1")
    uuid = connect(jobs, function="work:live")
    send("a")
    assert arns == [f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:work:live"]
    assert lam.get_event_source_mapping(UUID=uuid)["FunctionArn"] == arns[0]


def test_without_its_function_a_mapping_leaves_the_messages_alone(handler, jobs, connect, send, lam, left):
    connect(jobs)
    lam.delete_function(FunctionName="work")
    send("a")
    assert left("jobs") == (1, 0)


def test_a_message_that_the_function_deletes_itself_is_no_trouble(destmock, jobs, connect, send, sqs, left):
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]

    def handler(event, context):
        for record in event["Records"]:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=record["receiptHandle"])

    destmock.handler("work", handler)
    connect(jobs)
    send("a")
    assert left("jobs") == (0, 0)


def test_a_throttled_function_gets_the_messages_later(destmock, handler, jobs, connect, send, lam, left):
    connect(jobs)
    lam.put_function_concurrency(FunctionName="work", ReservedConcurrentExecutions=0)
    send("a")
    assert (handler.batches, left("jobs")) == ([], (0, 1))
    lam.delete_function_concurrency(FunctionName="work")
    destmock.advance(30)
    assert (handler.bodies, left("jobs")) == ([["a"]], (0, 0))


def test_a_destination_queue_feeds_another_function(destmock, handler, lam, make_queue, connect, jobs):
    """orders fails, its record goes to the queue, and the queue's function gets it."""
    destmock.handler("orders", outcomes(LookupError("no such order")))
    connect(jobs)
    lam.put_function_event_invoke_config(
        FunctionName="orders", DestinationConfig={"OnFailure": {"Destination": jobs}}
    )
    lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b'{"id": 7}')
    [[record]] = handler.batches
    assert json.loads(record["body"])["requestContext"]["condition"] == "RetriesExhausted"
    assert "Lineage=1:" in record["attributes"]["AWSTraceHeader"]


def test_a_dead_letter_queue_feeds_another_function(destmock, handler, lam, connect, jobs):
    destmock.handler("orders", outcomes(LookupError("no such order")))
    connect(jobs)
    lam.update_function_configuration(FunctionName="orders", DeadLetterConfig={"TargetArn": jobs})
    lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b'{"id": 7}')
    [[record]] = handler.batches
    assert record["body"] == '{"id": 7}'
    assert record["messageAttributes"]["ErrorMessage"]["stringValue"] == "no such order"


def test_a_redrive_dead_letter_queue_feeds_another_function(
    destmock, handler, jobs_with_dead_letters, connect, send
):
    rescue = Recorder()
    destmock.handler("rescue", rescue)
    connect(jobs_with_dead_letters)
    connect(f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead", function="rescue")
    send("bad")
    assert rescue.bodies == [["bad"]]
    assert rescue.batches[0][0]["attributes"]["SentTimestamp"] == str(MS)


def test_J2_J3_a_function_that_feeds_its_own_queue_runs_sixteen_times(destmock, jobs, connect, send, sqs):
    import os

    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    headers = []

    def handler(event, context):
        headers.append(os.environ["_X_AMZN_TRACE_ID"])
        sqs.send_message(QueueUrl=url, MessageBody="again")

    destmock.handler("work", handler)
    connect(jobs)
    send("first")
    lineages = [header.rpartition("Lineage=")[2].split(":") for header in headers]
    assert [(int(hops), int(count)) for hops, _, count in lineages] == [(n, n - 1) for n in range(1, 17)]


@pytest.mark.destmock(autorun=False, strict=False)
def test_J2_with_a_loop_allowed_it_is_a_loop_for_destmock(destmock, jobs, connect, sqs, lam):
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    destmock.handler("work", lambda event, context: sqs.send_message(QueueUrl=url, MessageBody="again"))
    lam.put_function_recursion_config(FunctionName="work", RecursiveLoop="Allow")
    connect(jobs)
    sqs.send_message(QueueUrl=url, MessageBody="first")
    with pytest.raises(InvocationLoopError, match="work"):
        destmock.run_until_idle(limit=50)


def test_what_a_handler_sends_is_read_after_it(destmock, handler, lam, jobs, connect, sqs):
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    seen = []

    def sender(event, context):
        sqs.send_message(QueueUrl=url, MessageBody="x")
        seen.append(len(handler.batches))

    destmock.handler("sender", sender)
    connect(jobs)
    lam.invoke(FunctionName="sender")
    assert (seen, handler.bodies) == ([0], [["x"]])


@pytest.mark.parametrize("by", ["message", "queue"])
def test_a_delayed_message_is_read_when_its_delay_is_over(destmock, handler, make_queue, connect, sqs, by):
    connect(make_queue("jobs", DelaySeconds="5" if by == "queue" else "0"))
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="late", **({"DelaySeconds": 5} if by == "message" else {}))
    assert (handler.bodies, destmock.now) == ([["late"]], START + timedelta(seconds=5))


def test_a_handler_says_how_long_its_failure_is_hidden(destmock, make_queue, connect, send, sqs):
    """Backing off by change_message_visibility; zero means one second here, so that it has an end."""
    make_queue("jobs")
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    seconds = []

    def handler(event, context):
        seconds.append((destmock.now - START).seconds)
        [record] = event["Records"]
        timeout = [5, 100, 0][len(seconds) - 1]
        sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=timeout
        )
        raise ValueError("not yet")

    destmock.handler("work", handler)
    connect(f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs")
    send("x")
    destmock.advance(105)
    assert seconds == [0, 5, 105]


@pytest.mark.parametrize("way", ["disabled", "replaced"])
def test_what_failed_is_read_after_its_mapping_was_disabled_or_replaced(
    destmock, handler, jobs, connect, send, lam, left, way
):
    uuid = connect(jobs)
    send("bad")
    if way == "disabled":
        lam.update_event_source_mapping(UUID=uuid, Enabled=False)
    else:
        lam.delete_event_source_mapping(UUID=uuid)
    destmock.advance(60)
    handler.failing = ()
    if way == "disabled":
        lam.update_event_source_mapping(UUID=uuid, Enabled=True)
    else:
        connect(jobs)
    assert (handler.bodies, left("jobs")) == ([["bad"], ["bad"]], (0, 0))


@pytest.mark.destmock(autorun=False)
@pytest.mark.parametrize("way", ["waits", "gives it back"])
def test_a_message_that_the_test_has_received_comes_to_the_mapping_later(
    destmock, handler, jobs, connect, send, sqs, way
):
    connect(jobs)
    send("a")
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    destmock.run_until_idle()
    assert handler.batches == []
    if way == "waits":
        destmock.advance(30)
    else:
        sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
        )
        destmock.run_until_idle()
    assert handler.bodies == [["a"]]


@pytest.mark.destmock(autorun=False)
def test_a_mapping_that_would_find_nothing_is_not_pending(destmock, handler, jobs, connect, send, sqs):
    connect(jobs)
    send("a")
    sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName="jobs")["QueueUrl"])
    assert list(destmock.pending) == []


def test_a_function_may_delete_its_own_queue(destmock, jobs, connect, send, sqs):
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    destmock.handler("work", lambda event, context: sqs.delete_queue(QueueUrl=url) and None)
    connect(jobs)
    send("a")
    assert "QueueUrls" not in sqs.list_queues()


def test_a_fifo_queue_takes_a_message_once_in_five_minutes(destmock, handler, make_queue, connect, sqs):
    connect(make_queue("jobs.fifo", FifoQueue="true", ContentBasedDeduplication="true"))
    url = sqs.get_queue_url(QueueName="jobs.fifo")["QueueUrl"]
    for seconds in (0, 299, 1):
        destmock.advance(seconds)
        sqs.send_message(QueueUrl=url, MessageBody="same", MessageGroupId="g")
    assert handler.bodies == [["same"], ["same"]]
    numbers = [batch[0]["attributes"]["SequenceNumber"] for batch in handler.batches]
    assert [len(number) for number in numbers] == [20, 20]
    assert numbers == sorted(numbers)


def test_a_failing_message_of_a_fifo_queue_holds_up_its_group_only(
    destmock, handler, make_queue, connect, sqs
):
    connect(make_queue("jobs.fifo", FifoQueue="true", ContentBasedDeduplication="true"), BatchSize=1)
    url = sqs.get_queue_url(QueueName="jobs.fifo")["QueueUrl"]
    for group, body in ("a", "bad"), ("a", "second"), ("b", "other"):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group)
    assert handler.bodies == [["bad"], ["other"]]
    handler.failing = ()
    destmock.advance(30)
    assert handler.bodies == [["bad"], ["other"], ["bad"], ["second"]]


def test_an_event_has_room_for_six_megabytes(handler, jobs, connect, sqs):
    uuid = connect(jobs, BatchSize=1000, MaximumBatchingWindowInSeconds=1)
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    for _ in range(30):
        sqs.send_message(QueueUrl=url, MessageBody="x" * 250_000)
    assert uuid
    assert max(len(json.dumps({"Records": batch})) for batch in handler.batches) <= 6_291_456
    assert sum(len(batch) for batch in handler.batches) == 30


def test_two_aliases_of_one_version_can_read_the_same_queue(destmock, jobs, connect, lam):
    destmock.handler("work", Recorder())
    lam.publish_version(FunctionName="work")
    for name in ("blue", "green"):
        lam.create_alias(FunctionName="work", Name=name, FunctionVersion="1")
        connect(jobs, function=f"work:{name}")
    assert len(lam.list_event_source_mappings()["EventSourceMappings"]) == 2


# What AWS refuses, and what is not simulated


def refusal(call, *args, **kwargs):
    with pytest.raises(ClientError) as error:
        call(*args, **kwargs)
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_a_queue_has_to_hide_messages_for_as_long_as_the_function_may_run(destmock, jobs, connect, lam):
    destmock.handler("work", Recorder(), timeout=60)
    assert refusal(connect, jobs) == (
        "InvalidParameterValueException",
        "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds",
    )
    assert lam.list_event_source_mappings()["EventSourceMappings"] == []


def test_a_second_mapping_of_the_same_two_is_refused(handler, jobs, connect):
    uuid = connect(jobs)
    text = (
        f'An event source mapping with SQS arn (" {jobs} ") and function (" work ") already exists. '
        f"Please update or delete the existing mapping with UUID {uuid}"
    )
    assert refusal(connect, jobs) == ("ResourceConflictException", text)


def test_a_queue_s_mapping_has_no_destination(handler, jobs, connect):
    code, message = refusal(connect, jobs, DestinationConfig={"OnFailure": {"Destination": jobs}})
    assert (code, message.split()[0]) == ("InvalidParameterValueException", "Unsupported")


def test_an_unknown_function_or_queue_is_refused(handler, jobs, connect):
    assert refusal(connect, jobs, function="nobody")[0] == "ResourceNotFoundException"
    assert refusal(connect, jobs.replace("jobs", "nothing"))[0] == "ResourceNotFoundException"


def test_tumbling_windows_are_refused(handler, stream, connect):
    with pytest.raises(UnsupportedError, match="TumblingWindowInSeconds"):
        connect(stream, StartingPosition="LATEST", TumblingWindowInSeconds=10)


def test_a_function_that_nothing_can_run_leaves_the_message_in_the_queue(jobs, connect, send, left):
    role = boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    boto3.client("lambda").create_function(
        FunctionName="native", Runtime="nodejs20.x", Role=role, Handler="a.b", Code={"ZipFile": b"x"}
    )
    connect(jobs, function="native")
    with pytest.raises(NoHandlerError, match="native"):
        send("a")
    assert left("jobs") == (1, 0)


# Kinesis


@pytest.fixture
def kinesis(destmock):
    return boto3.client("kinesis")


@pytest.fixture
def stream(kinesis):
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    return f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks"


@pytest.fixture
def click(kinesis):
    def click(*values):
        records = [{"Data": json.dumps(value), "PartitionKey": "p"} for value in values]
        return kinesis.put_records(StreamName="clicks", Records=records)["Records"]

    return click


class StreamRecorder:
    """A handler that keeps the data of each batch, and fails with those it is told to."""

    def __init__(self, *failing):
        self.failing = failing
        self.batches = []
        self.records = []

    def __call__(self, event, context):
        self.records.append(event["Records"])
        data = [json.loads(base64.b64decode(record["kinesis"]["data"])) for record in event["Records"]]
        self.batches.append(data)
        bad = [n for n, value in enumerate(data) if value in self.failing]
        if bad:
            raise ValueError(data[bad[0]])


@pytest.fixture
def clicks(destmock):
    recorder = StreamRecorder("bad")
    destmock.handler("work", recorder)
    return recorder


def test_records_of_a_stream_come_in_kinesis_s_own_event(destmock, clicks, stream, connect, click):
    connect(stream, StartingPosition="TRIM_HORIZON")
    [put] = click({"id": 1})
    assert clicks.records == [
        [
            {
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": "p",
                    "sequenceNumber": put["SequenceNumber"],
                    "data": base64.b64encode(b'{"id": 1}').decode(),
                    "approximateArrivalTimestamp": MS / 1000,
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": f"{put['ShardId']}:{put['SequenceNumber']}",
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": f"arn:aws:iam::{ACCOUNT}:role/work",
                "awsRegion": REGION,
                "eventSourceARN": stream,
            }
        ]
    ]
    assert "(Kinesis stream clicks, " in destmock.timeline()


def test_reading_starts_where_the_mapping_says(destmock, clicks, stream, connect, click):
    later = StreamRecorder()
    destmock.handler("later", later)
    click(1, 2)
    connect(stream, StartingPosition="TRIM_HORIZON")
    connect(stream, function="later", StartingPosition="LATEST")
    click(3)
    assert (clicks.batches, later.batches) == ([[1, 2], [3]], [[3]])


def test_reading_can_start_at_a_time(destmock, clicks, stream, connect, click):
    click(1)
    destmock.advance(60)
    click(2)
    at = START + timedelta(seconds=30)
    connect(stream, StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=at)
    assert clicks.batches == [[2]]


def test_each_shard_is_read_by_itself(destmock, clicks, kinesis, connect):
    kinesis.create_stream(StreamName="wide", ShardCount=4)
    connect(f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/wide", StartingPosition="LATEST")
    records = [{"Data": str(n), "PartitionKey": str(n)} for n in range(20)]
    kinesis.put_records(StreamName="wide", Records=records)
    assert sorted(value for batch in clicks.batches for value in batch) == list(range(20))
    assert all(len({record["eventID"].split(":")[0] for record in batch}) == 1 for batch in clicks.records)


def test_a_failing_batch_is_tried_again_and_then_skipped(destmock, clicks, stream, connect, click):
    connect(stream, StartingPosition="LATEST", MaximumRetryAttempts=2, BatchSize=2)
    click("bad", "good", "next")
    assert clicks.batches == [["bad", "good"]] * 3 + [["next"]]
    assert destmock.now == START + timedelta(seconds=1 + 2)


def test_retries_without_end_wait_for_time_to_be_advanced(destmock, clicks, stream, connect, click):
    connect(stream, StartingPosition="LATEST")
    click("bad")
    assert (len(clicks.batches), list(destmock.pending)) == (1, [])
    destmock.advance(60)
    assert len(clicks.batches) == 6  # after 1, 2, 4, 8 and 16 s
    clicks.failing = ()
    destmock.advance(60)
    assert len(clicks.batches) == 7


def test_a_batch_can_be_halved_to_find_the_bad_record(clicks, stream, connect, click):
    connect(stream, StartingPosition="LATEST", MaximumRetryAttempts=0, BisectBatchOnFunctionError=True)
    click(1, 2, "bad", 4)
    assert clicks.batches == [[1, 2, "bad", 4], [1, 2], ["bad", 4], ["bad"], [4]]


def test_a_report_says_from_which_record_to_go_on(destmock, stream, connect, click):
    batches = []

    def report(event, context):
        numbers = [record["kinesis"]["sequenceNumber"] for record in event["Records"]]
        batches.append(len(numbers))
        return {"batchItemFailures": [{"itemIdentifier": numbers[1]}] if len(batches) == 1 else []}

    destmock.handler("work", report)
    connect(stream, StartingPosition="LATEST", **REPORTS)
    click(1, 2, 3)
    destmock.advance(1)
    assert batches == [3, 2]


def test_records_that_are_too_old_are_skipped(destmock, clicks, stream, connect, click):
    connect(stream, StartingPosition="LATEST", MaximumRecordAgeInSeconds=60)
    click("bad")
    assert destmock.now == START + timedelta(seconds=63)  # tried at 0, 1, 3, 7, 15 and 31 s
    assert len(clicks.batches) == 6


def test_filters_look_into_the_data_of_a_record(clicks, stream, connect, click):
    pattern = json.dumps({"data": {"kind": ["order"]}})
    connect(stream, StartingPosition="LATEST", FilterCriteria={"Filters": [{"Pattern": pattern}]})
    click({"kind": "view"}, {"kind": "order"}, 7)
    assert clicks.batches == [[{"kind": "order"}]]


def test_halving_counts_what_the_filters_let_through(clicks, stream, connect, click):
    pattern = json.dumps({"data": [{"anything-but": "noise"}]})
    connect(
        stream,
        StartingPosition="LATEST",
        MaximumRetryAttempts=0,
        BisectBatchOnFunctionError=True,
        FilterCriteria={"Filters": [{"Pattern": pattern}]},
    )
    click("noise", "noise", "noise", "good", "bad")
    assert clicks.batches == [["good", "bad"], ["good"], ["bad"]]


def test_a_throttled_function_gets_the_records_when_it_is_let(destmock, clicks, stream, connect, click, lam):
    connect(stream, StartingPosition="LATEST", MaximumRetryAttempts=2)
    lam.put_function_concurrency(FunctionName="work", ReservedConcurrentExecutions=0)
    click(1)
    destmock.advance(600)
    assert clicks.batches == []
    lam.delete_function_concurrency(FunctionName="work")
    destmock.advance(60)
    assert clicks.batches == [[1]]


def test_what_was_read_before_a_resharding_is_not_read_again(clicks, kinesis, connect):
    kinesis.create_stream(StreamName="wide", ShardCount=2)
    connect(f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/wide", StartingPosition="LATEST")
    records = [{"Data": str(n), "PartitionKey": str(n)} for n in range(6)]
    kinesis.put_records(StreamName="wide", Records=records)
    kinesis.update_shard_count(StreamName="wide", TargetShardCount=1, ScalingType="UNIFORM_SCALING")
    kinesis.put_record(StreamName="wide", Data="6", PartitionKey="6")
    assert sorted(value for batch in clicks.batches for value in batch) == list(range(7))


def test_a_stream_that_is_made_anew_is_read_from_its_beginning(clicks, stream, connect, click, kinesis):
    connect(stream, StartingPosition="LATEST")
    click(1, 2)
    kinesis.delete_stream(StreamName="clicks")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    click(3)
    assert clicks.batches == [[1, 2], [3]]


@pytest.mark.parametrize("kind", ["queue", "topic"])
def test_a_stream_s_mapping_tells_its_on_failure_destination_where_the_records_are(
    destmock, sns, clicks, stream, connect, click, make_queue, records, kind
):
    destination = queue = make_queue("failed")
    if kind == "topic":
        destination = sns.create_topic(Name="failures")["TopicArn"]
        sns.subscribe(TopicArn=destination, Protocol="sqs", Endpoint=queue)
    connect(
        stream,
        StartingPosition="LATEST",
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": destination}},
    )
    put = click("bad", 2)
    [told] = records("failed")
    told = json.loads(told["Message"]) if kind == "topic" else told
    assert told["requestContext"].pop("requestId")
    assert told == {
        "requestContext": {
            "functionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:work",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 2,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        "timestamp": "2026-01-01T00:00:01.000Z",
        "KinesisBatchInfo": {
            "shardId": put[0]["ShardId"],
            "startSequenceNumber": put[0]["SequenceNumber"],
            "endSequenceNumber": put[1]["SequenceNumber"],
            "approximateArrivalOfFirstRecord": "2026-01-01T00:00:00.000Z",
            "approximateArrivalOfLastRecord": "2026-01-01T00:00:00.000Z",
            "batchSize": 2,
            "streamArn": stream,
        },
    }


def test_a_bucket_as_a_stream_s_on_failure_destination_is_refused(clicks, stream, connect):
    with pytest.raises(UnsupportedError, match="arn:aws:s3:::b"):
        connect(
            stream,
            StartingPosition="LATEST",
            DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::b"}},
        )


# DynamoDB


@pytest.fixture
def dynamodb(destmock):
    return boto3.client("dynamodb")


@pytest.fixture
def table_stream(dynamodb):
    table = dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return table["TableDescription"]["LatestStreamArn"]


@pytest.fixture
def changes(destmock):
    found = []
    destmock.handler("work", lambda event, context: found.extend(event["Records"]))
    return found


def test_each_change_of_a_table_comes_in_dynamodb_s_own_event(
    destmock, dynamodb, table_stream, changes, connect
):
    connect(table_stream, StartingPosition="LATEST")
    item = {"id": {"S": "7"}}
    dynamodb.put_item(TableName="orders", Item=item)
    dynamodb.put_item(TableName="orders", Item={**item, "state": {"S": "paid"}})
    dynamodb.delete_item(TableName="orders", Key=item)
    assert [record["eventName"] for record in changes] == ["INSERT", "MODIFY", "REMOVE"]
    change = changes[1]["dynamodb"]
    assert (change["Keys"], change["OldImage"]) == (item, item)
    assert change["NewImage"] == {**item, "state": {"S": "paid"}}
    assert change["ApproximateCreationDateTime"] == MS / 1000
    assert (changes[1]["eventSourceARN"], changes[1]["awsRegion"]) == (table_stream, REGION)
    assert (changes[1]["eventVersion"], changes[1]["eventSource"]) == ("1.1", "aws:dynamodb")
    assert "(DynamoDB table orders, " in destmock.timeline()


def test_two_functions_read_the_same_table(destmock, dynamodb, table_stream, changes, connect):
    second = []
    destmock.handler("second", lambda event, context: second.extend(event["Records"]))
    connect(table_stream, StartingPosition="LATEST")
    pattern = json.dumps({"eventName": ["REMOVE"]})
    connect(
        table_stream,
        function="second",
        StartingPosition="LATEST",
        FilterCriteria={"Filters": [{"Pattern": pattern}]},
    )
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "7"}})
    dynamodb.delete_item(TableName="orders", Key={"id": {"S": "7"}})
    assert [record["eventName"] for record in changes] == ["INSERT", "REMOVE"]
    assert [record["eventName"] for record in second] == ["REMOVE"]


def test_a_failing_change_is_tried_again(destmock, dynamodb, table_stream, connect):
    destmock.handler("work", outcomes(ValueError("x"), None))
    connect(table_stream, StartingPosition="LATEST", MaximumRetryAttempts=3)
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "7"}})
    assert destmock.timeline().count("invoked synchronously") == 2


def test_what_one_mapping_has_read_is_there_for_another(destmock, dynamodb, table_stream, changes, connect):
    late = []
    destmock.handler("late", lambda event, context: late.extend(event["Records"]))
    connect(table_stream, StartingPosition="LATEST")
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "7"}})
    connect(table_stream, function="late", StartingPosition="TRIM_HORIZON")
    assert late == changes


def test_binary_attributes_of_a_table_are_in_base64(dynamodb, table_stream, changes, connect):
    connect(table_stream, StartingPosition="LATEST")
    item = {"id": {"S": "7"}, "raw": {"B": b"\x00\xff"}, "all": {"BS": [b"a", b"b"]}}
    dynamodb.put_item(TableName="orders", Item={**item, "in": {"M": {"raw": {"B": b"x"}}}})
    image = changes[0]["dynamodb"]["NewImage"]
    assert image["raw"] == {"B": "AP8="}
    assert image["all"] == {"BS": ["YQ==", "Yg=="]}
    assert image["in"] == {"M": {"raw": {"B": "eA=="}}}
