"""Pools and event loops: a handler's own wait in virtual time, and the test's own work in real time."""

import asyncio
import gc
import logging
import logging.handlers
import queue
import subprocess
import sys
import threading
import time
from concurrent import futures
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import TimeoutError as PoolTimeoutError
from multiprocessing import get_context
from multiprocessing.pool import ThreadPool

import boto3
import pytest

from destmock import mock_destinations
from tests.time.moments import START, started

pytestmark = pytest.mark.usefixtures("nobody_waits_in_real_time")


def sleep(length):
    time.sleep(length)
    return length


@started
def test_a_pool_s_workers_sleep_side_by_side(run):
    def code(note):
        with ThreadPoolExecutor(2) as pool:
            for length in pool.map(lambda length: time.sleep(length) or length, [10, 10, 5, 20]):
                note(length)
        note("shut down")

    assert run(code) == [(10, 10), (10, 10), (15, 5), (30, 20), (30, "shut down")]


@started
def test_futures_time_out_and_are_waited_for(run):
    def code(note):
        with ThreadPoolExecutor(3) as pool:
            slow, fast = pool.submit(time.sleep, 60), pool.submit(time.sleep, 7)
            with pytest.raises(futures.TimeoutError):
                slow.result(timeout=5)
            note("timed out")
            done, _ = futures.wait([slow, fast], return_when=futures.FIRST_COMPLETED)
            assert done == {fast}
            note("first")
            assert list(futures.as_completed([slow, fast])) == [fast, slow]
            note("both")

    assert run(code) == [(5, "timed out"), (7, "first"), (60, "both")]


def collected(event, context):
    return ThreadPoolExecutor(3).submit(lambda: 42).result()


def closed(event, context):
    with ThreadPool(3) as pool:
        return pool.map(sleep, [0.1, 0.2])


@pytest.mark.parametrize("handler", [collected, closed])
def test_a_pool_s_threads_end_with_the_pool(handler):
    before = {*threading.enumerate()}
    with mock_destinations(handlers={"pooled": handler}):
        boto3.client("lambda").invoke(FunctionName="pooled")
    gc.collect()
    for thread in {*threading.enumerate()} - before:
        thread.join(10)
    assert {*threading.enumerate()} <= before


def test_a_pool_that_several_attempts_and_mocks_use_works_in_each():
    pool, answers = ThreadPoolExecutor(1), []

    def handler(event, context):
        waits = 60 if not answers else 1
        answers.append("begun")
        answers.append(pool.submit(lambda: (time.sleep(waits), "slept")[1]).result())

    for _ in range(2):
        with mock_destinations(start=START) as destmock:
            destmock.handler("pooled", handler, timeout=5)
            boto3.client("lambda").invoke(FunctionName="pooled", InvocationType="Event")
    assert answers == ["begun", "begun", "slept", "begun", "slept"]


# multiprocessing's


@started
@pytest.mark.parametrize("way", ["map", "imap"])
def test_the_workers_of_a_pool_of_threads_sleep_side_by_side(run, way):
    def code(note):
        with ThreadPool(2) as pool:
            for length in getattr(pool, way)(
                sleep, [10, 10, 5, 20], **({"chunksize": 1} if way == "map" else {})
            ):
                note(length)

    ends = {"map": [30, 30, 30, 30], "imap": [10, 10, 15, 30]}[way]
    assert run(code) == list(zip(ends, [10, 10, 5, 20], strict=True))


@started
def test_results_of_a_pool_of_threads_time_out_and_come_in_the_order_of_their_times(run):
    def code(note):
        with ThreadPool(3) as pool:
            slow = pool.apply_async(sleep, (60,), callback=note)
            with pytest.raises(PoolTimeoutError):
                slow.get(timeout=7)
            note("timed out")
            for length in pool.imap_unordered(sleep, [30, 20, 15]):
                note(length)
            slow.wait()
            pool.close()
            pool.join()
            note("joined")

    assert run(code) == [(7, "timed out"), (27, 20), (37, 30), (42, 15), (60, 60), (60, "joined")]


