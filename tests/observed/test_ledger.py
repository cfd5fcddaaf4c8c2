"""What happened, as a test sees it: the sequences of facts, the timeline, what a strict mock complains of."""

import dataclasses
import json
import typing
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock import InvocationRecord, LeftoverError, mock_destinations, outcomes
from destmock._aws.lifecycle import Condition
from destmock._observed.facts import Deliveries, Delivery, Invocation, Pending
from destmock._observed.sequences import History

START = datetime(2026, 9, 14, 15, 18, 45, 502_000, tzinfo=timezone.utc)
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function"
QUEUE = "arn:aws:sqs:us-east-1:123456789012"

started = pytest.mark.destmock(start=START)


def ok(event, context):
    return {"ok": event}


def fail(event, context):
    print("trying")
    raise ValueError("no stock")


def route(lam, name, **destinations):
    config = {key: {"Destination": arn} for key, arn in destinations.items()}
    lam.put_function_event_invoke_config(FunctionName=name, DestinationConfig=config)


def send(lam, name="orders", payload=b"{}", **kwargs):
    answer = lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload, **kwargs)
    return answer["ResponseMetadata"]["RequestId"]


def later(seconds):
    return START + timedelta(seconds=seconds)


@pytest.fixture
def story(destmock, lam, make_queue):
    """A delivered failure, a delivered success, a dropped failure and a success that nobody is told of."""
    destmock.handler("orders", fail)
    destmock.handler("audit", ok)
    destmock.handler("lost", fail)
    destmock.handler("quiet", ok)
    route(lam, "orders", OnFailure=make_queue("failed"))
    route(lam, "audit", OnSuccess=make_queue("done"))
    return [send(lam, name, b'{"id": 7}') for name in ("orders", "audit", "lost", "quiet")]


# The sequences


@started
def test_an_invocation_tells_everything_about_an_event(destmock, lam, story):
    invocation = destmock.invocations[0]
    assert invocation.request_id == story[0]
    assert invocation.function_arn == f"{FUNCTION}:orders:$LATEST"
    assert invocation.function_name == "orders"
    assert invocation.source == "Invoke"
    assert (invocation.payload, invocation.event) == (b'{"id": 7}', {"id": 7})
    assert invocation.accepted_at == START
    assert invocation.condition == "RetriesExhausted"
    assert len(invocation.attempts) == 3
    assert json.loads(invocation.record_body) == invocation.record
    assert invocation.record["requestContext"]["requestId"] == story[0]


@started
def test_an_attempt_tells_how_a_handler_ended(destmock, lam, story):
    first, second, third = destmock.invocations[0].attempts
    assert (first.number, second.number, third.number) == (1, 2, 3)
    assert (first.started_at, second.started_at, third.started_at) == (START, later(60), later(180))
    assert (first.elapsed, second.elapsed, third.elapsed) == (0, 60, 180)
    assert first.outcome == "Error"
    assert type(first.exception) is ValueError
    assert first.exception.__traceback__.tb_frame.f_code is fail.__code__
    assert first.response["errorMessage"] == "no stock"
    assert json.loads(first.payload) == first.response
    assert "trying\n" in first.logs
    assert f"START RequestId: {story[0]} Version: $LATEST\n" in first.logs

    [succeeded] = destmock.invocations[1].attempts
    assert (succeeded.outcome, succeeded.exception) == ("Success", None)
    assert (succeeded.response, succeeded.payload) == ({"ok": {"id": 7}}, b'{"ok": {"id": 7}}')


@started
def test_the_exception_is_the_very_object_that_was_raised(destmock, lam):
    error = KeyError("id")
    destmock.handler("orders", outcomes(error))
    send(lam)
    assert all(attempt.exception is error for attempt in destmock.invocations[0].attempts)


@started
@pytest.mark.parametrize(
    ("returned", "response"),
    [(None, None), (b"", None), (b"\xff\x00", b"\xff\x00"), ("x", "x"), ([1, 2.5], [1, 2.5])],
)
def test_a_response_is_parsed_or_the_bytes_themselves(destmock, lam, returned, response):
    destmock.handler("orders", outcomes(returned))
    send(lam)
    assert destmock.invocations[0].attempts[0].response == response


