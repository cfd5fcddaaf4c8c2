"""Durable executions: how they begin, wait, are tried again, and end."""

import json
import re
from datetime import datetime, timedelta, timezone

import boto3
import pytest
from botocore.exceptions import ClientError

from destmock import outcomes
from tests.durable.protocol import CONFIG, NAME, YEAR, durable, got, history, kinds, start, update

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
ARN = re.compile(
    r"arn:aws:lambda:us-east-1:123456789012:function:orders:\$LATEST/durable-execution/[\w-]+/[\w-]{36}"
)


def serve(destmock, body, config=CONFIG, **settings):
    destmock.handler("orders", durable(body), durable_config=config, **settings)


def one_wait(seconds):
    return lambda run: "done" if run.wait(seconds) else None


def asks(run):
    """Waits for a callback, and answers what it was told."""
    callback = run.callback()
    if run.status("callback") == "STARTED":
        return None
    details = callback["CallbackDetails"]
    return details.get("Result") or ValueError(details["Error"]["ErrorType"])


def callback_id(lam, arn):
    [event] = [event for event in history(lam, arn) if event["EventType"] == "CallbackStarted"]
    return event["CallbackStartedDetails"]["CallbackId"]


# How they begin


@pytest.mark.destmock(start=START)
def test_an_event_is_answered_with_the_execution_s_arn_and_a_month_passes_at_once(destmock, lam):
    serve(destmock, one_wait(30 * 86_400), YEAR)
    answer = lam.invoke(FunctionName=NAME, InvocationType="Event", Payload=b'{"order": 7}')
    assert answer["StatusCode"] == 202
    assert answer["Payload"].read() == b""
    arn = answer["DurableExecutionArn"]
    assert ARN.fullmatch(arn)
    assert destmock.now == START + timedelta(days=30)
    assert kinds(lam, arn) == [
        "ExecutionStarted",
        "WaitStarted",
        "InvocationCompleted",
        "WaitSucceeded",
        "InvocationCompleted",
        "ExecutionSucceeded",
    ]


def test_a_synchronous_caller_waits_for_the_whole_execution(destmock, lam):
    serve(destmock, one_wait(600))
    before = destmock.now
    answer = lam.invoke(FunctionName=NAME)
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert json.loads(answer["Payload"].read()) == "done"
    assert "FunctionError" not in answer
    assert destmock.now - before >= timedelta(seconds=600)
    assert got(lam, answer["DurableExecutionArn"])["Status"] == "SUCCEEDED"


def test_a_synchronous_caller_is_told_that_the_execution_failed(destmock, lam):
    serve(destmock, lambda run: ValueError("no stock"))
    answer = lam.invoke(FunctionName=NAME)
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read()) == {"errorMessage": "no stock", "errorType": "ValueError"}


def test_N2_a_synchronous_caller_waits_for_fifteen_minutes_at_most(destmock, lam):
    serve(destmock, one_wait(1), {"ExecutionTimeout": 901})
    with pytest.raises(ClientError, match="with an executionTimeout greater than 15 minutes"):
        lam.invoke(FunctionName=NAME)
    assert destmock.timeline() == ""


@pytest.mark.parametrize("invocation_type", ["Event", "RequestResponse", "DryRun"])
def test_a_durable_function_is_invoked_by_a_version(destmock, lam, invocation_type):
    serve(destmock, one_wait(1))
    with pytest.raises(ClientError, match="You cannot invoke a durable function using an unqualified ARN"):
        lam.invoke(FunctionName="orders", InvocationType=invocation_type)
    assert destmock.timeline() == ""


def test_N3_an_alias_leads_to_a_version_which_runs_all_of_the_execution(destmock, lam):
    versions = []

    def handler(event, context):
        versions.append((context.function_version, context.invoked_function_arn.rpartition(":")[2]))
        return durable(one_wait(5))(event, context)

    destmock.handler("orders", handler, durable_config=CONFIG)
    lam.publish_version(FunctionName="orders")
    lam.publish_version(FunctionName="orders", Description="2")
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    arn = lam.invoke(FunctionName="orders:live", InvocationType="Event")["DurableExecutionArn"]
    assert ":function:orders:1/durable-execution/" in arn
    assert versions == [("1", "live")] * 2
    assert got(lam, arn)["Version"] == "1"


