"""What rules, topics and schedules send to nobody: the timeline, the deliveries and drops, the pictures."""

import json
from datetime import datetime, timezone

import boto3
import pytest

from destmock import LeftoverError, mock_destinations
from tests.services.places import ACCOUNT, REGION, START
from tests.services.triggers import ORDERS, notify, put, rule

GONE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:news"
pytestmark = pytest.mark.destmock(start=START)


def redrive(sns, endpoint, protocol, queue=None, **attributes):
    if queue is not None:
        attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": queue})
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint, Attributes=attributes)
    return topic


@pytest.mark.parametrize("arn", [ORDERS, GONE])
def test_a_dead_letter_of_a_rule_s_target_is_seen_everywhere(destmock, events, make_queue, tmp_path, arn):
    dead = make_queue("dead")
    rule(events, {"source": ["shop"]}, {"Arn": arn, "DeadLetterConfig": {"Arn": dead}})
    put(events, {"id": 7})
    [delivery] = destmock.deliveries.to(dead)
    assert (delivery.kind, delivery.error, delivery.dead_letter, delivery.record) == ("sqs", None, True, None)
    sent = delivery.invocation
    assert (sent.source, sent.function_arn, sent.condition) == ("EventBridge rule shop", arn, None)
    assert sent.event["detail"] == json.loads(delivery.body)["detail"] == {"id": 7}
    assert list(destmock.invocations) == list(destmock.drops) == []
    first, last = destmock.timeline().splitlines()
    assert first.endswith(f"nothing invoked: EventBridge rule shop names {arn}, which does not exist")
    assert last == f"  +0.000 s -> dead-letter queue {dead} ({len(delivery.body)} bytes)"
    assert '(["EventBridge rule shop"])' in destmock.diagram()
    assert '-.->|"Dead letter 1"|' in destmock.diagram()
    destmock.report(tmp_path / "report.html")
    assert "Dead letter to SQS queue" in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize(("arn", "protocol"), [(ORDERS, "lambda"), (GONE, "sqs")])
def test_a_dead_letter_of_a_subscription_is_seen_everywhere(destmock, sns, make_queue, arn, protocol):
    dead = make_queue("dead")
    topic = redrive(sns, arn, protocol, dead)
    sns.publish(TopicArn=topic, Message="hello", Subject="greeting")
    [delivery] = destmock.deliveries
    assert (delivery.destination, delivery.error) == (dead, None)
    envelope = json.loads(delivery.body)
    assert (envelope["Message"], envelope["Subject"]) == ("hello", "greeting")
    assert f"nothing invoked: SNS topic news names {arn}, which does not exist\n" in destmock.timeline()


def test_what_a_raw_subscription_could_not_send_is_a_whole_notification_in_the_dead_letter_queue(
    destmock, sns, make_queue
):
    topic = redrive(sns, GONE, "sqs", make_queue("dead"), RawMessageDelivery="true")
    sns.publish(TopicArn=topic, Message="hello")
    [delivery] = destmock.deliveries
    assert delivery.invocation.payload == b"hello"
    assert json.loads(delivery.body)["Message"] == "hello"


@pytest.mark.destmock(handlers={"charge": lambda event, context: event})
def test_a_record_for_a_queue_that_has_gone_is_a_dead_letter_of_the_subscription(
    destmock, lam, sns, make_queue
):
    topic, dead = redrive(sns, GONE, "sqs", make_queue("dead")), make_queue("dead")
    lam.put_function_event_invoke_config(
        FunctionName="charge", DestinationConfig={"OnSuccess": {"Destination": topic}}
    )
    lam.invoke(FunctionName="charge", InvocationType="Event", Payload=b'{"id": 1}')
    assert [one.destination for one in destmock.deliveries] == [dead, topic]


def test_without_a_dead_letter_queue_it_is_dropped(destmock, events, sns, tmp_path):
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS})
    put(events)
    sns.publish(TopicArn=redrive(sns, GONE, "sqs"), Message="hello")
    assert [(drop.function_name, drop.condition, drop.reason) for drop in destmock.drops] == [
        ("orders", None, "no dead-letter queue"),
        (GONE, None, "no dead-letter queue"),
    ]
    assert repr(destmock.drops[0]) == "<Drop orders: no dead-letter queue>"
    assert destmock.timeline().count("  +0.000 s nothing sent: no dead-letter queue") == 2
    destmock.report(tmp_path / "report.html")
    assert (
        "no dead-letter queue (<code>EventBridge rule shop</code>)" in (tmp_path / "report.html").read_text()
    )


def test_a_strict_mock_complains_of_a_dead_letter_queue_that_is_not_there():
    mock = mock_destinations(start=START)
    mock.start()
    events = boto3.client("events")
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS, "DeadLetterConfig": {"Arn": GONE}})
    put(events)
    told = f"EventBridge rule shop, dead letter to {GONE}: the queue {GONE} does not exist"
    with pytest.raises(LeftoverError, match=told):
        mock.stop()


def test_a_bucket_s_notification_to_a_queue_that_has_gone_is_in_the_timeline(destmock, s3, make_queue, sqs):
    jobs = make_queue("jobs")
    s3.create_bucket(Bucket="uploads")
    destmock.handler("orders", lambda event, context: event)
    queue = {"QueueArn": jobs, "Events": ["s3:ObjectCreated:*"]}
    notify(s3, on=["s3:ObjectRemoved:*"], QueueConfigurations=[queue])
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="jobs")["QueueUrl"])
    s3.put_object(Bucket="uploads", Key="a", Body=b"")
    assert f"S3 bucket uploads names {jobs}, which does not exist" in destmock.timeline()
    assert list(destmock.drops) == []


