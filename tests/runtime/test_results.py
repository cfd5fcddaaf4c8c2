"""What a handler returns, byte for byte, and every difference to AWS's own runtime client."""

import collections
import datetime as dt
import decimal
import enum
import inspect
import json
import os
import uuid
from unittest.mock import patch

import boto3
import pytest
from awslambdaric import bootstrap, lambda_literals
from awslambdaric.lambda_runtime_exception import FaultException
from awslambdaric.lambda_runtime_marshaller import Encoder, LambdaMarshaller, to_json
from hypothesis import example, given, settings
from hypothesis import strategies as st

from destmock import mock_destinations, outcomes
from tests.runtime.attempts import ARN, CustomError, invoke, request_id_of, route, send

Point = collections.namedtuple("Point", "x y")  # noqa: PYI024 - the untyped kind is what users return


class Size(enum.IntEnum):
    SMALL = 1


class Colour(enum.Enum):
    RED = "red"


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


texts_of_events = st.builds(
    lambda value, before, after: f"{before}{json.dumps(value)}{after}",
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | characters,
        st.lists,
    ),
    *[st.text(" \n\t\r", max_size=2)] * 2,
)


@mock_destinations()
@settings(deadline=None)
@given(texts_of_events)
@example('{"a": 1e400, "b": [1.10, -0.0], "a": 2}')
@example('"\\ud800"')
def test_B14_any_event_is_what_awslambdaric_makes_of_it(destmock, text):
    seen = []
    destmock.handler("orders", lambda event, context: seen.append(event))
    invoke(boto3.client("lambda"), text.encode())
    assert repr(seen) == repr([LambdaMarshaller().unmarshal_request(text.encode())])


def test_B14_a_result_after_one_that_is_no_json(destmock, lam):
    """The encoder is made anew; what it has begun to write is forgotten."""
    nested = {"a": {}}
    nested["a"]["again"] = nested
    bad = [nested, {"a": [1, {2}]}, {"a": object()}]
    results = [{"b": [{}]}, *(each for result in bad for each in (result, {"b": [{"a": 1}], "a": {}}))]
    destmock.handler("orders", outcomes(*results))
    for result in results:
        answer, payload = invoke(lam)
        if any(result is each for each in bad):
            assert json.loads(payload)["errorType"] == "Runtime.MarshalError"
        else:
            assert (payload.decode(), "FunctionError" in answer) == (json.dumps(result), False)


def test_B14_a_result_is_encoded_once_also_when_it_cannot_be(destmock, lam):
    asked = []

    class Answer:
        def _asdict(self):
            asked.append(1)
            return {"no": object()}

    destmock.handler("orders", lambda event, context: [Answer()])
    _, payload = invoke(lam)
    assert json.loads(payload)["errorType"] == "Runtime.MarshalError"
    assert asked == [1]


def test_B15_a_test_may_replace_what_encodes_anything_else(destmock, lam):
    destmock.handler("orders", lambda event, context: {"size": decimal.Decimal("1.50")})
    assert invoke(lam)[1] == b'{"size": 1.50}'
    with patch.object(Encoder, "default", lambda self, value: str(value)):
        assert invoke(lam)[1] == b'{"size": "1.50"}'
    assert invoke(lam)[1] == b'{"size": 1.50}'


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
