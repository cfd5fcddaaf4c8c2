"""Reserved concurrency: who waits for a slot, how long, and what becomes of those who wait too long."""

import json
from datetime import datetime, timedelta, timezone

import pytest

from destmock import outcomes

START = datetime(2026, 9, 14, 15, 18, 45, 502_000, tzinfo=timezone.utc)
ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
by_hand = pytest.mark.destmock(autorun=False, start=START)


def reserve(lam, slots, name="orders"):
    lam.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=slots)


def send(lam, payload=b"{}", **kwargs):
    answer = lam.invoke(FunctionName="orders", InvocationType="Event", Payload=payload, **kwargs)
    assert answer["StatusCode"] == 202
    return answer["ResponseMetadata"]["RequestId"]


def configure(lam, to=None, **settings):
    if to is not None:
        settings["DestinationConfig"] = {key: {"Destination": to} for key in ("OnSuccess", "OnFailure")}
    lam.put_function_event_invoke_config(FunctionName="orders", **settings)


def begun(destmock):
    """When the attempts of each event began, in seconds since it was accepted."""
    return [[attempt.elapsed for attempt in invocation.attempts] for invocation in destmock.invocations]


def moments(destmock, request_id):
    """Runs everything; answers each moment at which the event was due, in seconds since START."""
    found = []
    while destmock.pending:
        due = [
            (entry.due_at - START).total_seconds()
            for entry in destmock.pending
            if entry.request_id == request_id and not entry.running
        ]
        if due != found[-1:]:
            found += due
        destmock.step()
    return found


@pytest.fixture
def one_slot(destmock, lam):
    """`orders` takes 15 s, and runs once at a time."""
    destmock.handler("orders", outcomes({"ok": 1}), timeout=60, duration=15)
    reserve(lam, 1)


# Waiting


@by_hand
def test_D11_events_wait_for_the_slot_and_then_run_as_themselves(destmock, lam, one_slot):
    """With the request ids of their acceptance; at the same moment the one accepted first goes first."""
    ids = [send(lam) for _ in range(3)]
    destmock.run_until_idle()
    assert begun(destmock) == [[0], [15], [31]]
    assert [invocation.request_id for invocation in destmock.invocations] == ids
    assert [invocation.condition for invocation in destmock.invocations] == ["Success"] * 3
    assert destmock.now == START + timedelta(seconds=46)


@pytest.mark.destmock(start=START)
def test_with_autorun_what_a_handler_sends_waits_for_the_slot(destmock, lam, one_slot):
    """All of it has run by the time the outermost call returns."""

    @destmock.handler("fan-out")
    def fan_out(event, context):
        for _ in range(3):
            send(lam)

    lam.invoke(FunctionName="fan-out", InvocationType="Event")
    orders = destmock.invocations.for_function("orders")
    assert [invocation.attempts[0].elapsed for invocation in orders] == [0, 15, 31]
    assert destmock.pending == ()


@pytest.mark.destmock(start=START)
def test_with_autorun_calls_one_after_the_other_never_wait(destmock, lam, one_slot):
    """Each is over, and the clock further, before the next is made."""
    send(lam)
    send(lam)
    assert begun(destmock) == [[0], [0]]
    assert destmock.now == START + timedelta(seconds=30)


@by_hand
def test_D10_a_throttled_event_backs_off_from_one_second_doubling(destmock, lam, one_slot):
    send(lam)
    send(lam)
    third = send(lam)
    assert moments(destmock, third) == [0, 1, 3, 7, 15, 31]


@by_hand
def test_D10_the_longest_back_off_is_five_minutes(destmock, lam):
    destmock.handler("orders", outcomes(None), timeout=900, duration=900)
    reserve(lam, 1)
    send(lam)
    second = send(lam)
    assert moments(destmock, second) == [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1111]


@by_hand
def test_D10_the_back_off_begins_anew_after_an_attempt(destmock, lam):
    """A throttle is no attempt: neither does it use up a retry."""
    destmock.handler("orders", outcomes(ValueError("no stock")), timeout=60, duration=10)
    reserve(lam, 1)
    configure(lam, MaximumRetryAttempts=1)
    send(lam)
    second = send(lam)
    destmock.advance(80)
    send(lam)
    assert moments(destmock, second) == [85, 86, 88, 92]
    waited = destmock.invocations[1]
    assert [attempt.elapsed for attempt in waited.attempts] == [15, 92]
    assert [attempt.number for attempt in waited.attempts] == [1, 2]
    assert waited.condition == "RetriesExhausted"
    assert waited.record["requestContext"]["approximateInvokeCount"] == 2


