"""AWS's SDK for durable functions, on the handler's own thread: the order of things, time, and crashes."""

import asyncio
import json
import os
import queue
import sys
import threading
import time
import warnings
from datetime import datetime, timedelta, timezone
from importlib.util import find_spec

import boto3
import pytest

from destmock import mock_destinations
from destmock._time.wall import real_ns
from tests.durable.protocol import CONFIG, got, history, kinds

if find_spec("aws_durable_execution_sdk_python") is None:
    reason = "aws-durable-execution-sdk-python needs Python 3.11" if sys.version_info < (3, 11) else "no SDK"
    pytest.skip(f"{reason}: pip install 'destmock[durable]'", allow_module_level=True)

from aws_durable_execution_sdk_python import durable_execution, state
from aws_durable_execution_sdk_python.config import (
    CompletionConfig,
    Duration,
    MapConfig,
    StepConfig,
)
from aws_durable_execution_sdk_python.retries import RetryDecision

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
NAME = "sdk:$LATEST"


def serve(destmock, body, *, config=CONFIG, timeout=60):
    destmock.handler("sdk", durable_execution(body), durable_config=config, timeout=timeout)


def run(lam, payload=b"{}", **more):
    answer = lam.invoke(FunctionName=NAME, Payload=payload, **more)
    return json.loads(answer["Payload"].read()), answer["DurableExecutionArn"]


def step_wait_step(child, item, index, _):
    first = child.step(lambda _: item)
    child.wait(Duration.from_seconds(1 + index % 3))
    return child.step(lambda _: 2 * first)


def mapping(event, context):
    return context.map([*range(8)], step_wait_step).get_results()


def test_a_map_of_eight_is_in_the_same_order_each_time():
    seen = set()
    for _ in range(5):
        with mock_destinations(start=START) as destmock:
            serve(destmock, mapping)
            lam = boto3.client("lambda", "us-east-1")
            result, arn = run(lam)
            assert result == [2 * number for number in range(8)]
            seen.add(str(history(lam, arn)))
    assert len(seen) == 1


@pytest.mark.destmock(start=START)
def test_branches_wait_at_the_same_time(destmock, lam):
    def body(event, context):
        return context.map(
            [30, 10, 20], lambda child, item, *_: child.step(lambda _: time.sleep(item) or item)
        ).get_results()

    serve(destmock, body)
    result, arn = run(lam)
    assert result == [30, 10, 20]
    assert destmock.now == START + timedelta(seconds=30)
    ended = [
        event["EventTimestamp"] - START
        for event in history(lam, arn)
        if event["EventType"] == "StepSucceeded"
    ]
    assert ended == [timedelta(seconds=number) for number in (10, 20, 30)]


@pytest.mark.destmock(start=START)
def test_a_branch_that_is_due_goes_on_while_another_one_works(destmock, lam):
    """The invocation goes on: the SDK asks whether the wait is over, and it is."""

    def waits(child):
        child.wait(Duration.from_seconds(5))
        return child.step(lambda _: time.time())

    def works(child):
        return child.step(lambda _: time.sleep(20) or time.time())

    serve(destmock, lambda event, context: context.parallel([waits, works]).get_results())
    result, arn = run(lam)
    begun = START.timestamp()
    assert result == [begun + 5, begun + 20]
    assert kinds(lam, arn).count("InvocationCompleted") == 1


def one_at_a_time():
    free = threading.Semaphore()

    def work(item):
        with free:
            time.sleep(5)
        return item

    return work


def all_together():
    barrier = threading.Barrier(3)
    return lambda item: time.sleep(item) or (barrier.wait(20) >= 0 and item)


def one_sends():
    messages = queue.Queue()
    return lambda item: (
        messages.get(timeout=30) if item < 3 else time.sleep(7) or messages.put(1) or messages.put(2)
    )


def one_tells():
    told = threading.Event()
    return lambda item: told.wait() if item < 3 else time.sleep(7) or told.set()


