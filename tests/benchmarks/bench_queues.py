"""Queues and topics through boto3: `python -m pytest -n0 tests/benchmarks/bench_queues.py`."""

import boto3
import pytest

from destmock import mock_destinations

ARN = "arn:aws:sqs:us-east-1:123456789012:"


def ok(event, context):
    return {"ok": True}


@pytest.fixture
def sqs():
    with mock_destinations(handlers={"ok": ok}):
        yield boto3.client("sqs")


@pytest.fixture
def queue(sqs):
    return sqs.create_queue(QueueName="records")["QueueUrl"]


@pytest.fixture
def topic(sqs):
    """With two queues that subscribe to it."""
    sns = boto3.client("sns")
    topic = sns.create_topic(Name="records")["TopicArn"]
    for name in "one", "two":
        sqs.create_queue(QueueName=name)
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=ARN + name)
    return topic


def fill(sqs, queue, number):
    """By tens."""
    entries = [{"Id": str(place), "MessageBody": "x" * 500} for place in range(10)]
    for _ in range(number // 10):
        sqs.send_message_batch(QueueUrl=queue, Entries=entries)


def read(sqs, queue, *, delete=False):
    """Everything, by tens."""
    number = 0
    while found := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        number += len(found)
        for message in found if delete else ():
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return number


@pytest.mark.parametrize("held", [10, 1_000])
def bench_send_to_queue_with(benchmark, sqs, queue, held):
    fill(sqs, queue, held)
    benchmark.pedantic(
        sqs.send_message, kwargs={"QueueUrl": queue, "MessageBody": "x" * 500}, rounds=200, warmup_rounds=10
    )


@pytest.mark.parametrize("held", [10, 1_000])
def bench_send_to_fifo_queue_with(benchmark, sqs, held):
    attributes = {"FifoQueue": "true"}
    queue = sqs.create_queue(QueueName="records.fifo", Attributes=attributes)["QueueUrl"]
    names = iter(range(10_000))

    def send():
        name = str(next(names))
        sqs.send_message(QueueUrl=queue, MessageBody="x", MessageGroupId="g", MessageDeduplicationId=name)

    for _ in range(held):
        send()
    benchmark.pedantic(send, rounds=200, warmup_rounds=10)


@pytest.mark.parametrize("number", [500, 2_000])
@pytest.mark.parametrize("delete", [False, True], ids=["keep", "delete"])
def bench_read_by_tens(benchmark, sqs, queue, number, delete):
    def refill():
        sqs.delete_queue(QueueUrl=queue)
        sqs.create_queue(QueueName="records")
        fill(sqs, queue, number)

    assert benchmark.pedantic(read, (sqs, queue), {"delete": delete}, setup=refill, rounds=3) == number


@pytest.mark.parametrize("held", [10, 1_000])
def bench_publish_to_two_queues_with(benchmark, sqs, topic, held):
    for name in "one", "two":
        fill(sqs, sqs.get_queue_url(QueueName=name)["QueueUrl"], held)
    publish = boto3.client("sns").publish
    benchmark.pedantic(
        publish, kwargs={"TopicArn": topic, "Message": "x" * 500}, rounds=200, warmup_rounds=10
    )


def bench_event_into_topic_with_two_queues(benchmark, topic):
    lam = boto3.client("lambda")
    config = {"OnSuccess": {"Destination": topic}}
    lam.put_function_event_invoke_config(FunctionName="ok", DestinationConfig=config)
    benchmark(lam.invoke, FunctionName="ok", InvocationType="Event", Payload=b"{}")
