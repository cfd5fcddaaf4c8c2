"""The virtual clock: autorun and driving it by hand, durations, handlers that cause more, the end."""

import json
import sys
from datetime import timedelta, timezone

import boto3
import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from destmock import DestmockError, InactiveError, InvocationLoopError, mock_destinations, outcomes
from tests.time.moments import START, later, ok, send


def fail(event, context):
    raise ValueError("no stock")


# With autorun


@pytest.mark.destmock(handlers={"orders": fail}, start=START)
def test_with_autorun_everything_has_run_when_invoke_returns(destmock, lam):
    """The answer is what AWS answers before anything has run: 202 and an empty body."""
    answer = send(lam)
    assert answer["StatusCode"] == 202
    assert answer["Payload"].read() == b""
    assert destmock.invocations[0].condition == "RetriesExhausted"
    assert destmock.pending == []
    assert destmock.now == later(180)


@pytest.mark.destmock(start=START)
def test_each_attempt_sees_the_time_it_is_due_at(destmock, lam):
    seen = []

    def orders(event, context):
        seen.append(destmock.now)
        raise ValueError

    destmock.handler("orders", orders)
    send(lam)
    assert seen == [later(0), later(60), later(180)]


@pytest.mark.destmock(handlers={"orders": ok}, start=START)
def test_without_anything_to_wait_for_time_stands_still(destmock, lam):
    for _ in range(3):
        send(lam)
    assert destmock.now == START


def test_time_begins_at_the_machine_s_own_unless_a_start_is_given():
    with time_machine.travel(START, tick=False), mock_destinations() as destmock:
        assert destmock.now == START


def test_a_start_in_another_time_zone_is_the_same_moment():
    start = START.astimezone(timezone(timedelta(hours=-7)))
    with mock_destinations(start=start) as destmock:
        assert destmock.now == START
        assert destmock.now.tzinfo is timezone.utc


def test_a_start_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="has no time zone; pass an aware datetime"):
        mock_destinations(start=START.replace(tzinfo=None))


def test_a_start_in_the_last_year_of_all_is_refused():
    with pytest.raises(ValueError, match="start can't be in the year 9999"):
        mock_destinations(start=START.replace(year=9999))


def test_the_machine_s_clock_does_not_move_virtual_time():
    """A test that travels with time-machine still works, and travelling isn't driving."""
    with mock_destinations(handlers={"orders": ok}, start=START) as destmock:
        with time_machine.travel(later(3600)):
            send(boto3.client("lambda"))
            assert destmock.now == START
        assert destmock.invocations[0].accepted_at == START


# Without autorun


@pytest.mark.destmock(handlers={"orders": fail}, autorun=False, start=START)
def test_without_autorun_nothing_runs_by_itself(destmock, lam):
    for _ in range(2):
        assert send(lam)["StatusCode"] == 202
    lam.get_function(FunctionName="orders")
    assert [invocation.attempts for invocation in destmock.invocations] == [(), ()]
    assert destmock.now == START
    assert len(destmock.pending) == 2
    destmock.run_until_idle()


@pytest.mark.destmock(handlers={"orders": ok}, autorun=False)
def test_a_synchronous_invocation_runs_at_once_all_the_same(destmock, lam):
    answer = lam.invoke(FunctionName="orders", Payload=b'{"id": 7}')
    assert json.load(answer["Payload"]) == {"id": 7}


@pytest.mark.destmock(handlers={"orders": fail}, autorun=False, start=START)
def test_advance_runs_what_is_due_and_leaves_the_clock_exactly_that_much_later(destmock, lam):
    send(lam)
    attempts = []
    for seconds in (0, 59.999, 0.001, 119, 2, 10_000):
        destmock.advance(seconds)
        attempts.append((destmock.now, len(destmock.invocations[0].attempts)))
    assert attempts == [
        (later(0), 1),
        (later(59.999), 1),
        (later(60), 2),
        (later(179), 2),
        (later(181), 3),
        (later(10_181), 3),
    ]


