"""A mapping of a stream: Kinesis and DynamoDB run a function synchronously with what they read."""

import base64
import json
from datetime import timedelta

import pytest

from destmock import UnsupportedError, outcomes
from tests.services.places import ACCOUNT, MS, REGION, REPORTS, START

pytestmark = pytest.mark.destmock(start=START)


# Kinesis


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
    assert len(clicks.batches) == 1
    assert [one.background for one in destmock.pending] == [True]
    destmock.advance(60)
    assert len(clicks.batches) == 6  # after 1, 2, 4, 8 and 16 s
    clicks.failing = ()
    destmock.advance(60)
    assert len(clicks.batches) == 7


def test_a_batch_can_be_halved_to_find_the_bad_record(clicks, stream, connect, click):
    connect(stream, StartingPosition="LATEST", MaximumRetryAttempts=0, BisectBatchOnFunctionError=True)
    click(1, 2, "bad", 4)
    assert clicks.batches == [[1, 2, "bad", 4], [1, 2], ["bad", 4], ["bad"], [4]]


def test_the_halves_of_a_batch_stay_apart(clicks, stream, connect, click):
    connect(stream, StartingPosition="LATEST", MaximumRetryAttempts=0, BisectBatchOnFunctionError=True)
    click(1, 2, "bad", 4, 5, 6, 7, 8)
    halves = [[1, 2, "bad", 4], [1, 2], ["bad", 4], ["bad"], [4], [5, 6, 7, 8]]
    assert clicks.batches == [[1, 2, "bad", 4, 5, 6, 7, 8], *halves]


@pytest.mark.parametrize("bisect", [False, True])
def test_a_batch_is_tried_again_without_what_came_since(destmock, clicks, stream, connect, click, bisect):
    connect(stream, StartingPosition="LATEST", BisectBatchOnFunctionError=bisect)
    click("bad")
    click("later")
    destmock.advance(3)
    assert clicks.batches == [["bad"]] * 3
    clicks.failing = ()
    destmock.advance(4)
    assert clicks.batches == [["bad"]] * 4 + [["later"]]


def test_what_is_left_of_a_batch_is_tried_again_without_what_came_since(destmock, stream, connect, click):
    batches = []

    def report(event, context):
        batches.append([record["kinesis"]["sequenceNumber"] for record in event["Records"]])
        return {"batchItemFailures": [{"itemIdentifier": batches[0][1]}] if len(batches) < 3 else []}

    destmock.handler("work", report)
    connect(stream, StartingPosition="LATEST", **REPORTS)
    click(1, 2, 3)
    click(4)
    destmock.advance(10)
    assert [len(batch) for batch in batches] == [3, 2, 2, 1]


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


def test_a_stream_s_on_failure_destination_of_another_service_is_refused(clicks, stream, connect):
    with pytest.raises(UnsupportedError, match="arn:aws:iam:::b"):
        connect(
            stream,
            StartingPosition="LATEST",
            DestinationConfig={"OnFailure": {"Destination": "arn:aws:iam:::b"}},
        )


# DynamoDB


@pytest.fixture
def table_stream(orders):
    return orders()


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
