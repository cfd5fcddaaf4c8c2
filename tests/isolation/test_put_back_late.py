"""A test may replace in its mock what the mock has replaced, and undo that only when the mock has ended.

A fixture does so, such as `monkeypatch` for a test that is decorated: the mock's own comes back.
"""

import io
import json
import time
import uuid
import zipfile

import boto3
import pytest
from moto import mock_aws
from moto.sqs.models import Message, Queue

from destmock import mock_destinations
from destmock._isolation import patching
from tests.isolation.test_patching import Owner

#: The role of the functions and of the scheduler.
ROLE = "arn:aws:iam::123456789012:role/role"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:orders"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


def clients(*services):
    keys = {"aws_access_key_id": "AKIA", "aws_secret_access_key": "secret"}
    session = boto3.Session(region_name="us-east-1", **keys)
    return [session.client(service) for service in services]


def of_queues_and_topics():
    sqs, sns = clients("sqs", "sns")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    topic = sns.create_topic(Name="topic")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE, Attributes={"RawMessageDelivery": "true"})
    sqs.send_message(QueueUrl=url, MessageBody="one")
    sns.publish(TopicArn=topic, Message="two")
    sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[{"Id": "1", "Message": "three"}])
    read = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=read[0]["ReceiptHandle"], VisibilityTimeout=0)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=read[1]["ReceiptHandle"])
    yield sorted(message["Body"] for message in read)
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    yield {name: value for name, value in attributes.items() if not name.endswith("Timestamp")}
    sqs.purge_queue(QueueUrl=url)
    yield sqs.receive_message(QueueUrl=url).get("Messages")


def of_buckets_and_tables():
    s3, dynamodb = clients("s3", "dynamodb")
    s3.create_bucket(Bucket="bucket")
    to_queue = [{"QueueArn": QUEUE, "Events": ["s3:ObjectCreated:*"]}]
    s3.put_bucket_notification_configuration(
        Bucket="bucket", NotificationConfiguration={"QueueConfigurations": to_queue}
    )
    s3.put_object(Bucket="bucket", Key="key", Body=b"1")
    s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/key")
    s3.delete_object(Bucket="bucket", Key="key")
    yield s3.get_object(Bucket="bucket", Key="copy")["Body"].read()
    dynamodb.create_table(
        TableName="table",
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    dynamodb.put_item(TableName="table", Item={"key": {"S": "1"}})
    dynamodb.transact_write_items(
        TransactItems=[{"Put": {"TableName": "table", "Item": {"key": {"S": "2"}}}}]
    )
    dynamodb.delete_item(TableName="table", Key={"key": {"S": "1"}})
    yield dynamodb.scan(TableName="table")["Items"]


def of_functions_and_events():
    names = ("iam", "lambda", "sqs", "events", "scheduler", "kinesis", "sts")
    iam, lam, sqs, events, scheduler, kinesis, sts = clients(*names)
    iam.create_role(RoleName="role", AssumeRolePolicyDocument=json.dumps(TRUST))
    with zipfile.ZipFile(package := io.BytesIO(), "w") as code:
        code.writestr("app.py", "def handle(event, context): return 1")
    yield lam.create_function(
        FunctionName="orders",
        Runtime="python3.12",
        Role=ROLE,
        Handler="app.handle",
        Code={"ZipFile": package.getvalue()},
    )["Handler"]
    sqs.create_queue(QueueName="mapped")  # moto would run the function in Docker for a message
    mapping = lam.create_event_source_mapping(
        EventSourceArn="arn:aws:sqs:us-east-1:123456789012:mapped", FunctionName="orders"
    )
    yield mapping["BatchSize"], mapping["FunctionArn"]
    lam.delete_event_source_mapping(UUID=mapping["UUID"])
    events.put_rule(Name="rule", EventPattern='{"source": ["shop"]}')
    yield events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": QUEUE}])["FailedEntryCount"]
    entry = {"Source": "shop", "DetailType": "ordered", "Detail": "{}"}
    yield events.put_events(Entries=[entry])["FailedEntryCount"]
    yield scheduler.create_schedule(
        Name="schedule",
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": QUEUE, "RoleArn": ROLE},
    )["ScheduleArn"]
    kinesis.create_stream(StreamName="stream", ShardCount=1)
    yield kinesis.put_record(StreamName="stream", Data=b"1", PartitionKey="1")["ShardId"]
    yield sts.get_caller_identity()["Account"]


def of_the_process():
    yield abs(time.time() - time.clock_gettime(time.CLOCK_REALTIME)) < 60
    yield len({uuid.uuid4() for _ in range(3)})
    time.sleep(0.001)


def answers():
    with mock_aws():
        parts = (of_queues_and_topics, of_buckets_and_tables, of_functions_and_events, of_the_process)
        return [answer for part in parts for answer in part()]


@pytest.fixture
def replaced(monkeypatch):
    """Each attribute that a mock replaces, and what takes its place."""
    found = {}

    def noting(owner, name, value):
        found.setdefault((id(owner), name), (owner, name, value))
        setattr(owner, name, value)

    with monkeypatch.context() as changed:
        changed.setattr(patching, "setattr", noting, raising=False)
        with mock_destinations():
            pass
    return [*found.values()]


def test_moto_answers_as_ever_then(replaced, monkeypatch):
    before = answers()
    for owner, name, made in replaced:
        monkeypatch.setattr(owner, name, made, raising=False)
    assert {(Queue, "add_message"), (Message, "visible")} <= {(owner, name) for owner, name, _ in replaced}
    assert answers() == before
    with mock_destinations({"orders": lambda event, context: event}):
        [lam] = clients("lambda")
        assert lam.invoke(FunctionName="orders", Payload="1")["Payload"].read() == b"1"
    assert answers() == before


def told(real):
    return lambda *given: f"mocked {real(*given)}"


def test_what_steps_aside_does_what_it_replaced(monkeypatch):
    real = property(lambda owner: owner.own(), lambda owner, value: vars(owner).update(kept=value))
    monkeypatch.setattr(Owner, "shown", real, raising=False)
    shared = patching.Shared(
        [
            *(patching.Patch(Owner, name, told) for name in ("own", "inherited")),
            patching.Patch(Owner, "shown", lambda shown: property(told(shown.fget), shown.fset)),
        ],
        steps_aside=True,
    )
    with shared.made():
        made = {name: vars(Owner)[name] for name in ("own", "inherited", "shown")}
        assert (Owner().own(), Owner().inherited()) == ("mocked own", "mocked base")
        assert Owner().shown == "mocked mocked own"
    for name, each in made.items():
        monkeypatch.setattr(Owner, name, each)
    owner = Owner()
    assert (owner.own(), owner.inherited(), owner.shown) == ("own", "base", "own")
    owner.shown = 1
    assert owner.kept == 1
    with pytest.raises(AttributeError):
        del owner.shown
    with shared.made():
        assert Owner().own() == "mocked own"
