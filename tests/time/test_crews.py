"""The threads that a handler starts wait in virtual time, too, and always in the same order."""

import _thread
import asyncio
import json
import os
import queue
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destmock import mock_destinations
from destmock._time import crews
from destmock._time.wall import real_ns
from tests.time.moments import START, seconds, started

pytestmark = pytest.mark.usefixtures("nobody_waits_in_real_time")


def begin(*works):
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    return threads


def end(threads):
    for thread in threads:
        thread.join()


@started
def test_threads_sleep_side_by_side(run):
    def code(note):
        def sleeper(length):
            time.sleep(length)
            note(length)

        end(begin(*(lambda length=length: sleeper(length) for length in (30, 10, 20))))
        note("joined")

    assert run(code) == [(10, 10), (20, 20), (30, 30), (30, "joined")]


@started
def test_producers_and_consumers_meet_at_their_times(run):
    def code(note):
        jobs = queue.Queue(maxsize=1)

        def consume():
            while (job := jobs.get()) is not None:
                time.sleep(5)
                note(job)

        threads = begin(consume)
        for job in ("a", "b", "c"):
            jobs.put(job)
            time.sleep(1)
        jobs.put(None)
        end(threads)

    assert run(code) == [(5, "a"), (10, "b"), (15, "c")]


@started
def test_events_barriers_and_semaphores_without_a_timeout(run):
    def code(note):
        ready, barrier, slots = threading.Event(), threading.Barrier(2), threading.Semaphore(0)

        def other():
            time.sleep(40)
            ready.set()
            time.sleep(2)
            barrier.wait()
            time.sleep(3)
            slots.release()

        threads = begin(other)
        ready.wait()
        note("event")
        barrier.wait()
        note("barrier")
        slots.acquire()
        note("semaphore")
        end(threads)

    assert run(code) == [(40, "event"), (42, "barrier"), (45, "semaphore")]


@started
def test_timers_and_joins_with_a_timeout(run):
    def code(note):
        timer = threading.Timer(30, note, ["rang"])
        timer.start()
        timer.join(10)
        note(timer.is_alive())
        cancelled = threading.Timer(5, note, ["never"])
        cancelled.start()
        cancelled.cancel()
        time.sleep(25)
        note((timer.is_alive(), cancelled.is_alive()))

    assert run(code) == [(10, True), (30, "rang"), (35, (False, False))]


@started
def test_an_event_loop_waits_for_its_threads(run):
    async def fetch(note, length):
        await asyncio.to_thread(time.sleep, length)
        note(length)

    async def main(note):
        await asyncio.gather(fetch(note, 20), fetch(note, 5), asyncio.sleep(12))
        note("all")
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.to_thread(time.sleep, 30), 10)
        note("timed out")

    def code(note):
        asyncio.run(main(note))
        note("run")

    assert run(code) == [(5, 5), (20, 20), (20, "all"), (30, "timed out"), (50, "run")]


@started
def test_an_event_loop_in_a_thread(run):
    def code(note):
        async def main():
            await asyncio.sleep(8)
            note("slept")

        loop = asyncio.new_event_loop()
        threads = begin(loop.run_forever)
        future = asyncio.run_coroutine_threadsafe(main(), loop)
        future.result()
        note("done")
        loop.call_soon_threadsafe(loop.stop)
        end(threads)
        loop.close()

    assert run(code) == [(8, "slept"), (8, "done")]


@pytest.mark.parametrize("stands", [True, False])
def test_a_handler_that_only_looks_whether_its_threads_are_done(stands):
    done, seen = threading.Event(), []

    def handler(event, context):
        threads = begin(lambda: time.sleep(20) or done.set())
        while not done.is_set():
            time.sleep(0)
        seen.append(round(time.monotonic() - begun))
        end(threads)

    with mock_destinations(start=START if stands else None) as destmock:
        destmock.handler("looks", handler, timeout=60)
        begun = time.monotonic()
        boto3.client("lambda").invoke(FunctionName="looks", InvocationType="Event")
    assert seen == [20]


@started
def test_a_lock_that_a_sleeping_thread_holds(run, monkeypatch):
    """Who waits for a lock can't be seen: the others' waits take real time then, and the clock follows."""
    monkeypatch.setattr(crews, "_PATIENCE", 0.05)

    def code(note):
        lock = threading.Lock()

        def holder():
            with lock:
                time.sleep(0.1)
            note("let go")

        threads = begin(holder)
        with lock:
            note("held")
        end(threads)
        threads = begin(holder, lock.acquire)
        time.sleep(0.2)
        note("slept")
        end(threads)

    noted = run(code)
    assert sorted(noted) == [(0.1, "held"), (0.1, "let go"), (0.2, "let go"), (0.3, "slept")]