@started
def test_an_event_is_parsed_anew_at_each_access(destmock, lam, story):
    """What a test does to it stays the test's own."""
    invocation = destmock.invocations[0]
    invocation.event["id"] = 8
    invocation.record["version"] = "2.0"
    assert invocation.event == {"id": 7}
    assert invocation.record["version"] == "1.0"


@started
def test_a_delivery_tells_what_was_sent_where(destmock, lam, messages, story):
    failed, done = destmock.deliveries
    assert (failed.destination, failed.kind, failed.error) == (f"{QUEUE}:failed", "sqs", None)
    assert (failed.at, failed.dead_letter) == (later(180), False)
    assert failed.invocation == destmock.invocations[0]
    assert failed.function_name == "orders"
    assert failed.body == destmock.invocations[0].record_body
    assert failed.record == destmock.invocations[0].record
    [message] = messages("failed")
    assert message["Body"].encode() == failed.body
    assert done.invocation.condition == "Success"


@started
def test_a_drop_is_a_failure_that_nobody_was_told_of(destmock, lam, story):
    [drop] = destmock.drops
    assert drop.invocation == destmock.invocations[2]
    assert (drop.condition, drop.at, drop.function_name) == ("RetriesExhausted", later(360), "lost")


@started
def test_every_event_ends_in_a_delivery_a_drop_or_a_success(destmock, lam, story):
    """None twice, and none is lost."""
    ended = [fact.invocation.request_id for fact in (*destmock.deliveries, *destmock.drops)]
    assert sorted(ended) == sorted(story[:3])
    assert destmock.invocations[3].condition == "Success"
    assert destmock.pending == []


@pytest.mark.destmock(handlers={"orders": fail}, start=START, autorun=False)
def test_an_invocation_that_is_queued_has_no_condition_and_no_record_yet(destmock, lam):
    """The fact a test holds stays as it was; a new one is there for the asking."""
    send(lam)
    before = destmock.invocations[0]
    destmock.run_until_idle()
    assert (before.condition, before.record, before.record_body, before.attempts) == (None, None, None, ())
    assert len(destmock.invocations[0].attempts) == 3


@pytest.mark.destmock(handlers={"orders": fail}, start=START, autorun=False)
def test_a_pending_event_tells_when_its_next_attempt_is_due(destmock, lam):
    request_id = send(lam)
    destmock.step()
    [pending] = destmock.pending
    assert pending == Pending(request_id, f"{FUNCTION}:orders:$LATEST", 2, later(60), running=False)
    assert pending.function_name == "orders"
    destmock.run_until_idle()


@started
def test_for_function_selects_by_name_or_arn_whatever_the_qualifier(destmock, lam, story):
    for name in ("orders", f"{FUNCTION}:orders", f"{FUNCTION}:orders:$LATEST", "orders:live"):
        assert destmock.invocations.for_function(name) == [destmock.invocations[0]]
        assert destmock.deliveries.for_function(name) == [destmock.deliveries[0]]
        assert destmock.drops.for_function(name) == []
    assert destmock.drops.for_function("lost") == destmock.drops
    assert destmock.invocations.for_function("order") == []


@started
def test_to_selects_deliveries_by_destination(destmock, lam, story):
    assert destmock.deliveries.to(f"{QUEUE}:failed") == [destmock.deliveries[0]]
    assert destmock.deliveries.to(f"{QUEUE}:fail") == []
    assert destmock.deliveries.for_function("audit").to(f"{QUEUE}:done") == [destmock.deliveries[1]]
    assert destmock.deliveries[1:].to(f"{QUEUE}:failed") == []


@started
def test_a_sequence_of_facts_does_not_grow_in_the_hand(destmock, lam, story):
    before = destmock.invocations
    send(lam, "quiet")
    assert (len(before), len(destmock.invocations)) == (4, 5)
    assert before == destmock.invocations[:4]


