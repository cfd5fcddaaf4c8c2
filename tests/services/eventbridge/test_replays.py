"""Archives, and their replays: in their window, by their states, on the virtual clock."""

from datetime import datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError
from moto.events.models import events_backends

from tests.services.places import ACCOUNT, REGION, START
from tests.services.triggers import ORDERS, put, rule

BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
FIRST = datetime(2020, 2, 3, 4, 5, 6, tzinfo=timezone.utc)
MINUTES = [FIRST, FIRST + timedelta(minutes=1), FIRST + timedelta(minutes=2)]
handlers = {"orders": lambda event, context: event}
pytestmark = pytest.mark.destmock(start=START, handlers=handlers)
waiting = pytest.mark.destmock(autorun=False, strict=False)


@pytest.fixture
def archive(events):
    arn = events.create_archive(ArchiveName="all", EventSourceArn=BUS)["ArchiveArn"]
    for number, moment in enumerate(MINUTES):
        put(events, {"n": number}, Time=moment)
    return arn


@pytest.fixture
def replay(events, archive):
    def start(begin=FIRST - timedelta(seconds=1), end=MINUTES[2] + timedelta(seconds=1), **destination):
        return events.start_replay(
            ReplayName="again",
            EventSourceArn=archive,
            EventStartTime=begin,
            EventEndTime=end,
            Destination={"Arn": BUS, **destination},
        )

    return start


def described(events):
    found = events.describe_replay(ReplayName="again")
    return {name: value for name, value in found.items() if name != "ResponseMetadata"}


def seen(destmock):
    return [invocation.event["detail"]["n"] for invocation in destmock.invocations]


@pytest.mark.parametrize(
    ("begin", "end", "found"),
    [
        (FIRST - timedelta(seconds=1), MINUTES[2] + timedelta(seconds=1), [0, 1, 2]),
        (FIRST, MINUTES[1], [0]),
        (FIRST + timedelta(seconds=1), MINUTES[1], []),
        (MINUTES[1], MINUTES[2], [1]),
        (MINUTES[2] + timedelta(seconds=1), MINUTES[2] + timedelta(days=1), []),
    ],
)
def test_a_replay_has_the_events_from_its_start_to_before_its_end(
    destmock, events, replay, begin, end, found
):
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS})
    replay(begin, end)
    assert seen(destmock) == found


@waiting
def test_a_replay_is_starting_for_a_minute_and_then_completed(destmock, events, archive, replay):
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS})
    begin, end = FIRST - timedelta(seconds=1), MINUTES[2] + timedelta(seconds=1)
    started = replay(begin, end)
    assert (started["State"], started["ReplayStartTime"]) == ("STARTING", START)
    what = {
        "ReplayName": "again",
        "ReplayArn": started["ReplayArn"],
        "State": "STARTING",
        "EventSourceArn": archive,
        "Destination": {"Arn": BUS},
        "EventStartTime": begin,
        "EventEndTime": end,
        "ReplayStartTime": START,
    }
    assert described(events) == what
    assert [one.function_arn for one in destmock.pending] == [started["ReplayArn"]]
    destmock.advance(59)
    assert described(events)["State"] == "STARTING"
    destmock.advance(1)
    over = {
        "State": "COMPLETED",
        "ReplayEndTime": START + timedelta(minutes=1),
        "EventLastReplayedTime": datetime(2020, 2, 3, 4, 7, tzinfo=timezone.utc),
    }
    assert described(events) == {**what, **over}
    assert seen(destmock) == [0, 1, 2]


def test_a_replayed_event_has_its_own_time_a_new_id_and_the_replay_s_name(destmock, events, archive, replay):
    for name in ("one", "two"):
        rule(events, {"source": ["shop"]}, {"Arn": ORDERS}, name=name)
    replay(FIRST, MINUTES[1])
    first, second = (invocation.event for invocation in destmock.invocations)
    assert first == second  # each rule has the same event
    assert list(first) == [
        *("version", "id", "detail-type", "source", "account", "time", "region"),
        *("replay-name", "resources", "detail"),
    ]
    assert (first["time"], first["replay-name"]) == ("2020-02-03T04:05:06Z", "again")
    assert events.describe_archive(ArchiveName="all")["EventCount"] == 3  # it isn't archived again


def test_filter_arns_choose_the_rules(destmock, events, replay):
    for name in ("one", "two"):
        rule(events, {"source": ["shop"]}, {"Arn": ORDERS}, name=name)
    replay(FIRST, MINUTES[1], FilterArns=[f"arn:aws:events:{REGION}:{ACCOUNT}:rule/two"])
    assert [invocation.source for invocation in destmock.invocations] == ["EventBridge rule two"]


def test_no_filter_arns_choose_all_rules(destmock, events, replay):
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS})
    replay(FIRST, MINUTES[1], FilterArns=[])
    assert seen(destmock) == [0]


@waiting
def test_a_replay_that_is_cancelled_puts_nothing(destmock, events, replay):
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS})
    replay()
    assert events.cancel_replay(ReplayName="again")["State"] == "CANCELLING"
    assert described(events)["State"] == "CANCELLING"
    with pytest.raises(ClientError, match="Replay again is not in a valid state for this operation"):
        events.cancel_replay(ReplayName="again")
    destmock.run_until_idle()
    found = described(events)
    assert (found["State"], found["ReplayEndTime"]) == ("CANCELLED", START + timedelta(minutes=1))
    assert "EventLastReplayedTime" not in found
    assert seen(destmock) == []


def test_a_replay_that_is_over_is_not_cancelled(events, replay):
    replay()
    with pytest.raises(ClientError) as error:
        events.cancel_replay(ReplayName="again")
    assert error.value.response["Error"]["Code"] == "IllegalStatusException"
    with pytest.raises(ClientError, match="Replay other does not exist"):
        events.cancel_replay(ReplayName="other")


@pytest.mark.parametrize("length", [timedelta(0), timedelta(seconds=-1)])
def test_a_window_ends_after_it_begins(events, replay, length):
    with pytest.raises(ClientError) as error:
        replay(FIRST, FIRST + length)
    assert error.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.",
    }
    assert events.list_replays()["Replays"] == []


@waiting
def test_a_replay_of_an_archive_that_has_gone_fails(destmock, events, replay):
    replay()
    events.delete_archive(ArchiveName="all")
    destmock.run_until_idle()
    found = described(events)
    assert (found["State"], found["StateReason"]) == ("FAILED", "Archive resource not found.")


def test_a_window_in_the_future_has_no_last_replayed_time(destmock, events, replay):
    replay(START + timedelta(hours=1), START + timedelta(hours=2))
    assert described(events)["State"] == "COMPLETED"
    assert "EventLastReplayedTime" not in described(events)


def test_a_disabled_rule_gets_nothing_and_one_made_later_does(destmock, events, replay):
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS}, name="off", State="DISABLED")
    rule(events, {"detail": {"n": [2]}}, {"Arn": ORDERS}, name="late")
    replay()
    assert [invocation.source for invocation in destmock.invocations] == ["EventBridge rule late"]
    assert seen(destmock) == [2]


@waiting
def test_after_a_reset_of_moto_a_replay_is_forgotten(destmock, events, replay):
    replay()
    events_backends.reset()
    destmock.run_until_idle()
    assert events.list_replays()["Replays"] == []
