"""Clients wait in virtual time: for messages, for what a waiter looks for, and before they try again."""

import _thread
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError
from moto.sqs.models import SQSBackend

from destmock._time.wall import real_ns

START = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
pytestmark = pytest.mark.destmock(start=START)


@pytest.fixture(autouse=True)
def nobody_waits_in_real_time():
    begun = real_ns()
    yield
    assert real_ns() - begun < 10e9


@pytest.fixture
def url(sqs):
    return sqs.create_queue(QueueName="jobs")["QueueUrl"]


def waited(destmock):
    return (destmock.now - START).total_seconds()


def test_a_long_poll_of_an_empty_queue_takes_its_time(destmock, sqs, url):
    """D5, Q3."""
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    assert waited(destmock) == 20


def test_a_pool_without_work_holds_up_nobody(destmock, sqs, url):
    """As that of an event loop, once it has had something for a thread."""
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(lambda _: time.sleep(0.01) or 7, range(3))) == [7, 7, 7]
        assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    assert waited(destmock) == 20


def test_a_bare_thread_that_has_ended_holds_up_nobody(destmock, sqs, url):
    """Python before 3.13 counts it among the threads for ever, once it has asked for itself."""
    begun = threading.Lock()
    begun.acquire()

    def work():
        threading.current_thread()
        begun.release()

    _thread.start_new_thread(work, ())
    begun.acquire()
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    assert waited(destmock) == 20


def test_a_pool_that_works_may_send_the_message(destmock, sqs, url):
    with ThreadPoolExecutor() as pool:
        pool.submit(lambda: time.sleep(0.1) or sqs.send_message(QueueUrl=url, MessageBody="late"))
        [message] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    assert (message["Body"], waited(destmock)) == ("late", 0)


def test_who_watches_how_long_a_test_takes_holds_up_nobody(destmock, sqs, url):
    def timeout_timer():
        pass

    timeout_timer.__module__ = "pytest_timeout"
    timer = threading.Timer(100, timeout_timer)
    timer.start()
    try:
        assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    finally:
        timer.cancel()
        timer.join()
    assert waited(destmock) == 20


def test_a_queue_s_own_waiting_time_counts(destmock, sqs, url):
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"ReceiveMessageWaitTimeSeconds": "7"})
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert waited(destmock) == 7


@pytest.mark.parametrize(
    "autorun", [pytest.param(on, marks=pytest.mark.destmock(autorun=on)) for on in (True, False)]
)
def test_a_long_poll_ends_with_the_first_message(destmock, sqs, url, autorun):
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=5)
    [message] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20, VisibilityTimeout=10)["Messages"]
    assert (message["Body"], waited(destmock)) == ("later", 5)
    [again] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    assert (again["Body"], waited(destmock)) == ("later", 15)


@pytest.mark.destmock(autorun=False)
def test_what_falls_due_meanwhile_runs_and_may_send_the_message(destmock, lam, sqs, url):
    def work(event, context):
        time.sleep(3)
        sqs.send_message(QueueUrl=url, MessageBody="from a handler")

    destmock.handler("work", work, timeout=10)
    lam.invoke(FunctionName="work", InvocationType="Event")
    [message] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    assert (message["Body"], waited(destmock)) == ("from a handler", 3)
    destmock.run_until_idle()


@pytest.mark.destmock(autorun=False)
def test_a_handler_s_long_poll_waits_for_what_another_attempt_sends(destmock, lam, sqs, url):
    seen = []

    def reader(event, context):
        found = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
        seen.append((found[0]["Body"], waited(destmock)))

    def writer(event, context):
        time.sleep(4)
        sqs.send_message(QueueUrl=url, MessageBody="there")

    for name, handler in (("reader", reader), ("writer", writer)):
        destmock.handler(name, handler, timeout=60)
        lam.invoke(FunctionName=name, InvocationType="Event")
    destmock.run_until_idle()
    assert seen == [("there", 4)]


def test_a_handler_that_polls_past_its_timeout_is_ended(destmock, lam, sqs, url):
    destmock.handler(
        "poll", lambda event, context: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20), timeout=3
    )
    assert b"timed out after 3.00" in lam.invoke(FunctionName="poll")["Payload"].read()


