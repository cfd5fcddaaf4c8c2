"""Tumbling windows of a stream's mapping: batches with a state, and an end for each window."""

import base64
import json

import pytest

from destmock._services.streams.windows import state_of, window_of
from tests.services.places import MS, START

pytestmark = pytest.mark.destmock(start=START, strict=False)
FROM_THE_BEGINNING = {"StartingPosition": "TRIM_HORIZON", "TumblingWindowInSeconds": 60}


class Counter:
    """A handler that counts a window's records in its state; it fails so often at a window's end."""

    def __init__(self, failures=0):
        self.events, self.failures = [], failures

    def __call__(self, event, context):
        self.events.append(event)
        if event["isFinalInvokeForWindow"] and self.failures:
            self.failures -= 1
            raise ValueError("not yet")
        return {"state": {"count": event["state"].get("count", 0) + len(event["Records"])}}

    @property
    def steps(self):
        """Of each event: the window's start, the data, the state that came, and whether it is the last."""
        return [
            (
                event["window"]["start"][11:19],
                [json.loads(base64.b64decode(one["kinesis"]["data"])) for one in event["Records"]],
                event["state"].get("count", 0),
                event["isFinalInvokeForWindow"],
            )
            for event in self.events
        ]


@pytest.fixture
def counter(destmock):
    counter = Counter()
    destmock.handler("work", counter)
    return counter


def test_the_state_goes_from_batch_to_batch_and_ends_with_its_window(
    destmock, counter, stream, connect, click
):
    connect(stream, **FROM_THE_BEGINNING, BatchSize=2)
    click(1, 2, 3)
    destmock.advance(30)
    click(4)
    destmock.advance(29)
    assert counter.steps == [
        ("00:00:00", [1, 2], 0, False),
        ("00:00:00", [3], 2, False),
        ("00:00:00", [4], 3, False),
    ]
    destmock.advance(1)
    assert counter.steps[3:] == [("00:00:00", [], 4, True)]
    click(5)
    destmock.advance(60)
    assert counter.steps[4:] == [("00:01:00", [5], 0, False), ("00:01:00", [], 1, True)]
    destmock.advance(600)  # without records there are no windows
    assert len(counter.events) == 6


def test_an_event_of_a_window_has_aws_s_members_in_its_order(destmock, counter, stream, connect, click):
    connect(stream, **FROM_THE_BEGINNING)
    click(1)
    destmock.advance(60)
    first, last = counter.events
    assert (
        [*first]
        == [*last]
        == [
            *("Records", "shardId", "eventSourceARN", "window", "state"),
            *("isFinalInvokeForWindow", "isWindowTerminatedEarly"),
        ]
    )
    assert last == {
        "Records": [],
        "shardId": "shardId-000000000000",
        "eventSourceARN": stream,
        "window": {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:01:00Z"},
        "state": {"count": 1},
        "isFinalInvokeForWindow": True,
        "isWindowTerminatedEarly": False,
    }
    told = 'the end of the window 2026-01-01T00:00:00Z to 2026-01-01T00:01:00Z, state {"count": 1}'
    assert told in destmock.timeline()


def test_a_table_s_stream_tumbles_too(destmock, counter, connect, dynamodb, orders):
    arn = orders("KEYS_ONLY")
    connect(arn, **FROM_THE_BEGINNING)
    for number in range(2):
        dynamodb.put_item(TableName="orders", Item={"id": {"S": str(number)}})
    destmock.advance(60)
    assert [(len(event["Records"]), event["state"]) for event in counter.events] == [
        (1, {}),
        (1, {"count": 1}),
        (0, {"count": 2}),
    ]


@pytest.mark.destmock(autorun=False)
def test_a_batch_has_the_records_of_one_window(destmock, counter, stream, connect, click):
    for number in range(3):
        click(number)
        destmock.advance(40)
    connect(stream, **FROM_THE_BEGINNING)
    destmock.run_until_idle()
    assert counter.steps == [
        ("00:00:00", [0, 1], 0, False),
        ("00:00:00", [], 2, True),
        ("00:01:00", [2], 0, False),
        ("00:01:00", [], 1, True),
    ]


def test_a_batch_without_a_state_has_failed(destmock, stream, connect, click):
    seen = []

    @destmock.handler("work")
    def work(event, context):
        seen.append(event["state"])
        return {"state": {"n": 1}} if len(seen) == 3 else {}

    connect(stream, **FROM_THE_BEGINNING, MaximumRetryAttempts=5)
    click(1)
    destmock.advance(10)
    assert seen == [{}, {}, {}]


def test_an_end_that_fails_holds_the_shard_up(destmock, stream, connect, click):
    counter = Counter(failures=2)
    destmock.handler("work", counter)
    connect(stream, **FROM_THE_BEGINNING)
    click(1)
    destmock.advance(60)
    click(2)
    destmock.advance(10)
    assert counter.steps[1:] == [("00:00:00", [], 1, True)] * 3 + [("00:01:00", [2], 0, False)]


def test_an_end_that_exhausts_its_retries_is_told_without_records(
    destmock, stream, connect, click, make_queue, records
):
    destmock.handler("work", Counter(failures=9))
    failed = {"DestinationConfig": {"OnFailure": {"Destination": make_queue("failed")}}}
    connect(stream, **FROM_THE_BEGINNING, MaximumRetryAttempts=0, **failed)
    click(1)
    destmock.advance(60)
    [told] = records("failed")
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert told["requestContext"]["approximateInvokeCount"] == 1
    assert told["KinesisBatchInfo"] == {"shardId": "shardId-000000000000", "streamArn": stream}
    assert told["timeWindowInfo"] == {
        "window": {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:01:00Z"},
        "isFinalInvokeForWindow": True,
        "isWindowTerminatedEarly": False,
    }


def test_a_state_that_is_too_large_ends_its_window_early(destmock, stream, connect, click):
    seen = []

    @destmock.handler("work")
    def work(event, context):
        told = ("isFinalInvokeForWindow", "isWindowTerminatedEarly")
        seen.append(
            (len(event["Records"]), len(event["state"].get("x", "")), *(event[name] for name in told))
        )
        return {"state": {"x": "x" * 1_048_576}} if len(seen) == 1 else {"state": {}}

    connect(stream, **FROM_THE_BEGINNING)
    click(1)
    click(2)
    destmock.advance(60)
    assert seen == [
        (1, 0, False, False),
        (0, 1_048_576, True, True),
        (1, 0, False, False),
        (0, 0, True, False),
    ]


def test_a_stream_that_is_split_is_not_read_again_because_of_a_window(
    destmock, counter, kinesis, stream, connect, click
):
    connect(stream, **FROM_THE_BEGINNING)
    click(1)
    kinesis.update_shard_count(StreamName="clicks", TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    destmock.advance(120)
    assert sum(len(event["Records"]) for event in counter.events) == 1


def test_the_end_of_a_window_is_nobody_s_to_wait_for(destmock, counter, stream, connect, click):
    connect(stream, **FROM_THE_BEGINNING)
    click(1)
    destmock.run_until_idle()
    assert len(counter.events) == 1
    assert [pending.background for pending in destmock.pending] == [True]


@pytest.mark.parametrize("payload", [b"", b"null", b"[]", b"{}", b'{"state": 1}', b"no json"])
def test_what_is_no_state(payload):
    assert state_of(payload) is None


def test_windows_are_counted_from_the_epoch():
    window = window_of(MS + 59_999, 60)
    assert (window.start, window.end) == (MS, MS + 60_000)
    assert window_of(MS + 60_000, 60).start == MS + 60_000
