"""Handlers wait in virtual time: nobody sleeps, and whatever falls due meanwhile runs in its order."""

import asyncio
import contextlib
import contextvars
import os
import queue
import subprocess
import sys
import threading
import time
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime, timedelta, timezone
from multiprocessing import Pipe
from time import monotonic, sleep

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destmock import LeftoverError, mock_destinations, outcomes
from destmock._time.wall import real_ns

START = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
started = pytest.mark.destmock(start=START)
by_hand = pytest.mark.destmock(start=START, autorun=False)


def now():
    return datetime.now(timezone.utc)


def after(seconds):
    return START + timedelta(seconds=seconds)


def send(lam, name, payload=b"{}"):
    lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload)


def call(name):
    return boto3.client("lambda").invoke(FunctionName=name)["Payload"].read()


@pytest.fixture(autouse=True)
def nobody_waits_in_real_time():
    begun = real_ns()
    yield
    assert real_ns() - begun < 20e9


# One handler


@started
@pytest.mark.parametrize("wait", [time.sleep, sleep])
def test_sleeping_takes_virtual_time_whatever_the_function_was_imported_as(destmock, lam, wait):
    """D4."""
    seen = []

    def handler(event, context):
        begun, read = time.monotonic(), monotonic()
        counted, ns = time.perf_counter(), time.perf_counter_ns()
        wait(600)
        seen.append((now(), context.get_remaining_time_in_millis()))
        seen.append((time.monotonic() - begun, monotonic() - read))
        seen.append((time.perf_counter() - counted, (time.perf_counter_ns() - ns) / 1e9))

    destmock.handler("slow", handler, timeout=900)
    send(lam, "slow")
    assert seen[0] == (after(600), 300_000)
    assert seen[1:] == [pytest.approx((600, 600)), pytest.approx((600, 600))]
    [attempt] = destmock.invocations[0].attempts
    assert attempt.outcome == "Success"
    assert "Duration: 600000.00 ms" in attempt.logs
    assert destmock.now == after(600)


def test_without_a_start_a_handler_sees_at_least_what_it_has_waited_for(destmock, lam):
    seen = []

    def handler(event, context):
        begun, read = time.time(), time.monotonic()
        time.sleep(60)
        seen.extend((time.time() - begun, time.monotonic() - read))

    destmock.handler("slow", handler, timeout=100)
    send(lam, "slow")
    assert all(60 <= waited < 70 for waited in seen)


@started
def test_event_loops_conditions_and_queues_wait_in_virtual_time(destmock, lam):
    seen = []

    async def main():
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await asyncio.gather(asyncio.sleep(10), asyncio.sleep(20))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 5)
        loop.call_later(15, seen.append, "called later")
        await asyncio.sleep(15.5)
        seen.append(loop.time() - begun)

    def handler(event, context):
        asyncio.run(main())
        seen.append(threading.Event().wait(7))
        with pytest.raises(queue.Empty):
            queue.Queue().get(timeout=3)
        seen.append(now())

    destmock.handler("slow", handler, timeout=100)
    send(lam, "slow")
    assert seen == ["called later", pytest.approx(40.5, abs=1e-8), False, after(50.5)]


@started
def test_threads_of_a_handler_are_waited_for(destmock, lam):
    seen = []

    def handler(event, context):
        with ThreadPoolExecutor(2) as pool:
            seen.append(pool.submit(lambda: 7 * 6).result(timeout=30))
        ready = threading.Event()
        thread = threading.Thread(target=ready.set)
        thread.start()
        seen.append(ready.wait(30))
        thread.join()

        async def main():
            return await asyncio.wait_for(asyncio.to_thread(lambda: "from a thread"), 30)

        seen.append(asyncio.run(main()))

    destmock.handler("threaded", handler, timeout=100)
    send(lam, "threaded")
    assert seen == [42, True, "from a thread"]


@started
@pytest.mark.parametrize("seconds", [0, 0.0, -1, "1", None])
def test_what_is_no_time_to_wait_is_as_ever(destmock, lam, seconds):
    seen = []

    def handler(event, context):
        try:
            time.sleep(seconds)
        except (TypeError, ValueError) as error:
            seen.append(type(error))
        seen.append(now())

    destmock.handler("slow", handler)
    send(lam, "slow")
    try:
        time.sleep(seconds)
        expected = [START]
    except (TypeError, ValueError) as error:
        expected = [type(error), START]
    assert seen == expected


def completed(seconds):
    return [*as_completed([ThreadPoolExecutor(1).submit(time.sleep, 60)], timeout=seconds)]