def test_a_pool_of_threads_that_several_attempts_and_mocks_use_works_in_each():
    pools, answers = [], []

    def handler(event, context):
        if not pools:
            pools.append(ThreadPool(1))
        waits = 60 if not answers else 0.1
        answers.append("begun")
        answers.append(pools[0].apply(sleep, (waits,)))

    for _ in range(2):
        with mock_destinations(start=START) as destmock:
            destmock.handler("pooled", handler, timeout=5)
            boto3.client("lambda").invoke(FunctionName="pooled", InvocationType="Event")
    assert answers == ["begun", "begun", 0.1, "begun", 0.1]
    pools.pop().terminate()


@pytest.mark.parametrize("make", [ThreadPool, ThreadPoolExecutor])
def test_a_pool_that_outlives_mocks_waits_in_virtual_time_in_each_and_keeps_no_threads_of_the_others(make):
    pool, before = [], {*threading.enumerate()}

    def handler(event, context):
        if not pool:
            pool.append(make(3))
        return [*pool[0].map(sleep, [300, 200, 100])], time.time()

    for _ in range(5):
        with mock_destinations(start=START) as destmock:
            destmock.handler("pooled", handler, timeout=600)
            boto3.client("lambda").invoke(FunctionName="pooled", InvocationType="Event")
            [run] = destmock.invocations
            assert run.attempts[0].response == [[300, 200, 100], START.timestamp() + 300]
    end = time.monotonic() + 10
    while len({*threading.enumerate()} - before) > 3 * 2 and time.monotonic() < end:
        time.sleep(0.001)  # the last ones of the mock before leave
    assert len({*threading.enumerate()} - before) <= 3 * 2
    pool.pop().__exit__(None, None, None)


def test_a_pool_of_threads_that_a_handler_has_left_works_when_the_mock_has_ended():
    pools = []
    with mock_destinations() as destmock:

        @destmock.handler("pooled")
        def handler(event, context):
            pools.append(ThreadPool(1))
            pools[0].apply_async(sleep, (0.01,))

        boto3.client("lambda").invoke(FunctionName="pooled")
    [pool] = pools
    assert pool.apply(sleep, (0.01,)) == 0.01
    pool.close()
    pool.join()


POOLS = """
import time, boto3
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool
from destmock import mock_destinations

pool, pools = ThreadPoolExecutor(), []

def handler(event, context):
    boto3.client("sqs").list_queues()
    if event["waits"]:
        time.sleep(60)

def spread(event, context):
    if not pools:
        pools.append(ThreadPool(2))
    pools[0].apply_async(handler, (event, context))
    with ThreadPoolExecutor() as own:
        for each in own, pool:
            each.submit(handler, event, context)
        return own.submit(handler, event, context).result()

with mock_destinations(handlers={"spread": spread}, strict=False) as destmock:
    destmock.handler("late", spread, timeout=10)
    destmock.faults.crash("spread", before="sqs.ListQueues")
    lam = boto3.client("lambda")
    lam.invoke(FunctionName="spread", InvocationType="Event", Payload=b'{"waits": 0}')
    lam.invoke(FunctionName="late", InvocationType="Event", Payload=b'{"waits": 1}')
    print([attempt.outcome for each in destmock.invocations for attempt in each.attempts])
"""


def test_pools_keep_nobody_from_ending_the_process():
    ended = subprocess.run([sys.executable, "-c", POOLS], capture_output=True, timeout=60, check=True)
    assert ended.stdout == b"['Error', 'Success', 'Timeout', 'Timeout', 'Timeout']\n"


@started
def test_a_pool_of_the_test_s_own_is_waited_for_in_real_time(destmock, run):
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: None).result()

        def code(note):
            note(pool.submit(lambda: "answer").result(timeout=30))

        assert run(code) == [(0, "answer")]


