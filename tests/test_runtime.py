"""One attempt: results and errors byte for byte, environment, context, and handlers that misbehave."""

import asyncio
import base64
import collections
import contextlib
import dataclasses
import datetime as dt
import decimal
import enum
import inspect
import io
import json
import logging
import os
import re
import sys
import threading
import time
import uuid
from unittest.mock import patch

import boto3
import pytest
import time_machine
from awslambdaric import bootstrap, lambda_literals
from awslambdaric.lambda_context import LambdaContext
from awslambdaric.lambda_runtime_exception import FaultException
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller, to_json
from hypothesis import example, given, settings
from hypothesis import strategies as st

from destmock import DestmockError, mock_destinations, outcomes

ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"
Point = collections.namedtuple("Point", "x y")  # noqa: PYI024 - the untyped kind is what users return


class Size(enum.IntEnum):
    SMALL = 1


class Colour(enum.Enum):
    RED = "red"


def ok(event, context):
    return {"ok": event}


def invoke(lam, payload=b"{}", name="orders", **kwargs):
    """A synchronous invocation: boto3's answer, and the bytes of the result."""
    answer = lam.invoke(FunctionName=name, Payload=payload, **kwargs)
    return answer, answer["Payload"].read()


def send(lam, payload=b"{}", name="orders"):
    answer = lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload)
    return answer["ResponseMetadata"]["RequestId"]


def route(lam, arn, name="orders", **others):
    """One attempt, and its record goes to the ARN, whatever comes of it."""
    config = {key: {"Destination": arn} for key in ("OnSuccess", "OnFailure")}
    lam.put_function_event_invoke_config(
        FunctionName=name, DestinationConfig=config, **{"MaximumRetryAttempts": 0, **others}
    )


def request_id_of(answer):
    return answer["ResponseMetadata"]["RequestId"]


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module that can be imported, and answers where its file is."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name, source):
        path = tmp_path.joinpath(*name.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def create(lam):
    """Makes a function as a program does, with `create_function`."""

    def create(name="orders", **others):
        document = json.dumps({"Version": "2012-10-17", "Statement": []})
        role = boto3.client("iam").create_role(RoleName=f"{name}-role", AssumeRolePolicyDocument=document)
        others = {"Runtime": "python3.13", "Handler": "app.handle", **others}
        arn = role["Role"]["Arn"]
        lam.create_function(FunctionName=name, Role=arn, Code={"ZipFile": b"code"}, **others)

    return create


# Results


@pytest.mark.parametrize(
    ("result", "payload"),
    [
        (None, b"null"),
        ({"a": [1, 2.5, True, None], "b": {}}, b'{"a": [1, 2.5, true, null], "b": {}}'),
        ("雪🙂é", '"雪🙂é"'.encode()),
        ("\u2028", '"\u2028"'.encode()),
        ("\ud800", rb'"\ud800"'),
        ((1, 2), b"[1, 2]"),
        (Point(1, 2), b'{"x": 1, "y": 2}'),
        ({"raw": b"bytes", b"key": 1}, b'{"raw": "bytes", "key": 1}'),
        (decimal.Decimal("1.10"), b"1.10"),
        (decimal.Decimal("NaN"), b"NaN"),
        ([float("nan"), float("inf"), -float("inf")], b"[NaN, Infinity, -Infinity]"),
        ({1: 1, 2.5: 1, None: 1}, b'{"1": 1, "2.5": 1, "null": 1}'),
        ({True: 1, False: 0}, b'{"true": 1, "false": 0}'),
        (Size.SMALL, b"1"),
    ],
)
def test_B15_a_result_is_serialised_as_by_aws_s_runtime(destmock, lam, result, payload):
    destmock.handler("orders", outcomes(result))
    answer, got = invoke(lam)
    assert got == payload
    assert "FunctionError" not in answer
    assert answer["ExecutedVersion"] == "$LATEST"


def test_B15_before_python_3_12_a_result_is_ascii(destmock, lam, create):
    create(Runtime="python3.11")
    destmock.handler("orders", outcomes("雪é", ValueError("雪é")))
    assert invoke(lam)[1] == rb'"\u96ea\u00e9"'
    assert rb'{"errorMessage": "\u96ea\u00e9", "errorType": "ValueError"' in invoke(lam)[1]


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ({1, 2}, "Object of type set is not JSON serializable"),
        (dt.datetime(2026, 9, 14), "Object of type datetime is not JSON serializable"),  # noqa: DTZ001
        (uuid.UUID(int=0), "Object of type UUID is not JSON serializable"),
        (range(3), "Object of type range is not JSON serializable"),
        ((n for n in ()), "Object of type generator is not JSON serializable"),
        (bytearray(b"x"), "Object of type bytearray is not JSON serializable"),
        (Colour.RED, "Object of type Colour is not JSON serializable"),
        (object(), "Object of type object is not JSON serializable"),
        ({(1, 2): 3}, "keys must be str, int, float, bool or None, not tuple"),
        ([b"\xff"], "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
    ],
)
def test_B14_B15_a_result_that_is_no_json_is_a_marshal_error(destmock, lam, result, reason):
    """It is the function's own error, with an empty stack trace."""
    destmock.handler("orders", outcomes(result))
    answer, payload = invoke(lam)
    assert answer["FunctionError"] == "Unhandled"
    expected = (
        f'{{"errorMessage": "Unable to marshal response: {reason}", "errorType": "Runtime.MarshalError", '
        f'"requestId": "{request_id_of(answer)}", "stackTrace": []}}'
    )
    assert payload == expected.encode()


