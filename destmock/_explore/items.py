"""Explored tests of pytest: each run has function-scoped fixtures of its own, and one report tells of all."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.runner import runtestprotocol

from destmock._explore.current import CurrentRun, Runs

if TYPE_CHECKING:
    from destmock._explore.search import Search
    from destmock._explore.settings import Settings

#: The property of a report that tells how much was tried.
PROPERTY = "destmock_explored"


class _Next:
    """Stands for the next item, which shares all of this one's fixtures but those of the function."""

    def __init__(self, item: pytest.Item) -> None:
        self._chain = item.listchain()[:-1]

    def listchain(self) -> list[Any]:
        return self._chain


def run_explored(item: pytest.Item, nextitem: pytest.Item | None, chosen: Settings) -> None:
    """Run an explored test in the place of pytest's own protocol."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in _reports(item, nextitem, chosen):
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def _reports(item: pytest.Item, nextitem: pytest.Item | None, chosen: Settings) -> list[pytest.TestReport]:
    """The reports of the run that is told: the first that failed, or the last one."""
    begun, runs = time.perf_counter(), Runs(chosen)
    reports: list[pytest.TestReport] = []
    for run in runs:
        reports = _once(item, run)
        if any(report.skipped and not hasattr(report, "wasxfail") for report in reports):
            break
    state = item.session._setupstate  # noqa: SLF001 - pytest has no public way to it
    ending = pytest.CallInfo.from_call(lambda: state.teardown_exact(nextitem), when="teardown")
    if ending.excinfo is not None:  # of a fixture of wider scope
        item.funcargs = {}  # type: ignore[attr-defined]  # other plugins look into it
        reports.append(item.ihook.pytest_runtest_makereport(item=item, call=ending))
    _complete(reports, runs.search, time.perf_counter() - begun, chosen)
    return reports


def _once(item: pytest.Item, run: CurrentRun) -> list[pytest.TestReport]:
    """Run the test and its fixtures once; what it fails with is kept by the run."""
    item._report_sections.clear()  # noqa: SLF001 - each run's output is its own
    for name in ("_instance", "_obj"):  # pytest's, of a class of tests
        item.__dict__.pop(name, None)
    with run:
        reports: list[pytest.TestReport] = runtestprotocol(item, log=False, nextitem=_Next(item))  # type: ignore[arg-type]
    return reports


def _complete(reports: list[pytest.TestReport], search: Search, seconds: float, chosen: Settings) -> None:
    """Have the test's own phase tell how much was tried, and how long all runs took."""
    for report in reports:
        if report.when == "call" and chosen.bounds.only is None:
            report.duration = seconds
            report.user_properties.append((PROPERTY, (search.tried, search.possible, seconds)))
