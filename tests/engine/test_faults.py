"""`destmock.faults`: what AWS does to you now and then, on demand, counted, and named in the timeline."""

import json
from datetime import timedelta

import boto3
import pytest

from destmock import InactiveError, LeftoverError, mock_destinations, outcomes
from tests.engine.faults import START, at_start, begun, configure, kinds, send

by_hand = pytest.mark.destmock(autorun=False, start=START)


def counted(destmock, metric):
    """What CloudWatch has of a metric of `orders`, in all."""
    answer = boto3.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": "FunctionName", "Value": "orders"}],
        StartTime=START - timedelta(days=1),
        EndTime=destmock.now + timedelta(days=1),
        Period=864_000,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in answer["Datapoints"])


# Throttles


@at_start
def test_a_throttled_event_goes_back_to_the_queue(destmock, lam):
    """For 1 s, then 2 s, then 4 s (D10); none of it is an attempt."""
    destmock.faults.throttle(times=3)
    request_id = send(lam)
    assert begun(destmock) == [[7]]
    assert destmock.invocations[0].attempts[0].number == 1
    assert counted(destmock, "Throttles") == 3
    assert destmock.timeline().splitlines()[:3] == [
        f"2026-01-01T00:00:00.000Z orders accepted {{}} (Invoke, {request_id})",
        "  +0.000 s throttled by an injected fault, 3 times: at +0, +1, +3 s",
        '  +7.000 s attempt 1: Success {"ok": 1}',
    ]


@at_start
def test_a_throttle_without_end_ends_an_event_by_its_age(destmock, lam, make_queue, records):
    configure(lam, to=make_queue("failed"), MaximumEventAgeInSeconds=60)
    destmock.faults.throttle("orders", times=None)
    send(lam)
    [record] = records("failed")
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert record["responseContext"] == {"statusCode": 429}
    assert len(destmock.faults.injected) == 6
    destmock.faults.clear()
    send(lam)
    assert destmock.invocations[1].condition == "Success"


@at_start
@pytest.mark.parametrize(
    ("reserved", "reason"),
    [
        (None, "ConcurrentInvocationLimitExceeded"),
        (5, "ReservedFunctionConcurrentInvocationLimitExceeded"),
    ],
)
def test_a_synchronous_call_is_throttled_as_on_aws(destmock, lam, reserved, reason):
    if reserved is not None:
        lam.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=reserved)
    destmock.faults.throttle("orders")
    with pytest.raises(lam.exceptions.TooManyRequestsException) as caught:
        lam.invoke(FunctionName="orders")
    assert caught.value.response["Reason"] == reason
    assert lam.invoke(FunctionName="orders")["Payload"].read() == b'{"ok": 1}'
    [fault] = destmock.faults.injected
    assert fault.request_id is None
    assert destmock.timeline().splitlines()[:2] == [
        "2026-01-01T00:00:00.000Z orders invoked synchronously {} (Invoke)",
        "  +0.000 s throttled by an injected fault",
    ]


# System errors


@at_start
def test_D18_a_system_error_sends_the_event_back_to_the_queue_without_an_attempt(destmock, lam):
    """And uses up none of its retries."""
    destmock.handler("orders", outcomes(ValueError("no stock"), {"ok": 1}))
    configure(lam, MaximumRetryAttempts=1)
    destmock.faults.system_error(times=2)
    send(lam)
    assert begun(destmock) == [[3, 63]]
    assert destmock.invocations[0].condition == "Success"
    assert counted(destmock, "Throttles") == 0
    assert "  +0.000 s system error (500) by an injected fault, 2 times: at +0, +1 s" in destmock.timeline()


@at_start
def test_an_event_that_gets_too_old_by_system_errors_says_500(destmock, lam, make_queue, records, messages):
    """By analogy with E13: AWS's own record was not recorded."""
    lam.update_function_configuration(
        FunctionName="orders", DeadLetterConfig={"TargetArn": make_queue("dead")}
    )
    configure(lam, to=make_queue("failed"), MaximumEventAgeInSeconds=60)
    destmock.faults.system_error("orders", times=None)
    send(lam)
    [record] = records("failed")
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert record["responseContext"] == {"statusCode": 500}
    assert "responsePayload" not in record
    [message] = messages("dead")
    assert message["MessageAttributes"]["ErrorCode"]["StringValue"] == "500"
    text = "An error occurred and the request cannot be processed."
    assert message["MessageAttributes"]["ErrorMessage"]["StringValue"] == text


@at_start
def test_a_synchronous_call_gets_lambda_s_own_error(destmock, lam):
    destmock.faults.system_error("orders")
    with pytest.raises(lam.exceptions.ServiceException) as caught:
        lam.invoke(FunctionName="orders")
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert response["Error"]["Message"] == "An error occurred and the request cannot be processed."
    assert response["Type"] == "Service"
    assert lam.invoke(FunctionName="orders")["StatusCode"] == 200


