"""`destmock.faults`: what AWS does to you now and then, on demand, counted, and named in the timeline."""

import json
import sys
from datetime import datetime, timedelta, timezone

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destmock import Fault, LeftoverError, PendingFault, mock_destinations, outcomes

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
by_hand = pytest.mark.destmock(autorun=False, start=START)
at_start = pytest.mark.destmock(start=START, handlers={"orders": outcomes({"ok": 1})})


def send(lam, payload=b"{}", name="orders", **kwargs):
    answer = lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload, **kwargs)
    return answer["ResponseMetadata"]["RequestId"]


def configure(lam, to=None, **options):
    if to is not None:
        options["DestinationConfig"] = {key: {"Destination": to} for key in ("OnSuccess", "OnFailure")}
    lam.put_function_event_invoke_config(FunctionName="orders", **options)


def begun(destmock):
    """When the attempts of each event began, in seconds since it was accepted."""
    return [[attempt.elapsed for attempt in invocation.attempts] for invocation in destmock.invocations]


def kinds(destmock):
    return [fault.kind for fault in destmock.faults.injected]


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


# Scopes


@pytest.mark.parametrize(
    ("function", "hit"),
    [
        (None, True),
        ("orders", True),
        ("orders:live", True),
        ("orders:$LATEST", False),
        ("audit", False),
        (ARN, True),
        (f"{ARN}:live", True),
        (f"{ARN}:1", False),
        (ARN.replace("us-east-1", "eu-west-1"), False),
        (ARN.replace("123456789012", "210987654321"), False),
        ("123456789012:function:orders", True),
    ],
)
@at_start
def test_a_fault_is_restricted_to_a_function(destmock, lam, function, hit):
    """A qualifier restricts it to what was invoked with that."""
    version = lam.publish_version(FunctionName="orders")["Version"]
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion=version)
    destmock.faults.throttle(function)
    send(lam, Qualifier="live")
    assert len(destmock.faults.injected) == hit
    assert len(destmock.faults.pending) == (not hit)


@at_start
def test_without_a_qualifier_it_was_invoked_as_latest(destmock, lam):
    destmock.faults.throttle("orders:$LATEST")
    send(lam)
    assert kinds(destmock) == ["throttle"]


@at_start
def test_a_fault_is_a_fact(destmock, lam, make_queue):
    done = make_queue("done")
    configure(lam, to=done)
    destmock.faults.delay(2.5, "orders")
    destmock.faults.fail_delivery(done)
    request_id = send(lam)
    qualified = f"{ARN}:$LATEST"
    assert destmock.faults.injected == [
        Fault("delay", "orders", qualified, request_id, START, None, 2.5),
        Fault("fail_delivery", done, qualified, request_id, START + timedelta(seconds=2.5), done),
    ]
    assert destmock.faults.injected.for_function("orders") == destmock.faults.injected
    assert destmock.faults.injected.for_function("audit") == []
    assert repr(destmock.faults.injected[0]) == "<Fault delay of orders at 2026-01-01 00:00:00+00:00>"


@at_start
def test_what_never_happens_is_no_error(destmock, lam):
    destmock.faults.throttle("audit", times=2)
    destmock.faults.fail_delivery("arn:aws:sqs:us-east-1:123456789012:done", times=None)
    send(lam)
    assert destmock.faults.pending == (
        PendingFault("throttle", "audit", None, 2),
        PendingFault("fail_delivery", None, "arn:aws:sqs:us-east-1:123456789012:done", None),
    )
    assert repr(destmock.faults) == (
        "<Faults 0 injected, pending: [<PendingFault throttle of audit: 2 more>, <PendingFault fail_delivery "
        "of arn:aws:sqs:us-east-1:123456789012:done: until clear()>]>"
    )


@pytest.mark.parametrize(
    "ask",
    [
        lambda faults: faults.throttle("a b"),
        lambda faults: faults.throttle(7),
        lambda faults: faults.system_error(times=0),
        lambda faults: faults.duplicate(times=1.5),
        lambda faults: faults.delay(0),
        lambda faults: faults.delay(-1),
        lambda faults: faults.delay(float("nan")),
        lambda faults: faults.delay(float("inf")),
        lambda faults: faults.delay("soon"),
        lambda faults: faults.fail_delivery("done"),
        lambda faults: faults.fail_delivery(7),
        lambda faults: faults.chaos(7, throttle=1.1),
        lambda faults: faults.chaos(7, delay=-0.1),
        lambda faults: faults.chaos(7, duplicate="often"),
        lambda faults: faults.chaos(7, function="a b"),
        lambda faults: faults.chaos("seven"),
    ],
)
def test_a_fault_that_can_not_be_is_refused(destmock, ask):
    with pytest.raises(ValueError, match=r".+"):
        ask(destmock.faults)
    assert destmock.faults.pending == ()
    assert "chaos" not in repr(destmock.faults)


def test_faults_end_with_their_mock():
    with mock_destinations() as destmock:
        pass
    with pytest.raises(Exception, match="this mock has ended"):
        destmock.faults.throttle()
    assert destmock.faults.injected == ()


# Events from everywhere


@at_start
def test_an_event_from_a_topic_is_duplicated(destmock, lam, sns):
    topic = sns.create_topic(Name="placed")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ARN)
    destmock.faults.duplicate("orders")
    sns.publish(TopicArn=topic, Message="7")
    assert [found.source for found in destmock.invocations] == ["SNS topic placed"] * 2
    assert len({found.request_id for found in destmock.invocations}) == 1


