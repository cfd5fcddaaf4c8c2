"""What a stream's mapping tells its OnFailure destination, and how often it has tried before."""

import json

import pytest

from tests.services.places import REPORTS, START
from tests.versions import since_moto

pytestmark = pytest.mark.destmock(start=START)


@pytest.fixture
def failed(make_queue):
    return {"DestinationConfig": {"OnFailure": {"Destination": make_queue("failed")}}}


@pytest.fixture
def click(kinesis):
    def click(*partition_keys):
        records = [{"Data": b"x", "PartitionKey": key} for key in partition_keys]
        return kinesis.put_records(StreamName="clicks", Records=records)["Records"]

    return click


@pytest.fixture
def reporting(destmock):
    """A function that reports the record of the partition key `bad`, and keeps the keys of its batches."""
    batches = []

    @destmock.handler("work")
    def work(event, context):
        records = [record["kinesis"] for record in event["Records"]]
        batches.append([record["partitionKey"] for record in records])
        bad = [record["sequenceNumber"] for record in records if record["partitionKey"] == "bad"]
        return {"batchItemFailures": [{"itemIdentifier": number} for number in bad]}

    return batches


def test_after_a_partial_failure_the_rest_has_all_its_retries(
    reporting, stream, connect, click, failed, records
):
    connect(stream, StartingPosition="LATEST", MaximumRetryAttempts=3, **REPORTS, **failed)
    click("good", "bad", "after")
    assert reporting == [["good", "bad", "after"]] + [["bad", "after"]] * 4
    [told] = records("failed")
    assert told["requestContext"]["approximateInvokeCount"] == 4
    assert told["KinesisBatchInfo"]["batchSize"] == 2


def test_a_first_record_that_fails_is_no_partial_failure(reporting, stream, connect, click, failed, records):
    connect(stream, StartingPosition="LATEST", MaximumRetryAttempts=1, **REPORTS, **failed)
    click("bad", "after")
    assert reporting == [["bad", "after"]] * 2
    [told] = records("failed")
    assert told["requestContext"]["approximateInvokeCount"] == 2


def test_a_partial_failure_halves_no_batch(reporting, stream, connect, click):
    connect(
        stream,
        StartingPosition="LATEST",
        MaximumRetryAttempts=0,
        BisectBatchOnFunctionError=True,
        **REPORTS,
    )
    click("good", "bad", "after", "last")
    assert reporting == [
        ["good", "bad", "after", "last"],
        ["bad", "after", "last"],
        ["bad", "after"],
        ["bad"],
        ["after"],
        ["last"],
    ]


@pytest.mark.parametrize(
    "answer", [{"batchItemFailures": [{"itemIdentifier": "nobody's"}]}, {"batchItemFailures": [{}]}]
)
def test_a_batch_that_its_answer_failed_has_no_function_error(
    destmock, stream, connect, click, failed, records, answer
):
    destmock.handler("work", lambda event, context: answer)
    connect(stream, StartingPosition="LATEST", MaximumRetryAttempts=0, **REPORTS, **failed)
    click("p")
    [told] = records("failed")
    assert told["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": None,
    }


def test_records_that_are_too_old_count_the_run_that_no_longer_took_place(
    destmock, lam, stream, connect, click, failed, records
):
    @destmock.handler("work")
    def work(event, context):
        raise ValueError

    connect(stream, StartingPosition="LATEST", MaximumRecordAgeInSeconds=60, **failed)
    click("p")  # runs at 0, 1, 3, 7, 15 and 31 s
    [told] = records("failed")
    assert "responseContext" not in told
    assert told["requestContext"]["condition"] == "RecordAgeExceeded"
    assert told["requestContext"]["approximateInvokeCount"] == 7


def test_records_that_never_ran_count_one(destmock, lam, stream, connect, click, failed, records):
    destmock.handler("work", lambda event, context: None)
    lam.put_function_concurrency(FunctionName="work", ReservedConcurrentExecutions=0)
    connect(stream, StartingPosition="LATEST", MaximumRecordAgeInSeconds=60, **failed)
    click("p")
    destmock.advance(200)
    [told] = records("failed")
    assert "responseContext" not in told
    assert told["requestContext"]["approximateInvokeCount"] == 1


def test_a_table_s_batch_has_whole_seconds(destmock, connect, failed, records, dynamodb, orders):
    @destmock.handler("work")
    def work(event, context):
        raise ValueError

    arn = orders()
    connect(arn, StartingPosition="LATEST", MaximumRetryAttempts=0, **failed)
    destmock.advance(1.25)
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "7"}})
    [told] = records("failed")
    assert told["DDBStreamBatchInfo"]["approximateArrivalOfFirstRecord"] == "2026-01-01T00:00:01Z"
    assert told["DDBStreamBatchInfo"]["approximateArrivalOfLastRecord"] == "2026-01-01T00:00:01Z"


def test_a_bucket_gets_the_whole_event_below_the_mapping_and_the_shard(
    destmock, s3, stream, connect, click, lam
):
    """https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html"""
    events = []

    @destmock.handler("work")
    def work(event, context):
        events.append(event)
        raise ValueError

    s3.create_bucket(Bucket="failed")
    to_bucket = {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::failed"}}}
    mapping = connect(stream, StartingPosition="LATEST", MaximumRetryAttempts=0, **to_bucket)
    click("p")
    [found] = s3.list_objects_v2(Bucket="failed")["Contents"]
    folder = f"aws/lambda/{mapping}/shardId-000000000000/2026/01/01/2026-01-01T00.00.00-"
    assert found["Key"].startswith(folder)
    told = json.loads(s3.get_object(Bucket="failed", Key=found["Key"])["Body"].read())
    assert told["KinesisBatchInfo"]["batchSize"] == 1
    assert json.loads(told["payload"]) == events[0]
    assert [delivery.error for delivery in destmock.deliveries] == [None]


@pytest.mark.destmock(strict=False)
def test_a_bucket_that_is_not_there_is_a_failed_delivery(destmock, stream, connect, click):
    destmock.handler("work", lambda event, context: 1 / 0)
    to_bucket = {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::gone"}}}
    connect(stream, StartingPosition="LATEST", MaximumRetryAttempts=0, **to_bucket)
    click("p")
    [delivery] = destmock.deliveries
    assert delivery.error == "the bucket gone does not exist"


@since_moto("5.2.0", "counts binaries as base64")
def test_the_size_of_a_change_is_that_of_its_keys_and_images(destmock, connect, dynamodb, orders):
    changes = []
    destmock.handler("work", lambda event, context: changes.extend(event["Records"]))
    arn = orders()
    connect(arn, StartingPosition="LATEST")
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "7"}})
    dynamodb.put_item(
        TableName="orders", Item={"id": {"S": "7"}, "state": {"S": "paid"}, "raw": {"B": b"xyz"}}
    )
    sizes = [change["dynamodb"]["SizeBytes"] for change in changes]
    key = len("id7")
    assert sizes == [2 * key, 3 * key + len("statepaid") + len("rawxyz")]