@given(facts=st.lists(st.integers()), start=st.integers(-9, 9), stop=st.integers(-9, 9))
def test_a_history_is_a_sequence_like_any_other(facts, start, stop):
    history = History(facts)
    assert isinstance(history, Sequence)
    assert list(history) == facts
    assert len(history) == len(facts)
    assert history == facts
    assert facts == history
    assert history == tuple(facts)
    assert history == History(facts)
    assert hash(history) == hash(History(facts))
    assert history != [*facts, 0]
    assert history[start:stop] == facts[start:stop]
    assert type(history[start:stop]) is History
    assert type(Deliveries(facts)[start:stop]) is Deliveries
    assert list(reversed(history)) == facts[::-1]
    assert repr(history) == repr(facts)


def test_a_history_is_not_equal_to_what_is_no_sequence_of_facts():
    assert History([]) != ""
    assert History([]) != b""
    assert History([]) != set()
    assert History(["a"]) != "a"
    assert not History([])


@started
def test_facts_are_frozen(destmock, lam, story):
    facts = [
        destmock.invocations[0],
        destmock.invocations[0].attempts[0],
        destmock.deliveries[0],
        destmock.drops[0],
    ]
    for fact in facts:
        for field in dataclasses.fields(fact):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(fact, field.name, None)
    with pytest.raises(TypeError):
        destmock.invocations[0] = None
    with pytest.raises(AttributeError):
        destmock.invocations = []


@pytest.mark.destmock(start=START, autorun=False)
def test_reprs_are_one_line_that_says_the_essential(destmock, lam, make_queue):
    destmock.handler("orders", outcomes(ValueError("no stock"), 1), duration=1)
    destmock.handler("lost", fail)
    lam.put_function_event_invoke_config(FunctionName="lost", MaximumRetryAttempts=0)
    route(lam, "orders", OnSuccess=make_queue("done"))
    orders, lost = send(lam), send(lam, "lost")
    assert repr(destmock.invocations[0]) == f"<Invocation orders {orders}: queued, 0 attempts>"
    assert repr(destmock.pending) == (
        f"[<Pending orders {orders}: attempt 1 is due {START}>, "
        f"<Pending lost {lost}: attempt 1 is due {START}>]"
    )
    destmock.step()
    assert repr(destmock.pending[1]) == f"<Pending orders {orders}: attempt 1 ends {later(1)}>"
    destmock.run_until_idle()
    assert repr(destmock.invocations) == (
        f"[<Invocation orders {orders}: Success, 2 attempts>, "
        f"<Invocation lost {lost}: RetriesExhausted, 1 attempt>]"
    )
    assert repr(destmock.invocations[0].attempts) == (
        "(<Attempt 1 at +0 s: Error ValueError('no stock')>, <Attempt 2 at +61 s: Success>)"
    )
    assert repr(destmock.deliveries) == f"[<Delivery from orders to {QUEUE}:done: delivered>]"
    assert repr(destmock.drops) == f"[<Drop lost {lost}: RetriesExhausted>]"
    assert repr(destmock) == (
        "<Destmock active at 2026-09-14T15:19:47Z: 2 invocations, 1 deliveries, 0 pending>"
    )


def test_a_dead_letter_has_no_record():
    """It carries the event itself."""
    invocation = Invocation("id", f"{FUNCTION}:orders:$LATEST", "Invoke", b"{}", START, (), None, None)
    delivery = Delivery(f"{QUEUE}:dead", "sqs", b"{}", None, START, invocation, dead_letter=True)
    assert delivery.record is None


def test_the_type_of_a_record_can_be_read_at_run_time():
    hints = typing.get_type_hints(InvocationRecord)
    assert list(hints) == [
        "version",
        "timestamp",
        "requestContext",
        "requestPayload",
        "responseContext",
        "responsePayload",
        "deliveryError",
    ]
    assert InvocationRecord.__required_keys__ == {
        "version",
        "timestamp",
        "requestContext",
        "requestPayload",
    }
    assert typing.get_type_hints(hints["requestContext"])["condition"] == Condition


@started
@pytest.mark.parametrize("returned", [1, b"", b"\xff", ValueError("no stock")])
def test_every_record_has_the_shape_of_its_type(destmock, lam, returned):
    destmock.handler("orders", outcomes(returned))
    send(lam)
    assert_shape(destmock.invocations[0].record, InvocationRecord)


