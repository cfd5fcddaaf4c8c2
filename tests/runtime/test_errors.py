"""How a handler fails: exceptions, exits, failed cold starts and timeouts, byte for byte."""

import asyncio
import base64
import dataclasses
import inspect
import json
import re
import sys

import pytest

from destmock import outcomes
from destmock._runtime import aside
from tests.runtime.attempts import CustomError, invoke, ok, request_id_of, route, send

# Exceptions


def test_B1_an_exception_byte_for_byte(destmock, lam):
    """Key order, separators, literal emoji; the stack trace begins with the handler's own frame (B3)."""

    def orders(event, context):
        deeper()

    def deeper():
        raise ValueError("no stock 🙂")

    destmock.handler("orders", orders)
    answer, payload = invoke(lam)
    lines = [
        inspect.getsourcelines(function)[1] + 1  # the line after its def
        for function in (orders, deeper)
    ]
    first = f'  File "{__file__}", line {lines[0]}, in orders\n    deeper()\n'
    second = f'  File "{__file__}", line {lines[1]}, in deeper\n    raise ValueError("no stock 🙂")\n'
    trace = json.dumps([first, second], ensure_ascii=False)
    assert payload.decode() == (
        '{"errorMessage": "no stock 🙂", "errorType": "ValueError", '
        f'"requestId": "{request_id_of(answer)}", "stackTrace": {trace}}}'
    )
    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"


@pytest.mark.parametrize(
    ("error", "error_type", "message"),
    [
        (ValueError(), "ValueError", ""),
        (CustomError("some error occurred"), "CustomError", "some error occurred"),
        (KeyError("id"), "KeyError", "'id'"),
        (Exception("a", 1), "Exception", "('a', 1)"),
        (json.JSONDecodeError("bad", "{", 1), "JSONDecodeError", "bad: line 1 column 2 (char 1)"),
        (AssertionError("1 == 2"), "AssertionError", "1 == 2"),
        (StopIteration(), "StopIteration", ""),
        (MemoryError(), "MemoryError", ""),
    ],
)
def test_B11_B17_the_type_is_the_bare_class_name_and_the_message_its_text(
    destmock, lam, error, error_type, message
):
    destmock.handler("orders", outcomes(error))
    _, payload = invoke(lam)
    found = json.loads(payload)
    assert (found["errorType"], found["errorMessage"]) == (error_type, message)


def test_B17_a_cause_is_not_in_the_stack_trace(destmock, lam):
    def orders(event, context):
        try:
            raise KeyError("id")
        except KeyError as error:
            raise ValueError("no id") from error

    destmock.handler("orders", orders)
    found = json.loads(invoke(lam)[1])
    assert found["errorMessage"] == "no id"
    [frame] = found["stackTrace"]
    assert frame.endswith('    raise ValueError("no id") from error\n')


def test_B3_a_handler_that_takes_other_arguments_has_only_the_runtime_s_frame(destmock, lam, module):
    """As in a public recording of python3.12; nothing shows where the test runs."""
    module("app_arguments", "handle = lambda event: event\n")
    destmock.handler("orders", "app_arguments:handle")
    found = json.loads(invoke(lam)[1])
    assert found["errorType"] == "TypeError"
    assert found["errorMessage"].endswith("takes 1 positional argument but 2 were given")
    [frame] = found["stackTrace"]
    assert re.fullmatch(
        r'  File "/var/lang/lib/python3\.13/site-packages/awslambdaric/bootstrap\.py", line \d+, '
        r"in handle_event_request\n    response = request_handler\(event, lambda_context\)\n",
        frame,
    )
    send(lam)
    [attempt] = destmock.invocations[-1].attempts[:1]
    assert isinstance(attempt.exception, TypeError)
    assert "_watched" not in attempt.logs


def test_the_exception_of_an_attempt_is_the_handler_s_own_object(destmock, lam):
    """Its traceback begins with the handler, as the handler itself would see it."""
    raised = CustomError("mine")

    def orders(event, context):
        raise raised

    destmock.handler("orders", orders)
    route(lam, "")
    send(lam)
    [attempt] = destmock.invocations[0].attempts
    assert attempt.exception is raised
    assert raised.__traceback__.tb_frame.f_code is orders.__code__
    assert raised.__traceback__.tb_next is None


