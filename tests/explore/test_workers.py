"""Explorations that are shared among workers, and those that go on where they were stopped."""

import json
import os
import signal
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime, timezone
from functools import partial

import pytest

from destmock import explore
from tests.explore import scenarios
from tests.explore.scenarios import count, counted_once, set_one

OPTIONS = {"handlers": {"count": count}, "start": datetime(2026, 1, 1, tzinfo=timezone.utc)}


def dies_when_delayed(destmock):
    """Ends the process in which it runs, when its event was delayed."""
    counted_once(destmock)
    if any(fault.kind == "delay" for fault in destmock.faults.injected) and os.environ.get("DESTMOCK_WORKER"):
        os.kill(os.getpid(), signal.SIGKILL)


def told(found):
    return [(failure.name, failure.error, failure.timeline) for failure in found.failures]


def in_worker():
    os.environ["DESTMOCK_WORKER"] = "1"


processes = partial(ProcessPoolExecutor, 2, initializer=in_worker)


@pytest.mark.slow
def test_processes_find_the_same_in_the_same_order():
    here = explore.report(counted_once, faults=2, **OPTIONS)
    there = explore.report(counted_once, faults=2, executor=processes, **OPTIONS)
    assert told(there) == told(here)
    assert (there.tried, there.possible) == (here.tried, here.possible)
    assert here.tried > 20


@pytest.mark.slow
def test_a_worker_that_dies_costs_its_own_run_only():
    found = explore.report(
        dies_when_delayed, executor=processes, **{**OPTIONS, "handlers": {"count": set_one}}
    )
    assert found.tried == 8
    [failure] = found.failures
    assert failure.name == "count#1/delay"
    assert failure.error.startswith("its worker ended: BrokenProcessPool")


@pytest.mark.slow
def test_threads_have_a_process_each():
    with ThreadPoolExecutor(2) as threads:
        found = explore.report(counted_once, executor=threads, **OPTIONS)
    assert told(found) == told(explore.report(counted_once, **OPTIONS))


def test_what_is_no_executor_is_refused():
    with pytest.raises(TypeError, match=r"executor has the interface of .*; not 3"):
        explore.report(counted_once, executor=3, **OPTIONS)


def test_what_can_t_be_sent_to_a_process_is_refused():
    with pytest.raises(TypeError, match="this scenario can't be sent to another process"):
        explore.report(lambda destmock: None, executor=ProcessPoolExecutor)


def test_a_stopped_exploration_goes_on_where_it_was(tmp_path, monkeypatch):
    journal, made = tmp_path / "journal.jsonl", []
    whole = explore.report(counted_once, journal=journal, **OPTIONS)
    lines = journal.read_text("utf-8").splitlines(keepends=True)
    assert len(lines) == 9
    assert json.loads(lines[0])["plan"] == []
    journal.write_text("".join(lines[:6]) + lines[6][:20], "utf-8")  # stopped while it wrote
    monkeypatch.setattr(scenarios, "make_table", lambda make=scenarios.make_table: made.append(1) or make())
    rest = explore.report(counted_once, journal=journal, **OPTIONS)
    assert told(rest) == told(whole)
    assert len(made) == 2 + 3  # twice without faults, and what the file had not
    assert told(explore.report(counted_once, journal=journal, **OPTIONS)) == told(whole)
    assert len(made) == 2 + 3 + 2


def test_the_file_of_another_scenario_is_refused(tmp_path):
    journal = tmp_path / "journal.jsonl"
    explore.report(counted_once, journal=journal, **OPTIONS)
    with pytest.raises(ValueError, match="is of another scenario"):
        explore.report(counted_once, journal=journal, handlers={"count": set_one})
    for text in ("something else", "something else\n"):
        journal.write_text(text, "utf-8")
        with pytest.raises(ValueError, match=r"is not the file of an exploration: 'something else'"):
            explore.report(counted_once, journal=journal, **OPTIONS)
        assert journal.read_text("utf-8") == text