def assert_shape(found, wanted):
    hints = typing.get_type_hints(wanted)
    assert set(found) <= set(hints)
    assert set(found) >= wanted.__required_keys__
    for key, value in found.items():
        if typing.is_typeddict(hints[key]):
            assert_shape(value, hints[key])
        elif typing.get_origin(hints[key]) is typing.Literal:
            assert value in typing.get_args(hints[key])
        elif hints[key] is not typing.Any:
            assert type(value) is hints[key]


# The timeline


def told(destmock):
    """The timeline, with names in place of the request ids."""
    text = destmock.timeline()
    for number, invocation in enumerate(destmock.invocations, 1):
        text = text.replace(invocation.request_id, f"<{number}>")
    return text


@started
def test_a_timeline_in_which_nothing_was_invoked_is_empty(destmock, lam):
    destmock.handler("orders", ok)
    lam.put_function_event_invoke_config(FunctionName="orders", MaximumRetryAttempts=0)
    destmock.advance(60)
    assert destmock.timeline() == ""


def test_the_timeline_byte_for_byte():
    """With a start, the ids are the same too."""
    with mock_destinations(handlers={"orders": ok}, start=START) as destmock:
        request_id = send(boto3.client("lambda"), payload=b'{"id": 7}')
    assert request_id == "fbd686c9-c324-4108-9be8-3eed830c207f"
    assert destmock.timeline() == (
        '2026-09-14T15:18:45.502Z orders accepted {"id": 7} (Invoke, fbd686c9-c324-4108-9be8-3eed830c207f)\n'
        '  +0.000 s attempt 1: Success {"ok": {"id": 7}}\n'
        "  +0.000 s Success\n"
        "  +0.000 s nothing sent: no OnSuccess destination"
    )


@pytest.mark.destmock(handlers={"orders": outcomes(b"")}, start=START)
def test_the_timeline_of_an_empty_response(destmock, lam):
    send(lam)
    assert told(destmock).splitlines()[1] == "  +0.000 s attempt 1: Success"


@started
def test_the_timeline_tells_of_attempts_back_off_deliveries_and_why_nothing_was_sent(destmock, lam, story):
    failed, done = (len(delivery.body) for delivery in destmock.deliveries)
    assert told(destmock) == (
        '2026-09-14T15:18:45.502Z orders accepted {"id": 7} (Invoke, <1>)\n'
        "  +0.000 s attempt 1: Error ValueError: no stock (test_ledger.py:32)\n"
        "  +60.000 s attempt 2: Error ValueError: no stock (test_ledger.py:32), 60 s after the last\n"
        "  +180.000 s attempt 3: Error ValueError: no stock (test_ledger.py:32), 120 s after the last\n"
        "  +180.000 s RetriesExhausted\n"
        f"  +180.000 s -> {QUEUE}:failed ({failed} bytes)\n"
        '2026-09-14T15:21:45.502Z audit accepted {"id": 7} (Invoke, <2>)\n'
        '  +0.000 s attempt 1: Success {"ok": {"id": 7}}\n'
        "  +0.000 s Success\n"
        f"  +0.000 s -> {QUEUE}:done ({done} bytes)\n"
        '2026-09-14T15:21:45.502Z lost accepted {"id": 7} (Invoke, <3>)\n'
        "  +0.000 s attempt 1: Error ValueError: no stock (test_ledger.py:32)\n"
        "  +60.000 s attempt 2: Error ValueError: no stock (test_ledger.py:32), 60 s after the last\n"
        "  +180.000 s attempt 3: Error ValueError: no stock (test_ledger.py:32), 120 s after the last\n"
        "  +180.000 s RetriesExhausted\n"
        "  +180.000 s nothing sent: no OnFailure destination and no dead-letter queue\n"
        '2026-09-14T15:24:45.502Z quiet accepted {"id": 7} (Invoke, <4>)\n'
        '  +0.000 s attempt 1: Success {"ok": {"id": 7}}\n'
        "  +0.000 s Success\n"
        "  +0.000 s nothing sent: no OnSuccess destination"
    )