@pytest.mark.destmock(autorun=False)
@pytest.mark.parametrize("payload", [b'{"n": 1}', b'{"changed": true}'])
def test_R30_an_event_with_the_name_of_a_running_execution_finds_that(destmock, lam, payload):
    serve(destmock, one_wait(60))
    arn = start(lam, b'{"n": 1}', DurableExecutionName="order-7")
    destmock.advance(1)
    assert start(lam, payload, DurableExecutionName="order-7") == arn
    destmock.run_until_idle()
    assert len(destmock.invocations) == 1
    assert got(lam, arn)["InputPayload"] == '{"n": 1}'


def test_N5_a_name_answers_the_same_execution_to_the_same_payload_only(destmock, lam):
    calls = []
    serve(destmock, lambda run: calls.append(run.input) or len(calls))
    first = lam.invoke(FunctionName=NAME, Payload=b'{"n": 1}', DurableExecutionName="order-7")
    again = lam.invoke(FunctionName=NAME, Payload=b'{"n": 1}', DurableExecutionName="order-7")
    assert first["Payload"].read() == again["Payload"].read() == b"1"
    assert first["DurableExecutionArn"] == again["DurableExecutionArn"]
    with pytest.raises(lam.exceptions.DurableExecutionAlreadyStartedException) as refused:
        lam.invoke(FunctionName=NAME, Payload=b'{"n": 2}', DurableExecutionName="order-7")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    assert calls == [{"n": 1}]


def test_N5_a_name_is_free_again_after_the_retention(destmock, lam):
    serve(destmock, lambda run: 1, {"ExecutionTimeout": 60, "RetentionPeriodInDays": 1})
    arn = start(lam, DurableExecutionName="order-7")
    destmock.advance(86_399)
    assert got(lam, arn)["Status"] == "SUCCEEDED"
    destmock.advance(1)
    with pytest.raises(lam.exceptions.ResourceNotFoundException, match="Durable Execution does not exist"):
        got(lam, arn)
    assert start(lam, DurableExecutionName="order-7") != arn


@pytest.mark.parametrize("name", ["has space", "x" * 65, "ä"])
def test_a_name_that_can_t_be_one_is_refused(destmock, lam, name):
    serve(destmock, one_wait(1))

    def put_in(params, **_):
        params["headers"]["X-Amz-Durable-Execution-Name"] = name

    lam.meta.events.register_first("before-call.lambda.Invoke", put_in)
    with pytest.raises(ClientError, match="'durableExecutionName' failed to satisfy"):
        lam.invoke(FunctionName=NAME)


def test_a_function_that_is_not_durable_takes_no_name(destmock, lam):
    destmock.handler("orders", outcomes(1))
    with pytest.raises(ClientError, match="for a function that is not durable"):
        lam.invoke(FunctionName="orders", DurableExecutionName="order-7")


def test_without_a_name_each_invocation_is_an_execution(destmock, lam):
    serve(destmock, lambda run: 1)
    assert start(lam) != start(lam)


# How they go on


@pytest.mark.destmock(autorun=False, start=START)
def test_time_stops_in_between_where_a_test_wants_to_look(destmock, lam):
    serve(destmock, one_wait(3 * 86_400), YEAR)
    arn = start(lam)
    destmock.advance(timedelta(days=2))
    assert got(lam, arn)["Status"] == "RUNNING"
    [pending] = destmock.pending
    assert (pending.function_name, pending.attempt) == ("orders", 2)
    assert pending.due_at == START + timedelta(days=3)
    destmock.advance(timedelta(days=1))
    assert got(lam, arn)["Status"] == "SUCCEEDED"
    assert destmock.pending == []