@started
def test_time_stands_while_a_thread_computes(run):
    def code(note):
        def compute():
            begun = real_ns()
            while real_ns() - begun < 30_000_000:
                pass
            note("computed")

        threads = begin(compute)
        time.sleep(0.001)
        note("slept")
        end(threads)

    assert run(code) == [(0, "computed"), (0.001, "slept")]


@started
def test_a_wait_for_what_never_comes_ends_with_the_function_s_timeout(destmock, run):
    assert run(lambda note: (threading.Event().wait(), note("never")), timeout=5) == []
    [first, *_] = destmock.invocations[0].attempts
    assert (first.outcome, "timed out after 5.00 seconds" in first.logs) == ("Timeout", True)


@started
def test_nothing_of_the_threads_runs_once_the_attempt_s_time_is_up(destmock, lam, run):
    def code(note):
        def other():
            try:
                time.sleep(6)
                note("went on")
            finally:
                note("finally")

        begin(other)
        time.sleep(1)
        note("slept")
        time.sleep(60)

    noted = run(code, timeout=5)
    destmock.advance(1000)
    assert [what for _, what in noted] == ["slept"] * 3


@started
def test_between_two_attempts_threads_are_frozen(destmock, lam):
    noted = []
    state = {}

    def beat():
        while len(noted) < 5:
            time.sleep(10)
            noted.append(seconds())

    def handler(event, context):
        if not state:
            state["thread"] = threading.Thread(target=beat)
            state["thread"].start()
        time.sleep(25)

    destmock.handler("beating", handler, timeout=60)
    lam.invoke(FunctionName="beating")
    assert noted == [10, 20]
    destmock.advance(100)
    assert noted == [10, 20]
    lam.invoke(FunctionName="beating")
    assert noted[2:] == [125, 135, 145]


def test_threads_that_outlive_the_mock_wait_in_real_time():
    with mock_destinations(start=START) as destmock:
        done, asked = threading.Event(), []

        def handler(event, context):
            asked.append(threading.Event())
            threads = begin(lambda: (asked[0].wait(), done.set()))
            time.sleep(100)
            assert threads[0].is_alive()
            threads[0].join(1)

        destmock.handler("waiting", handler, timeout=200)
        boto3.client("lambda").invoke(FunctionName="waiting")
        assert destmock.now == START + timedelta(seconds=101)
    asked[0].set()
    assert done.wait(10)


PROGRAM = """
import threading, time, boto3
from concurrent.futures import ThreadPoolExecutor
from destmock import mock_destinations

def handler(event, context):
    ThreadPoolExecutor(1).submit(time.sleep, 1000)
    threading.Thread(target=time.sleep, args=(1000,)).start()
    threading.Thread(target=threading.Event().wait).start()
    time.sleep(event["seconds"])

with mock_destinations(strict=False, autorun=True) as destmock:
    destmock.handler("leaves", handler, timeout=10)
    for seconds in (1, 60):
        boto3.client("lambda").invoke(FunctionName="leaves", Payload=b'{"seconds": %d}' % seconds)
print("over")
"""


def test_threads_keep_nobody_from_ending_the_process():
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, timeout=60, check=True)
    assert ended.stdout == b"over\n"


@started
def test_what_a_thread_sends_after_a_sleep_is_dated_after_it(destmock, run, make_queue, messages):
    url = boto3.client("sqs").get_queue_url(QueueName=make_queue("sent").rpartition(":")[2])["QueueUrl"]

    def code(note):
        def send():
            time.sleep(60)
            boto3.client("sqs").send_message(QueueUrl=url, MessageBody=f"{time.monotonic() - begun:.0f}")

        begun = time.monotonic()
        end(begin(send))

    run(code)
    [message] = messages("sent")
    sent = int(message["Attributes"]["SentTimestamp"]) / 1000
    assert (message["Body"], sent) == ("60", (START + timedelta(seconds=60)).timestamp())


@started
def test_functions_that_threads_invoke_wait_side_by_side(destmock, lam, run):
    destmock.handler("slow", lambda event, context: time.sleep(event["length"]) or event, timeout=100)

    def code(note):
        def invoke(length):
            payload = json.dumps({"length": length}).encode()
            return json.load(boto3.client("lambda").invoke(FunctionName="slow", Payload=payload)["Payload"])

        with ThreadPoolExecutor(3) as pool:
            for answer in pool.map(invoke, [20, 10, 30, 5]):
                note(answer["length"])

    assert run(code) == [(20, 20), (20, 10), (30, 30), (30, 5)]