@pytest.mark.destmock(handlers={"orders": outcomes({1, 2})})
def test_B14_a_marshal_error_is_retried_and_goes_to_the_failure_destination(
    destmock, lam, make_queue, records
):
    route(lam, make_queue("failed"), MaximumRetryAttempts=1)
    request_id = send(lam)
    [record] = records("failed")
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"] == {
        "errorMessage": "Unable to marshal response: Object of type set is not JSON serializable",
        "errorType": "Runtime.MarshalError",
        "requestId": request_id,
        "stackTrace": [],
    }
    [invocation] = destmock.invocations
    assert [attempt.outcome for attempt in invocation.attempts] == ["Error", "Error"]
    assert [attempt.exception for attempt in invocation.attempts] == [None, None]


@pytest.mark.parametrize("result", [b"\x00\xff", b"not json", b'{"raw":1}', b""])
def test_B16_bytes_are_passed_through_unchanged(destmock, lam, result):
    destmock.handler("orders", outcomes(result))
    answer, payload = invoke(lam)
    assert payload == result
    assert "FunctionError" not in answer


def test_B16_E18_bytes_that_are_json_are_spliced_into_the_record(destmock, lam, make_queue, messages):
    destmock.handler("orders", outcomes(b'{"raw" :1}'))
    route(lam, make_queue("done"))
    send(lam)
    [message] = messages("done")
    assert message["Body"].endswith(',"responsePayload":{"raw" :1}}')


@pytest.mark.parametrize("result", [b"not json", b"\xff", float("nan"), [decimal.Decimal("NaN")]])
def test_E16_a_result_that_no_json_parser_takes_is_a_success_without_payload(
    destmock, lam, make_queue, messages, result
):
    destmock.handler("orders", outcomes(result))
    route(lam, make_queue("done"))
    send(lam)
    [message] = messages("done")
    assert json.loads(message["Body"])["requestContext"]["condition"] == "Success"
    assert message["Body"].endswith(
        ',"responseContext":{"statusCode":200,"executedVersion":"$LATEST"},'
        '"deliveryError":{"statusCode":400,"errorCode":"InvalidRequestContentException",'
        '"errorMessage":"The function response payload could not be parsed as JSON."}}'
    )


def test_B9_the_largest_result(destmock, lam):
    destmock.handler("orders", outcomes("x" * (6_291_556 - 2)))
    answer, payload = invoke(lam)
    assert "FunctionError" not in answer
    assert len(payload) == 6_291_556


