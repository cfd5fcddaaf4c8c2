"""Which plans are tried, in which order, against programs that are nothing but a list of points."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock._engine.points import PlannedFault, Point
from destmock._explore.bounds import bounds
from destmock._explore.search import Result, Search
from destmock._explore.steps import steps
from destmock.errors import NotDeterministicError

CALLS = [PlannedFault("crash", Point("f", 1, "before", "sqs.SendMessage", number)) for number in (1, 2, 3)]
SWITCHES = [PlannedFault("switch", fault.point) for fault in CALLS]


def program(possible, fails=lambda _plan: False):
    """A program whose every run comes to the same points; it fails for some plans."""

    def run(plan):
        return Result(plan, tuple(possible), "AssertionError" if plan and fails(plan) else None)

    return run


def searched(run, first_only=False, **asked):
    """The plans that were tried, in order, without the two runs without faults; and the search."""
    search, tried = Search(bounds(**asked)), []
    each = steps(search, first_only=first_only)
    plan = next(each)
    while True:
        tried.append(plan)
        try:
            plan = each.send(run(plan))
        except StopIteration:
            return tried[2:], search


def test_each_single_fault_is_tried_once_in_the_order_of_the_run():
    tried, search = searched(program(CALLS))
    assert tried == [(fault,) for fault in CALLS]
    assert (search.tried, search.possible, search.failures) == (3, 3, [])


def test_pairs_come_after_all_single_faults_the_nearest_first():
    one, two, three = CALLS
    tried, _ = searched(program(CALLS), faults=2)
    assert tried == [(one,), (two,), (three,), (one, two), (two, three), (one, three)]


def test_a_plan_that_fails_is_not_made_longer():
    one, two, three = CALLS
    tried, search = searched(program(CALLS, lambda plan: plan == (one,)), faults=2)
    assert tried == [(one,), (two,), (three,), (two, three)]
    assert [result.plan for result in search.failures] == [(one,)]


def test_two_faults_at_one_point_are_not_tried():
    timeout = PlannedFault("timeout", CALLS[0].point)
    tried, _ = searched(program([CALLS[0], timeout]), faults=2)
    assert tried == [(CALLS[0],), (timeout,)]


def test_switches_come_after_the_faults_the_fewest_first():
    one, two, three = SWITCHES
    tried, _ = searched(program([*CALLS, *SWITCHES]), faults=2)
    assert tried[:9] == [
        *((fault,) for fault in CALLS),
        *((fault,) for fault in SWITCHES),
        (one, two),
        (two, three),
        (one, three),
    ]
    tried, _ = searched(program(SWITCHES), switches=1)
    assert tried == [(fault,) for fault in SWITCHES]
    assert searched(program(SWITCHES), switches=0)[0] == []


def test_the_first_failure_ends_it_for_who_wants_no_more():
    tried, search = searched(program(CALLS, lambda plan: plan == (CALLS[1],)), first_only=True)
    assert tried == [(CALLS[0],), (CALLS[1],)]
    assert (search.tried, search.possible) == (2, 3)


def test_a_limit_ends_it_and_the_count_says_of_how_many():
    tried, search = searched(program(CALLS), faults=2, limit=4)
    assert tried == [(CALLS[0],), (CALLS[1],), (CALLS[2],), (CALLS[0], CALLS[1])]
    assert (search.tried, search.possible) == (4, 6)


def test_a_scenario_that_fails_by_itself_is_not_explored():
    tried, search = searched(lambda plan: Result(plan, (), "AssertionError: no"))
    assert tried == []
    assert [result.plan for result in search.failures] == [()]


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (
            Result((), tuple(CALLS), "AssertionError: 2"),
            "passes once, and fails when it is made again: .*: 2",
        ),
        (Result((), tuple(CALLS[:2])), "f#1/before/sqs.SendMessage#3 in the first run, nothing more in the"),
        (Result((), tuple(CALLS[1:])), "SendMessage#1 in the first run, f#1/before/sqs.SendMessage#2 in the"),
    ],
)
def test_two_runs_without_faults_that_differ_are_told_with_the_first_difference(second, message):
    results = iter([Result((), tuple(CALLS)), second])
    with pytest.raises(NotDeterministicError, match=message):
        searched(lambda _plan: next(results))


def test_a_fault_that_does_not_happen_again_is_told():
    with pytest.raises(NotDeterministicError, match=r"it never came to f#1/before/sqs\.SendMessage#1, which"):
        searched(lambda plan: Result(plan, tuple(CALLS), missed=plan))


@given(
    number=st.integers(0, 6),
    faults=st.integers(1, 3),
    bad=st.sets(st.integers(1, 6), min_size=1, max_size=3),
)
def test_the_smallest_set_of_faults_that_breaks_a_program_is_found(number, faults, bad):
    """A program of `number` calls that breaks when it dies at all of the calls in `bad`."""
    possible = [
        PlannedFault("crash", Point("f", 1, "before", "s3.PutObject", at + 1)) for at in range(number)
    ]
    breaking = {fault for fault in possible if fault.point.call in bad}
    found = len(breaking) == len(bad) <= faults

    def breaks(plan):
        return bad <= {fault.point.call for fault in plan}

    tried, search = searched(program(possible, breaks), True, faults=faults)
    assert [set(result.plan) for result in search.failures] == ([breaking] if found else [])
    assert len(tried) == len({frozenset(plan) for plan in tried})


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"kinds": {"crash", "flood"}}, ValueError, "kinds are crash, timeout, .*; not 'flood'"),
        ({"kinds": [1]}, TypeError, "kinds takes names"),
        ({"kinds": set()}, ValueError, "kinds takes one name or more, not an empty set"),
        ({"kinds": 3}, TypeError, "kinds takes names, not 3"),
        ({"functions": [None]}, TypeError, "functions takes names"),
        ({"faults": 0}, ValueError, "faults is a whole number from 1, not 0"),
        ({"switches": -1}, ValueError, "switches is a whole number from 0"),
        ({"limit": True}, ValueError, "limit is a whole number from 1"),
        ({"only": []}, ValueError, "only takes one name or more, not an empty list"),
        ({"only": "charge"}, ValueError, "'charge' is not the name of a fault"),
        ({"only": "charge#1/throttle/x"}, ValueError, "'charge#1/throttle/x' is not the name of a fault"),
    ],
)
def test_bounds_that_can_t_be_are_refused(asked, error, message):
    with pytest.raises(error, match=message):
        bounds(**asked)


def test_only_what_was_asked_for_is_tried():
    others = [PlannedFault("delay", Point("g", 1, "begin")), PlannedFault("crash", Point("g", 1, "end"))]
    assert searched(program([*CALLS, *others]), kinds="delay")[0] == [(others[0],)]
    assert searched(program([*CALLS, *others]), functions="g")[0] == [(others[0],), (others[1],)]
    lost = PlannedFault("fail_delivery", Point("f", 1, "delivery", "arn:aws:sqs:us-east-1:1:q"))
    assert searched(program([lost]))[0] == []
    assert searched(program([lost]), kinds=["fail_delivery"])[0] == [(lost,)]
