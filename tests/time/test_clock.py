"""Virtual time: jobs run in the order they are due in, and time jumps to each of them."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock._aws.times import from_datetime, to_datetime, to_milliseconds
from destmock._time.clock import Clock
from destmock._time.wall import NS_PER_MS, Wall

#: From the year 1 to the year 9999.
milliseconds = st.integers(-62_135_596_800_000, 253_402_300_799_999)
moments = st.integers(0, 10**6)


def standing(now):
    return Clock(Wall(now * NS_PER_MS, flows=False))


def drained(clock):
    ran = []
    while clock.peek() is not None:
        job = clock.pop()
        ran.append((clock.now, job))
    return ran


def test_a_new_clock_is_idle():
    clock = standing(1000)
    assert (clock.now, clock.peek(), clock.queued) == (1000, None, [])


def test_time_jumps_to_the_job_that_is_handed_out():
    clock = standing(1000)
    clock.schedule(61_000, "retry")
    assert clock.peek() == 61_000
    assert clock.now == 1000
    assert clock.pop() == "retry"
    assert (clock.now, clock.peek()) == (61_000, None)


def test_an_idle_clock_has_nothing_to_hand_out():
    clock = standing(1000)
    with pytest.raises(IndexError):
        clock.pop()
    assert clock.now == 1000


@given(dues=st.lists(moments))
def test_jobs_run_by_time_and_then_in_the_order_they_were_queued(dues):
    clock = standing(0)
    for number, at in enumerate(dues):
        clock.schedule(at, number)
    assert drained(clock) == sorted((at, number) for number, at in enumerate(dues))


@given(dues=st.lists(moments))
def test_jobs_are_never_compared(dues):
    """What is queued need not have an order of its own."""
    clock = standing(0)
    for _ in dues:
        clock.schedule(0, object())
    assert len(clock.queued) == len(drained(clock)) == len(dues)


@given(dues=st.lists(moments), now=moments)
def test_what_is_late_runs_now(dues, now):
    clock = standing(now)
    for number, at in enumerate(dues):
        clock.schedule(at, number)
    assert drained(clock) == sorted((max(at, now), number) for number, at in enumerate(dues))


_steps = st.lists(
    st.one_of(
        st.tuples(st.just("schedule"), moments),
        st.tuples(st.just("jump"), moments),
        st.tuples(st.just("pop"), st.just(0)),
    )
)


@given(steps=_steps)
def test_every_job_is_handed_out_once_and_time_never_goes_back(steps):
    clock = standing(500_000)
    queued, popped, times = 0, [], [clock.now]
    for what, at in steps:
        if what == "schedule":
            clock.schedule(at, queued)
            queued += 1
        elif what == "jump":
            clock.jump(at)
        elif clock.peek() is not None:
            popped.append(clock.pop())
        times.append(clock.now)
    assert times == sorted(times)
    waiting = [job for _, job in clock.queued]
    assert sorted(popped + waiting) == list(range(queued))


@given(dues=st.lists(moments, min_size=1))
def test_what_is_queued_is_listed_as_it_will_run(dues):
    clock = standing(0)
    for number, at in enumerate(dues):
        clock.schedule(at, number)
    listed = clock.queued
    assert clock.peek() == listed[0][0]
    assert clock.queued == listed == drained(clock)


@given(moment=milliseconds)
def test_milliseconds_become_an_aware_datetime_and_back(moment):
    converted = to_datetime(moment)
    assert converted.tzinfo is timezone.utc
    assert from_datetime(converted) == moment


@given(
    moment=st.datetimes(
        min_value=datetime(2, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
        max_value=datetime(9998, 1, 1),  # noqa: DTZ001
        timezones=st.builds(lambda h: timezone(timedelta(hours=h)), st.integers(-23, 23)),
    )
)
def test_a_datetime_of_any_zone_is_the_millisecond_it_falls_into(moment):
    since = moment - to_datetime(from_datetime(moment))
    assert timedelta(0) <= since < timedelta(milliseconds=1)


def test_a_datetime_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="has no time zone; pass an aware datetime"):
        from_datetime(datetime(2026, 9, 14))  # noqa: DTZ001 - that is what is tested


@given(length=st.integers(0, 10**13))
def test_seconds_and_timedeltas_of_whole_milliseconds_are_exact(length):
    assert to_milliseconds(length / 1000) == length
    assert to_milliseconds(timedelta(milliseconds=length)) == length


@pytest.mark.parametrize(("seconds", "expected"), [(0.0004, 0), (0.0006, 1), (1.0006, 1001), (-1, -1000)])
def test_seconds_are_taken_to_the_nearest_millisecond(seconds, expected):
    assert to_milliseconds(seconds) == expected


@given(dues=st.lists(moments), cancelled=st.sets(st.integers(0, 300)), many=st.booleans())
def test_a_cancelled_job_never_runs_and_nobody_waits_for_it(dues, cancelled, many):
    clock = standing(0)
    dues = dues * 20 if many else dues
    handles = [clock.schedule(at, number) for number, at in enumerate(dues)]
    for number in cancelled & set(range(len(dues))):
        handles[number].cancel()
        handles[number].cancel()
    left = sorted((at, number) for number, at in enumerate(dues) if number not in cancelled)
    assert clock.waiting == len(clock.queued) == len(left)
    assert drained(clock) == left
    assert clock.idle


def test_a_job_in_the_background_can_be_cancelled():
    clock = standing(0)
    clock.schedule(10, "poll", background=True).cancel()
    assert (clock.waiting, clock.peek()) == (0, None)


def test_a_job_that_has_run_can_not_be_cancelled():
    clock = standing(0)
    first, _ = clock.schedule(10, "first"), clock.schedule(20, "second")
    assert clock.pop() == "first"
    first.cancel()
    assert (clock.waiting, clock.pop()) == (1, "second")