def ended(seconds):
    return subprocess.run(["sleep", "2"], capture_output=True, timeout=seconds, check=True)


def polled(seconds):
    here, _there = Pipe()
    return here.poll(seconds)


def slept(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() <= end:
        time.sleep(min(1, end - time.monotonic()))


@started
@pytest.mark.parametrize("wait", [completed, ended, polled, slept])
def test_who_looks_until_his_time_is_over_gets_there(destmock, lam, wait):
    waited = []

    def handler(event, context):
        begun = time.monotonic()
        with contextlib.suppress(TimeoutError, futures.TimeoutError, subprocess.TimeoutExpired):
            assert not wait(0.25)
        waited.append(time.monotonic() - begun)

    destmock.handler("looking", handler, timeout=90)
    lam.invoke(FunctionName="looking")
    assert waited == [pytest.approx(0.25, abs=0.0001)]


@started
def test_a_test_s_own_sleep_is_real(destmock):
    begun = real_ns()
    time.sleep(0.01)
    assert real_ns() - begun >= 10_000_000
    assert now() == START


@pytest.mark.destmock(start=START, travel=False)
def test_without_travel_a_handler_s_waiting_is_real(destmock, lam):
    def handler(event, context):
        begun = real_ns()
        time.sleep(0.01)
        return real_ns() - begun >= 10_000_000

    destmock.handler("slow", handler)
    assert call("slow") == b"true"
    assert destmock.now == START


# Its time is up


@started
def test_a_wait_past_the_timeout_ends_the_attempt_there_and_nothing_of_it_runs(destmock, lam, make_queue):
    """D4: no `finally`, no `except`, no `with`, now or later; the next attempt is a cold start."""
    ran = []

    class Block:
        def __enter__(self):
            ran.append("entered")

        def __exit__(self, *_):
            ran.append("left")

    def generator():
        try:
            yield 1
        finally:
            ran.append("generator")

    def handler(event, context):
        values = generator()
        next(values)
        try:
            with Block():
                time.sleep(700)
                ran.append("went on")
        except BaseException:
            ran.append("caught")
        finally:
            ran.append("finally")

    destmock.handler("late", handler, timeout=5)
    send(lam, "late")
    attempts = destmock.invocations[0].attempts
    assert [(attempt.outcome, attempt.elapsed) for attempt in attempts] == [
        ("Timeout", 0),
        ("Timeout", 65),
        ("Timeout", 190),
    ]
    assert "Task timed out after 5.00 seconds" in attempts[0].logs
    assert "INIT_START" in attempts[1].logs
    assert destmock.now == after(195)
    assert ran == ["entered"] * 3


@started
def test_the_time_that_was_waited_counts_in_all(destmock, lam):
    def handler(event, context):
        for _ in range(10):
            time.sleep(1)

    destmock.handler("late", handler, timeout=9)
    assert b"Task timed out after 9.00 seconds" in call("late")
    destmock.handler("late", handler, timeout=10)
    assert call("late") == b"null"


@started
def test_a_declared_duration_is_waited_for_at_the_end(destmock, lam):
    def handler(event, context):
        time.sleep(2)
        return now().isoformat()

    destmock.handler("slow", handler, timeout=10, duration=3)
    assert call("slow").decode() == f'"{after(2).isoformat()}"'
    assert destmock.now == after(5)
    destmock.handler("slow", handler, timeout=4, duration=3)
    assert b"timed out after 4.00" in call("slow")


# Attempts overlap


@by_hand
def test_while_one_waits_whatever_is_due_runs_in_its_order(destmock, lam):
    seen = []

    def handler(event, context):
        seen.append((event, "begins", now()))
        time.sleep(event)
        seen.append((event, "ends", now()))

    destmock.handler("slow", handler, timeout=100)
    for seconds in (30, 10, 20):
        send(lam, "slow", str(seconds))
        destmock.advance(1)
    destmock.run_until_idle()
    assert seen == [
        (30, "begins", after(0)),
        (10, "begins", after(1)),
        (20, "begins", after(2)),
        (10, "ends", after(11)),
        (20, "ends", after(22)),
        (30, "ends", after(30)),
    ]


@by_hand
def test_each_keeps_its_own_environment_streams_and_context(destmock, lam):
    variable = contextvars.ContextVar("variable", default="none")
    seen = []

    def handler(event, context):
        variable.set(event)
        os.environ["EVENT"] = event
        print(event, "before")
        logged = sys.stdout
        time.sleep(10)
        print(event, "after")
        seen.append((event, variable.get(), os.environ["EVENT"], os.environ["AWS_LAMBDA_FUNCTION_NAME"]))
        assert sys.stdout is logged

    destmock.handler("one", handler, timeout=100)
    destmock.handler("two", handler, timeout=100)
    for name in ("one", "two"):
        send(lam, name, f'"{name}"')
        destmock.advance(5)
    assert "EVENT" not in os.environ
    assert variable.get() == "none"
    destmock.run_until_idle()
    assert seen == [("one", "one", "one", "one"), ("two", "two", "two", "two")]
    logs = [invocation.attempts[0].logs for invocation in destmock.invocations]
    assert ["one before\none after" in text and "two" not in text for text in logs] == [True, False]
    assert "two before\ntwo after" in logs[1]


@by_hand
def test_a_waiting_attempt_is_pending_and_holds_its_slot(destmock, lam):
    destmock.handler("slow", lambda event, context: time.sleep(30), timeout=100)
    lam.put_function_concurrency(FunctionName="slow", ReservedConcurrentExecutions=1)
    send(lam, "slow")
    destmock.advance(10)
    [pending] = destmock.pending
    assert (pending.running, pending.due_at, pending.attempt) == (True, after(30), 1)
    with pytest.raises(lam.exceptions.TooManyRequestsException):
        lam.invoke(FunctionName="slow")
    destmock.advance(20)
    assert destmock.pending == ()
    lam.invoke(FunctionName="slow")
    assert destmock.now == after(60)


@by_hand
def test_a_step_begins_an_attempt_and_another_ends_it(destmock, lam):
    destmock.handler("slow", lambda event, context: time.sleep(30), timeout=100)
    send(lam, "slow")
    first = destmock.step()
    assert (destmock.now, first.attempts) == (START, ())
    second = destmock.step()
    assert second.request_id == first.request_id
    assert (destmock.now, len(second.attempts)) == (after(30), 1)


@started
def test_a_handler_that_invokes_one_that_sleeps_waits_for_it(destmock, lam):
    def outer(event, context):
        answer = call("inner")
        return [answer.decode(), now().isoformat()]

    destmock.handler("inner", lambda event, context: time.sleep(10) or "slept", timeout=60)
    destmock.handler("outer", outer, timeout=60)
    assert call("outer").decode() == f'["\\"slept\\"", "{after(10).isoformat()}"]'


@started
def test_a_caller_whose_time_is_up_is_gone_and_the_one_that_it_has_called_goes_on(destmock, lam):
    ended = []

    def inner(event, context):
        time.sleep(60)
        ended.append(now())

    def outer(event, context):
        try:
            call("inner")
        finally:
            ended.append("never")

    destmock.handler("inner", inner, timeout=100)
    destmock.handler("outer", outer, timeout=5)
    lam.put_function_event_invoke_config(FunctionName="outer", MaximumRetryAttempts=0)
    send(lam, "outer")
    assert destmock.invocations.for_function("outer")[0].attempts[0].outcome == "Timeout"
    assert ended == [after(60)]


@by_hand
def test_a_synchronous_call_lets_what_is_due_run_meanwhile(destmock, lam):
    destmock.handler("slow", lambda event, context: time.sleep(100), timeout=200)
    destmock.handler("failing", outcomes(ValueError("no")))
    send(lam, "failing")
    call("slow")
    attempts = destmock.invocations[0].attempts
    assert [attempt.elapsed for attempt in attempts] == [0, 60]
    assert destmock.now == after(100)
    destmock.run_until_idle()


@started
def test_what_is_put_after_a_sleep_is_dated_after_it(destmock, lam, make_queue):
    make_queue("jobs")

    def handler(event, context):
        time.sleep(50)
        sqs = boto3.client("sqs")
        sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="jobs")["QueueUrl"], MessageBody="x")

    destmock.handler("slow", handler, timeout=100)
    send(lam, "slow")
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    [message] = sqs.receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"]
    assert message["Attributes"]["SentTimestamp"] == str(round(after(50).timestamp() * 1000))


