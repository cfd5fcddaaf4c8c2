"""Retries, event age and zero concurrency."""

import os
from datetime import datetime, timezone

import pytest

from destmock import outcomes
from tests.engine.events import ARN, START, configure, elapsed, fail, ok, send

# How often, and when


@pytest.mark.destmock(handlers={"orders": fail}, start=START)
def test_D1_by_default_two_retries_one_and_two_minutes_after_the_failure_before(destmock, lam):
    send(lam)
    [invocation] = destmock.invocations
    assert elapsed(invocation) == [0, 60, 180]
    assert [attempt.number for attempt in invocation.attempts] == [1, 2, 3]
    assert invocation.condition == "RetriesExhausted"
    assert destmock.now == datetime(2026, 9, 14, 15, 21, 45, 502_000, tzinfo=timezone.utc)


@pytest.mark.destmock(autorun=False, start=START)
def test_D2_the_delay_begins_when_the_attempt_ends(destmock, lam):
    destmock.handler("orders", fail, timeout=10, duration=2)
    send(lam)
    destmock.run_until_idle()
    assert elapsed(destmock.invocations[0]) == [0, 62, 184]


@pytest.mark.destmock(handlers={"orders": fail})
@pytest.mark.parametrize(("retries", "expected"), [(0, [0]), (1, [0, 60]), (2, [0, 60, 180])])
def test_D3_D4_E10_the_count_of_a_failure_is_the_attempts_made(
    destmock, lam, make_queue, records, retries, expected
):
    configure(lam, "orders", to=make_queue("failed"), MaximumRetryAttempts=retries)
    send(lam)
    [invocation] = destmock.invocations
    [record] = records("failed")
    assert elapsed(invocation) == expected
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == retries + 1


@pytest.mark.destmock(handlers={"orders": fail}, start=START)
def test_D3_E4_a_record_s_time_is_that_of_the_event_s_end(destmock, lam, make_queue, records):
    configure(lam, "orders", to=make_queue("failed"), MaximumRetryAttempts=1)
    send(lam)
    [record] = records("failed")
    assert record["timestamp"] == "2026-09-14T15:19:45.502Z"


def test_D5_every_attempt_has_the_same_request_id_trace_and_function_arn(destmock, lam):
    seen = []

    def orders(event, context):
        seen.append((context.aws_request_id, os.environ["_X_AMZN_TRACE_ID"], context.invoked_function_arn))
        raise ValueError

    destmock.handler("orders", orders)
    request_id = send(lam)
    assert seen == [(request_id, seen[0][1], ARN)] * 3


def test_D6_a_retry_finds_the_execution_environment_of_the_attempt_before(destmock, lam):
    """One log stream; only the first attempt is a cold start."""
    streams = []

    def orders(event, context):
        streams.append(context.log_stream_name)
        raise ValueError

    destmock.handler("orders", orders)
    send(lam)
    assert len(streams) == 3
    assert len(set(streams)) == 1
    [invocation] = destmock.invocations
    assert ["INIT_START" in attempt.logs for attempt in invocation.attempts] == [True, False, False]


@pytest.mark.destmock(handlers={"orders": outcomes(ValueError("1"), ValueError("2"), {"ok": True})})
def test_E11_the_count_of_a_success_is_1_even_on_the_last_attempt(destmock, lam, make_queue, records):
    configure(lam, "orders", to=make_queue("done"))
    send(lam)
    [record] = records("done")
    assert elapsed(destmock.invocations[0]) == [0, 60, 180]
    assert record["requestContext"]["condition"] == "Success"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["responsePayload"] == {"ok": True}


@pytest.mark.destmock(handlers={"orders": outcomes(ValueError("1"), ValueError("2"), ValueError("3"))})
def test_E9_the_record_carries_the_error_of_the_last_attempt(destmock, lam, make_queue, records):
    configure(lam, "orders", to=make_queue("failed"))
    send(lam)
    [record] = records("failed")
    assert record["responsePayload"]["errorMessage"] == "3"
    [invocation] = destmock.invocations
    assert [str(attempt.exception) for attempt in invocation.attempts] == ["1", "2", "3"]


def test_a_timeout_is_retried_like_an_error(destmock, lam):
    destmock.handler("orders", ok, timeout=3, duration=4)
    send(lam)
    [invocation] = destmock.invocations
    assert [attempt.outcome for attempt in invocation.attempts] == ["Timeout"] * 3
    assert elapsed(invocation) == [0, 63, 186]
    assert invocation.condition == "RetriesExhausted"


@pytest.mark.destmock(handlers={"orders": fail}, autorun=False)
def test_the_retries_of_two_events_interleave(destmock, lam):
    """Each event has delays of its own, counted from its own failures."""
    first = send(lam)
    destmock.advance(30)
    second = send(lam)
    ran = []
    while (invocation := destmock.step()) is not None:
        ran.append(invocation.request_id)
    assert ran == [second, first, second, first, second]