# Threads of the test's own, which work in real time


@started
def test_the_threads_that_a_handler_adds_to_a_pool_of_the_test_s_own_work_in_real_time(run):
    with ThreadPoolExecutor(3) as pool:
        pool.submit(lambda: None).result()

        def code(note):
            for length in pool.map(sleep, [0.02, 0.01, 0.03]):
                note(length)
            time.sleep(60)
            note("slept")

        assert run(code) == [(0, 0.02), (0, 0.01), (0, 0.03), (60, "slept")]
        assert pool.submit(lambda: "goes on").result(5) == "goes on"


@started
@pytest.mark.parametrize("timeout", [None, 30])
def test_a_pool_of_threads_of_the_test_s_own_is_waited_for_in_real_time(run, timeout):
    with ThreadPool(2) as pool:

        def code(note):
            note(pool.map_async(sleep, [0.02, 0.01]).get(timeout))
            note(list(pool.imap_unordered(sleep, [0])))
            note(pool.apply(sleep, (0.01,)))
            time.sleep(60)
            note("slept")

        assert run(code) == [(0, [0.02, 0.01]), (0, [0]), (0, 0.01), (60, "slept")]


@started
def test_what_works_for_a_handler_may_wait_for_the_handler_s_own_threads(run):
    with ThreadPoolExecutor(1) as pool:

        def code(note):
            opened, values = threading.Event(), queue.Queue()
            answer = pool.submit(opened.wait)
            threading.Timer(0.1, values.put, ["put"]).start()
            note(values.get())
            threading.Timer(0.1, opened.set).start()
            note(answer.result())

        pool.submit(lambda: None).result()
        noted = run(code)
    assert [what for _, what in noted] == ["put", True]
    assert 0.2 <= noted[-1][0] < 5


@started
def test_pools_of_processes_of_the_test_s_own_are_waited_for_in_real_time(run):
    with ProcessPoolExecutor(1, get_context("spawn")) as executor, get_context("spawn").Pool(1) as pool:
        executor.submit(pow, 2, 3).result()

        def code(note):
            note(executor.submit(pow, 2, 5).result(timeout=30))
            note([each.result() for each in futures.as_completed([executor.submit(pow, 2, 6)])])
            note(pool.starmap(pow, [(2, 7)]))
            threading.Event().wait(60)
            note("waited")

        assert run(code) == [(0, 32), (0, [64]), (0, [128]), (60, "waited")]


@started
def test_a_pool_of_processes_that_a_handler_begins_to_use_leaves_waits_virtual(run):
    with ProcessPoolExecutor(1, get_context("spawn")) as executor:

        def code(note):
            note(executor.submit(pow, 2, 5).result(timeout=30))
            time.sleep(60)
            note("slept")

        assert [run(code), run(code)] == [[(0, 32), (60, "slept")], [(60, 32), (120, "slept")]]