def test_long_polls_of_a_handler_s_threads_take_their_time(destmock, lam, sqs, url):
    """In virtual time, whether or not a message comes."""
    read = []

    def receive():
        found = boto3.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=20).get("Messages", [])
        read.append((len(found), int((datetime.now(timezone.utc) - START).total_seconds())))

    def handler(event, context):
        with ThreadPoolExecutor(2) as pool:
            pool.submit(receive)
            pool.submit(receive)
            time.sleep(7)
            boto3.client("sqs").send_message(QueueUrl=url, MessageBody="sent")

    destmock.handler("reads", handler, timeout=60)
    lam.invoke(FunctionName="reads", InvocationType="Event")
    assert read == [(1, 7), (0, 20)]


def test_with_other_threads_a_long_poll_waits_for_what_they_send(destmock, sqs, url):
    def send():
        begun = real_ns()
        while real_ns() - begun < 50e6:
            time.sleep(0.01)
        sqs.send_message(QueueUrl=url, MessageBody="from a thread")

    thread = threading.Thread(target=send)
    thread.start()
    [message] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    thread.join()
    assert message["Body"] == "from a thread"
    assert destmock.now - START < timedelta(seconds=1)


def test_boto3_s_waiters_wait_in_virtual_time(destmock):
    with pytest.raises(WaiterError):
        boto3.client("s3").get_waiter("bucket_exists").wait(Bucket="nowhere")
    assert waited(destmock) == 19 * 5


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_retries_of_botocore_wait_in_virtual_time(destmock, monkeypatch, mode):
    calls = []

    def fail(self, *_, **__):
        calls.append(time.time())
        raise RuntimeError("moto answers 500")

    client = boto3.client("sqs", config=Config(retries={"mode": mode, "max_attempts": 4}))
    monkeypatch.setattr(SQSBackend, "list_queues", fail)
    with pytest.raises((ClientError, RuntimeError)):
        client.list_queues()
    assert calls == sorted(calls)


def test_in_a_handler_a_waiter_is_a_part_of_the_attempt(destmock, lam):
    def handler(event, context):
        boto3.client("s3").get_waiter("bucket_exists").wait(Bucket="nowhere")

    destmock.handler("waits", handler, timeout=30)
    assert b"timed out after 30.00" in lam.invoke(FunctionName="waits")["Payload"].read()


def wait_for_an_object(event, context):
    boto3.client("s3").get_waiter("object_exists").wait(Bucket="reports", Key="july")


def read_for_20_s(event, context):
    url = boto3.client("sqs").get_queue_url(QueueName="jobs")["QueueUrl"]
    answer = boto3.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=20)
    return [message["Body"] for message in answer.get("Messages", [])]


@pytest.mark.destmock(autorun=False)
@pytest.mark.parametrize("handler", [wait_for_an_object, read_for_20_s])
def test_two_handlers_wait_at_one_moment(destmock, lam, url, handler):
    boto3.client("s3").create_bucket(Bucket="reports")
    destmock.handler("waits", handler, timeout=300)
    for _ in range(2):
        lam.invoke(FunctionName="waits", InvocationType="Event")
    destmock.run_until_idle()
    waited = 20 if handler is read_for_20_s else 95
    assert [each.attempts[0].duration for each in destmock.invocations] == pytest.approx([waited] * 2, abs=1)


@pytest.mark.destmock(autorun=False)
def test_handlers_that_read_are_woken_by_what_another_one_sends(destmock, lam, url):
    def send(event, context):
        time.sleep(3)
        boto3.client("sqs").send_message(QueueUrl=url, MessageBody="first")
        boto3.client("sqs").send_message(QueueUrl=url, MessageBody="second", DelaySeconds=4)

    destmock.handler("reads", read_for_20_s, timeout=30)
    destmock.handler("sends", send, timeout=30)
    for name in ("reads", "reads", "sends"):
        lam.invoke(FunctionName=name, InvocationType="Event")
    destmock.run_until_idle()
    read = destmock.invocations.for_function("reads")
    assert [each.attempts[0].payload for each in read] == [b'["first"]', b'["second"]']
    assert [each.attempts[0].duration for each in read] == pytest.approx([3, 7], abs=1)


@pytest.mark.destmock(autorun=False)
def test_a_handler_that_reads_is_woken_by_what_the_test_sends(destmock, lam, url):
    destmock.handler("reads", read_for_20_s, timeout=30)
    lam.invoke(FunctionName="reads", InvocationType="Event")
    destmock.advance(5)
    boto3.client("sqs").send_message(QueueUrl=url, MessageBody="from the test")
    destmock.advance(1)
    [attempt] = destmock.invocations[0].attempts
    assert attempt.payload == b'["from the test"]'
    assert attempt.duration == pytest.approx(5, abs=1)