@pytest.mark.destmock(handlers={"orders": fail})
def test_D17_a_synchronous_invocation_is_not_retried_and_has_no_destination(
    destmock, lam, make_queue, messages
):
    configure(lam, "orders", to=make_queue("failed"))
    answer = lam.invoke(FunctionName="orders", Payload=b"{}")
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert messages("failed") == []
    assert (destmock.invocations, destmock.deliveries, destmock.drops, destmock.pending) == ([], [], [], [])


# The age of an event


@pytest.mark.destmock(handlers={"orders": fail}, start=START)
@pytest.mark.parametrize(
    ("age", "expected"),
    [(60, [0]), (61, [0, 60]), (90, [0, 60]), (180, [0, 60]), (181, [0, 60, 180])],
)
def test_D7_an_event_ends_at_once_when_its_next_attempt_would_come_too_late(
    destmock, lam, make_queue, records, age, expected
):
    """A retry at the very moment of the age is too late already (E12)."""
    configure(lam, "orders", to=make_queue("failed"), MaximumEventAgeInSeconds=age)
    send(lam)
    [invocation] = destmock.invocations
    [record] = records("failed")
    assert elapsed(invocation) == expected
    assert invocation.condition == ("RetriesExhausted" if age == 181 else "EventAgeExceeded")
    assert record["requestContext"]["approximateInvokeCount"] == len(expected)
    assert (destmock.now - START).total_seconds() == expected[-1]


@pytest.mark.destmock(handlers={"orders": fail})
def test_E12_the_record_of_an_event_that_grew_too_old_after_an_attempt(destmock, lam, make_queue, records):
    configure(lam, "orders", to=make_queue("failed"), MaximumEventAgeInSeconds=60)
    send(lam)
    [record] = records("failed")
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert record["responsePayload"]["errorMessage"] == "no stock"


def test_D8_retries_are_checked_before_the_age(destmock, lam):
    """The attempt outlasts the age, but there was no retry left anyway."""
    destmock.handler("orders", fail, timeout=120, duration=110)
    configure(lam, "orders", MaximumRetryAttempts=0, MaximumEventAgeInSeconds=60)
    send(lam)
    assert destmock.invocations[0].condition == "RetriesExhausted"


@pytest.mark.parametrize(("handler", "condition"), [(ok, "Success"), (fail, "EventAgeExceeded")])
def test_D9_the_age_limits_the_time_in_the_queue_not_a_running_attempt(destmock, lam, handler, condition):
    destmock.handler("orders", handler, timeout=120, duration=110)
    configure(lam, "orders", MaximumEventAgeInSeconds=60)
    send(lam)
    [invocation] = destmock.invocations
    assert invocation.condition == condition
    assert elapsed(invocation) == [0]


# Reserved concurrency 0


@pytest.mark.destmock(handlers={"orders": ok})
def test_D12_E14_zero_reserved_concurrency_discards_the_event_at_once(destmock, lam, make_queue, messages):
    """The record ends after the request's payload."""
    configure(lam, "orders", to=make_queue("failed"))
    lam.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    request_id = send(lam, payload=b' {"id": 7}\n')

    [invocation] = destmock.invocations
    assert invocation.condition == "ZeroReservedConcurrency"
    assert invocation.attempts == ()
    [message] = messages("failed")
    assert message["Body"].endswith(
        f'"requestContext":{{"requestId":"{request_id}","functionArn":"{ARN}:$LATEST",'
        '"condition":"ZeroReservedConcurrency","approximateInvokeCount":0},"requestPayload": {"id": 7}\n}'
    )
    assert "Lineage" not in message["Attributes"]["AWSTraceHeader"]


@pytest.mark.destmock(handlers={"orders": ok})
def test_D12_a_discarded_event_is_not_run_once_the_reservation_is_raised(destmock, lam):
    lam.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    discarded = send(lam)
    lam.delete_function_concurrency(FunctionName="orders")
    accepted = send(lam)
    destmock.advance(21_600)
    assert [(i.request_id, i.condition, len(i.attempts)) for i in destmock.invocations] == [
        (discarded, "ZeroReservedConcurrency", 0),
        (accepted, "Success", 1),
    ]
    assert [drop.condition for drop in destmock.drops] == ["ZeroReservedConcurrency"]


@pytest.mark.destmock(handlers={"orders": fail}, autorun=False)
def test_D12_a_reservation_of_0_meets_a_retry_too(destmock, lam, make_queue, records):
    configure(lam, "orders", to=make_queue("failed"))
    send(lam)
    destmock.step()
    lam.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    destmock.run_until_idle()
    [record] = records("failed")
    assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert "responseContext" not in record
    assert len(destmock.invocations[0].attempts) == 1
