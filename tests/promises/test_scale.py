"""Very many events: `history=` keeps the newest of what is over, and what is kept costs a bounded amount."""

import gc
import json
import tracemalloc
from datetime import datetime, timedelta, timezone

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock import LeftoverError, mock_destinations, outcomes
from destmock._observed.sequences import Kept

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
QUEUE = "arn:aws:sqs:us-east-1:123456789012"

pytestmark = pytest.mark.destmock(
    handlers={"ok": outcomes(True), "failing": outcomes(ValueError("no stock")), "quiet": outcomes(None)},
    start=START,
)


def keeps(history, **options):
    return pytest.mark.destmock(history=history, **options)


def send(lam, name="ok", times=1):
    for _ in range(times):
        lam.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"id": 7}')


@pytest.fixture
def routed(lam, make_queue):
    """`ok` and `failing` tell the queue `records`."""
    arn = make_queue("records")
    for name in ("ok", "failing"):
        config = {kind: {"Destination": arn} for kind in ("OnSuccess", "OnFailure")}
        lam.put_function_event_invoke_config(
            FunctionName=name, DestinationConfig=config, MaximumRetryAttempts=0
        )
    return arn


# What is kept


@keeps(2)
def test_the_newest_events_are_kept_and_all_are_counted(destmock, lam, routed):
    send(lam, "ok", times=3)
    send(lam, "failing")
    send(lam, "quiet")
    assert [one.function_name for one in destmock.invocations] == ["failing", "quiet"]
    assert [one.function_name for one in destmock.deliveries] == ["failing"]
    assert (destmock.invocations.total, destmock.deliveries.total, destmock.drops.total) == (5, 4, 0)
    assert (len(destmock.invocations), len(destmock.deliveries)) == (2, 1)
    assert repr(destmock).endswith(": 5 invocations, 4 deliveries, 0 pending>")


@keeps(1)
def test_a_selection_counts_what_it_would_have_had(destmock, lam, routed):
    send(lam, "ok", times=3)
    send(lam, "failing", times=2)
    assert list(destmock.invocations.for_function("ok")) == []
    assert destmock.invocations.for_function("ok").total == 3
    assert destmock.invocations.for_function("other").total == 0
    assert destmock.deliveries.to(routed).total == 5
    assert destmock.deliveries.to(routed).for_function("failing").total == 2
    assert destmock.deliveries.for_function("failing").to(f"{QUEUE}:other").total == 0


@keeps(1)
def test_a_drop_goes_with_its_event(destmock, lam):
    send(lam, "failing", times=3)
    [drop] = destmock.drops
    assert drop.invocation == destmock.invocations[0]
    assert destmock.drops.total == destmock.drops.for_function("failing").total == 3


def test_by_default_everything_is_kept(destmock, lam):
    send(lam, "quiet", times=5)
    assert len(destmock.invocations) == destmock.invocations.total == 5


@keeps(0)
def test_nothing_need_be_kept(destmock, lam, routed):
    send(lam, "ok", times=3)
    send(lam, "failing")
    assert not destmock.invocations
    assert not destmock.deliveries
    assert (destmock.invocations.total, destmock.deliveries.total) == (4, 4)
    assert destmock.timeline() == "4 older ones are left out (history=0)"


@keeps(1)
def test_the_timeline_says_what_it_leaves_out(destmock, lam):
    send(lam, "quiet")
    assert "left out" not in destmock.timeline()
    lam.invoke(FunctionName="ok")
    first, second, *_ = destmock.timeline().splitlines()
    assert first == "1 older one is left out (history=1)"
    assert "ok invoked synchronously" in second


@keeps(1)
def test_synchronous_invocations_are_kept_like_events(destmock, lam):
    send(lam, "quiet")
    for _ in range(2):
        lam.invoke(FunctionName="ok")
    assert not destmock.invocations
    assert destmock.timeline().startswith("2 older ones are left out (history=1)\n")


@keeps(1, autorun=False)
def test_what_is_queued_is_never_left_out(destmock, lam):
    send(lam, "failing", times=4)
    assert [len(destmock.invocations), len(destmock.pending)] == [4, 4]
    send(lam, "quiet")
    destmock.advance(0)
    assert [one.function_name for one in destmock.invocations] == ["failing"] * 4 + ["quiet"]
    assert destmock.timeline().count("attempt 2 is due") == 4
    destmock.run_until_idle()
    [left] = destmock.invocations
    assert left.condition == "RetriesExhausted"
    assert destmock.invocations.total == 5
    assert destmock.drops.total == 4


