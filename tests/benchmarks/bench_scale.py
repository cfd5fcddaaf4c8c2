"""What one more event costs after very many: `python -m pytest -n0 tests/benchmarks/bench_scale.py`."""

import boto3
import pytest

from destmock import mock_destinations

QUEUE = "arn:aws:sqs:us-east-1:123456789012:records"


def ok(event, context):
    return {"ok": True}


def send(lam, times=1):
    for _ in range(times):
        lam.invoke(FunctionName="ok", InvocationType="Event", Payload=b'{"id": 7}')


@pytest.mark.parametrize("history", [None, 100])
@pytest.mark.parametrize("number", [100, 10_000, 100_000])
def bench_event_into_queue_after(benchmark, number, history):
    """Every record is still in the queue."""
    with mock_destinations(handlers={"ok": ok}, history=history) as destmock:
        boto3.client("sqs").create_queue(QueueName="records")
        lam = boto3.client("lambda")
        config = {"OnSuccess": {"Destination": QUEUE}}
        lam.put_function_event_invoke_config(FunctionName="ok", DestinationConfig=config)
        send(lam, number)
        benchmark.pedantic(send, (lam,), rounds=1_000, warmup_rounds=100)
        assert destmock.deliveries.total == number + 1_100


@pytest.mark.parametrize("number", [100, 10_000])
def bench_newest_invocation_of(benchmark, number):
    """A test that asks for it after each event doesn't wait longer and longer."""
    with mock_destinations(handlers={"ok": ok}) as destmock:
        send(boto3.client("lambda"), number)
        benchmark(lambda: destmock.invocations[-1])
