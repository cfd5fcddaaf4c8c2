"""Load in virtual time: durations, slots of functions and accounts; who waited, how often, when each ran."""

import itertools
import json
from datetime import datetime, timedelta, timezone

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import destmock._mock.mock  # noqa: F401 - inner runs in this process must not be the first to import moto
from destmock import mock_destinations, outcomes
from tests.mock.inner_runs import STRICT

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
by_hand = pytest.mark.destmock(autorun=False, start=START)


def reserve(lam, slots, name="orders"):
    return lam.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=slots)


def send(lam, event=None, name="orders"):
    answer = lam.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event))
    assert answer["StatusCode"] == 202


def begun(destmock, name="orders"):
    """When the attempts of each event began, in seconds since it was accepted."""
    found = destmock.invocations.for_function(name)
    return [[attempt.elapsed for attempt in invocation.attempts] for invocation in found]


def refusal(lam, name="orders"):
    with pytest.raises(lam.exceptions.TooManyRequestsException) as caught:
        lam.invoke(FunctionName=name)
    return caught.value.response


# One slot, ten events of 15 seconds


def ten_events(lam, destmock):
    destmock.handler("orders", outcomes(None), timeout=60, duration=15)
    reserve(lam, 1)
    for number in range(10):
        send(lam, number)
    destmock.run_until_idle()


@by_hand
def test_ten_events_of_15_s_in_one_slot_run_one_after_the_other(destmock, lam):
    """D10: each looks for the slot after 1 s, 2 s, 4 s and so on, so it isn't always taken at once."""
    ten_events(lam, destmock)
    starts = sorted(start for [start] in begun(destmock))
    assert all(later - earlier >= 15 for earlier, later in itertools.pairwise(starts))
    assert {invocation.condition for invocation in destmock.invocations} == {"Success"}


@by_hand
def test_the_timeline_shows_who_waited_how_often_and_when_each_ran(destmock, lam):
    ten_events(lam, destmock)
    story = destmock.timeline().split("2026-01-01T")[1:]
    shown = [[line for line in event.splitlines()[1:] if "sent" not in line] for event in story]
    assert shown[0] == ["  +0.000 s attempt 1: Success null, took 15 s", "  +15.000 s Success"]
    assert shown[1] == [
        "  +0.000 s throttled, 4 times: at +0, +1, +3, +7 s",
        "  +15.000 s attempt 1: Success null, took 15 s",
        "  +30.000 s Success",
    ]
    assert shown[2] == [
        "  +0.000 s throttled, 5 times: at +0, +1, +3, +7, +15 s",
        "  +31.000 s attempt 1: Success null, took 15 s",
        "  +46.000 s Success",
    ]
    assert shown[9][0] == (
        "  +0.000 s throttled, 12 times: at +0, +1, +3, +7, +15, +31, +63, +127, +255, ..., +1111 s"
    )


def test_it_is_the_same_on_every_run(destmock, lam):
    timelines = set()
    for _ in range(2):
        with mock_destinations(autorun=False, start=START) as inner:
            ten_events(boto3.client("lambda"), inner)
            timelines.add(inner.timeline())
    assert len(timelines) == 1


@settings(deadline=None, max_examples=25)
@given(slots=st.integers(1, 4), durations=st.lists(st.integers(0, 30), min_size=1, max_size=12))
def test_never_more_attempts_at_once_than_slots_and_nobody_is_lost(slots, durations):
    with mock_destinations(autorun=False, start=START) as destmock:
        lam = boto3.client("lambda")
        destmock.handler("orders", outcomes(None), timeout=60, duration=lambda seconds: seconds)
        reserve(lam, slots)
        for seconds in durations:
            send(lam, seconds)
        destmock.run_until_idle()
        spans = [
            (invocation.attempts[0].elapsed, invocation.attempts[0].elapsed + seconds)
            for invocation, seconds in zip(destmock.invocations, durations, strict=True)
        ]
        for moment, _ in spans:
            assert sum(begin <= moment < end for begin, end in spans) <= slots
        assert [invocation.condition for invocation in destmock.invocations] == ["Success"] * len(durations)


@by_hand
def test_however_many_wait_it_is_no_loop(destmock, lam):
    """Who looks for a slot has not had an attempt; of those that wait for 6 hours the rest is dropped."""
    destmock.handler("orders", outcomes(None), timeout=900, duration=900)
    reserve(lam, 1)
    for _ in range(200):
        send(lam)
    attempts = destmock.run_until_idle()  # after some 13,000 throttles
    conditions = [invocation.condition for invocation in destmock.invocations]
    assert attempts == conditions.count("Success") == sum(map(len, begun(destmock)))
    assert conditions.count("Success") + conditions.count("EventAgeExceeded") == 200


# Durations that depend on the event


@by_hand
def test_a_duration_may_depend_on_the_event(destmock, lam):
    destmock.handler("orders", outcomes(None), timeout=900, duration=lambda event: event["items"] * 0.5)
    reserve(lam, 1)
    for items in (4, 20):
        send(lam, {"items": items})
    destmock.run_until_idle()
    assert begun(destmock) == [[0], [3]]  # the first took 2 s; the second looked again after 1 s, and 2 more
    assert destmock.now == START + timedelta(seconds=13)