@pytest.mark.parametrize("result", ["x" * (6_291_557 - 2), "雪" * 2_097_186, b"x" * 6_291_557])
def test_B9_a_result_that_is_too_large(destmock, lam, result):
    """What counts is the number of bytes, not of characters."""
    destmock.handler("orders", outcomes(result))
    answer, payload = invoke(lam)
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert payload == (
        b'{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).",'
        b'"errorType":"Function.ResponseSizeTooLarge"}'
    )


@pytest.mark.destmock(handlers={"orders": outcomes("x" * 6_291_557, {"small": True})})
def test_B9_a_result_that_is_too_large_is_an_error_and_retried(destmock, lam):
    send(lam)
    first, second = destmock.invocations[0].attempts
    assert (first.outcome, second.outcome) == ("Error", "Success")
    assert first.response["errorType"] == "Function.ResponseSizeTooLarge"


# Exceptions


class CustomError(Exception):
    pass


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


def test_B3_a_handler_that_takes_other_arguments_has_only_the_runtime_s_frame(destmock, lam):
    """As in a public recording of python3.12; nothing shows where the test runs."""
    destmock.handler("orders", lambda event: event)
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
    clock = time.perf_counter

    def orders(event, context):
        if event["slow"]:
            monkeypatch.setattr(time, "perf_counter", lambda: clock() + 10)
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


# The environment


def test_the_environment_variables_of_an_attempt(destmock, lam):
    seen = {}

    def orders(event, context):
        seen.update(os.environ, stream=context.log_stream_name)

    destmock.handler("orders", orders, memory_size=512, timeout=10, environment={"TABLE": "orders", "E": ""})
    answer, _ = invoke(lam)
    trace = answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-trace-id"]
    expected = {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_NAME": "orders",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/orders",
        "AWS_LAMBDA_LOG_STREAM_NAME": seen["stream"],
        "AWS_REGION": "us-east-1",
        "E": "",
        "LAMBDA_TASK_ROOT": "/var/task",
        "TABLE": "orders",
        "_HANDLER": f"{__name__}.orders",
    }
    assert {name: seen[name] for name in expected} == expected
    root, parent, sampled = [part.split("=")[1] for part in trace.split(";")]
    assert seen["_X_AMZN_TRACE_ID"].startswith(f"Root={root};Parent={parent};Sampled={sampled};Lineage=1:")


def test_the_environment_variables_are_those_of_the_function_s_region_and_version(destmock):
    seen = []
    destmock.handler("orders", lambda event, context: seen.append(dict(os.environ)))
    lam = boto3.client("lambda", region_name="eu-central-1")
    lam.publish_version(FunctionName="orders")
    invoke(lam, Qualifier="1")
    [variables] = seen
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"] == "eu-central-1"
    assert variables["AWS_LAMBDA_FUNCTION_VERSION"] == "1"


def test_the_process_s_own_variables_are_there_too(destmock, lam, monkeypatch):
    """The function's own come before them."""
    monkeypatch.setenv("FROM_THE_TEST", "yes")
    monkeypatch.setenv("TABLE", "the test's")
    destmock.handler(
        "orders",
        lambda event, context: [os.environ["FROM_THE_TEST"], os.environ["TABLE"]],
        environment={"TABLE": "the function's"},
    )
    assert invoke(lam)[1] == b'["yes", "the function\'s"]'
    assert os.environ["TABLE"] == "the test's"


@mock_destinations()
@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["PATH", "HOME", "AWS_REGION", "AWS_ACCESS_KEY_ID", "TABLE", "_HANDLER"])
        | st.text("ABC_", min_size=1),
        st.none() | st.text(st.characters(min_codepoint=1, codec="utf-8"), max_size=5),
    ),
    st.sampled_from([None, ValueError(), SystemExit(1)]),
)
def test_whatever_a_handler_does_to_the_environment_is_undone(destmock, changes, error):
    """It sees its own changes while it runs; a variable that is `None` here is deleted."""

    def orders(event, context):
        for name, value in changes.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        assert {name: os.environ.get(name) for name in changes} == changes
        if error:
            raise error

    destmock.handler("orders", orders, environment={"TABLE": "orders"})
    before = dict(os.environ)
    answer, _ = invoke(boto3.client("lambda"))
    assert os.environ == before
    assert ("FunctionError" in answer) == (error is not None)


