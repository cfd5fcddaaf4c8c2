"""What a handler does to the process is taken back after each attempt, and there again in the next."""

import gc
import json
import logging
import os
import signal
import socket
import sys
import tempfile
import textwrap
import threading
import warnings
from pathlib import Path

import boto3
import pytest

from destmock import (
    InactiveError,
    mock_destinations,
)
from tests.promises.process import ok, process, send

# What a handler does to the process


def test_a_handler_s_environment_is_its_own(unchanged):
    seen = {}

    def handler(event, context):
        seen.update(os.environ)
        os.environ["LEFT"] = "1"
        os.environ["AWS_REGION"] = "changed"
        del os.environ["PATH"]

    with mock_destinations({"orders": handler}):
        inside = dict(os.environ)
        send()
        assert dict(os.environ) == inside
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "orders"
    assert "AWS_LAMBDA_FUNCTION_NAME" not in inside


def test_a_handler_s_output_streams_are_put_back(unchanged, capsys):
    def handler(event, context):
        print("to the log")
        sys.stdout.close()
        sys.stdout = sys.stderr = None

    with mock_destinations({"orders": handler}) as destmock:
        send()
    assert "to the log\n" in destmock.invocations[0].attempts[0].logs
    assert capsys.readouterr().out == ""


def test_a_handler_s_changes_to_the_root_logger_are_taken_back(unchanged):
    def handler(event, context):
        root = logging.getLogger()
        root.setLevel(logging.DEBUG)
        root.addHandler(logging.StreamHandler())

    with mock_destinations({"orders": handler}):
        send()


def test_a_handler_that_clears_the_root_logger_takes_no_other_s_handlers(unchanged):
    """A common way to set logging up on Lambda; pytest's own caplog is one of the handlers."""

    def handler(event, context):
        root = logging.getLogger()
        for found in list(root.handlers):
            root.removeHandler(found)
        logging.basicConfig(level=logging.INFO, force=True)

    with mock_destinations({"orders": handler}):
        send()