@pytest.mark.destmock(start=START)
@pytest.mark.parametrize(
    ("how", "results", "seconds"),
    [
        (one_at_a_time, [1, 2, 3], 15),
        (all_together, [1, 2, 3], 3),
        (one_sends, [1, 2, None], 7),
        (one_tells, [True, True, None], 7),
    ],
)
def test_branches_wait_for_each_other(destmock, lam, how, results, seconds):
    work = how()
    serve(
        destmock,
        lambda event, context: context.map(
            [1, 2, 3], lambda child, item, *_: child.step(lambda _: work(item))
        ).get_results(),
    )
    assert run(lam)[0] == results
    assert destmock.now == START + timedelta(seconds=seconds)


@pytest.mark.destmock(start=START)
def test_each_branch_has_an_event_loop_of_its_own(destmock, lam):
    async def answer(item):
        await asyncio.sleep(item)
        return item

    def work(child, item, *_):
        return child.step(lambda _: asyncio.run(answer(item)))

    serve(destmock, lambda event, context: context.map([3, 1, 2], work).get_results())
    result, arn = run(lam)
    assert (result, kinds(lam, arn).count("StepFailed")) == ([3, 1, 2], 0)
    assert destmock.now == START + timedelta(seconds=3)


@pytest.mark.destmock(start=START)
def test_a_branch_s_long_poll_ends_with_what_another_branch_sends(destmock, lam, make_queue):
    make_queue("shipped")

    def work(child, item, *_):
        def step(_):
            sqs = boto3.client("sqs")
            url = sqs.get_queue_url(QueueName="shipped")["QueueUrl"]
            if item == "receive":
                return len(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"])
            time.sleep(7)
            sqs.send_message(QueueUrl=url, MessageBody="7")
            return None

        return child.step(step)

    serve(destmock, lambda event, context: context.map(["receive", "send"], work).get_results())
    assert run(lam)[0] == [1, None]
    assert destmock.now == START + timedelta(seconds=7)


def test_an_update_that_the_sdk_never_sends_times_out_in_virtual_time(destmock, lam):
    """The SDK sends 750 KB at once; what is larger and comes with something else, it keeps."""
    serve(destmock, lambda event, context: len(context.step(lambda _: "x" * 800_000)), timeout=300)
    begun = real_ns()
    result, _ = run(lam)
    assert result == 800_000
    assert real_ns() - begun < 20e9


def test_branches_within_branches(destmock, lam):
    def inner(child, item, *_):
        return child.map([item, item + 1], step_wait_step).get_results()

    serve(destmock, lambda event, context: context.map([10, 20], inner).get_results())
    result, _ = run(lam)
    assert result == [[20, 22], [40, 42]]


def test_those_that_are_not_needed_any_more_stay_started(destmock, lam):
    enough = MapConfig(completion_config=CompletionConfig(min_successful=1))

    def body(event, context):
        found = context.map([*range(5)], lambda child, item, *_: child.step(lambda _: item), config=enough)
        return [item.status.value for item in found.all]

    serve(destmock, body)
    result, _ = run(lam)
    assert result == ["SUCCEEDED", *["STARTED"] * 4]


def test_a_step_meets_the_queues_of_its_account(destmock, lam, make_queue, messages):
    make_queue("shipped")

    def body(event, context):
        def ship(_):
            sqs = boto3.client("sqs")
            url = sqs.get_queue_url(QueueName="shipped")["QueueUrl"]
            sqs.send_message(QueueUrl=url, MessageBody=str(event["order"]))

        context.wait(Duration.from_days(1))
        context.step(ship)

    serve(destmock, body, config={"ExecutionTimeout": 100_000})
    lam.invoke(FunctionName=NAME, InvocationType="Event", Payload=b'{"order": 7}')
    assert [message["Body"] for message in messages("shipped")] == ["7"]


def test_a_step_that_ends_the_process_ends_its_invocation_only(destmock, lam):
    """It runs again, for what it has done is not known; what was waited for before is not lost."""
    runs = []

    def body(event, context):
        first = context.step(lambda _: runs.append("first") or 1)

        def second(_):
            runs.append("second")
            if runs.count("second") == 1:
                os._exit(3)
            return first + 1

        return context.step(second)

    serve(destmock, body)
    result, arn = run(lam)
    assert result == 2
    assert runs == ["first", "second", "second"]
    [crash] = [
        event["InvocationCompletedDetails"]["Error"]["Payload"]["ErrorType"]
        for event in history(lam, arn, IncludeExecutionData=True)
        if "Error" in event.get("InvocationCompletedDetails", {})
    ]
    assert crash == "Runtime.ExitError"


@pytest.mark.slow
@pytest.mark.parametrize("in_branch", [False, True])
def test_a_step_that_hangs_times_out(destmock, lam, caplog, in_branch):
    def hangs(_):
        while True:
            pass

    def body(event, context):
        if in_branch:
            return context.map([1], lambda child, *_: child.step(hangs)).get_results()
        return context.step(hangs)

    serve(destmock, body, config={"ExecutionTimeout": 2}, timeout=1)
    answer = lam.invoke(FunctionName=NAME)
    assert json.loads(answer["Payload"].read()) == {"errorMessage": "Execution timed out after 2 seconds."}
    assert {run.outcome for run in destmock.runs} == {"Timeout"}
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_what_nobody_waits_for_leaves_a_tenth_of_a_second_later(destmock, lam):
    seen = []

    def body(event, context):
        def look(_):
            arn = context.state.durable_execution_arn
            for seconds in (0.05, 0.1):
                time.sleep(seconds)
                seen.append("StepStarted" in kinds(lam, arn))

        context.step(look)

    serve(destmock, body)
    run(lam)
    assert seen == [False, True]


def test_the_jitter_of_retries_comes_from_the_seed():
    def body(event, context):
        return context.step(lambda _: 1 / 0)  # with the SDK's own six attempts

    seen = set()
    for seed in (7, 7, 8):
        with mock_destinations(start=START, seed=seed) as destmock:
            serve(destmock, body)
            run(boto3.client("lambda", "us-east-1"))
            seen.add(destmock.now)
    assert len(seen) == 2


@pytest.mark.parametrize("start", [datetime(2020, 1, 1, tzinfo=timezone.utc), None])
def test_the_sdk_goes_by_virtual_time_in_a_process_that_does_not(start):
    def retried(_error, attempts):
        return RetryDecision.retry(Duration.from_seconds(100))

    tries = []

    def fails_at_first(_):
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("not yet")
        return "done"

    def body(event, context):
        quick = lambda child: child.wait(Duration.from_seconds(1)) or "waited"  # noqa: E731 - as below
        slow = lambda child: child.step(fails_at_first, config=StepConfig(retry_strategy=retried))  # noqa: E731
        return context.parallel([quick, slow]).get_results()

    with mock_destinations(start=start, travel=False) as destmock:
        serve(destmock, body)
        result, arn = run(boto3.client("lambda", "us-east-1"))
        assert result == ["waited", "done"]
        assert kinds(boto3.client("lambda", "us-east-1"), arn).count("WaitSucceeded") == 1


def test_an_sdk_whose_insides_have_moved_keeps_its_threads(monkeypatch):
    """It works, only slower, and says so."""
    monkeypatch.delattr(state.ExecutionState, "_seconds_until_next_refresh")
    with mock_destinations() as destmock, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        destmock.handler("sdk", durable_execution(lambda event, context: "done"), durable_config=CONFIG)
        lam = boto3.client("lambda", "us-east-1")
        lam.invoke(FunctionName=NAME, InvocationType="Event")
    [warning] = [each for each in caught if "is unknown to destmock" in str(each.message)]
    assert "_seconds_until_next_refresh" in str(warning.message)


def test_a_handler_that_is_not_durable_is_told_by_the_sdk(destmock, lam):
    destmock.handler("sdk", durable_execution(lambda event, context: "done"))
    answer = json.loads(lam.invoke(FunctionName="sdk")["Payload"].read())
    assert "Unexpected payload provided to start the durable execution" in answer["errorMessage"]


def test_a_result_that_is_too_large_for_an_answer_arrives(destmock, lam):
    serve(destmock, lambda event, context: "x" * 6_291_450)
    answer = lam.invoke(FunctionName=NAME)
    found = got(lam, answer["DurableExecutionArn"])
    assert found["Status"] == "SUCCEEDED"
    assert len(found["Result"]) == 6_291_452
