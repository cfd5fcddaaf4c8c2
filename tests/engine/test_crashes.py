"""`faults.crash`: an execution environment that is lost in the middle of a run."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from destmock import mock_destinations

#: What each handler of a test has done, in its order.
done = []


def charge(event, _context):
    """Makes two AWS calls; says what it does."""
    sqs = boto3.client("sqs")
    try:
        done.append("begun")
        sqs.send_message(QueueUrl=event["queue"], MessageBody="charged")
        done.append("sent")
        sqs.get_queue_attributes(QueueUrl=event["queue"])
        return "charged"
    except BaseException:
        done.append("except")
        raise
    finally:
        done.append("finally")


def messages(url):
    found = boto3.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(found["Attributes"]["ApproximateNumberOfMessages"])


@pytest.fixture(autouse=True)
def url(destmock):
    done.clear()
    destmock.handler("charge", charge)
    return boto3.client("sqs").create_queue(QueueName="charges")["QueueUrl"]


def invoke(url, kind="Event"):
    payload = json.dumps({"queue": url})
    return boto3.client("lambda").invoke(FunctionName="charge", InvocationType=kind, Payload=payload)


@pytest.mark.parametrize(
    ("where", "sent", "seen"),
    [
        ({"before": "sqs.SendMessage"}, 0, ["begun"]),
        ({"after": "sqs.SendMessage"}, 1, ["begun"]),
        ({"before": "*", "nth": 2}, 1, ["begun", "sent"]),
        ({"after": "sqs.GetQueueAttributes"}, 1, ["begun", "sent"]),
        ({"at_end": True}, 1, ["begun", "sent", "finally"]),
    ],
)
def test_a_handler_dies_where_it_is_told_and_its_event_is_tried_again(destmock, url, where, sent, seen):
    destmock.faults.crash("charge", **where)
    invoke(url)
    assert done == [*seen, "begun", "sent", "finally"]
    assert messages(url) == sent + 1
    [invocation] = destmock.invocations
    first, second = invocation.attempts
    assert first.outcome == "Error"
    assert first.response == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {invocation.request_id} "
        "Error: Runtime exited with error: signal: killed",
    }
    assert second.response == "charged"
    assert second.elapsed == 60


def test_a_synchronous_caller_is_told_that_the_process_was_killed(destmock, url):
    destmock.faults.crash(after="sqs.SendMessage")
    answer = invoke(url, "RequestResponse")
    assert answer["FunctionError"] == "Unhandled"
    assert json.load(answer["Payload"])["errorType"] == "Runtime.ExitError"
    assert done == ["begun"]


def test_a_batch_whose_function_dies_is_read_again(destmock, url):
    batches = []

    def consume(event, _context):
        batches.append([record["body"] for record in event["Records"]])
        boto3.client("sqs").send_message(QueueUrl=url, MessageBody="consumed")

    destmock.handler("consume", consume)
    orders = boto3.client("sqs").create_queue(QueueName="orders")["QueueUrl"]
    boto3.client("lambda").create_event_source_mapping(
        EventSourceArn="arn:aws:sqs:us-east-1:123456789012:orders", FunctionName="consume"
    )
    destmock.faults.crash("consume", after="sqs.SendMessage")
    boto3.client("sqs").send_message(QueueUrl=orders, MessageBody="1")
    destmock.advance(30)  # the visibility timeout
    assert batches == [["1"], ["1"]]
    assert messages(url) == 2


def test_a_crash_happens_so_many_times(destmock, url):
    destmock.faults.crash("charge", before="sqs.SendMessage", times=2)
    invoke(url)
    assert [attempt.outcome for attempt in destmock.invocations[0].attempts] == ["Error", "Error", "Success"]
    assert destmock.faults.pending == ()


def test_what_has_not_happened_is_pending(destmock, url):
    destmock.faults.crash("charge", after="s3.PutObject", nth=2)
    invoke(url)
    [pending] = destmock.faults.pending
    assert pending.where == "after s3.PutObject number 2"
    assert repr(pending) == "<PendingFault crash of charge, after s3.PutObject number 2: 1 more>"


def test_the_timeline_says_where_a_handler_died(destmock, url):
    destmock.faults.crash("charge", after="sqs.SendMessage")
    invoke(url)
    assert "died after sqs.SendMessage (1st AWS call), by an injected fault" in destmock.timeline()


def test_the_next_run_is_a_cold_start(destmock, url):
    destmock.faults.crash("charge", after="sqs.SendMessage")
    invoke(url)
    assert ["INIT_START" in attempt.logs for attempt in destmock.invocations[0].attempts] == [True, True]


def test_a_call_of_a_thread_of_the_handler_s_loses_the_environment_too(destmock, url):
    def spread(event, _context):
        sqs = boto3.client("sqs")
        with ThreadPoolExecutor(2) as pool:
            for number in range(2):
                pool.submit(sqs.send_message, QueueUrl=event["queue"], MessageBody=str(number))
        return "spread"

    destmock.handler("charge", spread)
    destmock.faults.crash("charge", after="sqs.SendMessage", nth=1)
    invoke(url)
    [invocation] = destmock.invocations
    assert [attempt.outcome for attempt in invocation.attempts] == ["Error", "Success"]
    assert invocation.attempts[0].duration < 1


def test_a_handler_that_waits_for_the_thread_that_died_dies_at_once(destmock, url):
    def wait(event, _context):
        def send():
            time.sleep(0.5)
            boto3.client("sqs").send_message(QueueUrl=event["queue"], MessageBody="1")

        thread = threading.Thread(target=send)
        thread.start()
        thread.join()
        return "waited"

    destmock.handler("charge", wait, timeout=60)
    destmock.faults.crash("charge", before="sqs.SendMessage")
    invoke(url)
    first, second = destmock.invocations[0].attempts
    assert first.outcome == "Error"
    assert 0.5 <= first.duration < 30  # on a loaded machine, the thread's own work takes a while
    assert second.response == "waited"


def test_only_the_function_that_was_named_dies(destmock, url):
    destmock.faults.crash("refund", before="*")
    invoke(url)
    assert destmock.invocations[0].condition == "Success"


def test_chaos_may_have_handlers_die():
    with mock_destinations(handlers={"charge": charge}, strict=False) as destmock:
        url = boto3.client("sqs").create_queue(QueueName="charges")["QueueUrl"]
        destmock.faults.chaos(7, throttle=0, system_error=0, duplicate=0, delay=0, crash=0.3)
        for _ in range(10):
            invoke(url)
        points = [str(fault.point) for fault in destmock.faults.injected]
    assert len(points) > 3
    assert {fault.kind for fault in destmock.faults.injected} == {"crash"}
    assert "crash=0.3" in destmock.timeline()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "say where"),
        ({"before": "sqs.SendMessage", "after": "sqs.SendMessage"}, "say where"),
        ({"before": "*", "at_end": True}, "say where"),
        ({"before": "SendMessage"}, "a call is named as"),
        ({"after": "sqs.send_message"}, "a call is named as"),
        ({"after": 7}, "a call is named as"),
        ({"after": "*", "nth": 0}, "nth says at which call"),
        ({"at_end": True, "nth": 2}, "nth says at which call"),
        ({"at_end": True, "times": 0}, "times is a whole number"),
    ],
)
def test_what_can_t_be_is_refused(destmock, arguments, message):
    with pytest.raises(ValueError, match=message):
        destmock.faults.crash("charge", **arguments)
    assert destmock.faults.pending == ()
