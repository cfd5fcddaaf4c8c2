"""Threads that call at once: nothing is lost, handlers run one at a time, and none waits for itself."""

import asyncio
import faulthandler
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import boto3
import pytest

from destmock import DestmockError, InactiveError, mock_destinations, outcomes
from destmock._engine.active import enter_once
from destmock._engine.process_changes import ProcessChanges
from destmock._time.turns import Turns

pytestmark = pytest.mark.slow  # many threads, whose clients are made while handlers run


@pytest.fixture(autouse=True)
def nobody_waits_for_ever():
    """A deadlock ends the run with a dump of all threads."""
    faulthandler.dump_traceback_later(120, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def pool():
    with ThreadPoolExecutor(8) as made:
        yield made


def at_once(pool, work, count=8):
    """What `work` answers for each number, on threads that begin at the same moment."""
    start = threading.Barrier(count)

    def begin(number):
        start.wait()
        return work(number)

    return list(pool.map(begin, range(count)))


class OneAtATime:
    """A handler that notices another one running beside it."""

    def __init__(self):
        self.running = self.most = 0
        self.threads = []

    def __call__(self, event, context):
        self.running += 1
        self.most = max(self.most, self.running)
        for _ in range(50):
            os.environ["BUSY"] = context.aws_request_id
            print(event)
            assert os.environ["BUSY"] == context.aws_request_id
        self.running -= 1
        self.threads.append(threading.get_ident())
        return event


@pytest.fixture
def handler(destmock):
    made = OneAtATime()
    destmock.handler("orders", made)
    return made


@pytest.fixture(autouse=True)
def threads_change_often():
    """So that what can go wrong does."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def test_events_of_several_threads_are_all_accepted_and_run(destmock, lam, pool, handler):
    def invoke(number):
        for _ in range(10):
            request_id = lam.invoke(FunctionName="orders", InvocationType="Event", Payload=str(number))[
                "ResponseMetadata"
            ]["RequestId"]
            [found] = [i for i in destmock.invocations if i.request_id == request_id]
            assert found.condition == "Success"  # it has run when the call returns, whoever ran it

    at_once(pool, invoke)
    assert len(destmock.invocations) == 80
    assert len({invocation.request_id for invocation in destmock.invocations}) == 80
    assert sorted(i.event for i in destmock.invocations) == sorted(list(range(8)) * 10)
    assert all(i.attempts[0].logs.count(f"\n{i.event}\n") >= 25 for i in destmock.invocations)
    assert handler.most == 1


def test_a_function_s_first_use_by_several_threads_at_once(destmock, pool):
    """It is made in moto at the first call."""
    for number in range(20):
        destmock.handler(f"orders-{number}", outcomes(number))

    def invoke(number):
        client = boto3.session.Session().client("lambda")
        return [client.invoke(FunctionName=f"orders-{n}")["Payload"].read() for n in range(20)]

    assert at_once(pool, invoke) == [[str(n).encode() for n in range(20)]] * 8


def test_synchronous_invocations_of_several_threads_are_kept_apart(destmock, lam, pool, handler):
    """Environment variables and standard output are the process's own."""
    before = dict(os.environ), sys.stdout, sys.stderr

    def invoke(number):
        answers = [lam.invoke(FunctionName="orders", Payload=str(number), LogType="Tail") for _ in range(10)]
        return [answer["Payload"].read() for answer in answers]

    assert at_once(pool, invoke) == [[str(number).encode()] * 10 for number in range(8)]
    assert handler.most == 1
    assert len(set(handler.threads)) > 1  # each runs on the thread that waits for it
    assert (dict(os.environ), sys.stdout, sys.stderr) == before


def test_both_kinds_and_other_calls_at_once(destmock, lam, sqs, make_queue, records, pool, handler):
    arn = make_queue("done")
    config = {"OnSuccess": {"Destination": arn}}
    lam.put_function_event_invoke_config(FunctionName="orders", DestinationConfig=config)

    def work(number):
        for _ in range(5):
            lam.invoke(FunctionName="orders", InvocationType="Event", Payload=str(number))
            assert lam.invoke(FunctionName="orders", Payload="{}")["Payload"].read() == b"{}"
            lam.get_function_event_invoke_config(FunctionName="orders")
            sqs.list_queues()

    at_once(pool, work)
    assert handler.most == 1
    assert len(records("done")) == len(destmock.deliveries) == 40


@pytest.mark.destmock(autorun=False)
def test_without_autorun_one_thread_drives_what_the_others_queue(destmock, lam, pool, handler):
    at_once(pool, lambda _: lam.invoke(FunctionName="orders", InvocationType="Event"))
    assert len(destmock.pending) == 8
    assert destmock.run_until_idle() == 8
    assert set(handler.threads) == {threading.get_ident()}


@pytest.mark.destmock(autorun=False)
def test_time_driven_from_several_threads_runs_everything_once(destmock, lam, pool, handler):
    for _ in range(40):
        lam.invoke(FunctionName="orders", InvocationType="Event")
    assert sum(at_once(pool, lambda _: destmock.run_until_idle())) == 40
    assert [len(i.attempts) for i in destmock.invocations] == [1] * 40


def test_retries_are_driven_by_one_thread(destmock, lam, pool):
    destmock.handler("failing", outcomes(ValueError("no stock")))
    at_once(pool, lambda _: lam.invoke(FunctionName="failing", InvocationType="Event"))
    assert [i.condition for i in destmock.invocations] == ["RetriesExhausted"] * 8


def test_an_interrupt_goes_to_the_thread_that_drives_and_the_others_go_on(destmock, lam, pool):
    destmock.handler("orders", outcomes(*([1, KeyboardInterrupt] * 10), 1))

    def invoke(_):
        try:
            lam.invoke(FunctionName="orders", InvocationType="Event")
        except KeyboardInterrupt:
            return 1
        return 0

    assert sum(at_once(pool, invoke)) >= 1
    destmock.run_until_idle()
    assert all(invocation.condition is not None for invocation in destmock.invocations)


# A handler's own threads


def in_a_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def in_a_thread_of_a_thread(work):
    in_a_thread(lambda: in_a_thread(work))


def in_a_pool(work):
    with ThreadPoolExecutor(2) as made:
        made.submit(work).result()


def in_asyncio_s_pool(work):
    async def main():
        await asyncio.to_thread(work)

    asyncio.run(main())


@pytest.fixture(params=[in_a_thread, in_a_thread_of_a_thread, in_a_pool, in_asyncio_s_pool, "a shared pool"])
def elsewhere(request, pool):
    """Runs something on another thread, and waits for it. The shared pool is older than the handler."""
    if callable(request.param):
        return request.param
    at_once(pool, lambda _: None)
    return lambda work: pool.submit(work).result()


def test_a_synchronous_invocation_on_a_handler_s_thread(destmock, lam, elsewhere):
    """It runs at once, inside the handler that waits for it."""
    seen = []

    def outer(event, context):
        print("before")
        elsewhere(lambda: seen.append(lam.invoke(FunctionName="inner", Payload="1")["Payload"].read()))
        print("after")
        return os.environ["AWS_LAMBDA_FUNCTION_NAME"]

    def inner(event, context):
        print("inside")
        return os.environ["AWS_LAMBDA_FUNCTION_NAME"]

    destmock.handler("outer", outer)
    destmock.handler("inner", inner)
    lam.invoke(FunctionName="outer", InvocationType="Event")
    assert seen == [b'"inner"']
    [invocation] = destmock.invocations
    assert invocation.attempts[0].response == "outer"
    assert "\nbefore\nafter\n" in invocation.attempts[0].logs
    assert "inside" not in invocation.attempts[0].logs


def test_an_event_queued_by_a_handler_s_thread_runs_after_it(destmock, lam, elsewhere):
    order = []

    def outer(event, context):
        elsewhere(lambda: lam.invoke(FunctionName="inner", InvocationType="Event"))
        order.append("outer")

    destmock.handler("outer", outer)
    destmock.handler("inner", lambda event, context: order.append("inner"))
    lam.invoke(FunctionName="outer", InvocationType="Event")
    assert order == ["outer", "inner"]


def test_time_can_t_be_driven_by_a_handler_s_thread(destmock, lam, elsewhere):
    seen = []

    def drive():
        for call in (destmock.step, destmock.run_until_idle, lambda: destmock.advance(1)):
            with pytest.raises(DestmockError, match=r"^time can't be driven from inside a handler"):
                call()
        seen.append(True)

    destmock.handler("orders", lambda event, context: elsewhere(drive))
    lam.invoke(FunctionName="orders", InvocationType="Event")
    assert seen == [True]


def test_a_handler_s_threads_that_invoke_at_once_take_turns(destmock, lam, handler):
    def outer(event, context):
        with ThreadPoolExecutor(8) as made:
            answers = at_once(made, lambda n: lam.invoke(FunctionName="orders", Payload=str(n)))
        return [int(answer["Payload"].read()) for answer in answers]

    destmock.handler("outer", outer)
    assert lam.invoke(FunctionName="outer")["Payload"].read() == b"[0, 1, 2, 3, 4, 5, 6, 7]"
    assert handler.most == 1


def test_a_warm_function_s_thread_belongs_to_each_of_its_attempts(destmock, lam):
    """As of a client that keeps a thread of its own, with a queue."""
    jobs, goes_on = [], threading.Semaphore(0)

    def loop():
        while goes_on.acquire() and (job := jobs.pop()):
            job()

    threads = []

    def outer(event, context):
        if not threads:
            threads.append(threading.Thread(target=loop))
            threads[0].start()
        done = threading.Event()
        jobs.append(lambda: (lam.invoke(FunctionName="inner"), done.set()))
        goes_on.release()
        return done.wait(60)

    destmock.handler("outer", outer)
    destmock.handler("inner", outcomes(1))
    assert [lam.invoke(FunctionName="outer")["Payload"].read() for _ in range(2)] == [b"true", b"true"]
    jobs.append(None)
    goes_on.release()
    threads[0].join()


def test_the_trace_of_a_handler_goes_on_in_its_threads_only(destmock, lam, pool, elsewhere):
    """A call of another thread meanwhile is no part of it: it begins a trace of its own."""
    begun, goes_on = threading.Event(), threading.Event()

    def outer(event, context):
        elsewhere(lambda: lam.invoke(FunctionName="inner", InvocationType="Event", Payload='"own"'))
        begun.set()
        goes_on.wait(60)
        return os.environ["_X_AMZN_TRACE_ID"].split(";")[0]

    destmock.handler("outer", outer)
    destmock.handler("inner", lambda event, context: os.environ["_X_AMZN_TRACE_ID"].split(";")[0])
    running = threading.Thread(target=lambda: lam.invoke(FunctionName="outer", InvocationType="Event"))
    running.start()
    begun.wait(60)
    other = threading.Thread(
        target=lambda: lam.invoke(FunctionName="inner", InvocationType="Event", Payload='"other"')
    )
    other.start()
    while len(destmock.invocations) < 3:  # it is accepted while the handler runs
        pass
    goes_on.set()
    running.join()
    other.join()
    answers = {i.event if i.event != {} else "outer": i.attempts[0].response for i in destmock.invocations}
    assert answers["own"] == answers["outer"] != answers["other"]


def test_a_handler_may_wait_for_a_thread_that_reads_its_queue(destmock, lam, sqs, make_queue):
    """Which has queued no event: its calls don't wait for the handler."""
    make_queue("jobs"), make_queue("answers")
    jobs, answers = (sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in ("jobs", "answers"))

    def consume():
        while not sqs.receive_message(QueueUrl=jobs).get("Messages"):
            pass
        sqs.send_message(QueueUrl=answers, MessageBody="done")

    def handler(event, context):
        sqs.send_message(QueueUrl=jobs, MessageBody="do it")
        while not (found := sqs.receive_message(QueueUrl=answers).get("Messages")):
            pass
        return found[0]["Body"]

    destmock.handler("orders", handler)
    consumer = threading.Thread(target=consume)
    consumer.start()
    lam.invoke(FunctionName="orders", InvocationType="Event")
    consumer.join()
    assert destmock.invocations[0].attempts[0].response == "done"


def test_a_thread_that_has_queued_nothing_does_not_run_what_another_one_is_about_to(destmock, lam, sqs):
    """The handler may wait for what that thread does next."""
    threads = []
    destmock.handler("orders", lambda event, context: threads.append(threading.get_ident()))
    before_it_runs = "after-call.lambda.Invoke"
    lam.meta.events.register_first(before_it_runs, lambda **_: in_a_thread(sqs.list_queues))
    lam.invoke(FunctionName="orders", InvocationType="Event")
    assert threads == [threading.get_ident()]


def test_nor_what_a_handler_has_queued(destmock, lam, sqs, elsewhere):
    """It runs after the handler, which may wait for another thread of the test's."""
    asked, answered = threading.Event(), threading.Event()

    def outside():
        asked.wait(60)
        sqs.list_queues()
        answered.set()

    def outer(event, context):
        elsewhere(lambda: lam.invoke(FunctionName="inner", InvocationType="Event"))
        asked.set()
        return answered.wait(10)

    destmock.handler("outer", outer)
    destmock.handler("inner", outcomes(1))
    thread = threading.Thread(target=outside)
    thread.start()
    assert lam.invoke(FunctionName="outer")["Payload"].read() == b"true"
    thread.join()
    assert [invocation.condition for invocation in destmock.invocations] == ["Success"]


# The end of a mock


def test_a_mock_ends_once_a_handler_on_another_thread_has_ended():
    """Else the handler would find, and put back, what isn't there any more."""
    before = dict(os.environ), sys.stdout
    begun, seen = threading.Event(), []

    def handler(event, context):
        begun.set()
        for _ in range(2000):
            os.environ["AWS_LAMBDA_FUNCTION_NAME"] += "."
        seen.append(len(os.environ["AWS_LAMBDA_FUNCTION_NAME"]))

    with mock_destinations({"orders": handler}) as destmock:
        lam = boto3.client("lambda")
        thread = threading.Thread(target=lambda: lam.invoke(FunctionName="orders"))
        thread.start()
        begun.wait(60)
    assert seen == [2006]
    thread.join()
    assert (dict(os.environ), sys.stdout) == before
    assert destmock.invocations == ()


def test_what_waits_for_its_turn_when_the_mock_ends_does_not_run():
    turns = Turns()
    turns.end()
    with (
        pytest.raises(InactiveError, match=r"^this mock has ended; nothing runs in it any more$"),
        turns.taken,
    ):
        pass
    with turns:  # as by whoever still reads
        pass


def test_a_call_that_returns_once_the_mock_has_ended_changes_the_process_no_more():
    turns, seen = Turns(), []
    changes = ProcessChanges(turns)

    @contextmanager
    def change():
        seen.append("changed")
        yield
        seen.append("undone")

    changes.enter(change, unless=lambda: False)
    changes.on_end(lambda: seen.append("told"))
    changes.undo()
    changes.enter(change, unless=lambda: False)
    changes.on_end(lambda: seen.append("told at once"))
    enter_once(change)  # there is no mock
    assert seen == ["changed", "told", "undone", "told at once"]


def test_threads_and_pools_are_as_before():
    before = threading.Thread.start, ThreadPoolExecutor.submit
    with mock_destinations(), mock_destinations():
        assert (threading.Thread.start, ThreadPoolExecutor.submit) != before
    assert (threading.Thread.start, ThreadPoolExecutor.submit) == before
