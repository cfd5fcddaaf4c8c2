"""A handler that computes for longer than its timeout is ended, as AWS ends the process."""

import json
import queue
import sys
import threading
import time
from datetime import datetime, timedelta, timezone

import boto3
import pytest

from destmock import mock_destinations
from destmock._time import watchdog
from destmock._time.wall import real_ns
from destmock.errors import DestmockError

START = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
started = pytest.mark.destmock(start=START)


@pytest.fixture(autouse=True)
def within_seconds():
    begun = real_ns()
    yield
    assert real_ns() - begun < 25e9


def spin(noted):
    try:
        while True:
            pass
    finally:
        noted.append("finally")


def spin_and_swallow(noted):
    while True:
        try:
            noted.count("x")
        except:  # noqa: E722, PERF203 - code that people write
            noted.append("caught")


def spin_in_a_block(noted):
    class Block:
        def __enter__(self):
            pass

        def __exit__(self, *_):
            noted.append("left")
            return True

    while True:
        with Block():
            while True:
                len(noted)


def recursive(event, context):
    return recursive(event, context)


@started
@pytest.mark.parametrize("code", [spin, spin_and_swallow, spin_in_a_block])
def test_a_handler_without_an_end_times_out_and_nothing_of_it_runs(destmock, lam, code):
    """D3: one second of real time, and no `finally`, `except` or `with`."""
    noted = []
    destmock.handler("endless", lambda event, context: code(noted), timeout=1)
    answer = lam.invoke(FunctionName="endless")
    assert "timed out after 1.00 seconds" in json.load(answer["Payload"])["errorMessage"]
    assert destmock.now == START + timedelta(seconds=1)
    assert noted == []
    sys.setprofile(
        lambda *_: None
    )  # Python 3.11 never gets past a call if the exception still counts as sent
    destmock.handler("recursive", recursive)
    sys.setprofile(None)
    assert b"RecursionError" in lam.invoke(FunctionName="recursive")["Payload"].read()


@started
def test_the_event_is_tried_again_and_a_record_tells_of_the_timeout(destmock, lam, make_queue, records):
    destmock.handler("endless", lambda event, context: spin([]), timeout=1)
    lam.put_function_event_invoke_config(
        FunctionName="endless",
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": make_queue("failed")}},
    )
    lam.invoke(FunctionName="endless", InvocationType="Event")
    [invocation] = destmock.invocations
    assert [attempt.outcome for attempt in invocation.attempts] == ["Timeout", "Timeout"]
    [record] = records("failed")
    assert record["requestContext"]["approximateInvokeCount"] == 2


def test_time_that_was_waited_virtually_leaves_the_real_time_as_it_was(destmock, lam):
    def handler(event, context):
        time.sleep(0.5)
        spin([])

    destmock.handler("endless", handler, timeout=1)
    assert b"timed out" in lam.invoke(FunctionName="endless")["Payload"].read()


@started
def test_a_handler_that_does_nothing_but_call_aws_is_ended_between_two_calls(destmock, lam, sqs):
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]

    def handler(event, context):
        client = boto3.client("sqs")
        while True:
            client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])

    destmock.handler("endless", handler, timeout=1)
    assert b"timed out" in lam.invoke(FunctionName="endless")["Payload"].read()
    sqs.send_message(QueueUrl=url, MessageBody="all is well")


@started
def test_the_caller_of_an_endless_function_goes_on(destmock, lam):
    destmock.handler("inner", lambda event, context: spin([]), timeout=1)

    def outer(event, context):
        return boto3.client("lambda").invoke(FunctionName="inner")["FunctionError"]

    destmock.handler("outer", outer, timeout=10)
    assert lam.invoke(FunctionName="outer")["Payload"].read() == b'"Unhandled"'


def test_on_another_thread_than_the_first(destmock):
    destmock.handler("endless", lambda event, context: spin([]), timeout=1)
    answers = []

    def invoke():
        answers.append(boto3.client("lambda").invoke(FunctionName="endless")["Payload"].read())

    thread = threading.Thread(target=invoke)
    thread.start()
    thread.join()
    assert b"timed out" in answers[0]


def test_where_it_hangs_is_told_when_nothing_can_end_it(destmock, lam, capfd, monkeypatch):
    monkeypatch.setattr(watchdog, "_HANGS", 0.2)
    lock = threading.Lock()

    def hangs_here(event, context):
        lock.acquire()
        threading.Thread(target=let_go).start()
        lock.acquire()

    def let_go():
        begun = real_ns()
        while real_ns() - begun < 2e9:
            pass
        lock.release()

    destmock.handler("stuck", hangs_here, timeout=1)
    assert b"timed out" in lam.invoke(FunctionName="stuck")["Payload"].read()
    told = capfd.readouterr().err
    assert "destmock: the handler of stuck runs past its timeout, and hangs here:" in told
    assert "in hangs_here" in told


@pytest.mark.slow
def test_a_function_that_would_wait_for_a_handler_that_waits_for_it_is_refused(destmock, lam, monkeypatch):
    """The thread is the test's own: nothing tells that it works for the handler."""
    monkeypatch.setattr(watchdog, "_HANGS", 0.1)
    asked, answered = queue.SimpleQueue(), queue.SimpleQueue()

    def work():
        asked.get()
        try:
            lam.invoke(FunctionName="inner")
        except DestmockError as error:
            answered.put(str(error))

    thread = threading.Thread(target=work)
    thread.start()

    def outer(event, context):
        asked.put("invoke")
        told.append(answered.get())

    told = []
    destmock.handler("outer", outer, timeout=1)
    destmock.handler("inner", lambda event, context: None)
    assert b"timed out" in lam.invoke(FunctionName="outer")["Payload"].read()
    thread.join()
    assert lam.invoke(FunctionName="inner")["Payload"].read() == b"null"
    assert not told, "the handler has ended with its timeout"


def test_whoever_sits_at_a_debugger_has_time(destmock, lam, monkeypatch):
    monkeypatch.setattr(watchdog, "_DEBUGGERS", {"tests"})

    def looks_around(event, context):
        begun = real_ns()
        while real_ns() - begun < 1_300_000_000:
            pass
        return "seen"

    destmock.handler("debugged", looks_around, timeout=1)
    lam.invoke(FunctionName="debugged")
    [story] = destmock.timeline().splitlines()[1:]
    assert "Timeout" in story  # but only once it has returned


def test_the_watch_ends_with_the_handler():
    with mock_destinations() as destmock:
        destmock.handler("quick", lambda event, context: sys.getrecursionlimit())
        boto3.client("lambda").invoke(FunctionName="quick")
        assert watchdog.watchdog.watched == 0


def test_an_exception_that_comes_too_late_is_spent_before_the_handler_s_end():
    """It is raised when the watch ends, and nowhere after that."""
    watch = watchdog.Watch("late", 10**12, lambda: pytest.fail("it has ended"))
    watchdog.watchdog.arm(watch)
    watch.is_sent = True
    sender = threading.Thread(target=send_late, args=(watch,))
    sender.start()
    watchdog.watchdog.disarm(watch)
    sender.join()
    assert (watch.is_raised, watchdog.watchdog.watched) == (True, 0)


def send_late(watch):
    while not watch.is_over:
        pass
    watchdog._raise(watch.thread, watchdog.Overrun)
