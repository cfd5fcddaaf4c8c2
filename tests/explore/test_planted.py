"""Twenty bugs of the common kinds: which are found by one fault, which by two, which by an interleaving."""

from collections import Counter

import pytest

from destmock import explore
from destmock._explore.current import Runs
from destmock._explore.settings import settings
from tests.explore.planted import PLANTED

WAYS = {
    "one": {"kinds": {"crash", "timeout", "duplicate", "system_error", "throttle", "delay"}},
    "two": {"kinds": {"crash"}, "faults": 2},
    "interleaving": {"kinds": {"interleave"}},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_found(name):
    handlers, scenario, found_by, options = PLANTED[name]
    runs = Runs(settings(handlers=handlers, **options, **WAYS[found_by]).fixed())
    for run in runs:
        with run, run.mock as destmock:
            scenario(destmock)
    assert runs.last.error is not None
    assert len(runs.last.plan) == (2 if found_by == "two" else 1)


@pytest.mark.parametrize("name", [name for name, planted in PLANTED.items() if planted.found_by == "two"])
def test_one_fault_does_not_find_what_takes_two(name):
    handlers, scenario, _, options = PLANTED[name]
    explore(handlers, **options, kinds={"crash"})(scenario)()


def test_how_many_bugs_there_are_for_each_way():
    assert Counter(planted.found_by for planted in PLANTED.values()) == {
        "one": 15,
        "two": 2,
        "interleaving": 3,
    }
