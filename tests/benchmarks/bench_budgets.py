"""The first measurements. Run with `python -m pytest tests/benchmarks/bench_budgets.py`."""

import io

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from moto import mock_aws

from destmock import mock_destinations, outcomes

QUEUE = "arn:aws:sqs:us-east-1:123456789012:records"


def ok(event, context):
    return {"ok": True}


@pytest.fixture
def lam():
    handlers = {"ok": ok, "failing": outcomes(ValueError("no stock"))}
    with mock_destinations(handlers=handlers):
        boto3.client("sqs").create_queue(QueueName="records")
        client = boto3.client("lambda")
        for name in handlers:
            client.put_function_event_invoke_config(
                FunctionName=name,
                DestinationConfig={
                    "OnSuccess": {"Destination": QUEUE},
                    "OnFailure": {"Destination": QUEUE},
                },
            )
        yield client


def bench_unit(benchmark, lam):
    """The unit: a boto3 `invoke` answered by a hook that does nothing."""

    def answer(**_):
        http = AWSResponse("https://lambda", 202, {}, io.BytesIO(b""))
        return http, {"ResponseMetadata": {"HTTPStatusCode": 202}}

    lam.meta.events.register_first("before-call.lambda.Invoke", answer)
    benchmark(lam.invoke, FunctionName="ok", InvocationType="Event", Payload=b"{}")


def bench_synchronous(benchmark, lam):
    benchmark(lam.invoke, FunctionName="ok", Payload=b"{}")


def bench_event_into_queue(benchmark, lam):
    benchmark(lam.invoke, FunctionName="ok", InvocationType="Event", Payload=b"{}")


def bench_three_attempts_and_a_failure_record(benchmark, lam):
    benchmark(lam.invoke, FunctionName="failing", InvocationType="Event", Payload=b"{}")


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