@pytest.mark.parametrize("result", [{"ok": "é"}, ValueError("é")])
def test_a_handler_may_clear_the_environment(destmock, lam, result):
    """AWS's runtime has made its encoder of results long before."""

    def orders(event, context):
        os.environ.clear()
        if isinstance(result, Exception):
            raise result
        return result

    destmock.handler("orders", orders)
    before = dict(os.environ)
    _, payload = invoke(lam)
    if isinstance(result, Exception):
        assert json.loads(payload)["errorMessage"] == "é"
    else:
        assert payload == '{"ok": "é"}'.encode()
    assert os.environ == before


def test_what_an_import_does_to_the_environment_is_undone(destmock, lam, module):
    module(
        "app_sets",
        "import os\nos.environ['FROM_APP_SETS'] = '1'\n"
        "def handle(event, context):\n    return os.environ.get('FROM_APP_SETS')\n",
    )
    destmock.handler("orders", "app_sets:handle")
    assert invoke(lam)[1] == b'"1"'
    assert "FROM_APP_SETS" not in os.environ


def test_the_result_of_an_update_of_the_settings(destmock, lam):
    """The program's own changes through boto3 count."""
    destmock.handler("orders", lambda event, context: [os.environ.get("TABLE"), context.memory_limit_in_mb])
    assert invoke(lam)[1] == b'[null, "128"]'
    lam.update_function_configuration(
        FunctionName="orders", MemorySize=256, Environment={"Variables": {"TABLE": "new"}}
    )
    assert invoke(lam)[1] == b'["new", "256"]'


# The context


@pytest.fixture
def seen(destmock):
    """The contexts that the function "orders" got, in order."""
    contexts = []
    destmock.handler("orders", lambda event, context: contexts.append(context))
    return contexts


def test_B13_the_context_of_an_unqualified_invocation(destmock, lam, seen):
    answer, _ = invoke(lam)
    [context] = seen
    assert type(context) is LambdaContext
    assert context.aws_request_id == request_id_of(answer)
    assert context.function_name == "orders"
    assert context.function_version == "$LATEST"
    assert context.invoked_function_arn == ARN
    assert context.memory_limit_in_mb == "128"
    assert context.log_group_name == "/aws/lambda/orders"
    assert context.client_context is None
    assert context.identity.cognito_identity_id is None
    assert context.identity.cognito_identity_pool_id is None


@pytest.mark.parametrize(
    ("asked", "version"), [("$LATEST", "$LATEST"), ("1", "1"), ("live", "1")], ids=["latest", "1", "alias"]
)
def test_B13_the_context_of_a_qualified_invocation(destmock, lam, seen, asked, version):
    lam.publish_version(FunctionName="orders")
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    answer, _ = invoke(lam, Qualifier=asked)
    [context] = seen
    assert context.invoked_function_arn == f"{ARN}:{asked}"
    assert context.function_version == answer["ExecutedVersion"] == version


def test_A10_every_attempt_of_an_event_has_the_request_id_of_the_answer(destmock, lam):
    seen = []

    @destmock.handler("orders")
    def orders(event, context):
        seen.append(context.aws_request_id)
        raise ValueError

    assert seen == []
    request_id = send(lam)
    assert seen == [request_id] * 3


def test_the_remaining_time_is_what_is_left_of_the_timeout(destmock, lam):
    destmock.handler("orders", lambda event, context: context.get_remaining_time_in_millis(), timeout=7)
    with time_machine.travel(dt.datetime(2026, 9, 14, tzinfo=dt.timezone.utc), tick=False):
        assert invoke(lam)[1] == b"7000"
        assert invoke(lam)[1] == b"7000"


