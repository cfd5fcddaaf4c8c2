"""Rules whose targets are streams, delivery streams and state machines."""

import base64
import json

import boto3
import pytest

from tests.services.places import ACCOUNT, REGION

ROLE = f"arn:aws:iam::{ACCOUNT}:role/events"


@pytest.fixture
def to(events):
    """Has the events of a shop sent to a target."""

    def to(arn, **settings):
        events.put_rule(Name="shop", EventPattern='{"source": ["shop"]}')
        target = {"Id": "1", "Arn": arn, "RoleArn": ROLE, **settings}
        assert events.put_targets(Rule="shop", Targets=[target])["FailedEntryCount"] == 0

    return to


def sell(item="tea"):
    """An event of the shop; returns its id."""
    entry = {"Source": "shop", "DetailType": "sold", "Detail": json.dumps({"item": item})}
    return boto3.client("events").put_events(Entries=[entry])["Entries"][0]["EventId"]


@pytest.mark.parametrize("path", [{}, {"KinesisParameters": {"PartitionKeyPath": "$.detail.item"}}])
def test_an_event_is_a_record_of_a_stream_and_invokes_its_function(destmock, stream, connect, to, path):
    seen = []
    destmock.handler("work", lambda event, context: seen.extend(event["Records"]))
    connect(stream, StartingPosition="LATEST")
    to(stream, **path)
    event_id = sell()
    [record] = seen
    told = json.loads(base64.b64decode(record["kinesis"]["data"]))
    assert (told["id"], told["detail"]) == (event_id, {"item": "tea"})
    assert record["kinesis"]["partitionKey"] == ("tea" if path else event_id)


def test_what_a_handler_puts_on_the_bus_is_no_call_of_its_own_to_the_stream(
    destmock, lam, kinesis, stream, to
):
    to(stream, Input='"sold"')
    destmock.handler("sells", lambda event, context: sell())
    destmock.faults.crash("sells", before="kinesis.PutRecord")
    lam.invoke(FunctionName="sells", InvocationType="Event")
    assert [attempt.outcome for attempt in destmock.invocations[0].attempts] == ["Success"]
    place = {"ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    iterator = kinesis.get_shard_iterator(StreamName="clicks", **place)["ShardIterator"]
    assert [record["Data"] for record in kinesis.get_records(ShardIterator=iterator)["Records"]] == [
        b'"sold"'
    ]


def test_an_event_goes_through_a_delivery_stream_to_its_bucket(s3, to):
    s3.create_bucket(Bucket="sales")
    settings = {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::sales"}
    to(
        boto3.client("firehose").create_delivery_stream(
            DeliveryStreamName="sales", ExtendedS3DestinationConfiguration=settings
        )["DeliveryStreamARN"]
    )
    sell("rum")
    [stored] = s3.list_objects_v2(Bucket="sales")["Contents"]
    body = s3.get_object(Bucket="sales", Key=stored["Key"])["Body"].read()
    assert json.loads(body)["detail"] == {"item": "rum"}


def test_an_event_begins_an_execution_of_a_state_machine(to):
    steps = boto3.client("stepfunctions")
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
    machine = steps.create_state_machine(name="m", definition=definition, roleArn=ROLE)["stateMachineArn"]
    to(machine, InputPath="$.detail")
    event_id = sell()
    [execution] = steps.list_executions(stateMachineArn=machine)["executions"]
    told = steps.describe_execution(executionArn=execution["executionArn"])
    assert json.loads(told["input"]) == {"item": "tea"}
    assert told["name"].startswith(f"{event_id}_")


@pytest.mark.destmock(strict=False)
@pytest.mark.parametrize(
    "kind", ["kinesis:{}:stream/", "firehose:{}:deliverystream/", "states:{}:stateMachine:"]
)
def test_an_event_for_what_is_not_there_goes_to_the_dead_letter_queue(to, make_queue, messages, kind):
    arn = f"arn:aws:{kind.format(f'{REGION}:{ACCOUNT}')}nothing"
    to(arn, DeadLetterConfig={"Arn": make_queue("dead")})
    sell()
    [letter] = messages("dead")
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_RESOURCE"
    assert letter["MessageAttributes"]["TARGET_ARN"]["StringValue"] == arn