@at_start
def test_throttles_and_system_errors_in_a_row_share_the_back_off(destmock, lam):
    """They come in the order they were asked for."""
    destmock.faults.system_error("orders")
    destmock.faults.throttle("orders")
    destmock.faults.system_error("orders")
    send(lam)
    assert kinds(destmock) == ["system_error", "throttle", "system_error"]
    assert begun(destmock) == [[7]]


# Duplicates


@at_start
def test_D18_a_duplicate_is_the_same_event_again(destmock, lam, make_queue, records):
    """With its own record; the request id is one."""
    configure(lam, to=make_queue("done"))
    destmock.faults.duplicate("orders")
    request_id = send(lam, b'{"id": 7}')
    first, second = destmock.invocations
    assert (first.duplicate, second.duplicate) == (False, True)
    assert first.request_id == second.request_id == request_id
    assert first.event == second.event == {"id": 7}
    assert [record["requestContext"]["requestId"] for record in records("done")] == [request_id] * 2
    assert counted(destmock, "AsyncEventsReceived") == 1
    assert counted(destmock, "Invocations") == 2
    send(lam)
    assert len(destmock.invocations) == 3


@by_hand
def test_each_delivery_has_its_own_retries_and_its_own_end(destmock, lam):
    destmock.handler("orders", outcomes(ValueError("first"), 2, ValueError("third"), 4))
    destmock.faults.duplicate()
    send(lam)
    destmock.step()
    assert [(entry.attempt, entry.duplicate) for entry in destmock.pending] == [(1, True), (2, False)]
    destmock.run_until_idle()
    assert [[attempt.outcome for attempt in found.attempts] for found in destmock.invocations] == [
        ["Error", "Error", "Success"],
        ["Success"],
    ]


@at_start
def test_the_timeline_tells_the_two_deliveries_apart(destmock, lam):
    destmock.faults.duplicate()
    request_id = send(lam)
    rest = ['  +0.000 s attempt 1: Success {"ok": 1}', "  +0.000 s Success"]
    rest.append("  +0.000 s nothing sent: no OnSuccess destination")
    assert destmock.timeline().splitlines() == [
        f"2026-01-01T00:00:00.000Z orders accepted {{}} (Invoke, {request_id})",
        "  +0.000 s delivered twice by an injected fault",
        *rest,
        f"2026-01-01T00:00:00.000Z orders accepted, delivered a second time {{}} (Invoke, {request_id})",
        *rest,
    ]


@at_start
def test_X_Ray_has_a_segment_of_each_delivery(destmock, lam):
    lam.update_function_configuration(FunctionName="orders", TracingConfig={"Mode": "Active"})
    destmock.faults.duplicate("orders")
    send(lam)
    xray = boto3.client("xray")
    summaries = xray.get_trace_summaries(
        StartTime=START - timedelta(days=1), EndTime=START + timedelta(days=1)
    )
    [trace] = xray.batch_get_traces(TraceIds=[one["Id"] for one in summaries["TraceSummaries"]])["Traces"]
    segments = [json.loads(segment["Document"]) for segment in trace["Segments"]]
    assert len({one["id"] for one in segments if one["origin"] == "AWS::Lambda"}) == 2


@at_start
def test_no_event_is_delivered_three_times(destmock, lam):
    destmock.faults.duplicate(times=None)
    destmock.faults.duplicate("orders", times=None)
    for _ in range(3):
        send(lam)
    assert len(destmock.invocations) == 6


@at_start
def test_an_event_that_has_begun_is_not_duplicated_later(destmock, lam):
    def orders(event, context):
        destmock.faults.duplicate("orders")
        raise ValueError

    destmock.handler("orders", orders)
    send(lam)
    assert len(destmock.invocations) == 1
    assert len(destmock.faults.pending) == 3


# Delays


@at_start
def test_a_delayed_event_runs_that_much_later(destmock, lam):
    destmock.faults.delay(30, "orders")
    send(lam)
    send(lam)
    assert begun(destmock) == [[30], [0]]
    assert "  +0.000 s delayed by an injected fault, for 30 s\n  +30.000 s attempt 1" in destmock.timeline()


@at_start
def test_each_attempt_may_be_delayed_but_each_once(destmock, lam):
    destmock.handler("orders", outcomes(ValueError("no stock"), {"ok": 1}))
    destmock.faults.delay(timedelta(seconds=5), times=None)
    send(lam)
    assert begun(destmock) == [[5, 70]]