def test_an_exception_that_can_not_be_changed(destmock, lam):
    @dataclasses.dataclass(frozen=True)
    class FrozenError(Exception):
        text: str

    destmock.handler("orders", outcomes(FrozenError("ice"), "thawed"))
    send(lam)
    [invocation] = destmock.invocations
    assert [attempt.outcome for attempt in invocation.attempts] == ["Error", "Success"]
    assert invocation.attempts[0].response["errorType"] == "FrozenError"


def test_B17_an_exception_without_a_text_ends_the_process(destmock, lam):
    """AWS's runtime fails over it, too; the attempt keeps what the handler raised."""

    class SpeechlessError(Exception):
        def __str__(self):
            raise RuntimeError("no words")

    raised = SpeechlessError()
    destmock.handler("orders", outcomes(raised))
    answer, payload = invoke(lam)
    assert payload.decode() == (
        f'{{"errorType":"Runtime.ExitError","errorMessage":"RequestId: {request_id_of(answer)} Error: '
        'Runtime exited with error: exit status 1"}'
    )
    send(lam)
    assert [attempt.exception for attempt in destmock.invocations[0].attempts] == [raised] * 3
    assert "Runtime exited with error: exit status 1" in destmock.timeline()


def test_an_exception_without_a_repr_is_reported_like_any_other(destmock, lam):
    class UnprintableError(Exception):
        def __repr__(self):
            raise RuntimeError("no words")

    destmock.handler("orders", outcomes(UnprintableError("text")))
    send(lam)
    assert "Error UnprintableError: text" in destmock.timeline()


def test_E9_each_attempt_has_an_error_of_its_own(destmock, lam, make_queue, records):
    """The record carries the last one's."""
    destmock.handler("orders", outcomes(ValueError("first"), KeyError("second"), OSError("third")))
    route(lam, make_queue("failed"), MaximumRetryAttempts=2)
    request_id = send(lam)
    attempts = destmock.invocations[0].attempts
    assert [attempt.response["errorMessage"] for attempt in attempts] == ["first", "'second'", "third"]
    assert {attempt.response["requestId"] for attempt in attempts} == {request_id}
    [record] = records("failed")
    assert record["responsePayload"] == attempts[-1].response


# The end of the process


def exit_error(request_id, reason):
    message = f"RequestId: {request_id} Error: {reason}"
    return f'{{"errorType":"Runtime.ExitError","errorMessage":"{message}"}}'.encode()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ((), "Runtime exited without providing a reason"),
        ((None,), "Runtime exited without providing a reason"),
        ((0,), "Runtime exited without providing a reason"),
        ((1,), "Runtime exited with error: exit status 1"),
        ((127,), "Runtime exited with error: exit status 127"),
        ((-1,), "Runtime exited with error: exit status 255"),
        (("a text",), "Runtime exited with error: exit status 1"),
    ],
)
def test_B5_B6_B17_an_exit_in_the_handler(destmock, lam, code, reason):
    def orders(event, context):
        sys.exit(*code)

    destmock.handler("orders", orders)
    answer, payload = invoke(lam)
    assert payload == exit_error(request_id_of(answer), reason)
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")


@pytest.mark.parametrize("error", [GeneratorExit(), asyncio.CancelledError()])
def test_B17_what_is_no_exception_ends_the_process(destmock, lam, error):
    destmock.handler("orders", outcomes(error))
    answer, payload = invoke(lam)
    assert payload == exit_error(request_id_of(answer), "Runtime exited with error: exit status 1")


def test_B5_an_exit_is_retried_in_an_execution_environment_of_its_own(destmock, lam, make_queue, messages):
    streams = []

    @destmock.handler("orders")
    def orders(event, context):
        streams.append(context.log_stream_name)
        sys.exit(3)

    route(lam, make_queue("failed"), MaximumRetryAttempts=1)
    request_id = send(lam)
    [message] = messages("failed")
    payload = exit_error(request_id, "Runtime exited with error: exit status 3").decode()
    assert message["Body"].endswith(f',"responsePayload":{payload}}}')
    [invocation] = destmock.invocations
    assert len(set(streams)) == 2
    assert ["INIT_START" in attempt.logs for attempt in invocation.attempts] == [True, True]
    assert [type(attempt.exception) for attempt in invocation.attempts] == [SystemExit, SystemExit]


def test_outcomes_go_on_after_an_exit(destmock, lam):
    destmock.handler("orders", outcomes(SystemExit(1), {"ok": True}))
    send(lam)
    assert [attempt.outcome for attempt in destmock.invocations[0].attempts] == ["Error", "Success"]


