"""The pytest plugin: a fixture, a marker, options, and the timeline in the report of a failed test.

Importing this module imports neither boto3 nor moto, so test runs that don't use destmock pay nothing.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from destmock._importing import imported

if TYPE_CHECKING:
    from collections.abc import Iterator

    from destmock import Destmock, MockDestinations, Server
    from destmock._explore.settings import Settings

_MARKER = "destmock"
_SERVED = "destmock_server"
_OPTIONS = (
    "handlers",
    "autorun",
    "strict",
    "start",
    "adopt",
    "allow_hosts",
    "account_concurrency",
    "seed",
    "history",
    "travel",
    "loopback",
    "config",
)
_FLAGS = {
    "autorun": "run what is queued before the boto3 call that queued it returns",
    "strict": "fail a test that leaves events queued or records undelivered",
    "adopt": "also mock clients made before destmock was imported",
    "travel": "have the whole process read the virtual time",
    "loopback": "let tests reach this machine's own loopback",
}
#: How many characters of a node id are in the name of its report's file.
_NAME_LENGTH = 120
_active: pytest.StashKey[Destmock | None] = pytest.StashKey()
#: Whether the test has ended by an exception: a failure (expected or not) or a skip.
_ended: pytest.StashKey[bool] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    for name, text in _FLAGS.items():
        parser.addini(f"destmock_{name}", f"destmock: {text} (default: true)", "bool", default=True)
    parser.addini("destmock_start", "destmock: the virtual time at the start of each test, ISO 8601")
    text = "write an HTML file into this directory for each failed test that used destmock"
    parser.getgroup("destmock").addoption("--destmock-report", metavar="DIR", help=text)
    hosts = "destmock: names or addresses that may be reached over the network, e.g. localhost"
    parser.addini("destmock_allow_hosts", hosts, "args")


def pytest_configure(config: pytest.Config) -> None:
    options = ", ".join(f"{name}=..." for name in _OPTIONS)
    config.addinivalue_line(
        "markers",
        f"{_MARKER}({options}): mock Lambda destinations; options as for mock_destinations",
    )


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give a test with the marker the fixture `destmock`, whether or not the test asks for it.

    The mock starts before the test's other fixtures, but after those of wider scope, which outlive the mock
    and must find the process unmocked. The list of names is shared with the same test's other parameters.
    """
    names = getattr(item, "fixturenames", None)
    explored = _explored(item) is not None
    if explored and names is not None and _SERVED in names:
        why = f"@explore has a mock of its own in each run; take the fixture {_MARKER}, not {_SERVED}"
        message = f"{item.nodeid}: {why}"
        raise pytest.UsageError(message)
    if names is None or {_MARKER, _SERVED} & {*names}:
        return
    if not item.get_closest_marker(_MARKER) and not explored:
        return
    found = item._fixtureinfo.name2fixturedefs  # type: ignore[attr-defined]  # noqa: SLF001
    wider = [name for name in names if name in found and found[name][-1].scope != "function"]
    others = [name for name in names if name not in wider]
    item.fixturenames = [*wider, _MARKER, *others]  # type: ignore[attr-defined]