def test_a_function_s_own_log_handlers_are_there_while_it_runs():
    """And while no other function does."""
    seen = []

    class Seen(logging.Handler):
        def emit(self, record):
            seen.append(record.getMessage())

    def handler(event, context):
        root = logging.getLogger()
        if not any(isinstance(found, Seen) for found in root.handlers):
            root.addHandler(Seen())
        logging.getLogger("app").error("from %s", context.function_name)

    def other(event, context):
        logging.getLogger("app").error("from %s", context.function_name)

    with mock_destinations({"orders": handler, "audit": other}):
        for name in ("orders", "audit", "orders"):
            send(name)
            logging.getLogger("app").error("from the test")
    assert seen == ["from orders", "from orders"]


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Makes a module that can be imported, and sees to it that no test leaves it behind."""
    monkeypatch.syspath_prepend(str(tmp_path))
    made = []

    def make(name, text):
        path = tmp_path.joinpath(*name.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        made.append(name.partition(".")[0])

    yield make
    for name in [name for name in sys.modules if name.partition(".")[0] in made]:
        del sys.modules[name]


@pytest.mark.parametrize("handler", ["isolated_app:handle", "isolated_app.handle"])
def test_a_handler_s_module_is_imported_at_the_first_attempt_and_forgotten(module, unchanged, handler):
    """With what it imports itself: the next mock begins with a cold start."""
    module("isolated_helper", "CALLS = []")
    module(
        "isolated_app",
        """
        import isolated_helper

        def handle(event, context):
            isolated_helper.CALLS.append(event)
            return len(isolated_helper.CALLS)
        """,
    )
    for _ in range(2):
        with mock_destinations({"orders": handler}) as destmock:
            assert "isolated_app" not in sys.modules
            send()
            send()
            assert "isolated_app" in sys.modules
        assert [i.attempts[0].response for i in destmock.invocations] == [1, 2]
        assert not {"isolated_app", "isolated_helper"} & set(sys.modules)


def test_a_module_inside_a_package_is_forgotten_with_its_package(module, unchanged):
    module("isolated_package.__init__", "")
    module("isolated_package.inner.app", "def handle(event, context): return __name__")
    with mock_destinations({"orders": "isolated_package.inner.app:handle"}) as destmock:
        send()
    assert destmock.invocations[0].attempts[0].response == "isolated_package.inner.app"
    assert [name for name in sys.modules if name.startswith("isolated_package")] == []


def test_a_module_that_was_there_stays_the_same(module):
    """So does its package, of which the handler has one of its own."""
    module("isolated_package.__init__", "")
    module("isolated_package.app", "def handle(event, context): return 1")
    module("isolated_known", "def handle(event, context): return 1")
    import isolated_known
    import isolated_package

    with mock_destinations({"a": "isolated_known:handle", "b": "isolated_package.app:handle"}):
        send("a")
        send("b")
        assert not hasattr(isolated_package, "app")
        assert "isolated_package.app" not in sys.modules
    assert sys.modules["isolated_known"] is isolated_known
    assert sys.modules["isolated_package"] is isolated_package
    assert not hasattr(isolated_package, "app")


def test_installed_modules_that_a_handler_brings_in_stay(module, unchanged):
    """Only the user's own are forgotten: others may hold state that can't be made twice."""
    module("isolated_app", "import colorsys\ndef handle(event, context): return 1")
    sys.modules.pop("colorsys", None)
    with mock_destinations({"orders": "isolated_app:handle"}):
        send()
    assert "colorsys" in sys.modules


def test_a_module_whose_import_fails_leaves_nothing(module, unchanged):
    module("isolated_helper", "")
    module("isolated_app", "import isolated_helper\nraise RuntimeError('at import')")
    with mock_destinations({"orders": "isolated_app:handle"}) as destmock:
        send()
    assert destmock.invocations[0].condition == "RetriesExhausted"
    assert not {"isolated_app", "isolated_helper"} & set(sys.modules)


def test_what_a_handler_imports_while_it_runs_is_forgotten_too(module, unchanged):
    module("isolated_helper", "")
    module(
        "isolated_app",
        """
        def handle(event, context):
            import isolated_helper
        """,
    )
    with mock_destinations({"orders": "isolated_app:handle"}):
        send()
    assert not {"isolated_app", "isolated_helper"} & set(sys.modules)


def test_a_module_s_changes_to_the_path_and_to_logging_are_taken_back(module, unchanged, tmp_path):
    """As it adds its vendored packages; they stay for as long as the function is warm."""
    module("vendored.isolated_vendored", "")
    module(
        "isolated_app",
        f"""
        import logging
        import sys

        sys.path.insert(0, {str(tmp_path / "vendored")!r})
        sys.path.append("/opt/python")
        logging.getLogger().setLevel(logging.DEBUG)
        logging.getLogger().addHandler(logging.NullHandler())

        def handle(event, context):
            import isolated_vendored
            return "/opt/python" in sys.path
        """,
    )
    with mock_destinations({"orders": "isolated_app:handle"}) as destmock:
        send()
        send()
    assert [i.attempts[0].response for i in destmock.invocations] == [True, True]
    sys.modules.pop("isolated_vendored", None)


# What else a handler changes


def changes_the_directory(tmp_path):
    os.chdir(tmp_path)


def removes_its_directory(tmp_path):
    (tmp_path / "gone").mkdir()
    os.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()


def disables_logging(tmp_path):
    logging.disable(logging.CRITICAL)


def changes_the_filters_of_warnings(tmp_path):
    warnings.simplefilter("ignore")


def resets_the_filters_of_warnings(tmp_path):
    warnings.resetwarnings()


def changes_the_recursion_limit(tmp_path):
    sys.setrecursionlimit(5000)


def changes_the_timeout_of_sockets(tmp_path):
    socket.setdefaulttimeout(0.5)


def changes_the_hooks(tmp_path):
    sys.excepthook = threading.excepthook = print


def closes_standard_input(tmp_path):
    sys.stdin = None


def changes_the_temporary_directory(tmp_path):
    tempfile.tempdir = str(tmp_path)


def handles_signals(tmp_path):
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)


def sets_an_alarm(tmp_path):
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 100)


def stops_collecting_garbage(_):
    gc.disable()


def limits_tracebacks(_):
    sys.tracebacklimit = 1


def changes_the_mask_of_new_files(_):
    os.umask(0o111)


CHANGES = [
    changes_the_directory,
    removes_its_directory,
    disables_logging,
    changes_the_filters_of_warnings,
    resets_the_filters_of_warnings,
    changes_the_recursion_limit,
    changes_the_timeout_of_sockets,
    changes_the_hooks,
    closes_standard_input,
    changes_the_temporary_directory,
    handles_signals,
    sets_an_alarm,
    stops_collecting_garbage,
    limits_tracebacks,
    changes_the_mask_of_new_files,
]


def mask_of_new_files():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def settings_of_the_process():
    return {
        "directory": Path.cwd(),
        "logging": logging.root.manager.disable,
        "warnings": list(warnings.filters),
        "recursion": sys.getrecursionlimit(),
        "timeout": socket.getdefaulttimeout(),
        "hooks": (sys.excepthook, threading.excepthook),
        "stdin": sys.stdin,
        "tempdir": tempfile.tempdir,
        "signals": [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)],
        "alarm": signal.getitimer(signal.ITIMER_REAL),
        "garbage": gc.isenabled(),
        "tracebacks": getattr(sys, "tracebacklimit", None),
        "mask": mask_of_new_files(),
    }


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("kind", ["Event", "RequestResponse"])
def test_after_an_attempt_the_process_is_as_before(change, fails, kind, tmp_path):
    def handler(event, context):
        change(tmp_path)
        if fails:
            raise ValueError("no stock")

    before = settings_of_the_process()
    with mock_destinations({"orders": handler}):
        boto3.client("lambda").invoke(FunctionName="orders", InvocationType=kind)
        assert settings_of_the_process() == before
    assert settings_of_the_process() == before


def test_a_warm_function_finds_what_it_has_changed(tmp_path):
    """As on AWS, where its process is its own; another function doesn't."""

    def handler(event, context):
        found = Path.cwd().name, logging.root.manager.disable, sys.getrecursionlimit()
        os.chdir(tmp_path)
        logging.disable(logging.INFO)
        sys.setrecursionlimit(5000)
        return found

    with mock_destinations({"orders": handler, "audit": handler}):
        lam = boto3.client("lambda")
        first, second, other = (
            json.load(lam.invoke(FunctionName=name)["Payload"]) for name in ("orders", "orders", "audit")
        )
    assert first == other == [Path.cwd().name, 0, sys.getrecursionlimit()]
    assert second == [tmp_path.name, logging.INFO, 5000]