def test_R45_an_input_that_is_no_json_is_a_dead_letter_without_retries(
    destmock, events, make_queue, messages
):
    destmock.handler("orders", lambda event, context: event)
    template = {"InputPathsMap": {"all": "$.detail"}, "InputTemplate": '{"quoted": "<all>"}'}
    retries = {"MaximumRetryAttempts": 5, "MaximumEventAgeInSeconds": 60}
    dead = {"DeadLetterConfig": {"Arn": make_queue("dead")}, "RetryPolicy": retries}
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS, "InputTransformer": template, **dead})
    put(events, {"id": 7})
    [message] = messages("dead")
    attributes = message["MessageAttributes"]
    assert {value["DataType"] for value in attributes.values()} == {"String"}
    assert {name: attributes[name]["StringValue"] for name in attributes} == {
        "RULE_ARN": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/shop",
        "TARGET_ARN": ORDERS,
        "ERROR_CODE": "INVALID_JSON",
        "ERROR_MESSAGE": f"The input of the target {ORDERS} is not valid JSON.",
    }
    assert json.loads(message["Body"])["detail"] == {"id": 7}
    assert f"names {ORDERS}, which would get an input that is no JSON" in destmock.timeline()


def test_R45_a_target_that_is_not_there_is_a_dead_letter_without_retries(
    destmock, events, make_queue, messages
):
    dead = {"DeadLetterConfig": {"Arn": make_queue("dead")}, "RetryPolicy": {"MaximumRetryAttempts": 5}}
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS, **dead})
    put(events)
    [message] = messages("dead")
    assert set(message["MessageAttributes"]) == {"RULE_ARN", "TARGET_ARN", "ERROR_CODE", "ERROR_MESSAGE"}
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_RESOURCE"


def test_a_schedule_that_gives_up_is_seen_with_its_dead_letter(destmock, scheduler, make_queue):
    dead = make_queue("dead")
    scheduler.create_schedule(
        Name="nightly",
        ScheduleExpression="at(2026-01-01T01:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": ORDERS,
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/scheduler",
            "RetryPolicy": {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 3600},
            "DeadLetterConfig": {"Arn": dead},
        },
    )
    destmock.advance(2 * 3600)
    [delivery] = destmock.deliveries
    assert (delivery.destination, delivery.invocation.source) == (dead, "schedule nightly")
    assert delivery.at == datetime(2026, 1, 1, 1, 0, 3, tzinfo=timezone.utc)
    told = f"nothing invoked: schedule nightly names {ORDERS}, which does not exist"
    assert destmock.timeline().count(told) == 2  # the first attempt, and the end


@pytest.mark.destmock(history=1)
def test_dead_letters_are_forgotten_with_what_they_are_of(destmock, events, make_queue):
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS, "DeadLetterConfig": {"Arn": make_queue("dead")}})
    for number in range(3):
        put(events, {"id": number})
    assert [one.invocation.event["detail"] for one in destmock.deliveries] == [{"id": 2}]
    assert destmock.deliveries.total == 3


def fails(event, context):
    raise ValueError("no")


@pytest.mark.destmock(handlers={"work": fails})
def test_records_that_a_mapping_gives_up_are_seen_with_where_their_record_went(
    destmock, kinesis, stream, connect, make_queue, tmp_path
):
    failed = make_queue("failed")
    config = {"OnFailure": {"Destination": failed}}
    connect(stream, StartingPosition="LATEST", MaximumRetryAttempts=1, DestinationConfig=config)
    kinesis.put_records(StreamName="clicks", Records=[{"Data": b"x", "PartitionKey": "p"}] * 2)
    [delivery] = destmock.deliveries.to(failed)
    assert (delivery.error, delivery.dead_letter, delivery.function_name) == (None, False, "work")
    assert delivery.record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert len(delivery.invocation.event["Records"]) == 2
    told = "work gave up 2 records of Kinesis stream clicks: RetryAttemptsExhausted"
    *_, first, last = destmock.timeline().splitlines()
    assert first.endswith(f" {told}")
    assert last == f"  +0.000 s -> {failed} ({len(delivery.body)} bytes)"
    assert '|"RetryAttemptsExhausted 1"|' in destmock.diagram()
    destmock.report(tmp_path / "report.html")
    assert "Gave up" in (tmp_path / "report.html").read_text()


@pytest.mark.destmock(handlers={"work": fails})
def test_records_that_are_given_up_without_a_destination_are_dropped(destmock, kinesis, stream, connect):
    connect(stream, StartingPosition="LATEST", MaximumRetryAttempts=0)
    kinesis.put_record(StreamName="clicks", Data=b"x", PartitionKey="p")
    [drop] = destmock.drops
    assert (drop.function_name, drop.reason) == ("work", "the mapping has no OnFailure destination")
    assert "work gave up 1 record of Kinesis stream clicks: RetryAttemptsExhausted" in destmock.timeline()


@pytest.mark.destmock(handlers={"work": fails}, strict=False)
def test_a_record_of_what_was_given_up_may_not_arrive(destmock, kinesis, stream, connect, make_queue, sqs):
    config = {"OnFailure": {"Destination": make_queue("failed")}}
    connect(stream, StartingPosition="LATEST", MaximumRetryAttempts=0, DestinationConfig=config)
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="failed")["QueueUrl"])
    kinesis.put_record(StreamName="clicks", Data=b"x", PartitionKey="p")
    [delivery] = destmock.deliveries
    assert delivery.error.endswith(":failed does not exist")