@by_hand
def test_D10_an_event_without_retries_still_waits(destmock, lam, one_slot):
    """Its success counts 1, however often it was throttled (E11)."""
    configure(lam, MaximumRetryAttempts=0)
    send(lam)
    send(lam)
    destmock.run_until_idle()
    assert begun(destmock) == [[0], [15]]
    assert destmock.invocations[1].record["requestContext"]["approximateInvokeCount"] == 1


@by_hand
def test_as_many_run_at_once_as_are_reserved(destmock, lam, one_slot):
    reserve(lam, 2)
    for _ in range(5):
        send(lam)
    destmock.run_until_idle()
    assert begun(destmock) == [[0], [0], [15], [15], [31]]


@by_hand
def test_without_a_reservation_nobody_waits(destmock, lam, one_slot):
    lam.delete_function_concurrency(FunctionName="orders")
    for _ in range(5):
        send(lam)
    destmock.run_until_idle()
    assert begun(destmock) == [[0]] * 5


@by_hand
def test_a_handler_without_a_duration_is_over_at_once(destmock, lam):
    destmock.handler("orders", outcomes(None))
    reserve(lam, 1)
    for _ in range(5):
        send(lam)
    destmock.run_until_idle()
    assert begun(destmock) == [[0]] * 5


@by_hand
def test_another_function_does_not_wait(destmock, lam, one_slot):
    destmock.handler("audit", outcomes(None), timeout=60, duration=15)
    send(lam)
    lam.invoke(FunctionName="audit", InvocationType="Event")
    destmock.run_until_idle()
    assert begun(destmock) == [[0], [0]]


@by_hand
def test_the_versions_of_a_function_share_its_slots(destmock, lam, one_slot):
    version = lam.publish_version(FunctionName="orders")["Version"]
    send(lam)
    send(lam, Qualifier=version)
    destmock.run_until_idle()
    assert begun(destmock) == [[0], [15]]


@by_hand
def test_an_attempt_that_times_out_has_its_slot_until_then(destmock, lam):
    destmock.handler("orders", outcomes(None), timeout=5, duration=600)
    reserve(lam, 1)
    configure(lam, MaximumRetryAttempts=0)
    send(lam)
    send(lam)
    destmock.run_until_idle()
    assert [invocation.attempts[0].outcome for invocation in destmock.invocations] == ["Timeout"] * 2
    assert begun(destmock) == [[0], [7]]


@by_hand
def test_a_waiting_event_is_pending_for_its_first_attempt(destmock, lam, one_slot):
    first, second = send(lam), send(lam)
    destmock.advance(5)
    facts = [
        (entry.request_id, entry.attempt, entry.running, (entry.due_at - START).total_seconds())
        for entry in destmock.pending
    ]
    assert facts == [(second, 1, False, 7), (first, 1, True, 15)]
    assert destmock.invocations[1].attempts == ()
    destmock.run_until_idle()


@by_hand
def test_the_timeline_tells_how_often_an_event_was_throttled_and_when(destmock, lam):
    destmock.handler("orders", outcomes(None), duration=1)
    reserve(lam, 1)
    for _ in range(3):
        send(lam)
    destmock.run_until_idle()
    told = [line.strip() for line in destmock.timeline().splitlines() if "throttled" in line]
    assert told == ["+0.000 s throttled", "+0.000 s throttled, 2 times: at +0, +1 s"]


# Waiting too long


@by_hand
def test_D10_E13_an_event_throttled_until_its_age_is_dropped_after_31_seconds(
    destmock, lam, make_queue, messages
):
    """Six throttles, for the seventh would come after its 60 s; nothing of it has run (M5, E21)."""
    destmock.handler("orders", outcomes(None), timeout=900, duration=600)
    reserve(lam, 1)
    configure(lam, to=make_queue("done"), MaximumEventAgeInSeconds=60)
    send(lam)
    second = send(lam, b' {"id":  7}\n')
    assert moments(destmock, second) == [0, 1, 3, 7, 15, 31]
    dropped, finished = messages("done")
    assert dropped["Body"] == (
        '{"version":"1.0","timestamp":"2026-09-14T15:19:16.502Z",'
        f'"requestContext":{{"requestId":"{second}","functionArn":"{ARN}:$LATEST",'
        '"condition":"EventAgeExceeded","approximateInvokeCount":0},"requestPayload": {"id":  7}\n'
        ',"responseContext":{"statusCode":429}}'
    )
    assert "Lineage" not in dropped["Attributes"]["AWSTraceHeader"]
    assert json.loads(finished["Body"])["requestContext"]["condition"] == "Success"
    assert destmock.invocations[1].attempts == ()


