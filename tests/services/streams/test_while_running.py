"""A function that takes its time with a batch: what becomes of the records that come meanwhile."""

import json
import time
from datetime import timedelta

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


@pytest.fixture
def by_key(destmock):
    """When a batch began, and the keys and numbers of its records."""
    found = []

    def work(event, context):
        records = [
            (record["kinesis"]["partitionKey"], record["kinesis"]["data"]) for record in event["Records"]
        ]
        found.append((round(time.time() - START.timestamp()), records))
        time.sleep(10)
        if any(key == "bad" for key, _ in records):
            raise ValueError

    destmock.handler("work", work, timeout=20)
    return found


def put(kinesis, *keys):
    records = [{"Data": bytes([number]), "PartitionKey": key} for number, key in enumerate(keys)]
    kinesis.put_records(StreamName="clicks", Records=records)


def keys_of(batches):
    return sorted((at, *{key for key, _ in records}) for at, records in batches)


def test_partition_keys_have_batches_of_their_own_at_one_time(kinesis, by_key, stream, connect):
    connect(stream, StartingPosition="LATEST", BatchSize=1, ParallelizationFactor=10)
    put(kinesis, "a", "b", "a", "b", "c")
    assert keys_of(by_key) == [(0, "a"), (0, "b"), (0, "c"), (10, "a"), (10, "b")]
    for key in "ab":
        numbers = [data for _, [(name, data)] in by_key if name == key]
        assert numbers == sorted(numbers)


def test_a_key_that_fails_keeps_no_other_one_waiting(kinesis, by_key, stream, connect, make_queue, messages):
    place = make_queue("given-up")
    limits = {"MaximumRetryAttempts": 1, "DestinationConfig": {"OnFailure": {"Destination": place}}}
    connect(stream, StartingPosition="LATEST", BatchSize=1, ParallelizationFactor=10, **limits)
    put(kinesis, "bad", "a", "a")
    assert keys_of(by_key) == [(0, "a"), (0, "bad"), (10, "a"), (11, "bad")]
    [message] = messages("given-up")
    told = json.loads(message["Body"])["KinesisBatchInfo"]
    assert (told["shardId"], told["batchSize"]) == ("shardId-000000000000", 1)


@pytest.mark.parametrize(("before", "after"), [(1, 10), (10, 1), (10, 7)])
def test_another_number_of_parts_loses_no_record(kinesis, lam, by_key, stream, connect, before, after):
    uuid = connect(stream, StartingPosition="LATEST", ParallelizationFactor=before)
    put(kinesis, "a", "b", "c")
    lam.update_event_source_mapping(UUID=uuid, ParallelizationFactor=after)
    put(kinesis, "a", "b", "c")
    found = sorted(record for _, records in by_key for record in records)
    assert [key for key, _ in found] == ["a", "a", "b", "b", "c", "c"]


@pytest.mark.destmock(start=START, autorun=False)
def test_the_changes_of_each_item_of_a_table_stay_in_order(destmock, orders, connect):
    seen = []

    def work(event, context):
        images = [record["dynamodb"]["NewImage"] for record in event["Records"]]
        seen.extend((image["id"]["S"], image["n"]["N"]) for image in images)
        time.sleep(5)

    destmock.handler("work", work, timeout=20)
    connect(orders(), StartingPosition="LATEST", BatchSize=1, ParallelizationFactor=10)
    table = boto3.client("dynamodb")
    for number in range(3):
        for name in "ab":
            table.put_item(TableName="orders", Item={"id": {"S": name}, "n": {"N": str(number)}})
    destmock.run_until_idle()
    assert {key: [n for name, n in seen if name == key] for key in "ab"} == {
        "a": ["0", "1", "2"],
        "b": ["0", "1", "2"],
    }
    assert destmock.now == START + timedelta(seconds=15)