def _explored(item: pytest.Item) -> Settings | None:
    """What a test that is decorated with `explore` was given."""
    return getattr(getattr(item, "obj", None), "__destmock_explore__", None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run an explored test once for each failure."""
    chosen = _explored(item)
    if chosen is None:
        return None
    imported("destmock._explore.items").run_explored(item, nextitem, chosen.fixed(_options(item)))
    return True


@pytest.fixture
def destmock(request: pytest.FixtureRequest) -> Iterator[Destmock]:
    """An active mock of Lambda destinations, as a `Destmock`; the marker's options override the ini file's.

    In a test that also uses `destmock_server`, both fixtures are the same object.
    """
    if _SERVED in request.fixturenames:
        yield request.getfixturevalue(_SERVED)
        return
    if _explored(request.node) is not None:
        from destmock._explore.current import current  # noqa: PLC0415 - imports boto3 and moto

        assert current.run is not None  # the protocol has begun it
        yield from _during(request, current.run.mock)
        return
    from destmock import mock_destinations  # noqa: PLC0415 - imports boto3 and moto

    yield from _during(request, mock_destinations(**_options(request.node)))


@pytest.fixture
def destmock_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A mock with the options of `destmock`, served over HTTP at its `url` for the SDKs of any language."""
    from destmock import serve  # noqa: PLC0415 - imports boto3, moto and Flask

    yield from _during(request, serve(**_options(request.node)))


def _during(request: pytest.FixtureRequest, mock: MockDestinations) -> Iterator[Any]:
    __tracebackhide__ = True
    active = request.node.stash[_active] = mock.start()
    request.node.stash[_ended] = False
    try:
        yield active
    finally:
        mock.stop(failed=request.node.stash[_ended])


@pytest.hookimpl(specname="pytest_runtest_makereport")
def pytest_tell_explored_run(call: pytest.CallInfo[None]) -> None:
    """Tell the run of an explored test what it fails with, before pytest writes its report.

    That of a `unittest.TestCase` is known from now on only: pytest takes it from elsewhere first.
    """
    if call.excinfo is not None and not isinstance(call.excinfo.value, pytest.skip.Exception):
        explored = sys.modules.get("destmock._explore.current")
        if explored is not None and explored.current.run is not None:
            explored.current.run.fails(call.excinfo.value)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report: pytest.TestReport = yield  # type: ignore[assignment]
    if call.excinfo is not None:
        item.stash[_ended] = True
    if report.failed and call.excinfo is not None:
        for number, mock in enumerate(_mocks(item, call.excinfo.value)):
            report.sections.extend(_sections(mock, item, call.when, number))
    if call.when == "teardown":
        item.stash[_active] = None  # a session may have thousands of tests
    return report  # type: ignore[return-value]


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """What `pytest -v` says of an explored test that has passed."""
    if not report.passed or report.when != "call" or not (explored := _tried([report])):
        return None
    return "passed", ".", f"PASSED ({explored})"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much all explored tests have tried."""
    stats = terminalreporter.stats
    text = _tried([each for outcome in ("passed", "failed", "xfailed") for each in stats.get(outcome, ())])
    if text:
        terminalreporter.write_line(f"destmock: {text}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Give up what mocks keep for later ones; pytest has the garbage collector look at it several times."""
    if "destmock._isolation.clients" in sys.modules:  # else there was no mock
        from destmock._isolation.memories import forget  # noqa: PLC0415 - imports boto3 and moto

        forget()


def _tried(reports: list[pytest.TestReport]) -> str:
    """How many failures explored tests have tried, in words; empty for other tests."""
    found = [dict(report.user_properties).get("destmock_explored") for report in reports]
    counts = [each for each in found if each is not None]
    if not counts:
        return ""
    from destmock._explore.exploration import summary  # noqa: PLC0415 - for those who explore

    tried, possible, seconds = (sum(column) for column in zip(*counts, strict=True))
    return summary(tried, possible, seconds)


def _mocks(item: pytest.Item, error: BaseException) -> Iterator[Destmock]:
    """The mocks of a failed test: the one that the error has ended, or the fixture's, and all active ones.

    Nothing is imported for that.
    """
    found = getattr(error, "_destmock", None) or item.stash.get(_active, None)
    if found is not None:
        yield found
    uses = sys.modules.get("destmock._mock.uses")
    if uses is not None:
        yield from (mock for mock in reversed(uses.USES.active) if mock is not found)


def _sections(mock: Destmock, item: pytest.Item, when: str, number: int) -> Iterator[tuple[str, str]]:
    """What the report of a failed test says of a mock."""
    timeline = mock.timeline()
    if timeline:
        yield "destmock timeline", timeline
    failures = mock._failures()  # noqa: SLF001 - one thing to a user
    if failures:
        yield "destmock: why handlers failed", failures
    directory = item.config.getoption("--destmock-report", None)
    if directory:
        name = item.nodeid if when == "call" else f"{item.nodeid} ({when})"
        yield "destmock report", _written(mock, item, directory, f"{name} ({number})" if number else name)


def _written(active: Destmock, item: pytest.Item, directory: str, name: str) -> str:
    """Write the report of a failed test; returns its path, or why it could not be written."""
    base = item.config.invocation_params.dir
    path = Path(base, directory, _file_name(name))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        active.report(path)
    except OSError as error:
        return f"could not be written: {error}"
    return str(path)


def _file_name(node_id: str) -> str:
    """A file name that is safe on every system and differs for each node id."""
    plain = re.sub(r"[^A-Za-z0-9.-]+", "_", node_id.replace("::", "-")).strip("._")
    digest = hashlib.sha256(node_id.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{plain[-_NAME_LENGTH:].lstrip('._-')}-{digest}.html"


def _options(item: pytest.Item) -> dict[str, Any]:
    """The options of the ini file and of every marker; those of the marker closest to the test win.

    The markers' handlers are merged by name.
    """
    config = item.config
    options: dict[str, Any] = {name: _flag(config, f"destmock_{name}") for name in _FLAGS}
    options["allow_hosts"] = config.getini("destmock_allow_hosts")
    if start := config.getini("destmock_start"):
        options["start"] = _moment(start)
    handlers: dict[str, Any] = {}
    for marker in reversed(list(item.iter_markers(_MARKER))):
        given = _arguments(marker)
        handlers.update(given.pop("handlers", None) or {})
        options.update(given)
    return {**options, "handlers": handlers}


def _arguments(marker: pytest.Mark) -> dict[str, Any]:
    unknown = sorted(set(marker.kwargs) - set(_OPTIONS))
    if unknown or len(marker.args) > 1:
        wrong = ", ".join(unknown) or f"{len(marker.args)} positional arguments"
        message = f"@pytest.mark.destmock takes {', '.join(_OPTIONS)}; not {wrong}"
        raise pytest.UsageError(message)
    return {**({"handlers": marker.args[0]} if marker.args else {}), **marker.kwargs}


def _flag(config: pytest.Config, name: str) -> Any:
    try:
        return config.getini(name)
    except (ValueError, pytest.UsageError) as error:  # newer versions of pytest raise their own
        message = f"the ini file's {name} is true or false: {error}"
        raise pytest.UsageError(message) from None


def _moment(text: str) -> Any:
    from datetime import datetime, timezone  # noqa: PLC0415 - only for those who set it

    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        message = (
            f"the ini file's destmock_start is a time in ISO 8601, such as 2026-01-01T00:00:00Z, not {text!r}"
        )
        raise pytest.UsageError(message) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
