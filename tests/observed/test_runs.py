"""`destmock.runs`: every run of a handler, whoever invoked it."""

import time
from datetime import datetime, timedelta, timezone

import boto3
import pytest

from destmock import outcomes

START = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


@pytest.mark.destmock(start=START)
def test_attempts_synchronous_runs_and_batches_are_runs(destmock, lam, sqs, make_queue):
    destmock.handler("failing", outcomes(ValueError("no")))
    destmock.handler(
        "outer", lambda event, context: boto3.client("lambda").invoke(FunctionName="inner") and 1
    )
    destmock.handler("inner", lambda event, context: time.sleep(2) or print("inside"))
    destmock.handler("worker", lambda event, context: [record["body"] for record in event["Records"]])
    lam.invoke(FunctionName="failing", InvocationType="Event", Payload=b'{"n": 1}')
    lam.invoke(FunctionName="outer")
    queue = make_queue("jobs")
    lam.create_event_source_mapping(EventSourceArn=queue, FunctionName="worker")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="jobs")["QueueUrl"], MessageBody="job")
    runs = destmock.runs
    assert [(run.function_name, run.outcome, run.asynchronous) for run in runs] == [
        ("failing", "Error", True),
        ("failing", "Error", True),
        ("failing", "Error", True),
        ("outer", "Success", False),  # it begins first, at the same moment, and ends last
        ("inner", "Success", False),
        ("worker", "Success", False),
    ]
    assert [run.event for run in runs.for_function("failing")] == [{"n": 1}] * 3
    assert str(runs[0].exception) == "no"
    assert (runs[2].attempt.number, runs[2].started_at) == (3, START + timedelta(minutes=3))
    [inner] = runs.for_function("inner")
    assert inner.ended_at - inner.started_at == timedelta(seconds=2)
    assert "inside" in inner.logs
    [worker] = runs.for_function("worker")
    assert (worker.response, worker.event["Records"][0]["body"]) == (["job"], "job")
    assert "jobs" in worker.source
    assert repr(inner) == "<Run of inner at 12:03:00 by Invoke: Success>"


def test_a_function_that_had_gone_has_no_run(destmock, lam):
    destmock.handler("failing", outcomes(ValueError("no")))
    destmock.handler("other", lambda event, context: lam.delete_function(FunctionName="failing"))
    lam.invoke(FunctionName="failing", InvocationType="Event")
    assert len(destmock.runs) == 3
    assert destmock.runs.total == 3


@pytest.mark.destmock(history=2)
def test_with_a_history_the_newest_are_kept(destmock, lam):
    destmock.handler("orders", lambda event, context: event)
    for number in range(5):
        lam.invoke(FunctionName="orders", InvocationType="Event", Payload=str(number).encode())
    assert [run.event for run in destmock.runs] == [3, 4]