def test_the_remaining_time_counts_down_in_real_time(destmock, lam):
    with time_machine.travel(dt.datetime(2026, 9, 14, tzinfo=dt.timezone.utc), tick=False) as now:

        def orders(event, context):
            now.shift(2)
            first = context.get_remaining_time_in_millis()
            now.shift(9)
            return [first, context.get_remaining_time_in_millis()]

        destmock.handler("orders", orders, timeout=7)
        assert invoke(lam)[1] == b"[5000, 0]"


def test_a_client_context_arrives(destmock, lam, seen):
    given = {"custom": {"a": 1}, "env": {"b": 2}, "client": {"app_title": "shop", "installation_id": "i"}}
    invoke(lam, ClientContext=base64.b64encode(json.dumps(given).encode()).decode())
    [context] = seen
    assert context.client_context.custom == {"a": 1}
    assert context.client_context.env == {"b": 2}
    assert context.client_context.client.app_title == "shop"
    assert context.client_context.client.installation_id == "i"


def test_A9_an_event_has_no_client_context(destmock, lam, seen):
    given = base64.b64encode(b'{"custom": {"a": 1}}').decode()
    for value in (given, "not-base64!"):
        answer = lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b"{}", ClientContext=value)
        assert answer["StatusCode"] == 202
    assert [context.client_context for context in seen] == [None, None]


def test_B19_a_client_context_that_is_no_json_is_the_function_s_error(destmock, lam, seen):
    answer, payload = invoke(lam, ClientContext=base64.b64encode(b"{nonsense").decode())
    assert answer["FunctionError"] == "Unhandled"
    reason = "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
    assert json.loads(payload) == {
        "errorMessage": f"Unable to parse Client Context JSON: {reason}",
        "errorType": "Runtime.LambdaContextUnmarshalError",
        "requestId": request_id_of(answer),
        "stackTrace": [],
    }
    assert seen == []


# Nested synchronous invocations


def test_a_handler_may_invoke_another_function_synchronously(destmock, lam):
    """Each has its own context and variables, and the outer one has its own back afterwards."""

    def variables():
        return {
            name: os.environ.get(name)
            for name in ("AWS_LAMBDA_FUNCTION_NAME", "TABLE", "ONLY_OUTER", "ONLY_INNER")
        }

    def inner(event, context):
        os.environ["ONLY_INNER"] = "changed"
        return {"event": event, "name": context.function_name}

    def outer(event, context):
        before = variables()
        answer, payload = invoke(lam, b'{"from": "outer"}', "inner")
        assert answer["StatusCode"] == 200
        return [before, json.loads(payload), variables() == before, context.function_name]

    destmock.handler("inner", inner, environment={"TABLE": "inner", "ONLY_INNER": "1"})
    destmock.handler("outer", outer, environment={"TABLE": "outer", "ONLY_OUTER": "1"})
    _, payload = invoke(lam, name="outer")
    own = {"AWS_LAMBDA_FUNCTION_NAME": "outer", "TABLE": "outer", "ONLY_OUTER": "1", "ONLY_INNER": None}
    assert json.loads(payload) == [own, {"event": {"from": "outer"}, "name": "inner"}, True, "outer"]


def test_a_function_does_not_see_the_variables_of_the_one_that_invokes_it(destmock, lam):
    def outer(event, context):
        os.environ["SET_BY_OUTER"] = "1"
        return json.loads(invoke(lam, name="inner")[1])

    names = ["ONLY_OUTER", "SET_BY_OUTER"]
    destmock.handler("inner", lambda event, context: [os.environ.get(name) for name in names])
    destmock.handler("outer", outer, environment={"ONLY_OUTER": "1"})
    assert invoke(lam, name="outer")[1] == b"[null, null]"