@pytest.mark.destmock(start=START)
def test_R31_each_invocation_has_a_request_id_and_a_wait_ends_when_it_was_to(destmock, lam):
    serve(destmock, one_wait(7))
    events = history(lam, start(lam))
    completed = [
        event["InvocationCompletedDetails"] for event in events if "Invocation" in event["EventType"]
    ]
    assert len({each["RequestId"] for each in completed}) == 2
    [waited] = [event for event in events if event["EventType"] == "WaitStarted"]
    [over] = [event for event in events if event["EventType"] == "WaitSucceeded"]
    assert over["EventTimestamp"] == waited["WaitStartedDetails"]["ScheduledEndTimestamp"]
    assert over["EventTimestamp"] == START + timedelta(seconds=7)


def test_a_step_is_tried_again_after_its_delay(destmock, lam):
    def body(run):
        if run.status("pay") is None or run.status("pay") == "READY":
            run.checkpoint(update("pay", "STEP", "START", SubType="Step"))
            if run.operations["pay"]["StepDetails"]["Attempt"] < 2:
                error = {"ErrorMessage": "declined", "ErrorType": "Declined"}
                options = {"NextAttemptDelaySeconds": 30}
                run.checkpoint(update("pay", "STEP", "RETRY", Error=error, StepOptions=options))
                return None
            run.checkpoint(update("pay", "STEP", "SUCCEED", Payload='"paid"'))
        return "paid"

    serve(destmock, body)
    arn = start(lam)
    retries = [
        (
            event["EventType"],
            (event.get("StepFailedDetails") or event["StepSucceededDetails"])["RetryDetails"],
        )
        for event in history(lam, arn)
        if event["EventType"] in ("StepFailed", "StepSucceeded")
    ]
    assert retries == [
        ("StepFailed", {"CurrentAttempt": 1, "NextAttemptDelaySeconds": 30}),
        ("StepFailed", {"CurrentAttempt": 2, "NextAttemptDelaySeconds": 30}),
        ("StepSucceeded", {"CurrentAttempt": 3}),
    ]
    assert [attempt.elapsed for attempt in destmock.invocations[0].attempts][1:] == pytest.approx(
        [30, 60], abs=0.5
    )


def test_an_invocation_that_crashes_is_followed_by_another_one(destmock, lam):
    crashes = iter([True, True, False])
    serve(destmock, lambda run: 1 / 0 if next(crashes) else "done")
    arn = start(lam)
    assert got(lam, arn)["Status"] == "SUCCEEDED"
    errors = [
        event["InvocationCompletedDetails"].get("Error", {}).get("Payload", {}).get("ErrorType")
        for event in history(lam, arn, IncludeExecutionData=True)
        if event["EventType"] == "InvocationCompleted"
    ]
    assert errors == ["ZeroDivisionError", "ZeroDivisionError", None]


def test_the_sixth_crash_in_a_row_ends_the_execution(destmock, lam):
    serve(destmock, lambda run: 1 / 0)
    arn = start(lam)
    found = got(lam, arn)
    assert (found["Status"], found["Error"]["ErrorType"]) == ("FAILED", "ZeroDivisionError")
    assert kinds(lam, arn).count("InvocationCompleted") == 6


def test_an_invocation_that_runs_past_the_function_s_timeout_is_followed_by_another_one(destmock, lam):
    import time

    slow = iter([60, 0])
    serve(destmock, lambda run: time.sleep(next(slow)) or "done", timeout=5)
    arn = start(lam)
    assert [attempt.outcome for attempt in destmock.invocations[0].attempts] == ["Timeout", "Success"]
    assert got(lam, arn)["Status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"Status": "DONE"}, "Invalid Status in invocation output."),
        ("text", "Invalid Status in invocation output."),
        ({"Status": "PENDING"}, "Cannot return PENDING status with no pending operations."),
        ({"Status": "SUCCEEDED", "Error": {}}, "Cannot provide an Error for SUCCEEDED status."),
        ({"Status": "FAILED", "Result": "1"}, "Cannot provide a Result for FAILED status."),
    ],
)
def test_a_handler_that_does_not_answer_as_a_durable_one_fails_its_execution(destmock, lam, answer, text):
    destmock.handler("orders", outcomes(answer), durable_config=CONFIG)
    found = got(lam, start(lam))
    assert found["Error"] == {"ErrorMessage": text, "ErrorType": "InvalidParameterValueException"}