@by_hand
def test_what_a_duration_does_to_its_event_the_handler_does_not_see(destmock, lam):
    destmock.handler("orders", lambda event, context: event, duration=lambda event: event.pop("seconds"))
    send(lam, {"seconds": 1})
    destmock.run_until_idle()
    assert destmock.invocations[0].attempts[0].response == {"seconds": 1}


@by_hand
def test_a_duration_past_the_timeout_of_one_event_only(destmock, lam):
    destmock.handler("orders", outcomes(None), timeout=3, duration=lambda event: event)
    for seconds in (3, 3.001):
        send(lam, seconds)
    destmock.run_until_idle()
    first, second = destmock.invocations
    assert [attempt.outcome for attempt in first.attempts] == ["Success"]
    assert [(attempt.outcome, attempt.elapsed) for attempt in second.attempts] == [
        ("Timeout", 0),
        ("Timeout", 63),
        ("Timeout", 186),
    ]


@pytest.mark.parametrize("answer", [-1, float("nan"), float("inf"), "soon", None])
@by_hand
def test_an_answer_that_is_no_duration_is_an_error_and_the_event_stays(destmock, lam, answer):
    """Whatever drives time raises it; with the mistake mended the event runs, its first attempt still."""
    ran = []
    destmock.handler("orders", lambda event, context: ran.append(event), duration=lambda event: answer)
    send(lam)
    for _ in range(2):
        with pytest.raises(ValueError, match=r"^the duration of 'orders' answered .*in seconds from 0$"):
            destmock.run_until_idle()
    [waiting] = destmock.pending
    assert (waiting.attempt, ran) == (1, [])
    destmock.handler("orders", lambda event, context: ran.append(event), duration=lambda event: 1)
    destmock.run_until_idle()
    assert begun(destmock) == [[0]]
    assert ran == [None]


def test_a_failed_test_has_its_report_though_its_event_can_not_run(pytester):
    """And the next one is unaffected."""
    pytester.makepyfile("""
        import boto3
        import pytest

        def send(destmock):
            destmock.handler("orders", lambda event, context: None, duration=lambda event: -1)
            boto3.client("lambda").invoke(FunctionName="orders", InvocationType="Event")

        def test_fails(destmock):
            send(destmock)

        def test_leaves_it_queued(destmock):
            with pytest.raises(ValueError, match="answered -1"):
                send(destmock)

        def test_next(destmock):
            assert destmock.invocations == ()
    """)
    result = pytester.runpytest_inprocess(*STRICT, "-n0", "-p", "no:randomly")
    result.assert_outcomes(passed=2, failed=1, errors=1)
    result.stdout.fnmatch_lines(["*destmock timeline*", "* orders accepted {} *"])


@by_hand
def test_a_duration_that_raises_is_the_test_s_own_error(destmock, lam):
    destmock.handler("orders", outcomes(None), duration=lambda event: event["items"])
    send(lam, {})
    with pytest.raises(KeyError, match="items"):
        destmock.advance(1)
    with pytest.raises(KeyError, match="items"):
        lam.invoke(FunctionName="orders", Payload=b"{}")
    assert [len(invocation.attempts) for invocation in destmock.invocations] == [0]
    destmock.handler("orders", outcomes(None))
    destmock.run_until_idle()


@pytest.mark.parametrize("duration", [-1, float("nan"), "2", None])
def test_a_duration_that_can_not_be_is_refused_at_once(destmock, lam, duration):
    with pytest.raises((TypeError, ValueError), match=r"duration (in seconds from 0|is a number)"):
        destmock.handler("orders", outcomes(None), duration=duration)
    assert lam.list_functions()["Functions"] == []


@by_hand
def test_a_synchronous_call_takes_its_time_and_frees_its_slot_then(destmock, lam):
    destmock.handler("orders", outcomes({"ok": 1}), timeout=60, duration=15)
    reserve(lam, 1)
    for _ in range(2):
        assert lam.invoke(FunctionName="orders")["Payload"].read() == b'{"ok": 1}'
    assert destmock.now == START + timedelta(seconds=30)


# The time that is left


@pytest.mark.parametrize(
    ("timeout", "duration", "left"), [(30, 0, 30_000), (30, 27.5, 2_500), (30, 30, 0), (3, 900, 0)]
)
def test_the_remaining_time_is_the_timeout_less_the_declared_duration(destmock, lam, timeout, duration, left):
    seen = []

    @destmock.handler("orders", timeout=timeout, duration=duration)
    def orders(event, context):
        seen.append(context.get_remaining_time_in_millis())

    lam.invoke(FunctionName="orders")
    assert seen == [left]


def test_a_handler_that_stops_in_time_can_be_tested(destmock, lam):
    """It gives up its work when less than 5 s are left, and goes on with the rest in another invocation."""

    @destmock.handler("orders", timeout=60, duration=lambda event: 57 if event["first"] else 1)
    def orders(event, context):
        if context.get_remaining_time_in_millis() < 5_000:
            send(lam, {"first": False})
            return "to be continued"
        return "done"

    send(lam, {"first": True})
    answers = [invocation.attempts[0].response for invocation in destmock.invocations]
    assert answers == ["to be continued", "done"]