@pytest.mark.destmock(start=START, autorun=False)
def test_the_timeline_of_events_that_are_queued_or_running(destmock, lam):
    destmock.handler("orders", ok, duration=1.25)
    destmock.handler("audit", fail)
    send(lam)
    send(lam, "audit")
    destmock.step()
    assert told(destmock) == (
        "2026-09-14T15:18:45.502Z orders accepted {} (Invoke, <1>)\n"
        "  +1.250 s attempt 1 ends\n"
        "2026-09-14T15:18:45.502Z audit accepted {} (Invoke, <2>)\n"
        "  +0.000 s attempt 1 is due"
    )
    destmock.step()
    assert told(destmock).endswith(
        "  +0.000 s attempt 1: Error ValueError: no stock (test_ledger.py:32)\n  +60.000 s attempt 2 is due"
    )
    destmock.run_until_idle()


@pytest.mark.destmock(handlers={"orders": fail}, start=START, autorun=False)
def test_the_timeline_of_an_alias_that_has_gone(destmock, lam):
    lam.publish_version(FunctionName="orders")
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    lam.put_function_event_invoke_config(FunctionName="orders", Qualifier="live", MaximumRetryAttempts=0)
    send(lam, Qualifier="live")
    lam.delete_alias(FunctionName="orders", Name="live")
    destmock.run_until_idle()
    assert told(destmock) == (
        "2026-09-14T15:18:45.502Z orders:live accepted {} (Invoke, <1>)\n"
        "  +0.000 s attempt 1: NotFound: the function, version or alias does not exist (any more)\n"
        "  +0.000 s RetriesExhausted\n"
        "  +0.000 s nothing sent: no OnFailure destination and no dead-letter queue"
    )


@pytest.mark.destmock(handlers={"orders": ok}, start=START)
def test_the_timeline_of_an_event_that_never_ran(destmock, lam):
    lam.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    send(lam)
    assert told(destmock) == (
        "2026-09-14T15:18:45.502Z orders accepted {} (Invoke, <1>)\n"
        "  +0.000 s ZeroReservedConcurrency\n"
        "  +0.000 s nothing sent: no OnFailure destination and no dead-letter queue"
    )


@pytest.mark.destmock(handlers={"orders": ok, "audit": ok}, start=START, strict=False)
def test_the_timeline_of_a_chain_and_of_a_delivery_that_failed(destmock, lam, sqs, make_queue):
    route(lam, "orders", OnSuccess=f"{FUNCTION}:audit")
    route(lam, "audit", OnSuccess=make_queue("done"))
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="done")["QueueUrl"])
    send(lam)
    lines = destmock.timeline().splitlines()
    record = destmock.deliveries[0].body.decode()
    assert lines[3] == f"  +0.000 s -> {FUNCTION}:audit ({len(record)} bytes)"
    assert lines[4] == (
        f"2026-09-14T15:18:45.502Z audit accepted {record[:100]}... ({len(record)} bytes) "
        f"(OnSuccess of orders, {destmock.invocations[1].request_id})"
    )
    assert lines[-1] == f"  +0.000 s -> {QUEUE}:done FAILED: the queue {QUEUE}:done does not exist"


@pytest.mark.destmock(handlers={"orders": fail}, start=START)
def test_the_timeline_of_a_synchronous_invocation(destmock, lam):
    answer = lam.invoke(FunctionName="orders", Payload=b'{"id": 7}')
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert destmock.timeline() == (
        f'2026-09-14T15:18:45.502Z orders invoked synchronously {{"id": 7}} (Invoke, {request_id})\n'
        "  +0.000 s Error ValueError: no stock (test_ledger.py:32)"
    )


# What is left over