def test_a_large_result_goes_by_a_checkpoint(destmock, lam):
    large = json.dumps("x" * 2_000_000)

    def handler(event, context):
        boto3.client("lambda").checkpoint_durable_execution(
            DurableExecutionArn=event["DurableExecutionArn"],
            CheckpointToken=event["CheckpointToken"],
            Updates=[{"Id": "end", "Type": "EXECUTION", "Action": "SUCCEED", "Payload": large}],
        )
        return {"Status": "SUCCEEDED", "Result": ""}

    destmock.handler("orders", handler, durable_config=CONFIG)
    answer = lam.invoke(FunctionName=NAME)
    assert answer["Payload"].read() == large.encode()
    assert kinds(lam, answer["DurableExecutionArn"])[-2:] == ["InvocationCompleted", "ExecutionSucceeded"]


# How they end


@pytest.mark.parametrize(
    ("body", "status"),
    [(lambda run: ValueError("no"), "FAILED"), (one_wait(120), "TIMED_OUT")],
    ids=["failed", "timed out"],
)
def test_N4_the_original_event_goes_to_the_dead_letter_queue(
    destmock, lam, make_queue, messages, records, body, status
):
    serve(destmock, body, {"ExecutionTimeout": 60})
    lam.update_function_configuration(
        FunctionName="orders", DeadLetterConfig={"TargetArn": make_queue("dead")}
    )
    arn = start(lam, b'{"order": 7}')
    destmock.advance(300)
    assert got(lam, arn)["Status"] == status
    [message] = messages("dead")
    assert message["Body"] == '{"order": 7}'
    [invocation] = destmock.invocations
    assert invocation.condition == "RetriesExhausted"


def test_R36_a_destination_gets_the_record_at_the_end_of_the_execution(destmock, lam, make_queue, records):
    serve(destmock, one_wait(600))
    lam.put_function_event_invoke_config(
        FunctionName="orders",
        Qualifier="$LATEST",
        DestinationConfig={"OnSuccess": {"Destination": make_queue("done")}},
    )
    start(lam, b'{"order": 7}')
    [record] = records("done")
    assert record["requestPayload"] == {"order": 7}
    assert record["responsePayload"] == "done"
    assert record["requestContext"]["condition"] == "Success"


def test_an_execution_times_out_at_its_instant(destmock, lam):
    serve(destmock, asks, {"ExecutionTimeout": 60})
    arn = start(lam)
    destmock.advance(59.9)
    assert got(lam, arn)["Status"] == "RUNNING"
    destmock.advance(0.2)
    found = got(lam, arn)
    assert found["EndTimestamp"] - found["StartTimestamp"] == timedelta(seconds=60)
    assert found["Status"] == "TIMED_OUT"
    assert kinds(lam, arn)[-1] == "ExecutionTimedOut"


@pytest.mark.destmock(start=START)
def test_the_timeline_tells_when_each_invocation_for_a_synchronous_caller_was(destmock, lam):
    destmock.handler("orders", outcomes(ValueError("no"), {"Status": "SUCCEEDED"}), durable_config=CONFIG)
    lam.invoke(FunctionName=NAME)
    first, second = destmock.timeline().splitlines()[1:]
    assert first.startswith("  +0.000 s attempt 1: Error ValueError: no")
    assert second == '  +1.000 s attempt 2: Success {"Status": "SUCCEEDED"}, 1 s after the last'


@pytest.mark.destmock(start=START)
def test_the_timeline_tells_that_an_execution_was_stopped_or_has_timed_out(destmock, lam):
    serve(destmock, asks, {"ExecutionTimeout": 60})
    stopped = start(lam)
    destmock.advance(30)
    lam.stop_durable_execution(DurableExecutionArn=stopped)
    start(lam)
    lam.invoke(FunctionName=NAME)
    endings = [line for line in destmock.timeline().splitlines() if " s Execution" in line]
    assert endings == ["  +30.000 s ExecutionStopped", *["  +60.000 s ExecutionTimedOut"] * 2]


def test_nobody_waits_for_a_callback_that_may_never_come(destmock, lam):
    """A strict mock does not complain: only somebody from outside can end this."""
    serve(destmock, asks, YEAR)
    arn = start(lam)
    assert destmock.pending == []
    assert got(lam, arn)["Status"] == "RUNNING"