def test_an_exit_in_both_of_two_nested_invocations_of_one_function(destmock, lam):
    def orders(event, context):
        if not event.get("inner"):
            invoke(lam, b'{"inner": true}')
        sys.exit(2)

    destmock.handler("orders", orders)
    answer, payload = invoke(lam)
    assert payload == exit_error(request_id_of(answer), "Runtime exited with error: exit status 2")


# Failed cold starts


def error_bytes(message, error_type, stack_trace=()):
    error = {
        "errorMessage": message,
        "errorType": error_type,
        "requestId": "",
        "stackTrace": list(stack_trace),
    }
    return json.dumps(error, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("handler", "message", "error_type"),
    [
        (
            "no_such_module_at_all:handle",
            "Unable to import module 'no_such_module_at_all': No module named 'no_such_module_at_all'",
            "Runtime.ImportModuleError",
        ),
        (
            "no_such_package.orders.handle",
            "Unable to import module 'no_such_package.orders': No module named 'no_such_package'",
            "Runtime.ImportModuleError",
        ),
        (
            "bisect:no_such_handler",
            "Handler 'no_such_handler' missing on module 'bisect'",
            "Runtime.HandlerNotFound",
        ),
        (
            "sys:exit",
            "Cannot use built-in module sys as a handler module",
            "Runtime.BuiltInModuleConflict",
        ),
    ],
)
def test_B18_a_handler_that_can_not_be_loaded(
    destmock, lam, make_queue, messages, handler, message, error_type
):
    """The error's request id is empty (B2), in the answer and in the record alike."""
    destmock.handler("orders", handler)
    expected = error_bytes(message, error_type)
    answer, payload = invoke(lam)
    assert payload == expected
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")

    route(lam, make_queue("failed"))
    send(lam)
    assert messages("failed")[0]["Body"].endswith(f',"responsePayload":{expected.decode()}}}')


def test_B18_any_import_error_is_one_of_the_module(destmock, lam, module):
    module("app_import_error", "raise ImportError('cannot import name x')\n")
    destmock.handler("orders", "app_import_error:handle")
    message = "Unable to import module 'app_import_error': cannot import name x"
    assert invoke(lam)[1] == error_bytes(message, "Runtime.ImportModuleError")


def test_B18_a_syntax_error_names_file_line_and_text(destmock, lam, module):
    source = "x = 1\nx = = 2\n"
    path = module("app_syntax_error", source)
    with pytest.raises(SyntaxError) as compiled:
        compile(source, path, "exec")
    destmock.handler("orders", "app_syntax_error:handle")
    assert invoke(lam)[1] == error_bytes(
        f"Syntax error in module 'app_syntax_error': {compiled.value}",
        "Runtime.UserCodeSyntaxError",
        [f'  File "{path}" Line 2\n    x = = 2\n'],
    )


def test_B8_an_exception_at_import_keeps_its_class_and_its_frames(destmock, lam, module):
    path = module("app_startup", "raise Exception('Runtime startup fails')\n")
    destmock.handler("orders", "app_startup:handle")
    answer, payload = invoke(lam)
    assert payload.startswith(
        b'{"errorMessage": "Runtime startup fails", "errorType": "Exception", "requestId": "", '
        b'"stackTrace": ["  File '
    )
    *importing, last = json.loads(payload)["stackTrace"]
    assert last == f"  File \"{path}\", line 1, in <module>\n    raise Exception('Runtime startup fails')\n"
    assert "importlib" in importing[0]
    assert not [frame for frame in importing if "destmock" in frame or "awslambdaric" in frame]
    assert '  File "<frozen importlib._bootstrap>", line ' in importing[1]
    assert answer["FunctionError"] == "Unhandled"


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("sys.exit(0)", "Runtime exited without providing a reason"),
        ("sys.exit(4)", "Runtime exited with error: exit status 4"),
    ],
)
def test_B5_an_exit_at_import(destmock, lam, module, statement, reason):
    module("app_exits", f"import sys\n{statement}\n")
    destmock.handler("orders", "app_exits:handle")
    answer, payload = invoke(lam)
    assert payload == exit_error(request_id_of(answer), reason)