def test_a_strict_mock_complains_of_what_is_queued():
    with pytest.raises(LeftoverError) as caught:  # noqa: PT012, SIM117
        with mock_destinations(
            handlers={"orders": fail, "audit": ok}, autorun=False, start=START
        ) as destmock:
            lam = boto3.client("lambda")
            orders, audit = send(lam), send(lam, "audit")
            destmock.step()
    assert str(caught.value) == (
        "2 events are still queued:\n"
        f"  audit {audit}: attempt 1 is due at 2026-09-14T15:18:45.502Z\n"
        f"  orders {orders}: attempt 2 is due at 2026-09-14T15:19:45.502Z\n"
        "  run them with destmock.run_until_idle() or destmock.advance(...)\n"
        "To allow this, pass strict=False."
    )


def test_a_strict_mock_complains_of_what_is_still_running():
    mock = mock_destinations(autorun=False, start=START)
    destmock = mock.start()
    destmock.handler("orders", ok, duration=2.5)
    request_id = send(boto3.client("lambda"))
    destmock.step()
    with pytest.raises(LeftoverError) as caught:
        mock.stop()
    assert str(caught.value) == (
        "1 event is still queued:\n"
        f"  orders {request_id}: attempt 1 ends at 2026-09-14T15:18:48.002Z\n"
        "  run them with destmock.run_until_idle() or destmock.advance(...)\n"
        "To allow this, pass strict=False."
    )


def undeliverable(handler, *, events=1, **options):
    """A mock that is about to end, with records for a queue that has gone."""
    mock = mock_destinations(handlers={"orders": handler}, start=START, **options)
    destmock = mock.start()
    lam, sqs = boto3.client("lambda"), boto3.client("sqs")
    url = sqs.create_queue(QueueName="gone")["QueueUrl"]
    route(lam, "orders", OnFailure=f"{QUEUE}:gone", OnSuccess=f"{QUEUE}:gone")
    sqs.delete_queue(QueueUrl=url)
    ids = [send(lam) for _ in range(events)]
    destmock.run_until_idle()
    return mock, ids


def test_a_strict_mock_complains_of_a_record_that_could_not_be_delivered():
    mock, [request_id] = undeliverable(fail)
    with pytest.raises(LeftoverError) as caught:
        mock.stop()
    assert str(caught.value) == (
        "1 record could not be delivered:\n"
        f"  orders {request_id} (RetriesExhausted) to {QUEUE}:gone: the queue {QUEUE}:gone does not exist\n"
        "  create the destination, or mend its configuration\n"
        "To allow this, pass strict=False."
    )


def test_a_strict_mock_names_the_first_ten_and_counts_the_rest():
    mock, ids = undeliverable(ok, events=12)
    with pytest.raises(LeftoverError) as caught:
        mock.stop()
    lines = str(caught.value).splitlines()
    assert lines[0] == "12 records could not be delivered:"
    assert [line.split()[1] for line in lines[1:11]] == ids[:10]
    assert lines[11] == "  ... and 2 more"


def test_both_complaints_come_in_one_message():
    mock, _ = undeliverable(fail, autorun=False)
    send(boto3.client("lambda"))
    with pytest.raises(LeftoverError) as caught:
        mock.stop()
    lines = str(caught.value).splitlines()
    assert (lines[0], lines[3]) == ("1 event is still queued:", "1 record could not be delivered:")
    assert lines.count("To allow this, pass strict=False.") == 1


def test_a_complaint_is_a_failed_assertion():
    """So that a test runner counts it as a failure and not as an error."""
    mock, _ = undeliverable(fail)
    with pytest.raises(AssertionError):
        mock.stop()


def test_a_mock_that_is_not_strict_lets_everything_pass():
    mock, _ = undeliverable(fail, strict=False)
    mock.stop()
    with mock_destinations(handlers={"orders": fail}, autorun=False, strict=False):
        send(boto3.client("lambda"))


def test_a_complaint_never_hides_an_exception_that_is_on_its_way_out():
    with pytest.raises(ZeroDivisionError):  # noqa: PT012, SIM117
        with mock_destinations(handlers={"orders": fail}, autorun=False):
            send(boto3.client("lambda"))
            1 / 0  # noqa: B018


def test_a_failure_that_is_dropped_is_no_complaint():
    """AWS says nothing either; `drops` has it."""
    with mock_destinations(handlers={"orders": fail}) as destmock:
        send(boto3.client("lambda"))
    assert len(destmock.drops) == 1