def test_the_error_of_an_inner_function_is_an_answer_to_the_outer_one(destmock, lam):
    def outer(event, context):
        answer, payload = invoke(lam, name="inner")
        return [answer["FunctionError"], json.loads(payload)["errorType"]]

    destmock.handler("outer", outer)
    for error, error_type in (
        (ValueError(), "ValueError"),
        (SystemExit(0), "Runtime.ExitError"),
        (SystemExit(1), "Runtime.ExitError"),
    ):
        destmock.handler("inner", outcomes(error))
        assert json.loads(invoke(lam, name="outer")[1]) == ["Unhandled", error_type]


def test_a_function_may_invoke_itself_synchronously(destmock, lam):
    def factorial(event, context):
        n = event["n"]
        return n * json.loads(invoke(lam, json.dumps({"n": n - 1}).encode())[1]) if n else 1

    destmock.handler("orders", factorial)
    assert invoke(lam, b'{"n": 5}')[1] == b"120"


def test_an_event_sent_from_inside_a_handler_runs_after_it(destmock, lam):
    order = []

    def outer(event, context):
        send(lam, name="inner")
        order.append("outer")

    destmock.handler("outer", outer)
    destmock.handler("inner", lambda event, context: order.append("inner"))
    invoke(lam, name="outer")
    assert order == ["outer", "inner"]


@pytest.mark.destmock(handlers={"inner": ok})
def test_time_can_not_be_driven_from_inside_a_handler(destmock, lam):
    destmock.handler("orders", lambda event, context: destmock.run_until_idle())
    send(lam)
    for attempt in destmock.invocations[0].attempts:
        assert isinstance(attempt.exception, DestmockError)
        assert "time can't be driven from inside a handler" in str(attempt.exception)


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


def test_an_assertion_in_a_handler_is_the_function_s_error(destmock, lam):
    """A handler is not the test: it fails as it would on AWS."""

    def orders(event, context):
        assert event == {"id": 7}

    destmock.handler("orders", orders)
    answer, payload = invoke(lam)
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(payload)["errorType"] == "AssertionError"


# Against AWS's own runtime client


def encoded(text):
    """A lone surrogate is no UTF-8: it is escaped (B15)."""
    return text.encode(errors="backslashreplace")


class Oracle:
    """Takes from awslambdaric what it would post to AWS, and what it would log."""

    def __init__(self):
        self.marshaller = LambdaMarshaller()
        self.payload = None
        self.error_event = None

    def post_invocation_result(self, invoke_id, result_data, content_type=None, invocation_id=None):
        self.payload = result_data if isinstance(result_data, bytes) else encoded(result_data)

    def post_invocation_error(self, invoke_id, error_response_data, xray_fault, invocation_id=None):
        self.payload = encoded(error_response_data)

    def log_error(self, message_lines):
        self.error_event = "\n".join(message_lines)


def as_awslambdaric(handler, request_id):
    with patch.dict(os.environ, AWS_EXECUTION_ENV="AWS_Lambda_python3.13"):
        oracle = Oracle()
        bootstrap.handle_event_request(
            lambda_runtime_client=oracle,
            request_handler=handler,
            invoke_id=request_id,
            event_body=b"{}",
            content_type="application/json",
            client_context_json=None,
            cognito_identity_json=None,
            invoked_function_arn=ARN,
            epoch_deadline_time_in_ms=0,
            tenant_id=None,
            log_sink=oracle,
        )
    return oracle


characters = st.text(st.characters(), max_size=8)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | characters
    | st.binary(max_size=4)
    | st.sampled_from([Size.SMALL, Colour.RED, dt.date(2026, 9, 14), uuid.UUID(int=1)])
)
keys = st.none() | st.booleans() | st.integers() | st.floats() | characters | st.binary(max_size=2)
results = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.builds(Point, inner, inner)
        | st.dictionaries(keys | st.tuples(st.integers()), inner, max_size=4)
        | st.builds(collections.OrderedDict, st.dictionaries(characters, inner, max_size=2))
        | st.frozensets(st.integers(), max_size=2)
    ),
    max_leaves=8,
)