@pytest.mark.destmock(autorun=False)
def test_an_execution_is_stopped_before_its_first_invocation(destmock, lam):
    serve(destmock, one_wait(1))
    arn = start(lam, DurableExecutionName="order-7")
    lam.stop_durable_execution(DurableExecutionArn=arn, Error={"ErrorMessage": "not wanted"})
    answer = lam.invoke(FunctionName=NAME, DurableExecutionName="order-7")
    assert json.loads(answer["Payload"].read()) == {"errorMessage": "not wanted"}
    assert destmock.runs == []


def test_what_came_while_the_handler_ran_brings_another_invocation(destmock, lam):
    """Though the handler has been told of it, and answers that it waits."""

    def body(run):
        callback = run.callback()
        if run.event["UpdatedOperationIds"] or len(run.operations) > 2:
            return "done"
        lam.send_durable_execution_callback_success(CallbackId=callback["CallbackDetails"]["CallbackId"])
        run.checkpoint(update("pay", "STEP", "SUCCEED"))
        assert run.status("callback") == "SUCCEEDED"
        return None

    serve(destmock, body)
    arn = start(lam)
    assert got(lam, arn)["Status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    ("send", "status", "text"),
    [
        ("success", "SUCCEEDED", '"\\"yes\\""'),
        ("failure", "FAILED", "Rejected"),
    ],
)
def test_a_callback_lets_the_execution_go_on(destmock, lam, send, status, text):
    serve(destmock, asks, YEAR)
    arn = start(lam)
    destmock.advance(timedelta(days=3))
    if send == "success":
        lam.send_durable_execution_callback_success(CallbackId=callback_id(lam, arn), Result=b'"yes"')
    else:
        lam.send_durable_execution_callback_failure(
            CallbackId=callback_id(lam, arn), Error={"ErrorType": "Rejected", "ErrorMessage": "no"}
        )
    found = got(lam, arn)
    assert found["Status"] == status
    assert found.get("Result", found.get("Error", {}).get("ErrorMessage")) == text
    with pytest.raises(lam.exceptions.CallbackTimeoutException, match="either timed out or already"):  # R34
        lam.send_durable_execution_callback_heartbeat(CallbackId=callback_id(lam, arn))


@pytest.mark.parametrize(
    ("options", "kind", "after"),
    [
        ({"TimeoutSeconds": 3600}, "Callback.Timeout", 3600),
        ({"HeartbeatTimeoutSeconds": 60}, "Callback.Heartbeat", 110),
        ({"TimeoutSeconds": 70, "HeartbeatTimeoutSeconds": 60}, "Callback.Timeout", 70),
    ],
)
def test_a_callback_times_out_at_its_instant(destmock, lam, options, kind, after):
    def body(run):
        run.callback(**options)
        return None if run.status("callback") == "STARTED" else "too late"

    serve(destmock, body, YEAR)
    arn = start(lam)
    destmock.advance(50)
    lam.send_durable_execution_callback_heartbeat(CallbackId=callback_id(lam, arn))
    destmock.advance(after - 50 - 1)
    assert got(lam, arn)["Status"] == "RUNNING"
    destmock.advance(1.5)
    [event] = [
        event
        for event in history(lam, arn, IncludeExecutionData=True)
        if event["EventType"] == "CallbackTimedOut"
    ]
    assert event["CallbackTimedOutDetails"]["Error"]["Payload"] == {"ErrorType": kind}
    assert got(lam, arn)["Status"] == "SUCCEEDED"


def test_the_timeline_tells_the_operations_and_the_execution_is_one_entry(destmock, lam):
    serve(destmock, one_wait(60))
    start(lam, b'{"order": 7}')
    text = destmock.timeline()
    assert "+0.0" in text
    for line in ("WaitStarted wait", "WaitSucceeded wait", "attempt 2: Success"):
        assert line in text
    [invocation] = destmock.invocations
    assert invocation.event == {"order": 7}
    assert len(invocation.attempts) == 2
    assert (invocation.condition, invocation.record["responsePayload"]) == ("Success", "done")
