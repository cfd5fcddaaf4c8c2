"""The rules of the asynchronous queue, tried out on every kind of history."""

import itertools
import typing

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from destmock._aws.lifecycle import Condition, Policy, Retry, Settled, after

ACCEPTED = 1_000_000
FAILURES = ("Error", "Timeout", "NotFound")
COMMON = (*FAILURES, "Success", "ZeroConcurrency")

policies = st.builds(Policy, st.integers(0, 2), st.integers(60, 21_600))
#: What each attempt comes to, and how long it takes in milliseconds.
histories = st.lists(st.tuples(st.sampled_from(COMMON), st.integers(0, 900_000)), min_size=3, max_size=3)


def lived(policy, history):
    """Every step of one event, until it is settled."""
    steps, now = [], ACCEPTED
    for tries, (result, duration) in enumerate(history, 1):
        started, now = now, now + duration
        step = after(result, tries=tries, accepted_at=ACCEPTED, now=now, policy=policy)
        steps.append((started, result, now, step))
        if isinstance(step, Settled):
            break
        now = step.at
    return steps


def test_aws_s_defaults_are_two_retries_and_six_hours():
    assert Policy() == Policy(maximum_retry_attempts=2, maximum_event_age_in_seconds=6 * 60 * 60)


@given(
    policy=policies,
    tries=st.integers(0, 3),
    throttles=st.integers(1, 100),
    waited=st.integers(0, 10**8),
    result=st.sampled_from(["Throttled", "SystemError"]),
)
def test_D10_D18_429_and_5xx_go_back_to_the_queue_alike(policy, tries, throttles, waited, result):
    """Whatever retries are left; for 1 s at least and 5 min at most, doubling; until the event is too old."""
    now = ACCEPTED + waited
    step = after(result, tries=tries, throttles=throttles, accepted_at=ACCEPTED, now=now, policy=policy)
    again = now + min(1000 * 2 ** (throttles - 1), 300_000)
    in_time = again < ACCEPTED + policy.maximum_event_age_in_seconds * 1000
    assert step == (Retry(again) if in_time else Settled("EventAgeExceeded", tries))


@given(policy=policies, tries=st.integers(0, 3), delay=st.integers(1, 10**8), waited=st.integers(0, 10**8))
def test_a_delayed_event_comes_back_when_its_delay_is_over_or_not_at_all(policy, tries, delay, waited):
    now = ACCEPTED + waited
    step = after("Delayed", tries=tries, delay=delay, accepted_at=ACCEPTED, now=now, policy=policy)
    in_time = now + delay < ACCEPTED + policy.maximum_event_age_in_seconds * 1000
    assert step == (Retry(now + delay) if in_time else Settled("EventAgeExceeded", tries))


@pytest.mark.parametrize("result", FAILURES)
def test_D1_D2_the_delay_grows_by_a_minute_with_each_try(result):
    now = ACCEPTED + 5000
    for tries, delay in ((1, 60_000), (2, 120_000)):
        step = after(result, tries=tries, accepted_at=ACCEPTED, now=now, policy=Policy())
        assert step == Retry(now + delay)


@given(policy=policies, history=histories)
def test_every_event_is_settled_exactly_once_and_within_its_policy(policy, history):
    """Whatever its attempts come to: within the retries it has, and within its age in the queue."""
    steps = lived(policy, history)
    *before, (_, result, _, settled) = steps
    assert isinstance(settled, Settled)
    assert all(isinstance(step, Retry) for *_, step in before)
    assert len(steps) <= policy.maximum_retry_attempts + 1
    assert all(earlier in FAILURES for _, earlier, *_ in before)
    deadline = ACCEPTED + policy.maximum_event_age_in_seconds * 1000
    assert all(started < deadline for started, *_ in steps)
    assert (settled.condition == "Success") == (result == "Success")
    assert (settled.condition == "ZeroReservedConcurrency") == (result == "ZeroConcurrency")


@given(policy=policies, history=histories)
def test_D1_an_attempt_follows_the_end_of_the_one_before_by_as_many_minutes(policy, history):
    steps = lived(policy, history)
    for number, (earlier, later) in enumerate(itertools.pairwise(steps), 1):
        assert later[0] - earlier[2] == number * 60_000


@given(policy=policies, history=histories)
def test_an_event_that_fails_ends_no_earlier_than_it_must(policy, history):
    """It is given up for its retries or for its age, not for both and not for neither."""
    steps = lived(policy, history)
    _, result, now, settled = steps[-1]
    assume(result in FAILURES)
    out_of_retries = len(steps) == policy.maximum_retry_attempts + 1
    next_one = now + len(steps) * 60_000
    too_late = next_one >= ACCEPTED + policy.maximum_event_age_in_seconds * 1000
    assert out_of_retries or too_late
    assert settled.condition == ("RetriesExhausted" if out_of_retries else "EventAgeExceeded")
    assert settled.approximate_invoke_count == len(steps)


