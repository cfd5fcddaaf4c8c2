"""Loops on the virtual clock are told, and the same program tells the same story."""

import os
import subprocess
import sys

import boto3
import pytest
import time_machine

from destmock import InvocationLoopError, mock_destinations
from destmock._aws.arn import FunctionRef
from destmock._mock import destmock as advancing
from destmock._time import driver
from tests.time.moments import START, later, ok, send

pytestmark = pytest.mark.slow  # tens of thousands of attempts

# Loops


@pytest.fixture
def loop(destmock, lam):
    """Two functions that keep invoking each other, as they may, and one that has no part in it."""
    destmock.handler("ping", lambda _event, _context: send(lam, "pong") and None)
    destmock.handler("pong", lambda _event, _context: send(lam, "ping") and None)
    for name in ("ping", "pong"):
        lam.put_function_recursion_config(FunctionName=name, RecursiveLoop="Allow")
    destmock.handler("audit", ok)


@pytest.mark.destmock(autorun=False, strict=False)
def test_a_loop_is_told_by_name(destmock, lam, loop):
    send(lam, "audit")
    send(lam, "ping")
    with pytest.raises(InvocationLoopError) as caught:
        destmock.run_until_idle(limit=101)
    assert str(caught.value) == (
        "101 attempts have run and still events are queued: ping -> pong keep invoking each other "
        "(or pass a larger limit to run_until_idle)"
    )
    assert len(destmock.invocations) == 102
    assert len(destmock.pending) == 1


@pytest.fixture
def soon(monkeypatch):
    """A loop is told after 1,000 attempts instead of 10,000."""
    for module in (driver, advancing):
        monkeypatch.setattr(module, "LIMIT", 1_000)


@pytest.mark.destmock(strict=False)
def test_with_autorun_the_call_that_began_the_loop_raises(destmock, lam, loop, soon):
    with pytest.raises(InvocationLoopError, match=r"^1000 attempts .*(ping -> pong|pong -> ping)"):
        send(lam, "ping")


@pytest.mark.destmock(autorun=False, strict=False, start=START)
def test_an_advance_ends_in_a_loop_too(destmock, lam, loop, soon):
    """All of it happens at one moment, which the clock never gets past."""
    send(lam, "ping")
    with pytest.raises(InvocationLoopError, match=r"^1000 attempts .*(ping -> pong|pong -> ping)"):
        destmock.advance(1)
    assert destmock.now == START


@pytest.mark.destmock(autorun=False, history=0)
def test_very_many_events_at_one_moment_are_no_loop(destmock, lam, soon):
    destmock.handler("orders", ok)
    orders = FunctionRef("aws", "123456789012", "us-east-1", "orders")
    for _ in range(1_001):
        destmock._simulation.accept(orders, b"{}", source="Invoke")
    destmock.advance(0)
    assert (destmock.invocations.total, len(destmock.pending)) == (1_001, 0)


# The same program, the same story

SOURCE = """
import json, sys
from datetime import datetime
import boto3
from destmock import mock_destinations, outcomes


def fail(event, context):
    raise ValueError("no stock")


def fan_out(event, context):
    client = boto3.client("lambda")
    for name in sorted({"left", "right", "middle"}):
        client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps({"from": name}))
    return {"names": 3}


HANDLERS = {
    "orders": fail,
    "fan-out": fan_out,
    "left": outcomes(ValueError("once"), {"ok": True}),
    "right": fail,
    "middle": outcomes(b"\\x00", 1),
    "audit": outcomes(None),
}


def run(start):
    with mock_destinations(handlers=HANDLERS, start=datetime.fromisoformat(start)) as destmock:
        lam, sqs = boto3.client("lambda"), boto3.client("sqs")
        sqs.create_queue(QueueName="failed")
        queue = "arn:aws:sqs:us-east-1:123456789012:failed"
        audit = "arn:aws:lambda:us-east-1:123456789012:function:audit"
        for name in ("orders", "right", "left", "middle"):
            lam.put_function_event_invoke_config(
                FunctionName=name,
                DestinationConfig={"OnFailure": {"Destination": queue}, "OnSuccess": {"Destination": audit}},
            )
        told = [
            lam.invoke(FunctionName=name, InvocationType=kind, Payload=b"{}")["ResponseMetadata"]
            for name in ("orders", "fan-out")
            for kind in ("Event", "RequestResponse")
        ]
        told += [repr(invocation) + str(invocation.record_body) for invocation in destmock.invocations]
        told += [attempt.logs for invocation in destmock.invocations for attempt in invocation.attempts]
        told += [
            (message["Body"], message["Attributes"]["AWSTraceHeader"], message["Attributes"]["SenderId"])
            for message in sqs.receive_message(
                QueueUrl="failed", MaxNumberOfMessages=10, AttributeNames=["All"]
            )["Messages"]
        ]
        told += [list(map(repr, facts)) for facts in (destmock.deliveries, destmock.drops)]
        return json.dumps([destmock.timeline(), *told], indent=1)


if __name__ == "__main__":
    print(run(sys.argv[1]))
"""


@pytest.fixture
def program(tmp_path):
    """Runs the program in a process of its own."""
    path = tmp_path / "program.py"
    path.write_text(SOURCE)

    def run(start, hash_seed):
        environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
        command = [sys.executable, "-W", "error", str(path), start.isoformat()]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    return run


def in_this_process(start):
    namespace = {"__name__": "program"}
    exec(compile(SOURCE, "program.py", "exec"), namespace)
    return namespace["run"](start.isoformat())


def test_the_same_program_with_the_same_start_tells_the_same_story():
    """Timeline, records, ids, logs and trace headers, byte for byte."""
    told = in_this_process(START)
    assert told == in_this_process(START)
    assert "RetriesExhausted" in told
    assert "deliveryError" in told


def test_another_start_has_other_ids():
    ids = []
    for start in (START, later(0.001)):
        with mock_destinations(handlers={"orders": ok}, start=start) as destmock:
            send(boto3.client("lambda"))
            ids.append(destmock.invocations[0].request_id)
    assert ids[0] != ids[1]


def test_without_a_start_every_run_has_ids_of_its_own():
    ids = []
    with time_machine.travel(START, tick=False):
        for _ in range(2):
            with mock_destinations(handlers={"orders": ok}) as destmock:
                send(boto3.client("lambda"))
                ids.append(destmock.invocations[0].request_id)
    assert ids[0] != ids[1]


def test_the_story_is_the_same_in_every_process(program):
    """Whatever the seed that Python orders its sets by."""
    assert program(START, hash_seed=1) == program(START, hash_seed=2)