@pytest.mark.destmock(autorun=False, start=START)
def test_what_is_due_within_an_advance_runs_at_its_own_time(destmock, lam):
    seen = []

    def orders(event, context):
        seen.append(destmock.now)
        raise ValueError

    destmock.handler("orders", orders)
    send(lam)
    destmock.advance(timedelta(hours=1))
    assert seen == [later(0), later(60), later(180)]
    assert destmock.now == later(3600)
    assert destmock.invocations[0].record["timestamp"] == "2026-09-14T15:21:45.502Z"


_durations = st.integers(min_value=0, max_value=10**9)


@settings(max_examples=20, deadline=None)
@given(milliseconds=st.lists(_durations, max_size=20), as_timedelta=st.booleans())
def test_many_advances_do_not_drift(milliseconds, as_timedelta):
    """Also in fractions of a second that a float can't hold."""
    with mock_destinations(start=START) as destmock:
        for amount in milliseconds:
            destmock.advance(timedelta(milliseconds=amount) if as_timedelta else amount / 1000)
        assert destmock.now == START + timedelta(milliseconds=sum(milliseconds))


@pytest.mark.destmock(handlers={"orders": ok}, autorun=False, start=START)
@pytest.mark.parametrize("duration", [-1, -0.001, timedelta(seconds=-1)])
def test_time_never_goes_backwards(destmock, lam, duration):
    send(lam)
    with pytest.raises(ValueError, match=r"^time never goes backwards: advance\(") as caught:
        destmock.advance(duration)
    assert repr(duration) in str(caught.value)
    assert destmock.now == START
    assert len(destmock.pending) == 1
    destmock.run_until_idle()


@pytest.mark.destmock(handlers={"orders": ok}, autorun=False, strict=False, start=START)
@pytest.mark.parametrize("duration", [float("nan"), float("inf"), 1e15, timedelta.max])
def test_a_time_that_does_not_exist_is_refused_and_changes_nothing(destmock, lam, duration):
    send(lam)
    with pytest.raises((ValueError, OverflowError)):
        destmock.advance(duration)
    assert destmock.now == START
    assert len(destmock.pending) == 1


@pytest.mark.destmock(handlers={"orders": fail, "audit": ok}, autorun=False, start=START)
def test_run_until_idle_answers_how_many_attempts_it_took(destmock, lam):
    send(lam)
    send(lam, "audit")
    assert destmock.run_until_idle() == 4
    assert destmock.run_until_idle() == 0
    assert destmock.now == later(180)


@pytest.mark.destmock(handlers={"orders": fail}, autorun=False)
def test_run_until_idle_takes_exactly_as_many_attempts_as_its_limit(destmock, lam):
    send(lam)
    with pytest.raises(InvocationLoopError, match=r"^2 attempts have run and still events are queued"):
        destmock.run_until_idle(limit=2)
    assert len(destmock.invocations[0].attempts) == 2
    assert len(destmock.pending) == 1
    assert destmock.run_until_idle(limit=1) == 1


@pytest.mark.destmock(handlers={"orders": outcomes(ValueError("once"), "ok")}, autorun=False, start=START)
def test_step_runs_one_thing_and_answers_its_invocation(destmock, lam):
    request_id = send(lam)["ResponseMetadata"]["RequestId"]
    first = destmock.step()
    assert (first.request_id, first.condition, len(first.attempts)) == (request_id, None, 1)
    assert destmock.now == START
    second = destmock.step()
    assert (second.request_id, second.condition, len(second.attempts)) == (request_id, "Success", 2)
    assert destmock.now == later(60)
    assert destmock.step() is None
    assert destmock.now == later(60)


@pytest.mark.destmock(handlers={"orders": fail, "audit": ok}, autorun=False, start=START)
def test_pending_lists_what_is_queued_soonest_first(destmock, lam):
    send(lam)
    destmock.step()
    destmock.advance(10)
    send(lam, "audit")
    arn = "arn:aws:lambda:us-east-1:123456789012:function"
    assert [(p.function_arn, p.attempt, p.due_at, p.running) for p in destmock.pending] == [
        (f"{arn}:audit:$LATEST", 1, later(10), False),
        (f"{arn}:orders:$LATEST", 2, later(60), False),
    ]
    destmock.run_until_idle()
    assert destmock.pending == []


