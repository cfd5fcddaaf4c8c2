"""What one event, one mock and one client cost: `python -m pytest -n0 tests/benchmarks/bench_budgets.py`."""

import io
import time
from itertools import pairwise

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from moto import mock_aws

from destmock import mock_destinations, outcomes

QUEUE = "arn:aws:sqs:us-east-1:123456789012:records"
CHAIN = [f"step-{number}" for number in range(10)]


def ok(event, context):
    return {"ok": True}


def sleeping(event, context):
    for _ in range(100):
        time.sleep(0.01)


def lambda_arn(name):
    return f"arn:aws:lambda:us-east-1:123456789012:function:{name}"


@pytest.fixture
def lam():
    failing = outcomes(ValueError("no stock"))
    handlers = {
        "ok": ok,
        "sleeping": sleeping,
        "failing": failing,
        "dropped": failing,
        **dict.fromkeys(CHAIN, ok),
    }
    with mock_destinations(handlers=handlers):
        boto3.client("sqs").create_queue(QueueName="records")
        client = boto3.client("lambda")
        destinations = {"ok": QUEUE, "failing": QUEUE, CHAIN[-1]: QUEUE}
        destinations |= {name: lambda_arn(after) for name, after in pairwise(CHAIN)}
        for name, arn in destinations.items():
            config = {"OnSuccess": {"Destination": arn}, "OnFailure": {"Destination": arn}}
            client.put_function_event_invoke_config(FunctionName=name, DestinationConfig=config)
        yield client


def bench_unit(benchmark):
    """The unit: a boto3 `invoke` answered by a hook that does nothing, without any mock."""

    def answer(**_):
        http = AWSResponse("https://lambda", 202, {}, io.BytesIO(b""))
        return http, {"ResponseMetadata": {"HTTPStatusCode": 202}}

    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    lam = boto3.client("lambda", region_name="us-east-1", **keys)
    lam.meta.events.register_first("before-call.lambda.Invoke", answer)
    benchmark(lam.invoke, FunctionName="ok", InvocationType="Event", Payload=b"{}")


def bench_synchronous(benchmark, lam):
    benchmark(lam.invoke, FunctionName="ok", Payload=b"{}")


def bench_hundred_sleeps(benchmark, lam):
    benchmark(lam.invoke, FunctionName="sleeping", Payload=b"{}")


def bench_event_into_queue(benchmark, lam):
    benchmark(lam.invoke, FunctionName="ok", InvocationType="Event", Payload=b"{}")


def bench_three_attempts_and_a_failure_record(benchmark, lam):
    """The default retries: after one minute, and after two more."""
    benchmark(lam.invoke, FunctionName="failing", InvocationType="Event", Payload=b"{}")


def bench_three_attempts_and_a_drop(benchmark, lam):
    benchmark(lam.invoke, FunctionName="dropped", InvocationType="Event", Payload=b"{}")


def bench_chain_of_ten(benchmark, lam):
    """Each function is the destination of the one before; the last one's record goes to the queue."""
    benchmark(lam.invoke, FunctionName=CHAIN[0], InvocationType="Event", Payload=b"{}")


def bench_mock_aws(benchmark):
    def use():
        with mock_aws():
            pass

    benchmark(use)


def bench_start_stop(benchmark):
    def use():
        with mock_destinations(handlers={"ok": ok}):
            pass

    benchmark(use)


@pytest.mark.parametrize("mock", [mock_aws, mock_destinations])
def bench_first_client(benchmark, mock, monkeypatch):
    """In a test of its own each time; moto's own mock has botocore read its JSON models again."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    active = []

    def start():
        active.append(mock())
        active[-1].start()

    def stop(*_):
        active.pop().stop()

    benchmark.pedantic(boto3.client, ("lambda",), setup=start, teardown=stop, rounds=20)