def test_a_module_that_failed_is_imported_again_by_the_next_attempt(destmock, lam, module, monkeypatch):
    monkeypatch.delenv("APP_READY", raising=False)
    module(
        "app_ready", "import os\nos.environ['APP_READY']\ndef handle(event, context):\n    return 'ready'\n"
    )
    destmock.handler("orders", "app_ready:handle")
    assert json.loads(invoke(lam)[1])["errorType"] == "KeyError"
    monkeypatch.setenv("APP_READY", "1")
    assert invoke(lam)[1] == b'"ready"'


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{}", "'dict' object is not callable"),
        ("None", "'NoneType' object is not callable"),
        ("lambda event: event", "<lambda>() takes 1 positional argument but 2 were given"),
    ],
)
def test_a_handler_that_can_not_be_called_is_the_function_s_error(destmock, lam, module, value, message):
    module("app_uncallable", f"handle = {value}\n")
    destmock.handler("orders", "app_uncallable:handle")
    answer, payload = invoke(lam)
    error = json.loads(payload)
    assert answer["FunctionError"] == "Unhandled"
    assert (error["errorType"], error["errorMessage"]) == ("TypeError", message)
    assert error["requestId"] == request_id_of(answer)


# Timeouts


@pytest.mark.parametrize(("timeout", "duration", "text"), [(2, 2.001, "2.00"), (30, 900, "30.00")])
def test_B4_an_attempt_that_takes_too_long(destmock, lam, timeout, duration, text):
    """The platform's words, compact, the type first; no request id of its own, no stack trace."""
    destmock.handler("orders", ok, timeout=timeout, duration=duration)
    answer, payload = invoke(lam)
    assert payload.decode() == (
        f'{{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: {request_id_of(answer)} Error: '
        f'Task timed out after {text} seconds"}}'
    )
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")


def test_an_attempt_that_takes_exactly_its_timeout_is_in_time(destmock, lam):
    destmock.handler("orders", ok, timeout=2, duration=2)
    assert invoke(lam)[1] == b'{"ok": {}}'


def test_B4_a_timeout_in_the_record(destmock, lam, make_queue, messages):
    """An attempt ends at its timeout, however long it would have taken, and the delay counts from there."""
    destmock.handler("orders", outcomes(ValueError("never heard")), timeout=2, duration=50)
    route(lam, make_queue("failed"), MaximumRetryAttempts=1)
    request_id = send(lam)
    [message] = messages("failed")
    assert message["Body"].endswith(
        ',"responsePayload":{"errorType":"Sandbox.Timedout","errorMessage":'
        f'"RequestId: {request_id} Error: Task timed out after 2.00 seconds"}}}}'
    )
    [invocation] = destmock.invocations
    assert [attempt.outcome for attempt in invocation.attempts] == ["Timeout", "Timeout"]
    assert [attempt.elapsed for attempt in invocation.attempts] == [0, 62]


def test_an_attempt_that_really_takes_too_long_times_out(destmock, lam, monkeypatch):
    real_ns = aside.real_ns

    def orders(event, context):
        if event["slow"]:
            monkeypatch.setattr(aside, "real_ns", lambda: real_ns() + 10_000_000_000)
        return "done"

    destmock.handler("orders", orders, timeout=9)
    assert json.loads(invoke(lam, b'{"slow": true}')[1])["errorType"] == "Sandbox.Timedout"
    assert invoke(lam, b'{"slow": false}')[1] == b'"done"'


@pytest.mark.parametrize(
    ("statement", "calls"),
    [("return calls", [1, 2]), ("raise ValueError(calls)", [1, 2]), ("sys.exit(calls)", [1, 1])],
)
def test_B12_globals_survive_a_result_and_an_exception_but_not_an_exit(
    destmock, lam, module, capsys, statement, calls
):
    module(
        "app_counts",
        "import sys\ncalls = 0\ndef handle(event, context):\n"
        f"    global calls\n    calls += 1\n    print('calls:', calls)\n    {statement}\n",
    )
    destmock.handler("orders", "app_counts:handle")
    for count in calls:
        answer, _ = invoke(lam, LogType="Tail")
        assert f"calls: {count}\n" in base64.b64decode(answer["LogResult"]).decode()


def test_B12_globals_do_not_survive_a_timeout(destmock, lam, module):
    """Neither those of the handler's module nor those of what it imported."""
    module("app_state", "calls = []\n")
    module(
        "app_slow",
        "import app_state\nmine = []\ndef handle(event, context):\n"
        "    app_state.calls.append(1)\n    mine.append(1)\n"
        "    print('calls:', len(app_state.calls), len(mine))\n",
    )
    destmock.handler("orders", "app_slow:handle", timeout=1, duration=2)
    route(lam, "", MaximumRetryAttempts=2)
    send(lam)
    attempts = destmock.invocations[0].attempts
    assert [attempt.outcome for attempt in attempts] == ["Timeout"] * 3
    assert ["calls: 1 1\n" in attempt.logs for attempt in attempts] == [True] * 3
