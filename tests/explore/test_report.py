"""`explore.report`: every failure of a scenario, in a script."""

from datetime import datetime, timezone

import boto3
import pytest

from destmock import Exploration, explore
from destmock.errors import NotDeterministicError
from tests.explore.scenarios import (
    SQS,
    count,
    counted_once,
    make_queue,
    make_table,
    number,
    send_event,
    set_one,
)

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
POINTS = [
    "count#1/duplicate",
    "count#1/throttle",
    "count#1/system-error",
    "count#1/delay",
    "count#1/crash-before/dynamodb.UpdateItem#1",
    "count#1/timeout/dynamodb.UpdateItem#1",
    "count#1/crash-after/dynamodb.UpdateItem#1",
    "count#1/crash-end",
]


def test_each_failure_of_a_function_that_can_t_be_repeated_is_found():
    found = explore.report(counted_once, handlers={"count": count}, start=START)
    assert isinstance(found, Exploration)
    assert (found.tried, found.possible) == (8, 8)
    assert [failure.name for failure in found.failures] == [
        "count#1/duplicate",
        "count#1/crash-after/dynamodb.UpdateItem#1",
        "count#1/crash-end",
    ]
    last = found.failures[-1]
    assert str(last).startswith(
        "the scenario fails when count, attempt 1, dies after its handler has returned: AssertionError"
    )
    assert "died after its handler had returned, by an injected fault" in last.timeline
    assert repr(last).startswith("<Failure count#1/crash-end: AssertionError")
    assert str(found).startswith("explored 8 failures in ")
    assert str(found).endswith(" s, 3 of them found a bug")
    assert repr(found) == f"<Exploration: {found}>"


def test_a_function_that_can_be_repeated_passes_all():
    found = explore.report(counted_once, handlers={"count": set_one})
    assert (found.tried, found.failures) == (8, ())


def test_pairs_find_what_one_fault_does_not():
    """One retry more than the default is needed, so it takes two faults."""

    def one_retry(destmock):
        boto3.client("lambda").put_function_event_invoke_config(FunctionName="count", MaximumRetryAttempts=1)
        counted_once(destmock)

    handlers = {"count": set_one}
    assert explore.report(one_retry, handlers=handlers, strict=False).failures == ()
    found = explore.report(one_retry, handlers=handlers, strict=False, faults=2, kinds="crash")
    assert found.failures[0].name == (
        "count#1/crash-before/dynamodb.PutItem#1, count#2/crash-before/dynamodb.PutItem#1"
    )
    assert "dies before dynamodb.PutItem (1st AWS call), and then count, attempt 2, dies" in str(
        found.failures[0]
    )


def test_a_limit_says_how_many_of_how_many_were_tried():
    found = explore.report(counted_once, handlers={"count": set_one}, limit=3)
    assert (found.tried, found.possible) == (3, 8)
    assert str(found).startswith("explored 3 of 8 failures in ")


def test_a_scenario_that_fails_without_faults_is_the_one_failure():
    def wrong():
        make_table()
        assert number() == 7

    found = explore.report(wrong)
    assert found.tried == 0
    [failure] = found.failures
    assert failure.name == ""
    assert str(failure).startswith("the scenario fails without any fault: AssertionError")


def test_an_asynchronous_scenario_is_awaited():
    async def scenario(destmock):
        counted_once(destmock)

    assert len(explore.report(scenario, handlers={"count": count}).failures) == 3


def test_a_batch_of_a_queue_is_explored_too():
    """The consumer's batch is read again when it dies, so what it sends comes twice."""

    def consume(event, _context):
        for record in event["Records"]:
            SQS.send_message(
                QueueUrl=SQS.get_queue_url(QueueName="sent")["QueueUrl"], MessageBody=record["body"]
            )

    def scenario(destmock):
        sent, orders = make_queue(), make_queue("orders")
        boto3.client("lambda", "us-east-1").create_event_source_mapping(
            EventSourceArn="arn:aws:sqs:us-east-1:123456789012:orders", FunctionName="consume"
        )
        SQS.send_message(QueueUrl=orders, MessageBody="1")
        destmock.advance(120)
        assert len(SQS.receive_message(QueueUrl=sent, MaxNumberOfMessages=10)["Messages"]) == 1

    found = explore.report(scenario, handlers={"consume": consume}, kinds="crash")
    assert [failure.name for failure in found.failures] == [
        "consume#1/crash-after/sqs.SendMessage#2",
        "consume#1/crash-end",
    ]


def test_the_calls_of_a_synchronous_invocation_are_explored_but_no_throttles():
    def scenario():
        make_table()
        boto3.client("lambda", "us-east-1").invoke(FunctionName="count")
        assert number() <= 1

    found = explore.report(scenario, handlers={"count": count})
    assert (found.tried, found.failures) == (4, ())


def test_a_record_that_is_lost_is_explored_for_who_asks():
    def scenario(destmock):
        make_table()
        url = make_queue()
        arn = "arn:aws:sqs:us-east-1:123456789012:sent"
        boto3.client("lambda", "us-east-1").put_function_event_invoke_config(
            FunctionName="count", DestinationConfig={"OnSuccess": {"Destination": arn}}
        )
        send_event("count")
        assert "Messages" in SQS.receive_message(QueueUrl=url)

    assert explore.report(scenario, handlers={"count": set_one}).failures == ()
    [failure] = explore.report(scenario, handlers={"count": set_one}, kinds="fail_delivery").failures
    assert failure.name == "count#1/fail-delivery/arn:aws:sqs:us-east-1:123456789012:sent"
    assert "what count, attempt 1, leads to can't be sent to arn:aws:sqs" in str(failure)


def test_the_clock_of_every_run_begins_at_the_same_moment():
    seen = set()

    def scenario(destmock):
        seen.add(destmock.now)
        counted_once(destmock)

    explore.report(scenario, handlers={"count": set_one})
    explore.report(scenario, handlers={"count": set_one}, start=START)
    assert len(seen) == 2
    assert START in seen


def test_the_name_of_a_pair_repeats_it():
    def counted_twice_at_most(destmock):
        make_table()
        send_event("count")
        assert number() <= 2

    found = explore.report(counted_twice_at_most, handlers={"count": count}, faults=2, kinds="crash")
    again = explore.report(counted_twice_at_most, handlers={"count": count}, only=found.failures[0].name)
    assert [failure.name for failure in again.failures] == [found.failures[0].name]


def test_a_named_failure_that_does_not_happen_is_told():
    with pytest.raises(NotDeterministicError, match="count#9/crash-end did not happen; the faults that"):
        explore.report(counted_once, handlers={"count": set_one}, only="count#9/crash-end")


@pytest.mark.parametrize("scenario", [None, "counted_once", lambda mock: None, lambda: (yield)])
def test_what_is_no_scenario_is_refused(scenario):
    with pytest.raises(TypeError, match="a scenario is a function that takes destmock, or nothing; not "):
        explore.report(scenario)


def test_handlers_that_are_no_mapping_are_refused():
    with pytest.raises(TypeError, match="handlers is a mapping of function names to handlers, not "):
        explore.report(counted_once, count)


def test_an_option_that_there_is_not_is_refused():
    with pytest.raises(TypeError, match=r"explore takes .*; not colour"):
        explore.report(counted_once, colour="red")
    with pytest.raises(ValueError, match="can't be negative"):
        explore.report(counted_once, seed=-1)