@by_hand
def test_E13_the_dead_letter_of_an_event_throttled_until_its_age_says_429(
    destmock, lam, make_queue, messages
):
    """The original event, and the text that a synchronous caller gets (H3, H4)."""
    destmock.handler("orders", outcomes(None), timeout=900, duration=600)
    reserve(lam, 1)
    lam.update_function_configuration(
        FunctionName="orders", DeadLetterConfig={"TargetArn": make_queue("dead")}
    )
    configure(lam, MaximumEventAgeInSeconds=60)
    send(lam)
    second = send(lam, b'{"id": 7}')
    destmock.run_until_idle()
    [message] = messages("dead")
    assert message["Body"] == '{"id": 7}'
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert attributes == {"RequestID": second, "ErrorCode": "429", "ErrorMessage": "Rate Exceeded."}


# Reservations that change


@by_hand
@pytest.mark.parametrize(
    "change",
    [
        lambda lam: reserve(lam, 2),
        lambda lam: lam.delete_function_concurrency(FunctionName="orders"),
    ],
)
def test_more_slots_are_seen_at_the_next_try_not_before(destmock, lam, one_slot, change):
    send(lam)
    send(lam)
    destmock.advance(2)
    change(lam)
    destmock.run_until_idle()
    assert begun(destmock) == [[0], [3]]


@by_hand
def test_a_first_reservation_counts_those_that_run_already(destmock, lam, one_slot):
    lam.delete_function_concurrency(FunctionName="orders")
    send(lam)
    destmock.step()
    reserve(lam, 1)
    send(lam)
    destmock.run_until_idle()
    assert begun(destmock) == [[0], [15]]


@by_hand
def test_D12_a_reservation_of_0_ends_those_that_wait_at_their_next_try(
    destmock, lam, one_slot, make_queue, records
):
    """What runs completes; of what waits the record ends after its payload (E14)."""
    configure(lam, to=make_queue("done"))
    send(lam)
    second = send(lam)
    destmock.advance(2)
    reserve(lam, 0)
    destmock.run_until_idle()
    ended, finished = records("done")
    assert list(ended) == ["version", "timestamp", "requestContext", "requestPayload"]
    assert ended["timestamp"] == "2026-09-14T15:18:48.502Z"
    assert ended["requestContext"] == {
        "requestId": second,
        "functionArn": f"{ARN}:$LATEST",
        "condition": "ZeroReservedConcurrency",
        "approximateInvokeCount": 0,
    }
    assert finished["requestContext"]["condition"] == "Success"


@by_hand
def test_L2_an_event_that_waits_finds_its_function_deleted(destmock, lam, one_slot, make_queue, records):
    """The event that was running completes (L1)."""
    configure(lam, to=make_queue("done"), MaximumRetryAttempts=0)
    send(lam)
    second = send(lam)
    destmock.advance(2)
    lam.delete_function(FunctionName="orders")
    destmock.run_until_idle()
    gone, finished = records("done")
    assert gone["requestContext"]["requestId"] == second
    assert gone["requestContext"]["approximateInvokeCount"] == 1
    assert gone["responseContext"] == {"statusCode": 404}
    assert finished["requestContext"]["condition"] == "Success"


# Synchronous calls


def expect_rate_exceeded(lam):
    with pytest.raises(lam.exceptions.TooManyRequestsException) as caught:
        lam.invoke(FunctionName="orders")
    response = caught.value.response
    assert response["Error"] == {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert response["Type"] == "User"
    assert response["message"] == "Rate Exceeded."


@by_hand
def test_A26_a_synchronous_call_is_refused_while_the_slot_is_taken(destmock, lam, one_slot):
    """An event is still accepted, and the call succeeds once the attempt is over."""
    send(lam)
    destmock.step()
    expect_rate_exceeded(lam)
    send(lam)
    destmock.advance(15)
    expect_rate_exceeded(lam)
    destmock.run_until_idle()
    assert lam.invoke(FunctionName="orders")["Payload"].read() == b'{"ok": 1}'


def test_A26_a_handler_that_calls_itself_has_the_only_slot(destmock, lam):
    refused = []

    @destmock.handler("orders")
    def orders(event, context):
        expect_rate_exceeded(lam)
        refused.append(event)

    reserve(lam, 1)
    answer = lam.invoke(FunctionName="orders", Payload=b"7")
    assert "FunctionError" not in answer
    assert refused == [7]