def test_the_next_attempt_of_an_event_finds_the_directory_and_no_alarm(tmp_path):
    """An alarm without a handler would end the process while the next attempt runs."""
    found = []

    def handler(event, context):
        found.append((Path.cwd(), mask_of_new_files(), signal.getitimer(signal.ITIMER_REAL)))
        os.chdir(tmp_path)
        os.umask(0o111)
        signal.setitimer(signal.ITIMER_REAL, 100)
        raise ValueError

    before = settings_of_the_process()
    with mock_destinations({"orders": handler}):
        boto3.client("lambda").invoke(FunctionName="orders", InvocationType="Event")
    first = before["directory"], before["mask"], (0.0, 0.0)
    assert found == [first, *[(tmp_path, 0o111, (0.0, 0.0))] * 2]
    assert settings_of_the_process() == before


def test_a_directory_that_only_the_test_s_own_os_knows_is_put_back(monkeypatch):
    """As of a library that simulates a file system."""
    directories = ["/simulated"]
    monkeypatch.setattr(os, "getcwd", lambda: directories[-1])
    monkeypatch.setattr(os, "chdir", directories.append)
    with mock_destinations({"orders": lambda event, context: os.chdir("/elsewhere")}):
        boto3.client("lambda").invoke(FunctionName="orders")
        assert directories == ["/simulated", "/elsewhere", "/simulated"]


def test_a_function_that_another_invokes_finds_none_of_its_changes(tmp_path):
    def outer(event, context):
        os.chdir(tmp_path)
        inner = json.load(boto3.client("lambda").invoke(FunctionName="inner")["Payload"])
        return [inner, str(Path.cwd())]

    with mock_destinations({"outer": outer, "inner": lambda event, context: str(Path.cwd())}):
        found = json.load(boto3.client("lambda").invoke(FunctionName="outer")["Payload"])
    assert found == [str(Path.cwd()), str(tmp_path)]


# Between the tries of an event: what the first one found may stay for the next