@pytest.mark.destmock(handlers={"orders": ok}, autorun=False)
def test_what_is_due_at_the_same_time_runs_in_the_order_of_acceptance(destmock, lam):
    for number in range(20):
        send(lam, payload=str(number).encode())
    ran = []
    while (invocation := destmock.step()) is not None:
        ran.append(invocation.event)
    assert ran == list(range(20))


# Durations


@pytest.mark.destmock(autorun=False, start=START)
def test_an_attempt_takes_its_declared_duration_on_the_virtual_clock(destmock, lam, make_queue, messages):
    """Between its start and its end time passes, and its record comes at the end."""
    destmock.handler("orders", ok, duration=1.5)
    destination = {"OnSuccess": {"Destination": make_queue("done")}}
    lam.put_function_event_invoke_config(FunctionName="orders", DestinationConfig=destination)
    send(lam)

    assert destmock.step().condition is None
    [pending] = destmock.pending
    assert (pending.attempt, pending.due_at, pending.running) == (1, later(1.5), True)
    destmock.advance(1.499)
    assert messages("done") == []
    destmock.advance(0.001)
    [message] = messages("done")
    assert json.loads(message["Body"])["timestamp"] == "2026-09-14T15:18:47.002Z"
    assert destmock.now == later(1.5)


@pytest.mark.destmock(autorun=False, start=START)
def test_attempts_overlap_in_virtual_time(destmock, lam):
    """The later one, being shorter, ends first."""
    destmock.handler("slow", ok, timeout=60, duration=30)
    destmock.handler("quick", ok, duration=1)
    send(lam, "slow")
    send(lam, "quick")
    assert destmock.run_until_idle() == 2
    slow, quick = destmock.invocations
    assert (quick.record["timestamp"], slow.record["timestamp"]) == (
        "2026-09-14T15:18:46.502Z",
        "2026-09-14T15:19:15.502Z",
    )
    assert [invocation.attempts[0].elapsed for invocation in (slow, quick)] == [0, 0]


@pytest.mark.destmock(start=START)
def test_an_attempt_longer_than_its_timeout_ends_at_the_timeout(destmock, lam):
    destmock.handler("orders", ok, timeout=5, duration=600)
    lam.put_function_event_invoke_config(FunctionName="orders", MaximumRetryAttempts=0)
    send(lam)
    assert destmock.now == later(5)
    [attempt] = destmock.invocations[0].attempts
    assert attempt.outcome == "Timeout"


# Handlers that cause more


@pytest.mark.destmock(start=START)
@pytest.mark.parametrize("invocation_type", ["Event", "RequestResponse"])
def test_what_a_handler_invokes_is_queued_and_runs_after_it(destmock, lam, invocation_type):
    """Whether the handler itself runs asynchronously or not."""
    story = []

    def orders(event, context):
        answer = send(lam, "audit")
        story.append(("orders", answer["StatusCode"], [p.function_name for p in destmock.pending]))

    def audit(event, context):
        story.append(("audit",))

    destmock.handler("orders", orders)
    destmock.handler("audit", audit)
    lam.invoke(FunctionName="orders", InvocationType=invocation_type, Payload=b"{}")
    assert story == [("orders", 202, ["audit"]), ("audit",)]


@pytest.mark.destmock
def test_what_a_handler_invokes_runs_after_a_synchronous_invocation_inside_it(destmock, lam):
    """The inner call is over, the outer handler isn't."""
    story = []

    def outer(event, context):
        lam.invoke(FunctionName="inner", Payload=b"{}")
        story.append("outer ends")

    def inner(event, context):
        send(lam, "audit")
        story.append("inner ends")

    destmock.handler("outer", outer)
    destmock.handler("inner", inner)
    destmock.handler("audit", lambda _event, _context: story.append("audit"))
    send(lam, "outer")
    assert story == ["inner ends", "outer ends", "audit"]