@started
def test_a_batch_of_a_queue_is_deleted_once_the_handler_has_slept(destmock, lam, make_queue, sqs):
    make_queue("jobs")
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    seen = []

    def work(event, context):
        time.sleep(20)
        seen.append(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"])

    destmock.handler("work", work, timeout=30)
    arn = "arn:aws:sqs:us-east-1:123456789012:jobs"
    lam.create_event_source_mapping(EventSourceArn=arn, FunctionName="work")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert [found["ApproximateNumberOfMessagesNotVisible"] for found in seen] == ["1"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert destmock.now == after(20)


# However it ends


def test_a_mock_that_ends_while_something_waits_says_so_and_nothing_of_it_runs():
    ran = []

    def handler(event, context):
        try:
            time.sleep(60)
        finally:
            ran.append("finally")

    mock = mock_destinations(start=START, autorun=False)
    destmock = mock.start()
    destmock.handler("slow", handler, timeout=100)
    send(boto3.client("lambda"), "slow")
    destmock.advance(10)
    with pytest.raises(LeftoverError, match="slow"):
        mock.stop()
    assert ran == []


@by_hand
def test_another_thread_can_not_go_on_with_it(destmock, lam):
    destmock.handler("slow", lambda event, context: time.sleep(60), timeout=100)
    send(lam, "slow")
    destmock.advance(10)
    raised = []

    def drive():
        try:
            destmock.advance(100)
        except Exception as error:
            raised.append(str(error))

    thread = threading.Thread(target=drive)
    thread.start()
    thread.join()
    assert "drive time on the thread that began to" in raised[0]
    destmock.run_until_idle()
    assert destmock.invocations[0].condition == "Success"


@pytest.mark.destmock(start=START, strict=False)
def test_an_interrupt_after_a_sleep_comes_out_of_the_call(destmock, lam):
    def handler(event, context):
        time.sleep(10)
        raise KeyboardInterrupt

    destmock.handler("slow", handler, timeout=100)
    with pytest.raises(KeyboardInterrupt):
        send(lam, "slow")


def test_after_the_mock_the_functions_are_themselves():
    before = time.sleep, time.monotonic, threading.Condition.wait
    with mock_destinations(), mock_destinations():
        assert time.sleep is sleep
    assert (time.sleep, time.monotonic, threading.Condition.wait) == before
    assert abs(time.monotonic() - real_ns() / 1e9) < 1


programs = st.lists(
    st.tuples(st.integers(0, 50), st.lists(st.integers(1, 40), max_size=3), st.integers(0, 30)), max_size=8
)


@settings(max_examples=30, deadline=None)
@given(programs)
def test_any_program_of_sleeps_runs_at_its_times_and_in_their_order(program):
    """Each event: after how long it is sent, for how long its handler sleeps, and what it declares."""
    with mock_destinations(start=START, autorun=False) as destmock:
        seen = []
        lam = boto3.client("lambda")
        for number, (_, sleeps, duration) in enumerate(program):

            def handler(event, context, sleeps=sleeps, number=number):
                seen.append((now(), number))
                for seconds in sleeps:
                    time.sleep(seconds)
                    seen.append((now(), number))

            destmock.handler(f"f{number}", handler, timeout=900, duration=duration)
        at, expected, ends = 0, [], []
        for number, (pause, sleeps, duration) in enumerate(program):
            destmock.advance(pause)
            at += pause
            send(lam, f"f{number}")
            reached = [at + sum(sleeps[:count]) for count in range(len(sleeps) + 1)]
            expected += [(after(seconds), number) for seconds in reached]
            ends.append(at + sum(sleeps) + duration)
        destmock.run_until_idle()
        assert sorted(seen) == sorted(expected)
        assert [moment for moment, _ in seen] == sorted(moment for moment, _ in seen)
        assert destmock.now == after(max([at, *ends]))


def test_a_program_whose_output_ends_before_its_errors_is_waited_for(destmock):
    """The last pipe of a program looks like what wakes an event loop."""

    def handler(event, context):
        done = subprocess.run(
            ["/bin/sh", "-c", "exec >&-; sleep 0.05; echo told >&2"],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stderr

    destmock.handler("program", handler)
    assert call("program") == b'"told\\n"'


def waited_for(program):
    return subprocess.run(program, timeout=30, check=False)


def asked_again_and_again(program):
    started = subprocess.Popen(program)
    while started.poll() is None:
        time.sleep(0.1)
    return started


@pytest.mark.parametrize("start", [None, START])
@pytest.mark.parametrize("end", [waited_for, asked_again_and_again])
def test_a_program_has_the_time_that_it_is_given(start, end):
    with mock_destinations(start=start) as destmock:
        destmock.handler("program", lambda event, context: end(["sleep", "0.3"]).returncode, timeout=60)
        assert call("program") == b"0"


@started
def test_a_program_that_takes_too_long_is_told_at_its_time(destmock):
    def handler(event, context):
        with subprocess.Popen(["sleep", "5"]) as program:
            try:
                program.wait(0.2)
            except subprocess.TimeoutExpired as error:
                program.kill()
                return error.timeout

    destmock.handler("program", handler, timeout=60)
    assert call("program") == b"0.2"
    assert destmock.now == after(0.2)
