"""Every way an event can end, and what its destination and its dead-letter queue are told."""

import json
from datetime import timedelta

import pytest

from destmock import outcomes

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:orders"
QUALIFIED = f"{FUNCTION}:$LATEST"
ANSWERED = {"statusCode": 200, "executedVersion": "$LATEST"}
FAILED = {**ANSWERED, "functionError": "Unhandled"}
ZERO = "Function not invoked. Function isconfigured with zero reserved concurrent executions"
ABSENT = object()


@pytest.fixture
def told(destmock, lam, make_queue, messages):
    """Sends one event, calls `between`, runs, and answers the record and the dead-letter message."""

    def run(handler=None, between=None, **config):
        destmock.handler("orders", handler or outcomes({"ok": 1}))
        queue = make_queue("told")
        lam.update_function_configuration(
            FunctionName="orders", DeadLetterConfig={"TargetArn": make_queue("dead")}
        )
        lam.put_function_event_invoke_config(
            FunctionName="orders",
            DestinationConfig={"OnSuccess": {"Destination": queue}, "OnFailure": {"Destination": queue}},
            **config,
        )
        lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b'{"id": 7}')
        if between is not None:
            between()
        destmock.run_until_idle()
        found = messages("told"), messages("dead")
        assert all(len(some) <= 1 for some in found)
        record, dead = (some[0] if some else None for some in found)
        return json.loads(record["Body"]), dead

    return run


def check(record, condition, count, context=ABSENT, payload=ABSENT, last="responsePayload"):
    assert record["requestContext"]["condition"] == condition
    assert record["requestContext"]["approximateInvokeCount"] == count
    assert record["requestContext"]["functionArn"] == QUALIFIED
    assert record["requestPayload"] == {"id": 7}
    assert record.get("responseContext", ABSENT) == context
    assert record.get("responsePayload", ABSENT) == payload
    assert list(record)[-1] == last


def attributes(dead):
    assert dead["Body"] == '{"id": 7}'
    return {name: value["StringValue"] for name, value in dead["MessageAttributes"].items()}


by_hand = pytest.mark.destmock(autorun=False)


@by_hand
def test_E21_M4_a_success_counts_1_on_the_first_try_and_on_a_later_one(told):
    record, dead = told(outcomes(ValueError("not yet"), {"ok": 1}))
    check(record, "Success", 1, ANSWERED, {"ok": 1})
    assert dead is None


@by_hand
def test_E21_M12_bytes_that_are_no_json_are_a_success_with_a_delivery_error(told):
    record, dead = told(outcomes(b"A\x00\xff\n"))
    check(record, "Success", 1, ANSWERED, last="deliveryError")
    assert record["deliveryError"] == {
        "statusCode": 400,
        "errorCode": "InvalidRequestContentException",
        "errorMessage": "The function response payload could not be parsed as JSON.",
    }
    assert dead is None


@by_hand
def test_E21_M12_empty_bytes_leave_neither_payload_nor_error(told):
    record, dead = told(outcomes(b""))
    check(record, "Success", 1, ANSWERED, last="responseContext")
    assert dead is None


@by_hand
def test_E21_M2_a_handler_s_error_is_a_200(told):
    record, dead = told(outcomes(ValueError("no stock")), MaximumRetryAttempts=1)
    check(record, "RetriesExhausted", 2, FAILED, record["responsePayload"])
    assert record["responsePayload"]["errorMessage"] == "no stock"
    assert attributes(dead) == {
        "RequestID": record["requestContext"]["requestId"],
        "ErrorCode": "200",
        "ErrorMessage": "no stock",
    }


@by_hand
def test_E19_a_timeout_is_told_in_the_platform_s_words(destmock, told):
    """Compact, errorType first; the last attempt's request id is the event's."""

    def slow():
        destmock.handler("orders", outcomes({"ok": 1}), timeout=2, duration=5)

    record, dead = told(between=slow, MaximumRetryAttempts=0)
    request_id = record["requestContext"]["requestId"]
    text = f"RequestId: {request_id} Error: Task timed out after 2.00 seconds"
    check(
        record,
        "RetriesExhausted",
        1,
        FAILED,
        {"errorType": "Sandbox.Timedout", "errorMessage": text},
    )
    assert attributes(dead)["ErrorMessage"] == text


@by_hand
def test_E21_M5_an_event_too_old_for_its_next_try_ends_at_once(destmock, told):
    record, dead = told(outcomes(ValueError("no stock")), MaximumEventAgeInSeconds=60)
    check(record, "EventAgeExceeded", 1, FAILED, record["responsePayload"])
    assert attributes(dead)["ErrorCode"] == "200"
    [invocation] = destmock.invocations
    assert [attempt.elapsed for attempt in invocation.attempts] == [0]


@by_hand
def test_E21_E13_M3_an_event_throttled_until_its_age_has_a_429_and_no_payload(destmock, lam, told):
    """Dropped after six throttles, about half a minute after it was accepted (M5)."""

    def occupy():
        destmock.handler("orders", outcomes({"ok": 1}), timeout=900, duration=600)
        lam.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=1)

    def between():
        [first] = destmock.pending
        destmock.step()
        lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b'{"id": 7}')
        destmock.advance(31)
        lam.put_function_event_invoke_config(
            FunctionName="orders",
            DestinationConfig={"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:told"}},
        )
        assert first.request_id != destmock.invocations[1].request_id

    record, dead = told(between=lambda: (occupy(), between()), MaximumEventAgeInSeconds=60)
    check(record, "EventAgeExceeded", 0, {"statusCode": 429}, last="responseContext")
    assert attributes(dead) == {
        "RequestID": destmock.invocations[1].request_id,
        "ErrorCode": "429",
        "ErrorMessage": "Rate Exceeded.",
    }
    assert destmock.deliveries[0].at - destmock.invocations[1].accepted_at < timedelta(seconds=32)


@by_hand
def test_E21_E20_zero_concurrency_is_told_at_once_without_any_response(lam, told):
    """The object ends after the caller's payload; the dead-letter message has no ErrorCode (M3, M10)."""

    def reserve_none():
        lam.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)

    record, dead = told(between=reserve_none)
    check(record, "ZeroReservedConcurrency", 0, last="requestPayload")
    assert attributes(dead) == {
        "RequestID": record["requestContext"]["requestId"],
        "ErrorMessage": ZERO,
    }


@by_hand
@pytest.mark.parametrize("retries", [0, 1])
def test_E21_M4_a_deleted_function_counts_its_look_ups(lam, told, retries):
    record, dead = told(
        between=lambda: lam.delete_function(FunctionName="orders"), MaximumRetryAttempts=retries
    )
    check(record, "RetriesExhausted", retries + 1, {"statusCode": 404}, last="responseContext")
    assert attributes(dead) == {
        "RequestID": record["requestContext"]["requestId"],
        "ErrorCode": "404",
        "ErrorMessage": f"Function not found: {QUALIFIED}",
    }