@pytest.mark.destmock
def test_a_handler_that_sends_to_a_queue_does_so_at_once(destmock, lam, sqs, make_queue, messages):
    """Only what would run a function waits; and nothing queued runs before the handler has ended."""
    make_queue("destinations")
    url = sqs.get_queue_url(QueueName="destinations")["QueueUrl"]
    story = []

    def orders(event, context):
        send(lam, "audit")
        sqs.send_message(QueueUrl=url, MessageBody="hello")
        story.append([message["Body"] for message in messages("destinations")])

    destmock.handler("orders", orders)
    destmock.handler("audit", lambda _event, _context: story.append("audit"))
    send(lam)
    assert story == [["hello"], "audit"]


@pytest.mark.destmock
@pytest.mark.parametrize("invocation_type", ["Event", "RequestResponse"])
@pytest.mark.parametrize("drive", ["advance", "run_until_idle", "step"])
def test_time_is_not_driven_from_inside_a_handler(destmock, lam, invocation_type, drive):
    """The handler gets the error, and the simulation goes on."""
    caught = []

    def orders(event, context):
        send(lam, "audit")
        with pytest.raises(DestmockError) as error:
            getattr(destmock, drive)(*[1] * (drive == "advance"))
        caught.append(str(error.value))

    destmock.handler("orders", orders)
    destmock.handler("audit", ok)
    lam.invoke(FunctionName="orders", InvocationType=invocation_type, Payload=b"{}")
    assert caught == [
        "time can't be driven from inside a handler: what it invokes is queued, and runs after it"
    ]
    assert destmock.invocations.for_function("audit")[0].condition == "Success"


@pytest.mark.destmock(autorun=False)
def test_a_step_inside_a_handler_is_refused_also_when_nothing_is_queued(destmock, lam):
    destmock.handler("orders", lambda _event, _context: destmock.step())
    send(lam)
    assert destmock.step().attempts[0].outcome == "Error"
    destmock.run_until_idle()


def depth():
    frame, count = sys._getframe(), 0
    while frame is not None:
        frame, count = frame.f_back, count + 1
    return count


@pytest.mark.destmock
def test_a_chain_of_1000_functions_that_invoke_each_other_does_not_recurse(destmock, lam):
    depths = []

    def link(event, context):
        depths.append(depth())
        if event < 999:
            send(lam, f"link-{event + 1}", str(event + 1).encode())

    for number in range(1000):
        destmock.handler(f"link-{number}", link)
    send(lam, "link-0", b"0")
    assert len(depths) == 1000
    assert len(set(depths)) == 1


@pytest.mark.destmock
def test_a_chain_of_100_destinations_does_not_recurse(destmock, lam):
    depths = []

    def link(event, context):
        depths.append(depth())

    for number in range(100):
        destmock.handler(f"link-{number}", link)
    for number in range(99):
        arn = f"arn:aws:lambda:us-east-1:123456789012:function:link-{number + 1}"
        lam.put_function_event_invoke_config(
            FunctionName=f"link-{number}",
            DestinationConfig={"OnSuccess": {"Destination": arn}},
        )
    send(lam, "link-0")
    assert len(depths) == 100
    assert len(set(depths)) == 1


# The end


def test_after_its_end_a_mock_is_not_driven_any_more():
    with mock_destinations(handlers={"orders": ok}) as destmock:
        pass
    message = r"^this mock has ended; use its Destmock inside the test or the with block$"
    for use in (
        lambda: destmock.advance(1),
        destmock.run_until_idle,
        destmock.step,
        lambda: destmock.handler("orders", ok),
        lambda: destmock.handler("orders"),
    ):
        with pytest.raises(InactiveError, match=message):
            use()


def test_after_its_end_a_mock_still_tells_what_happened():
    with mock_destinations(handlers={"orders": fail}, autorun=False, strict=False, start=START) as destmock:
        send(boto3.client("lambda"))
        destmock.step()
        timeline = destmock.timeline()
    assert destmock.now == START
    assert len(destmock.invocations[0].attempts) == 1
    assert [pending.attempt for pending in destmock.pending] == [2]
    assert destmock.timeline() == timeline
    assert repr(destmock) == (
        "<Destmock ended at 2026-09-14T15:18:45Z: 1 invocations, 0 deliveries, 1 pending>"
    )