@mock_destinations()
@settings(deadline=None)
@given(results)
@example({"a": decimal.Decimal("1.10"), b"b": Point(b"\xff", "\ud800")})
@example(decimal.Decimal("-sNaN"))
def test_B14_B15_B16_any_result_has_awslambdaric_s_bytes(destmock, result):
    def orders(event, context):
        return result

    destmock.handler("orders", orders)
    answer, payload = invoke(boto3.client("lambda"))
    oracle = as_awslambdaric(orders, request_id_of(answer))
    assert payload == oracle.payload
    assert ("FunctionError" in answer) == (oracle.error_event is not None)


class QuotedError(Exception):
    def __str__(self):
        return f'"{self.args!r}"'


errors = st.builds(
    lambda kind, arguments: kind(*arguments),
    st.sampled_from([ValueError, KeyError, OSError, RuntimeError, StopIteration, CustomError, QuotedError]),
    st.lists(characters | st.integers(), max_size=2),
)


@mock_destinations()
@settings(deadline=None)
@given(errors, st.integers(0, 5), st.none() | errors)
@example(ValueError("\n  two lines\n"), 1, None)
@example(ValueError("\ud800"), 0, None)
@example(FaultException("Kind", "text", ["one\n  two", ""]), 0, None)
@example(FaultException("Kind", "text", None), 0, None)
def test_B1_B17_B20_any_exception_has_awslambdaric_s_bytes_and_log_event(destmock, error, depth, cause):
    def orders(event, context):
        return deeper(depth)

    def deeper(left):
        if left:
            return deeper(left - 1)
        raise error.with_traceback(None) from cause

    lam = boto3.client("lambda")
    destmock.handler("orders", orders)
    route(lam, "")
    oracle = as_awslambdaric(orders, send(lam))
    [attempt] = destmock.invocations[-1].attempts
    assert attempt.payload == oracle.payload
    assert attempt.exception is error
    start = attempt.logs.index("[ERROR]")
    logged = attempt.logs[start : attempt.logs.rindex("END RequestId")]
    assert logged.removesuffix("\n") == encoded(oracle.error_event).decode().removesuffix("\n")


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (
            bootstrap.handle_event_request,
            (
                "lambda_runtime_client request_handler invoke_id event_body content_type client_context_json "
                "cognito_identity_json invoked_function_arn epoch_deadline_time_in_ms tenant_id log_sink"
            ),
        ),
        (bootstrap._get_handler, "handler"),
        (bootstrap.make_error, "error_message error_type stack_trace"),
        (bootstrap.build_fault_result, "exc_info msg"),
        (bootstrap.log_error, "error_result log_sink"),
        (LambdaMarshaller, ""),
        (LambdaMarshaller.unmarshal_request, "self request content_type"),
        (LambdaMarshaller.marshal_response, "self response"),
        (to_json, "obj"),
        (FaultException, "exception_type msg trace"),
    ],
    ids=lambda value: getattr(value, "__qualname__", ""),
)
def test_awslambdaric_has_what_is_used_of_it(function, parameters):
    """Its internals are no public API: the names, and what may be passed to them."""
    wanted = parameters.split()
    found = inspect.signature(function).parameters
    assert list(found)[: len(wanted)] == wanted
    others = list(found.values())[len(wanted) :]
    assert [parameter.name for parameter in others if parameter.default is parameter.empty] == []


def test_awslambdaric_is_as_it_is_expected_to_be():
    assert os.path.basename(bootstrap.__file__) == "bootstrap.py"  # noqa: PTH119 - what stack traces are cut by
    assert lambda_literals.lambda_unhandled_exception_warning_message.startswith(
        "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. "
    )
    # What destmock's copy of the function puts others in the place of.
    assert {"make_xray_fault", "to_json"} <= {*bootstrap.handle_event_request.__code__.co_names}
    fault = FaultException("Type", "message", ["frame"])
    assert (fault.exception_type, fault.msg, fault.trace) == ("Type", "message", ["frame"])
    assert bootstrap.make_error("message", "Type", None) == {
        "errorMessage": "message",
        "errorType": "Type",
        "requestId": "",
        "stackTrace": [],
    }


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
