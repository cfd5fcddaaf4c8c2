"""Executions that are paused, resumed and deleted; botocore knows these calls from 1.44 on."""

import time
from datetime import datetime, timedelta, timezone

import boto3
import botocore
import pytest

from tests.durable.protocol import CONFIG, durable, got, history, kinds, start, update

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
pytestmark = [
    pytest.mark.skipif(
        tuple(map(int, botocore.__version__.split(".")[:2])) < (1, 44),
        reason="this botocore does not know PauseDurableExecution",
    ),
    pytest.mark.destmock(start=START, autorun=False),
]


def two_waits(run):
    return "done" if run.wait(60, "first") and run.wait(60, "second") else None


def test_an_execution_that_waits_is_paused_at_once(destmock, lam):
    """Its wait goes on, and the invocation after it comes when the execution is resumed."""
    destmock.handler("orders", durable(two_waits), durable_config=CONFIG)
    arn = start(lam)
    destmock.advance(10)
    lam.pause_durable_execution(DurableExecutionArn=arn, Reason="an outage")
    assert got(lam, arn)["Status"] == "PAUSED"
    assert got(lam, arn)["PauseDetails"] == {
        "PauseRequestTimestamp": START + timedelta(seconds=10),
        "Reason": "an outage",
        "ExecutionTimeoutPaused": True,
    }
    destmock.advance(500)
    assert kinds(lam, arn)[-2:] == ["ExecutionPaused", "WaitSucceeded"]
    lam.resume_durable_execution(DurableExecutionArn=arn, Reason="over")
    destmock.run_until_idle()
    assert got(lam, arn)["Status"] == "SUCCEEDED"
    assert destmock.now == START + timedelta(seconds=510 + 60)
    [paused] = [event for event in history(lam, arn) if event["EventType"] == "ExecutionPaused"]
    assert paused["ExecutionPausedDetails"]["Reason"] == {"Truncated": True}


def test_an_invocation_that_runs_stops_at_its_next_checkpoint(destmock, lam):
    statuses = []

    def body(run):
        if run.status("pay") is None:
            boto3.client("lambda").pause_durable_execution(DurableExecutionArn=run.arn)
            statuses.append(got(lam, run.arn)["Status"])
            time.sleep(5)
            answer = run.checkpoint(update("pay", "STEP", "SUCCEED"))
            assert "CheckpointToken" not in answer
            statuses.append(got(lam, run.arn)["Status"])
            return None
        return "done"

    destmock.handler("orders", durable(body), durable_config=CONFIG, timeout=60)
    arn = start(lam)
    destmock.run_until_idle()
    assert statuses == ["PAUSING", "PAUSED"]
    assert got(lam, arn)["Status"] == "PAUSED"
    lam.resume_durable_execution(DurableExecutionArn=arn)
    destmock.run_until_idle()
    assert got(lam, arn)["Status"] == "SUCCEEDED"


@pytest.mark.parametrize(("with_timeout", "after"), [(True, 300), (False, 100)])
def test_a_pause_may_extend_the_timeout(destmock, lam, with_timeout, after):
    def body(run):
        return run.callback() and None

    destmock.handler("orders", durable(body), durable_config={"ExecutionTimeout": 100})
    arn = start(lam)
    destmock.advance(10)
    lam.pause_durable_execution(DurableExecutionArn=arn, ExecutionTimeoutPaused=with_timeout)
    destmock.advance(200)
    if with_timeout:
        lam.resume_durable_execution(DurableExecutionArn=arn)
        assert got(lam, arn)["ExpectedExecutionTimeoutTimestamp"] == START + timedelta(seconds=after)
    destmock.advance(200)
    found = got(lam, arn)
    assert (found["Status"], found["EndTimestamp"]) == ("TIMED_OUT", START + timedelta(seconds=after))


def test_what_can_t_be_paused_or_resumed_is_a_conflict(destmock, lam):
    destmock.handler("orders", durable(two_waits), durable_config=CONFIG)
    arn = start(lam)
    destmock.advance(10)
    conflict = lam.exceptions.ResourceConflictException
    with pytest.raises(conflict, match="can't be resumed: its status is RUNNING"):
        lam.resume_durable_execution(DurableExecutionArn=arn)
    lam.pause_durable_execution(DurableExecutionArn=arn, ClientToken="one")
    lam.pause_durable_execution(DurableExecutionArn=arn, ClientToken="one")
    with pytest.raises(conflict, match="can't be paused: its status is PAUSED"):
        lam.pause_durable_execution(DurableExecutionArn=arn)
    with pytest.raises(conflict, match="can't be deleted before it has ended"):
        lam.delete_durable_execution(DurableExecutionArn=arn)
    lam.stop_durable_execution(DurableExecutionArn=arn)
    with pytest.raises(conflict, match="its status is STOPPED"):
        lam.pause_durable_execution(DurableExecutionArn=arn)


def test_a_deleted_execution_is_gone_and_its_name_is_free(destmock, lam):
    destmock.handler("orders", durable(lambda run: "done"), durable_config=CONFIG)
    arn = start(lam, DurableExecutionName="order-7")
    destmock.run_until_idle()
    assert lam.delete_durable_execution(DurableExecutionArn=arn)["DeletionRequestTimestamp"] == START
    with pytest.raises(lam.exceptions.ResourceNotFoundException):
        got(lam, arn)
    assert start(lam, DurableExecutionName="order-7") != arn
    destmock.run_until_idle()
