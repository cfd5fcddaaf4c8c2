"""The whole process reads the virtual time, and gets its own back, however a mock ends."""

import math
import threading
import time
from datetime import datetime, timedelta, timezone
from time import time as early_bound

import boto3
import freezegun
import pytest
import time_machine

from destmock import mock_destinations, outcomes

START = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
#: What real time was when the computer's other clock was 0.
EPOCH = time.time() - time.monotonic()


def now():
    return datetime.now(timezone.utc)


def fail(event, context):
    raise ValueError("no stock")


def send(name="orders"):
    boto3.client("lambda").invoke(FunctionName=name, InvocationType="Event")


def real():
    return EPOCH + time.monotonic()


@pytest.fixture(autouse=True)
def the_time_is_put_back():
    yield
    assert not time_machine.escape_hatch.is_travelling()
    assert abs(time.time() - real()) < 1


@mock_destinations({"orders": fail}, start=START)
def test_with_a_start_time_stands_but_for_the_jumps(destmock):
    assert (now(), destmock.now) == (START, START)
    send()
    assert now() == destmock.now == START + timedelta(seconds=180)
    destmock.advance(3600)
    assert early_bound() == destmock.now.timestamp()
    seen = []
    thread = threading.Thread(target=lambda: seen.append(time.time()))
    thread.start()
    thread.join()
    assert seen == [destmock.now.timestamp()]


@mock_destinations({"orders": fail})
def test_without_a_start_it_goes_on_and_jumps(destmock):
    begun = math.floor(time.time() * 1000) / 1000  # an event is accepted in whole milliseconds
    assert abs(begun - real()) < 1
    send()
    assert 180 <= time.time() - begun < 240
    first, waited = destmock.now, time.perf_counter()
    while time.perf_counter() - waited < 0.01:
        pass
    assert timedelta(milliseconds=10) <= destmock.now - first < timedelta(minutes=1)
    assert abs(destmock.now.timestamp() - time.time()) < 1


@mock_destinations({"orders": fail}, autorun=False)
def test_time_that_passes_by_itself_makes_nothing_late(destmock):
    send()
    waited = time.perf_counter()
    while time.perf_counter() - waited < 0.01:
        pass
    destmock.run_until_idle()
    assert [attempt.elapsed for attempt in destmock.invocations[0].attempts] == [0, 60, 180]


@mock_destinations({"orders": fail}, start=START)
def test_each_attempt_reads_the_time_that_it_is_made_at(destmock):
    seen = []

    def handler(event, context):
        seen.append(now())
        raise ValueError

    destmock.handler("orders", handler)
    send()
    assert seen == [START + timedelta(seconds=seconds) for seconds in (0, 60, 180)]


def test_a_record_is_not_of_the_future():
    """D9: the test reads the time of the record that it gets."""
    with mock_destinations({"orders": fail}) as destmock:
        send()
        attempted_at = destmock.invocations[0].attempts[-1].started_at
        assert timedelta(0) <= now() - attempted_at < timedelta(seconds=60)


def test_the_process_reads_the_time_that_the_mock_has():
    """One clock, not two that go on side by side: the machine may set its own one meanwhile."""
    begun = now()
    with mock_destinations({"orders": fail}) as destmock:
        assert begun <= now()
        send()
        for read in (now, lambda: datetime.fromtimestamp(time.time(), timezone.utc)):
            moments = [destmock.now, read(), destmock.now + timedelta(milliseconds=1)]
            assert moments == sorted(moments)


def test_travel_false_leaves_the_process_alone():
    with mock_destinations({"orders": fail}, travel=False, start=START) as destmock:
        send()
        assert destmock.now == START + timedelta(seconds=180)
        assert abs(time.time() - real()) < 1
        assert not time_machine.escape_hatch.is_travelling()


@pytest.mark.parametrize("travel", [True, False])
@pytest.mark.parametrize("start", [START, None])
def test_a_delayed_message_comes_and_a_hidden_one_shows_again(travel, start):
    """D6, Q1: whether or not the process reads virtual time."""
    with mock_destinations(travel=travel, start=start) as destmock:
        sqs = boto3.client("sqs")
        url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=60)
        assert "Messages" not in sqs.receive_message(QueueUrl=url)
        destmock.advance(58)
        assert "Messages" not in sqs.receive_message(QueueUrl=url)
        destmock.advance(2)
        [message] = sqs.receive_message(QueueUrl=url, VisibilityTimeout=30)["Messages"]
        sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=600
        )
        destmock.advance(590)
        assert "Messages" not in sqs.receive_message(QueueUrl=url)
        destmock.advance(10)
        assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "later"