@pytest.mark.parametrize("history", [None, 0, 1])
def test_strict_complains_of_all_that_could_not_be_delivered(history):
    mock = mock_destinations(handlers={"ok": outcomes(True)}, history=history, start=START)
    mock.start()
    sqs, lam = boto3.client("sqs"), boto3.client("lambda")
    url = sqs.create_queue(QueueName="records")["QueueUrl"]
    config = {"OnSuccess": {"Destination": f"{QUEUE}:records"}}
    lam.put_function_event_invoke_config(FunctionName="ok", DestinationConfig=config)
    sqs.delete_queue(QueueUrl=url)
    send(lam, "ok", times=12)
    with pytest.raises(LeftoverError) as caught:
        mock.stop()
    lines = str(caught.value).splitlines()
    assert lines[0] == "12 records could not be delivered:"
    assert len([line for line in lines if "the queue" in line]) == 10
    assert lines[11] == "  ... and 2 more"


@keeps(2)
def test_the_newest_logs_are_kept_for_those_who_read_them(destmock, lam, logs):
    destmock.handler("printing", lambda event, context: print("number", event["n"]))
    for number in range(4):
        lam.invoke(FunctionName="printing", InvocationType="Event", Payload=json.dumps({"n": number}))
    events = logs.filter_log_events(logGroupName="/aws/lambda/printing", filterPattern="number")["events"]
    assert [event["message"] for event in events] == ["number 2\n", "number 3\n"]
    assert destmock.invocations[0].attempts[0].logs.splitlines()[1] == "number 2"


@keeps(0)
def test_metrics_count_every_event(destmock, lam):
    send(lam, "failing", times=3)
    lam.get_function(FunctionName="quiet")
    destmock.advance(30)
    send(lam, "failing", times=2)
    cloudwatch = boto3.client("cloudwatch")
    [found] = cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": "failing"}],
        StartTime=START,
        EndTime=START + timedelta(days=1),
        Period=86_400,
        Statistics=["Sum", "SampleCount", "Maximum"],
    )["Datapoints"]
    assert (found["Sum"], found["SampleCount"], found["Maximum"]) == (15, 15, 1)


# Sequences


@keeps(None, autorun=False)
def test_a_sequence_stays_as_it_was_when_it_was_asked_for(destmock, lam, routed):
    send(lam, "quiet")
    destmock.advance(0)
    send(lam, "ok", times=2)
    before = destmock.invocations
    conditions = [one.condition for one in before]
    destmock.run_until_idle()
    send(lam, "ok")
    assert [one.condition for one in before] == conditions == ["Success", None, None]
    assert [one.condition for one in destmock.invocations] == ["Success", "Success", "Success", None]
    assert (before[-1].condition, before[0].condition, len(before)) == (None, "Success", 3)
    assert before == list(before) != destmock.invocations
    assert hash(before) == hash(before[:])
    assert [one.condition for one in before[1:]] == [None, None]
    assert before[::-1][0] == before[2]
    with pytest.raises(IndexError):
        before[3]
    assert next(reversed(before)) == before[2]
    assert before[1] in before
    destmock.run_until_idle()


@keeps(1)
def test_a_sequence_stays_as_it_was_when_events_are_left_out(destmock, lam):
    send(lam, "quiet", times=2)
    before, first = destmock.invocations, destmock.invocations[0]
    send(lam, "quiet", times=3)
    assert (list(before), len(before), before.total) == ([first], 1, 2)


@given(st.lists(st.one_of(st.just("add"), st.integers(0, 30)), max_size=60))
def test_what_is_kept_is_in_order_whatever_is_let_go(steps):
    """Equal items are told apart, and a view doesn't change any more."""
    kept, model, views = Kept(lambda item: ("", None)), [], []
    for step in steps:
        if step == "add":
            item = [len(model) % 3]
            kept.add(item)
            model.append(item)
        elif step < len(model):
            kept.let_go(model.pop(step))
        views.append((kept.facts(id), [id(item) for item in model]))
    assert [id(item) for item in kept] == [id(item) for item in model]
    for view, expected in views:
        assert list(view) == expected


# What it costs


def bytes_per_event(lam, times):
    """What is held at the end, of what was allocated meanwhile."""
    send(lam, "quiet", times=200)
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        send(lam, "quiet", times=times)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (after - before) / times


@pytest.mark.slow
@keeps(10)
def test_with_history_an_event_that_is_over_leaves_next_to_nothing(lam):
    assert bytes_per_event(lam, 2_000) < 150


def test_without_history_an_event_takes_three_kilobytes_at_most(lam):
    assert bytes_per_event(lam, 500) < 3_000