@at_start
def test_an_event_from_a_destination_is_throttled(destmock, lam):
    destmock.handler("audit", outcomes(None))
    configure(lam, to=ARN.replace("orders", "audit"))
    destmock.faults.throttle("audit")
    send(lam)
    assert begun(destmock) == [[0], [1]]


@at_start
@pytest.mark.parametrize("kind", ["throttle", "system_error"])
def test_a_mapping_reads_its_batch_again_later(destmock, lam, sqs, make_queue, kind):
    """After the queue's visibility timeout, as when the function is throttled."""
    jobs = make_queue("jobs", VisibilityTimeout="30")
    lam.create_event_source_mapping(EventSourceArn=jobs, FunctionName="orders")
    getattr(destmock.faults, kind)("orders")
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="7")
    assert "SQS queue jobs)\n  +0.000 s " in destmock.timeline()
    assert "attempt" not in destmock.timeline()
    destmock.advance(30)
    assert destmock.timeline().splitlines()[-1] == '  +0.000 s Success {"ok": 1}'
    assert kinds(destmock) == [kind]


# Chaos

MIXTURE = {"throttle": 0.3, "system_error": 0.2, "duplicate": 0.3, "delay": 0.3, "fail_delivery": 0.2}


def chaotic(seed, **mixture):
    """The timeline and the faults of twenty orders whose handler fails every third time."""
    with mock_destinations(start=START, strict=False) as destmock:
        lam, sqs = boto3.client("lambda"), boto3.client("sqs")
        sqs.create_queue(QueueName="done")
        ids = iter(range(1000))

        @destmock.handler("orders", duration=1)
        def orders(event, context):
            if next(ids) % 3 == 0:
                raise ValueError("no stock")

        configure(lam, to="arn:aws:sqs:us-east-1:123456789012:done")
        destmock.faults.chaos(seed, **mixture)
        for _ in range(20):
            send(lam)
        return destmock.timeline(), destmock.faults.injected, destmock.invocations


def test_the_same_seed_makes_the_same_faults():
    first, injected, _ = chaotic(7, **MIXTURE)
    assert first == chaotic(7, **MIXTURE)[0]
    assert first != chaotic(8, **MIXTURE)[0]
    assert {fault.kind for fault in injected} == set(MIXTURE)
    assert all(fault.chaos for fault in injected)
    assert all(1 <= fault.seconds <= 60 for fault in injected if fault.kind == "delay")


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(), rates=st.fixed_dictionaries(dict.fromkeys(MIXTURE, st.floats(0, 1))))
def test_whatever_the_mixture_every_delivery_of_an_event_ends_once(seed, rates):
    _, injected, invocations = chaotic(seed, **rates)
    duplicates = sum(fault.kind == "duplicate" for fault in injected)
    assert len(invocations) == 20 + duplicates
    assert sum(invocation.duplicate for invocation in invocations) == duplicates
    assert all(invocation.condition is not None for invocation in invocations)
    assert all(invocation.record is not None for invocation in invocations)


def test_the_timeline_begins_with_the_call_that_repeats_the_faults():
    timeline, *_ = chaotic(7, throttle=1, system_error=0, duplicate=0, delay=0, times=2)
    assert timeline.splitlines()[0] == (
        "the faults are those of destmock.faults.chaos(seed=7, throttle=1, system_error=0, duplicate=0, "
        "delay=0, fail_delivery=0.0, times=2)"
    )
    assert "  +0.000 s throttled by chaos, 2 times: at +0, +1 s" in timeline
    assert timeline.count("throttled") == 1


@at_start
def test_chaos_leaves_synchronous_calls_and_other_functions_alone(destmock, lam):
    destmock.handler("audit", outcomes(None))
    destmock.faults.chaos(7, throttle=1, system_error=1, function="orders")
    lam.invoke(FunctionName="orders")
    send(lam, name="audit")
    assert destmock.faults.injected == ()
    send(lam)
    assert {fault.scope for fault in destmock.faults.injected} == {"orders"}
    assert destmock.invocations[-1].condition == "EventAgeExceeded"


@at_start
def test_without_a_seed_one_is_made_up_and_told(destmock):
    destmock.faults.chaos()
    assert destmock.timeline().startswith("the faults are those of destmock.faults.chaos(seed=")
    assert "seed=" in repr(destmock.faults)
    destmock.faults.clear()
    assert "seed=" not in repr(destmock.faults)


def test_what_a_strict_mock_complains_of_names_the_seed():
    mock = mock_destinations(autorun=False, handlers={"orders": outcomes(None)})
    mock.start().faults.chaos(seed=7)
    send(boto3.client("lambda"))
    with pytest.raises(LeftoverError, match=r"\nthe faults are those of destmock.faults.chaos\(seed=7,"):
        mock.stop()


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have notes from 3.11 on")
def test_an_exception_that_ends_the_mock_tells_the_seed():
    @mock_destinations
    def run(destmock):
        destmock.faults.chaos(seed=7)
        raise ValueError

    with pytest.raises(ValueError, match=r"^\nthe faults are those of destmock.faults.chaos\(seed=7,"):
        run()


def test_the_report_of_a_failed_test_names_the_seed(pytester):
    pytester.makepyfile("""
        def test_it(destmock):
            destmock.faults.chaos(seed=7)
            assert False
    """)
    result = pytester.runpytest_subprocess("-n0")
    result.stdout.fnmatch_lines(["*destmock timeline*", "*destmock.faults.chaos(seed=7, *"])


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