# Reservations that change while events wait


@by_hand
def test_a_smaller_reservation_interrupts_nobody(destmock, lam):
    """What runs goes on; who comes next finds no slot until enough of it is over."""
    destmock.handler("orders", outcomes(None), timeout=60, duration=10)
    reserve(lam, 3)
    for _ in range(3):
        send(lam)
    destmock.advance(1)
    reserve(lam, 1)
    send(lam)
    destmock.run_until_idle()
    assert begun(destmock) == [[0], [0], [0], [15]]  # after 0, 1, 3 and 7 s it found none


# The account's limit


@pytest.mark.destmock(autorun=False, start=START, account_concurrency=2)
def test_functions_without_a_reservation_share_the_account_s_limit(destmock, lam):
    for name in ("orders", "audit"):
        destmock.handler(name, outcomes(None), timeout=60, duration=10)
    send(lam)
    send(lam, name="audit")
    send(lam)
    destmock.run_until_idle()
    assert begun(destmock, "orders") == [[0], [15]]
    assert begun(destmock, "audit") == [[0]]


@pytest.mark.destmock(autorun=False, start=START, account_concurrency=3)
def test_a_reservation_is_taken_out_of_the_account_s_limit(destmock, lam):
    """And is there for its own function, however busy the others are."""
    for name in ("orders", "audit"):
        destmock.handler(name, outcomes(None), timeout=60, duration=10)
    reserve(lam, 2, name="audit")
    for name in ("orders", "orders", "audit", "audit", "audit"):
        send(lam, name=name)
    destmock.run_until_idle()
    assert begun(destmock, "orders") == [[0], [15]]
    assert begun(destmock, "audit") == [[0], [0], [15]]


@pytest.mark.destmock(autorun=False, start=START, account_concurrency=1)
def test_each_region_has_a_limit_of_its_own(destmock, lam):
    destmock.handler("orders", outcomes(None), timeout=60, duration=10)
    send(lam)
    send(boto3.client("lambda", region_name="eu-west-1"))
    destmock.run_until_idle()
    assert begun(destmock) == [[0], [0]]


@pytest.mark.destmock(autorun=False, start=START, account_concurrency=1)
def test_A26_a_synchronous_call_is_refused_when_the_account_has_no_slot_left(destmock, lam):
    destmock.handler("orders", outcomes(None), timeout=60, duration=10)
    send(lam)
    destmock.step()
    response = refusal(lam)
    assert response["Error"] == {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}
    assert response["Reason"] == "ConcurrentInvocationLimitExceeded"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
    destmock.run_until_idle()
    assert lam.invoke(FunctionName="orders")["StatusCode"] == 200


@pytest.mark.destmock(account_concurrency=2)
def test_a_chain_of_synchronous_calls_needs_a_slot_for_each(destmock, lam):
    """A function that waits for another has its slot meanwhile."""
    refused = []

    @destmock.handler("first")
    def first(event, context):
        lam.invoke(FunctionName="second")

    @destmock.handler("second")
    def second(event, context):
        refused.append(refusal(lam, "third")["Reason"])

    destmock.handler("third", outcomes(None))
    lam.invoke(FunctionName="first")
    assert refused == ["ConcurrentInvocationLimitExceeded"]


@pytest.mark.destmock(handlers={"orders": outcomes(None)}, account_concurrency=50)
def test_the_account_settings_say_so(destmock, lam):
    reserve(lam, 20)
    answer = lam.get_account_settings()
    assert answer["AccountLimit"]["ConcurrentExecutions"] == 50
    assert answer["AccountLimit"]["UnreservedConcurrentExecutions"] == 30
    assert answer["AccountUsage"]["FunctionCount"] == 1


@pytest.mark.destmock(handlers={"orders": outcomes(None), "audit": outcomes(None)})
def test_an_account_keeps_100_of_its_1000_unreserved(destmock, lam):
    assert lam.get_account_settings()["AccountLimit"]["ConcurrentExecutions"] == 1000
    reserve(lam, 500)
    reserve(lam, 400, name="audit")
    reserve(lam, 450)  # what it replaces is free
    with pytest.raises(lam.exceptions.InvalidParameterValueException) as caught:
        reserve(lam, 501)
    assert caught.value.response["Error"]["Message"] == (
        "Specified ReservedConcurrentExecutions for function decreases account's "
        "UnreservedConcurrentExecution below its minimum value of [100]."
    )
    kept = lam.get_function_concurrency(FunctionName="orders")
    assert kept["ReservedConcurrentExecutions"] == 450


@pytest.mark.parametrize("limit", [0, -1, 1.5, "10", None])
def test_a_limit_that_can_not_be_is_refused(limit):
    with pytest.raises(ValueError, match="account_concurrency is a whole number of attempts from 1"):
        mock_destinations(account_concurrency=limit)
