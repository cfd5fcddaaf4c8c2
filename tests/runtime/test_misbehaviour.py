"""Handlers that misbehave, and what of it the program and the next attempt see."""

import base64
import contextlib
import io
import json
import logging
import os
import sys
import threading

import boto3
import pytest

from destmock import mock_destinations, outcomes
from tests.runtime.attempts import invoke, ok, route, send

# Handlers that misbehave


def test_a_handler_that_closes_its_streams(destmock, lam, capsys):
    def orders(event, context):
        print("before")
        sys.stdout.close()
        with contextlib.suppress(ValueError):
            sys.stderr.close()
        return "done"

    streams = sys.stdout, sys.stderr
    destmock.handler("orders", orders)
    for _ in range(2):
        answer, payload = invoke(lam, LogType="Tail")
        assert payload == b'"done"'
        assert "before\n" in base64.b64decode(answer["LogResult"]).decode()
    assert (sys.stdout, sys.stderr) == streams
    print("still open")
    assert capsys.readouterr().out == "still open\n"


def test_a_handler_that_detaches_or_replaces_its_streams(destmock, lam):
    def orders(event, context):
        sys.stdout.detach()
        sys.stdout = io.StringIO()
        sys.stderr = None
        raise ValueError("lost")

    streams = sys.stdout, sys.stderr
    destmock.handler("orders", orders)
    answer, _ = invoke(lam, LogType="Tail")
    assert "[ERROR] ValueError: lost\n" in base64.b64decode(answer["LogResult"]).decode()
    assert (sys.stdout, sys.stderr) == streams


@pytest.mark.parametrize("force", [True, False])
def test_a_handler_that_sets_up_logging_by_itself(destmock, lam, force):
    root = logging.getLogger()
    handlers = root.handlers.copy()

    def orders(event, context):
        logging.basicConfig(force=force)
        root.setLevel(logging.DEBUG)
        logging.getLogger("app").debug("hello")

    destmock.handler("orders", orders)
    try:
        answer, _ = invoke(lam, LogType="Tail")
    finally:
        root.handlers[:] = handlers
    assert "hello\n" in base64.b64decode(answer["LogResult"]).decode()


def test_the_root_logger_s_level_is_put_back_when_the_mock_ends():
    level = logging.getLogger().level
    with mock_destinations() as destmock:
        destmock.handler("orders", lambda event, context: logging.getLogger().setLevel(1))
        invoke(boto3.client("lambda"))
    assert logging.getLogger().level == level


def test_each_attempt_gets_the_event_as_it_was_sent(destmock, lam, make_queue, messages):
    seen = []

    def orders(event, context):
        seen.append(json.dumps(event))
        event["items"].append("changed")
        event.clear()
        raise ValueError

    destmock.handler("orders", orders)
    route(lam, make_queue("failed"), MaximumRetryAttempts=2)
    send(lam, b'{"items":  [1]}')
    assert seen == ['{"items": [1]}'] * 3
    assert '"requestPayload":{"items":  [1]},' in messages("failed")[0]["Body"]
    assert destmock.invocations[0].event == {"items": [1]}


def test_a_handler_that_recurses_without_end(destmock, lam):
    def orders(event, context):
        return orders(event, context)

    destmock.handler("orders", orders)
    answer, payload = invoke(lam)
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(payload)["errorType"] == "RecursionError"


def test_a_result_that_contains_itself(destmock, lam):
    result = []
    result.append(result)
    destmock.handler("orders", outcomes(result))
    error = json.loads(invoke(lam)[1])
    assert error["errorType"] == "Runtime.MarshalError"
    assert error["errorMessage"] == "Unable to marshal response: Circular reference detected"


@pytest.mark.filterwarnings("error")
def test_a_thread_that_outlives_its_handler_disturbs_nothing(destmock, lam):
    goes_on, threads = threading.Event(), []

    def orders(event, context):
        stream = sys.stdout
        thread = threading.Thread(target=lambda: (goes_on.wait(60), print("late", file=stream)))
        thread.start()
        threads.append(thread)
        return "done"

    destmock.handler("orders", orders)
    assert invoke(lam)[1] == b'"done"'
    goes_on.set()
    threads[0].join(60)
    assert invoke(lam)[1] == b'"done"'
    threads[1].join(60)


INTERRUPTS = [KeyboardInterrupt(), pytest.fail.Exception("wrong"), pytest.skip.Exception("not here")]


