"""A mapping of a queue: a function runs synchronously with what it reads there."""

import json
from datetime import timedelta

import boto3
import pytest

from destmock import InvocationLoopError, NoHandlerError, outcomes
from tests.services.places import ACCOUNT, MS, REGION, REPORTS, START

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
    assert (handler.bodies, left("jobs")) == ([["bad"]], (0, 1))
    assert [one.background for one in destmock.pending] == [True]
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


def test_R6_a_filter_of_fields_lets_no_text_through(handler, jobs, connect, send, left):
    pattern = json.dumps({"body": {"kind": [{"exists": False}]}})
    connect(jobs, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    send('{"kind": "order"}', "text", '{"total": 3}')
    assert handler.bodies == [['{"total": 3}']]
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


def test_a_function_that_nothing_can_run_leaves_the_message_in_the_queue(jobs, connect, send, left):
    role = boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    boto3.client("lambda").create_function(
        FunctionName="native", Runtime="nodejs20.x", Role=role, Handler="a.b", Code={"ZipFile": b"x"}
    )
    connect(jobs, function="native")
    with pytest.raises(NoHandlerError, match="native"):
        send("a")
    assert left("jobs") == (1, 0)