@pytest.mark.parametrize(("age", "expected"), [(60, Settled("EventAgeExceeded", 1)), (61, Retry(1_060_000))])
def test_D7_the_very_moment_of_the_age_is_too_late(age, expected):
    policy = Policy(2, age)
    assert after("Error", tries=1, accepted_at=ACCEPTED, now=ACCEPTED, policy=policy) == expected


def test_D8_retries_are_asked_before_the_age():
    policy = Policy(0, 60)
    late = ACCEPTED + 3_600_000
    step = after("Error", tries=1, accepted_at=ACCEPTED, now=late, policy=policy)
    assert step == Settled("RetriesExhausted", 1)


@given(policy=policies, tries=st.integers(1, 3), duration=st.integers(0, 10**8))
def test_D9_E11_a_success_is_never_too_late_and_always_counts_1(policy, tries, duration):
    step = after("Success", tries=tries, accepted_at=ACCEPTED, now=ACCEPTED + duration, policy=policy)
    assert step == Settled("Success", 1)


@given(policy=policies, tries=st.integers(0, 3), duration=st.integers(0, 10**8))
def test_D12_E14_zero_concurrency_ends_an_event_at_once_and_counts_0(policy, tries, duration):
    step = after("ZeroConcurrency", tries=tries, accepted_at=ACCEPTED, now=ACCEPTED + duration, policy=policy)
    assert step == Settled("ZeroReservedConcurrency", 0)


@given(tries=st.integers(3, 10))
def test_D13_retries_lowered_below_the_tries_already_made_end_the_event(tries):
    step = after("Error", tries=tries, accepted_at=ACCEPTED, now=ACCEPTED, policy=Policy(1))
    assert step == Settled("RetriesExhausted", tries)


@given(policy=policies, history=histories)
def test_the_conditions_are_aws_s_own_words(policy, history):
    assert lived(policy, history)[-1][-1].condition in typing.get_args(Condition)
    assert set(typing.get_args(Condition)) == {
        "Success",
        "RetriesExhausted",
        "EventAgeExceeded",
        "ZeroReservedConcurrency",
        "RecursiveInvocation",
    }


@given(policy=policies, tries=st.integers(0, 3))
def test_D10_throttles_back_off_from_a_second_to_five_minutes_and_use_up_no_retry(policy, tries):
    """Until the next try would come too late: then the event ends at once."""
    now, waits, throttles = ACCEPTED, [], 0
    while True:
        throttles += 1
        step = after(
            "Throttled", tries=tries, throttles=throttles, accepted_at=ACCEPTED, now=now, policy=policy
        )
        if isinstance(step, Settled):
            break
        waits.append(step.at - now)
        now = step.at
    assert step == Settled("EventAgeExceeded", tries)
    expected = [min(1000 * 2**number, 300_000) for number in range(len(waits) + 1)]
    assert waits == expected[:-1]
    deadline = ACCEPTED + policy.maximum_event_age_in_seconds * 1000
    assert now < deadline <= now + expected[-1]


def test_D10_an_event_of_a_minute_is_throttled_six_times_in_31_seconds():
    now, throttles = ACCEPTED, 0
    while True:
        throttles += 1
        step = after(
            "Throttled", tries=0, throttles=throttles, accepted_at=ACCEPTED, now=now, policy=Policy(2, 60)
        )
        if isinstance(step, Settled):
            break
        now = step.at
    assert (throttles, now - ACCEPTED) == (6, 31_000)


@given(policy=policies, tries=st.integers(0, 3), late=st.integers(0, 10**8))
def test_J5_a_recursion_ends_an_event_at_once(policy, tries, late):
    step = after("Recursion", tries=tries, accepted_at=ACCEPTED, now=ACCEPTED + late, policy=policy)
    assert step == Settled("RecursiveInvocation", tries)


@given(policy=policies, tries=st.integers(1, 3), late=st.integers(0, 10**8))
def test_L5_nobody_is_told_of_an_event_whose_function_vanished_after_an_attempt(policy, tries, late):
    step = after("Vanished", tries=tries, accepted_at=ACCEPTED, now=ACCEPTED + late, policy=policy)
    assert step == Settled("RetriesExhausted", tries, told=False)


def test_L6_an_event_whose_alias_has_gone_is_told_of_only_without_retries():
    """With retries it stays until its age is over, and then nobody is told."""

    def astray(policy, now):
        return after("Astray", tries=1, accepted_at=ACCEPTED, now=now, policy=policy)

    assert astray(Policy(0), ACCEPTED) == Settled("RetriesExhausted", 1)
    deadline = ACCEPTED + 60_000
    assert astray(Policy(1, 60), ACCEPTED) == Retry(deadline)
    assert astray(Policy(1, 60), deadline) == Settled("EventAgeExceeded", 0, told=False)


@pytest.mark.parametrize("value", [Policy(), Retry(1), Settled("Success", 1)])
def test_the_values_are_frozen(value):
    with pytest.raises(AttributeError, match="can't set attribute"):
        setattr(value, value._fields[0], 0)
