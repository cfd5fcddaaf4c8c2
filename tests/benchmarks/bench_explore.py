"""Explorations: `python -m pytest -n0 tests/benchmarks/bench_explore.py`."""

import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import boto3
import pytest

from destmock import explore

RUNS = 100


def charge(event, _context):
    """One function with two AWS calls, with clients of its own each time."""
    boto3.client("dynamodb", "us-east-1").put_item(
        TableName="charges", Item={"id": {"S": "1"}, "amount": {"N": "40"}}
    )
    boto3.client("sqs", "us-east-1").send_message(QueueUrl=event["queue"], MessageBody="charged")


def scenario(destmock):
    db, lam = boto3.client("dynamodb", "us-east-1"), boto3.client("lambda", "us-east-1")
    db.create_table(
        TableName="charges",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    url = boto3.client("sqs", "us-east-1").create_queue(QueueName="charged")["QueueUrl"]
    lam.invoke(FunctionName="charge", InvocationType="Event", Payload=json.dumps({"queue": url}))
    assert len(destmock.invocations) in (1, 2)


def explored(executor=None):
    found = explore.report(
        scenario, handlers={"charge": charge}, faults=2, limit=RUNS, executor=executor, strict=False
    )
    assert (found.tried, found.failures) == (RUNS, ())


def bench_hundred_explored_runs(benchmark):
    benchmark.pedantic(explored, rounds=2, warmup_rounds=1)


@pytest.mark.parametrize("workers", [1, 2])
def bench_hundred_explored_runs_by_workers(benchmark, workers):
    """The processes are new each time: their start is part of it."""
    benchmark.pedantic(explored, [partial(ProcessPoolExecutor, workers)], rounds=2)