def start_with_threading(work):
    threading.Thread(target=work).start()


def start_bare(work):
    _thread.start_new_thread(work, ())


@pytest.mark.parametrize("start", [start_with_threading, start_bare])
@pytest.mark.parametrize("travel", [True, False])
def test_a_thread_invokes_that_the_handler_waits_for_by_a_lock(monkeypatch, start, travel):
    """What waits for a lock can't be seen, so what it invokes runs on the thread itself in the end."""
    monkeypatch.setattr(crews, "_PATIENCE", 0.05)

    def handler(event, context):
        lock, answers = threading.Lock(), []
        lock.acquire()

        def invoke():
            answers.append(boto3.client("lambda").invoke(FunctionName="inner")["Payload"].read().decode())
            lock.release()

        start(invoke)
        lock.acquire()
        return [*answers, os.environ["AWS_LAMBDA_FUNCTION_NAME"]]

    def inner(event, context):
        return os.environ["AWS_LAMBDA_FUNCTION_NAME"]

    with mock_destinations(handlers={"outer": handler, "inner": inner}, travel=travel) as destmock:
        answer = boto3.client("lambda").invoke(FunctionName="outer")["Payload"].read()
        assert json.loads(answer) == ['"inner"', "outer"]
        assert [run.function_name for run in destmock.runs] == ["outer", "inner"]


@started
def test_a_thread_that_is_started_without_threading_waits_in_virtual_time(run):
    def code(note):
        over = threading.Event()

        def sleeper(length, *, then):
            time.sleep(length)
            note(length)
            then()

        _thread.start_new_thread(sleeper, (20,), {"then": over.set})
        _thread.start_new_thread(sleeper, (10,), {"then": over.clear})
        with pytest.raises(TypeError):
            _thread.start_new_thread(None, ())
        over.wait()
        note("over")

    assert run(code) == [(10, 10), (20, 20), (20, "over")]


@started
def test_functions_that_threads_invoke_while_the_handler_is_in_an_import(
    destmock, lam, tmp_path, monkeypatch
):
    """It can't be left alone there: the time of what is invoked passes at once."""
    (tmp_path / "fans_out.py").write_text(FANS_OUT)
    monkeypatch.syspath_prepend(tmp_path)
    destmock.handler("slow", lambda event, context: time.sleep(5) or "slept", timeout=10)
    destmock.handler("importing", "fans_out:handler", timeout=60)
    assert lam.invoke(FunctionName="importing")["Payload"].read() == b'["\\"slept\\"", "\\"slept\\""]'
    assert destmock.now == START + timedelta(seconds=10)


FANS_OUT = """
from concurrent.futures import ThreadPoolExecutor
import boto3

def invoke(_):
    return boto3.client("lambda").invoke(FunctionName="slow")["Payload"].read().decode()

with ThreadPoolExecutor(2) as pool:
    answers = list(pool.map(invoke, range(2)))

def handler(event, context):
    return answers
"""

LENGTHS = st.lists(st.integers(1, 50), max_size=5)


@settings(max_examples=30, deadline=None)
@given(threads=st.lists(LENGTHS, max_size=5), mine=LENGTHS)
def test_any_threads_wake_in_the_order_of_their_times(threads, mine):
    """At one moment, they go on in the order in which they were started, and the handler is last."""
    seen = []

    def sleeper(name, lengths):
        for length in lengths:
            time.sleep(length)
            seen.append((seconds(), name))

    def handler(event, context):
        started = []
        for name, lengths in enumerate(threads):
            started += begin(lambda name=name, lengths=lengths: sleeper(name, lengths))
        sleeper(len(threads), mine)
        end(started)

    runs = []
    for _ in range(2):
        seen.clear()
        with mock_destinations(start=START) as destmock:
            destmock.handler("any", handler, timeout=900)
            boto3.client("lambda").invoke(FunctionName="any")
            longest = max(sum(lengths) for lengths in (*threads, mine))
            assert destmock.now == START + timedelta(seconds=longest)
        runs.append(list(seen))
    expected = [
        (sum(lengths[: number + 1]), place)
        for place, lengths in enumerate((*threads, mine))
        for number in range(len(lengths))
    ]
    assert runs == [sorted(expected)] * 2
