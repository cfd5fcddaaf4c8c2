"""Durable functions: `python -m pytest -n0 tests/benchmarks/bench_durable.py`."""

import boto3
import pytest

from destmock import mock_destinations

pytest.importorskip("aws_durable_execution_sdk_python", reason="pip install 'destmock[durable]'")
from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python.config import Duration

WAITS = 10


@durable_execution
def patient(_event, context):
    for _ in range(WAITS):
        context.wait(Duration.from_days(1))


def bench_ten_durable_waits(benchmark):
    """Each wait ends the invocation; the next one begins a day later, from the beginning of the handler."""
    with mock_destinations() as destmock:
        destmock.handler("patient", patient, durable_config={"ExecutionTimeout": 30 * 86400})
        lam = boto3.client("lambda", "us-east-1")
        benchmark(lam.invoke, FunctionName="patient:$LATEST", InvocationType="Event", Payload=b"{}")
        assert {len(run.attempts) for run in destmock.invocations} == {WAITS + 1}