@pytest.fixture
def loop():
    """An event loop that runs on a thread of the test's own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@started
def test_coroutines_on_a_loop_of_the_test_s_own_are_waited_for_in_real_time(run, loop):
    async def answer(value):
        await asyncio.sleep(0.02)
        return value

    async def ask():
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(answer(2), loop))

    def code(note):
        note(asyncio.run_coroutine_threadsafe(answer(1), loop).result(timeout=30))
        note(asyncio.run(ask()))
        threading.Event().wait(60)
        note("waited")

    assert run(code) == [(0, 1), (0, 2), (60, "waited")]


@started
def test_a_handler_s_threads_give_work_to_the_loop_that_it_runs_itself(run):
    async def answer(length):
        await asyncio.sleep(length)
        return length

    def code(note):
        async def main():
            loop = asyncio.get_running_loop()

            def ask(length):
                note(asyncio.run_coroutine_threadsafe(answer(length), loop).result())

            await asyncio.gather(*(asyncio.to_thread(ask, length) for length in (30, 10, 20)))

        asyncio.run(main())

    assert run(code) == [(10, 10), (20, 20), (30, 30)]


def test_a_loop_that_a_handler_has_started_works_in_the_next_mock():
    loop, answers = asyncio.new_event_loop(), []
    thread = threading.Thread(target=loop.run_forever)

    def handler(event, context):
        if not answers:
            thread.start()
        answers.append(asyncio.run_coroutine_threadsafe(asyncio.sleep(0.01, "slept"), loop).result())

    for _ in range(2):
        with mock_destinations(handlers={"looped": handler}):
            boto3.client("lambda").invoke(FunctionName="looped")
    assert answers == ["slept", "slept"]
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


@started
def test_what_is_put_on_a_loop_of_the_test_s_own_is_waited_for(run, loop):
    def code(note):
        done, later = threading.Event(), threading.Event()
        loop.call_soon_threadsafe(done.set)
        note(done.wait(60))
        note(later.wait(60))
        loop.call_soon_threadsafe(
            lambda: loop.create_task(asyncio.sleep(0.02)).add_done_callback(lambda _: later.set())
        )
        note(later.wait())

    assert run(code) == [(0, True), (60, False), (60, True)]


@started
def test_a_thread_of_the_test_s_own_answers_by_a_queue_of_the_handler_s(run):
    asked = queue.Queue()

    def answer():
        for value, reply in iter(asked.get, None):
            reply.put(value + 1)

    thread = threading.Thread(target=answer)
    thread.start()

    def code(note):
        reply = queue.Queue()
        for value in range(3):
            asked.put((value, reply))
            note(reply.get(timeout=60))
        with pytest.raises(queue.Empty):
            reply.get(timeout=60)
        note("nothing more")

    noted = run(code)
    asked.put(None)
    thread.join()
    assert noted == [(0, 1), (0, 2), (0, 3), (60, "nothing more")]


@started
def test_a_thread_that_only_listens_leaves_waits_virtual(run):
    records = queue.Queue()
    listener = logging.handlers.QueueListener(records)
    handler = logging.handlers.QueueHandler(records)
    listener.start()

    def code(note):
        for _ in range(5):
            handler.handle(logging.makeLogRecord({"msg": "an hour"}))
            note(threading.Event().wait(3600))

    noted = run(code, timeout=900 * 60)
    listener.stop()
    assert noted == [(3600 * (n + 1), False) for n in range(5)]


def test_who_waits_in_a_lost_environment_is_woken_in_nobody_s_place(destmock, lam):
    values, read = queue.Queue(), []

    def handler(event, context):
        read.append("begun")
        threading.Timer(1 if len(read) > 1 else 60, values.put, ["value"]).start()
        read.append(values.get())

    destmock.handler("reads", handler, timeout=5)
    lam.invoke(FunctionName="reads", InvocationType="Event")
    assert read == ["begun", "begun", "value"]


# Simple queues


@started
def test_a_simple_queue_of_a_handler_s_waits_in_virtual_time(run):
    def code(note):
        values = queue.SimpleQueue()
        note(isinstance(values, queue.SimpleQueue))
        threading.Timer(20, values.put, ["value"]).start()
        note(values.get())
        with pytest.raises(queue.Empty):
            values.get(timeout=30)
        note("empty")
        with pytest.raises(queue.Empty):
            values.get(block=False)

    assert run(code) == [(0, True), (20, "value"), (50, "empty")]


def test_simple_queues_of_the_test_s_are_those_of_c(destmock):
    values, real = queue.SimpleQueue(), type(queue.SimpleQueue())
    assert real.__module__ == "_queue"
    assert isinstance(values, queue.SimpleQueue)
    assert not isinstance(queue.Queue(), queue.SimpleQueue)

    class Counted(queue.SimpleQueue):
        pass

    Counted().put(1)
    assert not isinstance(values, Counted)
    assert isinstance(Counted(), queue.SimpleQueue)
