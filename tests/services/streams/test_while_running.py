"""A function that takes its time with a batch: what becomes of the records that come meanwhile."""

import time

import boto3
import pytest

from tests.services.places import START

pytestmark = pytest.mark.destmock(start=START)


@pytest.fixture
def batches(destmock):
    """The second in which each batch began, its shard, and how many records it had."""
    found = []

    def work(event, context):
        shard = event["Records"][0]["eventID"].partition(":")[0][-1]
        found.append((round(time.time() - START.timestamp()), shard, len(event["Records"])))
        time.sleep(10)

    destmock.handler("work", work, timeout=20)
    return found


def test_records_that_come_meanwhile_wait_for_the_end_of_the_batch(destmock, lam, batches, stream, connect):
    def produce(event, context):
        for _ in range(4):
            boto3.client("kinesis").put_record(StreamName="clicks", Data=b"1", PartitionKey="p")
            time.sleep(3)

    destmock.handler("produce", produce, timeout=60)
    connect(stream, StartingPosition="LATEST", BatchSize=2)
    lam.invoke(FunctionName="produce", InvocationType="Event")
    assert batches == [(0, "0", 1), (10, "0", 2), (20, "0", 1)]


def test_each_shard_has_a_batch_of_its_own(kinesis, batches, connect):
    kinesis.create_stream(StreamName="wide", ShardCount=3)
    arn = kinesis.describe_stream(StreamName="wide")["StreamDescription"]["StreamARN"]
    connect(arn, StartingPosition="LATEST", BatchSize=2)
    step = 2**128 // 3
    records = [
        {"Data": b"1", "PartitionKey": "p", "ExplicitHashKey": str(shard * step + 1)}
        for shard in (0, 0, 0, 1, 2)
    ]
    kinesis.put_records(StreamName="wide", Records=records)
    assert sorted(batches) == [(0, "0", 2), (0, "1", 1), (0, "2", 1), (10, "0", 1)]


def test_a_table_s_changes_wait_for_the_end_of_the_batch(destmock, lam, orders, connect):
    seen = []

    def work(event, context):
        seen.append([record["dynamodb"]["Keys"]["id"]["S"] for record in event["Records"]])
        time.sleep(10)

    def produce(event, context):
        for name in "abc":
            boto3.client("dynamodb").put_item(TableName="orders", Item={"id": {"S": name}})
            time.sleep(3)

    destmock.handler("work", work, timeout=20)
    destmock.handler("produce", produce, timeout=60)
    connect(orders(), StartingPosition="LATEST")
    lam.invoke(FunctionName="produce", InvocationType="Event")
    assert seen == [["a"], ["b", "c"]]