@mock_destinations(start=START)
def test_a_fifo_queue_takes_the_same_message_again_after_five_minutes(destmock):
    sqs = boto3.client("sqs")
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = sqs.create_queue(QueueName="jobs.fifo", Attributes=attributes)["QueueUrl"]

    def messages():
        for _ in range(2):
            sqs.send_message(QueueUrl=url, MessageBody="one", MessageGroupId="g")
        return len(sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)["Messages"])

    assert [messages(), messages()] == [1, 1]
    destmock.advance(301)
    assert messages() == 2


@mock_destinations(start=START)
def test_the_dates_of_other_services_are_virtual(destmock):
    s3, iam = boto3.client("s3"), boto3.client("iam")
    destmock.advance(timedelta(days=1))
    s3.create_bucket(Bucket="files")
    s3.put_object(Bucket="files", Key="a", Body=b"")
    [listed] = s3.list_objects_v2(Bucket="files")["Contents"]
    assert listed["LastModified"] == START + timedelta(days=1)
    role = iam.create_role(RoleName="work", AssumeRolePolicyDocument="{}")["Role"]
    assert role["CreateDate"] == START + timedelta(days=1)


# The test's own journeys


@mock_destinations({"orders": fail}, start=START)
def test_a_journey_inside_wins_and_the_mock_s_own_clock_goes_on_behind_it(destmock):
    with time_machine.travel(datetime(2040, 1, 1, tzinfo=timezone.utc), tick=False):
        send()
        assert now().year == 2040
    assert now() == destmock.now == START + timedelta(seconds=180)


def test_a_journey_that_outlives_the_mock_goes_on():
    mine = time_machine.travel(datetime(2040, 1, 1, tzinfo=timezone.utc), tick=False)
    with mock_destinations(start=START):
        mine.start()
    try:
        assert now().year == 2040
    finally:
        mine.stop()


@pytest.mark.parametrize("tick", [True, False])
def test_a_journey_outside_is_where_the_mock_begins(tick):
    with time_machine.travel(START, tick=tick):
        with mock_destinations({"orders": fail}) as destmock:
            assert abs(destmock.now - START) < timedelta(seconds=30)
            send()
            assert timedelta(seconds=180) <= now() - START < timedelta(seconds=200)
        assert abs(now() - START) < timedelta(seconds=20)


@mock_destinations({"orders": fail}, start=START)
def test_freezegun_inside_wins(destmock):
    with freezegun.freeze_time("2040-01-01"):
        send()
        assert now().year == 2040
    assert now() == destmock.now == START + timedelta(seconds=180)


@pytest.mark.parametrize("start", [START, None])
@pytest.mark.parametrize("options", [{}, {"tick": True}])
def test_under_freezegun_its_clock_is_moved_and_put_back(start, options):
    with freezegun.freeze_time("2025-06-01", **options):
        with mock_destinations({"orders": fail}, start=start) as destmock:
            begun = start or datetime(2025, 6, 1, tzinfo=timezone.utc)
            assert abs(destmock.now - begun) < timedelta(seconds=30)
            send()
            after = datetime.now(timezone.utc) - begun
            assert timedelta(seconds=180) <= after < timedelta(seconds=210)
        assert abs(now() - datetime(2025, 6, 1, tzinfo=timezone.utc)) < timedelta(seconds=30)


@freezegun.freeze_time("2025-06-01")
@mock_destinations({"orders": outcomes({"ok": 1})})
def test_under_freezegun_a_message_of_a_frozen_test_is_read(destmock):
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    with freezegun.freeze_time("2025-06-01") as frozen:
        sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=60)
        assert "Messages" not in sqs.receive_message(QueueUrl=url)
        frozen.tick(61)
        assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "later"


# However it ends


def test_nested_mocks_each_have_their_time():
    with mock_destinations({"orders": fail}, start=START) as outer:
        with mock_destinations({"orders": fail}, start=START + timedelta(days=1)) as inner:
            send()
            assert now() == inner.now == START + timedelta(days=1, seconds=180)
        assert now() == outer.now == START


def test_an_exception_ends_it():
    with pytest.raises(KeyError), mock_destinations(start=START):
        raise KeyError


def test_a_mock_that_cannot_start_changes_nothing():
    with pytest.raises(ValueError, match="not a function name"):
        mock_destinations({"": fail}).start()
    with pytest.raises(TypeError):
        mock_destinations({"orders": 5}).start()