@at_start
def test_a_delay_past_its_age_ends_an_event_at_once(destmock, lam, make_queue, records):
    """With the record of one that was throttled until its age (E13): no other was recorded."""
    configure(lam, to=make_queue("failed"), MaximumEventAgeInSeconds=60)
    destmock.faults.delay(60)
    send(lam)
    [record] = records("failed")
    assert record["timestamp"] == "2026-01-01T00:00:00.000Z"
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert record["responseContext"] == {"statusCode": 429}


@at_start
def test_a_delay_does_not_concern_a_synchronous_call(destmock, lam):
    destmock.faults.delay(30)
    destmock.faults.duplicate()
    assert lam.invoke(FunctionName="orders")["StatusCode"] == 200
    assert destmock.now == START
    assert [fault.kind for fault in destmock.faults.pending] == ["delay", "duplicate"]


# Deliveries that fail


@at_start
def test_a_delivery_is_made_to_fail(destmock, lam, make_queue, records):
    """G4: AWS's metric counts it, nothing is sent again; a strict mock knows why."""
    done = make_queue("done")
    configure(lam, to=done)
    destmock.faults.fail_delivery(done)
    send(lam)
    send(lam)
    assert len(records("done")) == 1
    lost, arrived = destmock.deliveries
    assert (lost.error, lost.injected) == ("made to fail by an injected fault", True)
    assert (arrived.error, arrived.injected) == (None, False)
    assert counted(destmock, "DestinationDeliveryFailures") == 1
    assert counted(destmock, "DeadLetterErrors") == 0
    assert f"-> {done} FAILED: made to fail by an injected fault" in destmock.timeline()


@at_start
@pytest.mark.parametrize("dead_letter", [True, False])
def test_the_destination_and_the_dead_letter_queue_fail_by_themselves(
    destmock, lam, make_queue, records, dead_letter
):
    destmock.handler("orders", outcomes(ValueError("no stock")))
    lam.update_function_configuration(
        FunctionName="orders", DeadLetterConfig={"TargetArn": make_queue("dead")}
    )
    configure(lam, to=make_queue("failed"))
    destmock.faults.fail_delivery(dead_letter=dead_letter, function="orders")
    send(lam)
    assert [len(records("dead")), len(records("failed"))] == [not dead_letter, dead_letter]
    assert counted(destmock, "DeadLetterErrors") == dead_letter
    assert counted(destmock, "DestinationDeliveryFailures") == (not dead_letter)


def test_a_strict_mock_still_complains_of_the_others():
    mock = mock_destinations(handlers={"orders": outcomes(None)})
    destmock = mock.start()
    sqs, lam = boto3.client("sqs"), boto3.client("lambda")
    url = sqs.create_queue(QueueName="done")["QueueUrl"]
    configure(lam, to="arn:aws:sqs:us-east-1:123456789012:done")
    destmock.faults.fail_delivery()
    send(lam)
    sqs.delete_queue(QueueUrl=url)
    send(lam)
    with pytest.raises(LeftoverError, match=r"^1 record could not be delivered:"):
        mock.stop()


# A bug that only a duplicate shows


def test_a_handler_that_is_not_idempotent_is_found(destmock, lam):
    charges = []
    destmock.handler("orders", lambda event, context: charges.append(event["amount"]))
    destmock.faults.duplicate("orders")
    send(lam, json.dumps({"amount": 40}))
    assert charges == [40, 40]


@pytest.mark.destmock(autorun=False)
def test_attempts_after_a_delay_that_is_used_up_count_as_attempts(destmock):
    """Also towards the limit of a loop."""
    destmock.handler("delayed", outcomes(ValueError("no")))
    destmock.faults.delay(1, "delayed")
    boto3.client("lambda").invoke(FunctionName="delayed", InvocationType="Event")
    assert destmock.run_until_idle() == 3


@pytest.mark.destmock(autorun=False)
def test_attempts_to_find_a_function_that_went_after_a_throttle_count_as_attempts(destmock):
    destmock.handler("gone", outcomes(1))
    destmock.faults.throttle("gone")
    lam = boto3.client("lambda")
    lam.invoke(FunctionName="gone", InvocationType="Event")
    destmock.step()
    lam.delete_function(FunctionName="gone")
    assert destmock.run_until_idle() == 3
    assert [attempt.outcome for attempt in destmock.invocations[0].attempts] == ["NotFound"] * 3


def test_faults_are_one_thing_and_end_with_the_mock():
    with mock_destinations(handlers={"orders": dict}) as destmock:
        faults = destmock.faults
        assert destmock.faults is faults
    with pytest.raises(InactiveError, match="has ended"):
        faults.throttle()
    del destmock
    with pytest.raises(InactiveError, match="has ended"):
        faults.throttle()