@pytest.mark.parametrize("interrupt", INTERRUPTS, ids=lambda error: type(error).__name__)
@pytest.mark.destmock(autorun=True)
def test_an_interrupt_leaves_the_program_and_the_state_whole(destmock, lam, interrupt):
    """What isn't the function's to end with reaches the test; the event waits for its retry."""
    destmock.handler("orders", outcomes(interrupt, {"ok": True}))
    environment, streams = dict(os.environ), (sys.stdout, sys.stderr)
    handlers = logging.getLogger().handlers.copy()
    with pytest.raises(type(interrupt)) as raised:
        send(lam)
    assert raised.value is interrupt
    assert (os.environ, (sys.stdout, sys.stderr)) == (environment, streams)
    assert logging.getLogger().handlers == handlers
    [invocation] = destmock.invocations
    assert [(attempt.outcome, attempt.exception) for attempt in invocation.attempts] == [("Error", interrupt)]
    assert invocation.condition is None
    [pending] = destmock.pending
    assert (pending.attempt, pending.request_id) == (2, invocation.request_id)

    destmock.run_until_idle()
    [invocation] = destmock.invocations
    assert [attempt.elapsed for attempt in invocation.attempts] == [0, 60]
    assert invocation.condition == "Success"


@pytest.mark.parametrize("interrupt", INTERRUPTS, ids=lambda error: type(error).__name__)
def test_an_interrupt_passes_through_synchronous_invocations(destmock, lam, interrupt):
    destmock.handler("inner", outcomes(interrupt, "fine"))
    destmock.handler("outer", lambda event, context: json.loads(invoke(lam, name="inner")[1]))
    environment, stream = dict(os.environ), sys.stdout
    with pytest.raises(type(interrupt)) as raised:
        invoke(lam, name="outer")
    assert raised.value is interrupt
    assert (os.environ, sys.stdout) == (environment, stream)
    assert invoke(lam, name="outer")[1] == b'"fine"'
    assert destmock.timeline().count("Runtime.ExitError") == 2


def test_an_interrupt_on_the_last_attempt_ends_the_event(destmock, lam, make_queue, records):
    """Its record says what AWS would have: the process exited."""
    destmock.handler("orders", outcomes(KeyboardInterrupt))
    route(lam, make_queue("failed"))
    with pytest.raises(KeyboardInterrupt):
        send(lam)
    [record] = records("failed")
    assert record["responsePayload"]["errorType"] == "Runtime.ExitError"
    assert destmock.pending == []


def test_an_interrupt_while_a_module_is_imported(destmock, lam, module):
    module("app_interrupts", "raise KeyboardInterrupt\n")
    destmock.handler("orders", "app_interrupts:handle")
    with pytest.raises(KeyboardInterrupt):
        invoke(lam)
    destmock.handler("orders", ok)
    assert invoke(lam)[1] == b'{"ok": {}}'


class GiveUpError(BaseException):
    """An exception of the user's own that no `except Exception` catches."""


def test_an_own_base_exception_ends_the_runtime_as_on_aws(destmock, lam):
    """It is not the test's: nothing comes out of the call, and the event is retried."""
    destmock.handler("orders", outcomes(GiveUpError("no"), {"ok": True}))
    assert json.loads(invoke(lam)[1])["errorType"] == "Runtime.ExitError"
    assert invoke(lam)[1] == b'{"ok": true}'

    destmock.handler("orders", outcomes(GiveUpError("no"), {"ok": True}))
    send(lam)
    [invocation] = destmock.invocations
    assert [attempt.outcome for attempt in invocation.attempts] == ["Error", "Success"]
    assert isinstance(invocation.attempts[0].exception, GiveUpError)


def test_an_assertion_in_a_handler_is_the_function_s_error(destmock, lam):
    """A handler is not the test: it fails as it would on AWS."""

    def orders(event, context):
        assert event == {"id": 7}

    destmock.handler("orders", orders)
    answer, payload = invoke(lam)
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(payload)["errorType"] == "AssertionError"


# What a handler may have of its own


def test_the_root_logger_s_level_is_each_function_s_own(destmock, lam):
    """It stays for the function's next attempt, and is the test's own in between."""
    before = logging.root.level

    def sets(event, context):
        levels.append(logging.root.level)
        logging.getLogger().setLevel(event)

    def sees(event, context):
        levels.append(logging.root.level)

    levels = []
    destmock.handler("sets", sets)
    destmock.handler("sees", sees)
    lam.invoke(FunctionName="sets", Payload=str(logging.INFO))
    lam.invoke(FunctionName="sees")
    assert logging.root.level == before
    lam.invoke(FunctionName="sets", Payload=str(logging.ERROR))
    assert levels == [before, before, logging.INFO]


def test_a_handler_s_own_file_called_bootstrap_is_in_the_trace(destmock, lam, tmp_path, monkeypatch):
    """awslambdaric strips the frames of its own file, but not all there are; the first is the runtime's."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "bootstrap.py").write_text("def handle(event, context):\n    raise ValueError('x')\n")
    monkeypatch.syspath_prepend(tmp_path)
    destmock.handler("orders", "own.bootstrap:handle")
    trace = json.load(lam.invoke(FunctionName="orders")["Payload"])["stackTrace"]
    assert [line.splitlines()[0].rpartition(", in ")[2] for line in trace] == [
        "handle_event_request",
        "handle",
    ]
    assert trace[0].startswith('  File "/var/lang/lib/python3.13/site-packages/awslambdaric/bootstrap.py"')