class Failing:
    """A handler that fails, and notes what it finds in the process."""

    def __init__(self, change=None):
        self.found = []
        self.change = change

    def __call__(self, event, context):
        self.found.append(
            {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        )
        print(f"try {len(self.found)} of {context.function_name}")
        if self.change is not None:
            self.change(len(self.found))
        raise ValueError("no stock")


def test_each_try_finds_the_same_and_writes_to_its_own_log(unchanged):
    failing = Failing()
    with mock_destinations({"orders": failing}) as destmock:
        send()
        [invocation] = destmock.invocations
    assert failing.found[0]["AWS_LAMBDA_FUNCTION_NAME"] == "orders"
    assert failing.found == [failing.found[0]] * 3
    for number, attempt in enumerate(invocation.attempts, 1):
        assert [e for e in attempt.log_events if e.startswith("try")] == [f"try {number} of orders\n"]


@pytest.mark.parametrize(
    "change",
    [
        lambda number: os.environ.update(AWS_REGION="changed", LEFT="1"),
        lambda number: os.environ.pop("PATH"),
        lambda number: os.environ.clear(),
        lambda number: setattr(sys, "stdout", sys.__stdout__),
        lambda number: sys.stdout.detach(),
        lambda number: logging.root.setLevel(5),
        lambda number: logging.root.handlers.clear(),
        lambda number: boto3.client("lambda").invoke(FunctionName="audit"),
        lambda number: boto3.client("lambda").invoke(FunctionName="audit", InvocationType="Event"),
    ],
)
def test_a_try_changes_nothing_for_the_next(change, unchanged):
    failing = Failing(change)
    with mock_destinations({"orders": failing, "audit": ok}) as destmock:
        send()
        assert len(destmock.invocations[0].attempts) == 3
    assert failing.found == [failing.found[0]] * 3


def test_the_test_finds_the_process_as_before_after_each_try():
    with mock_destinations({"orders": Failing()}, autorun=False) as destmock:
        send()
        before = process()
        for drive in (destmock.step, lambda: destmock.advance(61), destmock.run_until_idle):
            drive()
            assert process() == before
        assert len(destmock.invocations[0].attempts) == 3


def test_functions_whose_tries_alternate_find_their_own():
    failing = {name: Failing() for name in ("orders", "audit")}
    with mock_destinations(failing, autorun=False) as destmock:
        for name in ("orders", "audit", "orders"):
            send(name)
        destmock.run_until_idle()
    for name, handler in failing.items():
        assert {found["AWS_LAMBDA_FUNCTION_NAME"] for found in handler.found} == {name}
    roots = [found["_X_AMZN_TRACE_ID"] for found in failing["orders"].found]
    assert sorted(roots) == sorted([*dict.fromkeys(roots)] * 3)  # two events, three tries each


def test_a_try_finds_what_the_one_before_has_configured():
    def change(number):
        variables = {"Variables": {"STOCK": str(number)}}
        boto3.client("lambda").update_function_configuration(FunctionName="orders", Environment=variables)

    failing = Failing(change)
    with mock_destinations({"orders": failing}):
        send()
    assert [found.get("STOCK") for found in failing.found] == [None, "1", "2"]


def test_a_duration_that_is_asked_for_between_the_tries_is_none_of_the_function_s():
    found = []

    def duration(event):
        found.append("AWS_LAMBDA_FUNCTION_NAME" in os.environ)
        return 0

    with mock_destinations() as destmock:
        destmock.handler("orders", Failing(), duration=duration)
        send()
    assert found == [False] * 3


def test_an_interrupt_in_a_later_try_restores_everything(unchanged):
    def change(number):
        if number == 2:
            raise KeyboardInterrupt

    with mock_destinations({"orders": Failing(change)}, strict=False):
        lam = boto3.client("lambda")
        before = process()
        with pytest.raises(KeyboardInterrupt):
            lam.invoke(FunctionName="orders", InvocationType="Event")
        assert process() == before


def test_a_mock_that_ends_between_the_tries_restores_everything(unchanged):
    """As another thread's `with` may."""
    with mock_destinations(strict=False) as destmock:
        turns = destmock._simulation.turns
        destmock.handler("orders", Failing(lambda _: turns.end()))
        lam = boto3.client("lambda")
        before = process()
        with pytest.raises(InactiveError):
            lam.invoke(FunctionName="orders", InvocationType="Event")
        assert process() == before
        turns._ended = False  # that `with` may end it
