"""Invoke and InvokeAsync: what they take, which function they reach, what they answer, what they refuse."""

import base64
import io
import json
import os
import re
from datetime import datetime, timezone

import boto3
import pytest
from botocore.exceptions import ClientError, ParamValidationError
from botocore.parsers import create_parser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from destmock import NoHandlerError, UnsupportedError, mock_destinations, outcomes

START = datetime(2026, 9, 14, 15, 18, 45, 502_000, tzinfo=timezone.utc)
DATE = "Mon, 14 Sep 2026 15:18:45 GMT"
ACCOUNT = "123456789012"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders"
KINDS = ("RequestResponse", "Event", "DryRun")
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
TRACE = r"root=1-[0-9a-f]{8}-[0-9a-f]{24};parent=[0-9a-f]{16};sampled=0"
NAME_PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?"
    r"(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
QUALIFIER_PATTERN = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"


def echo(event, context):
    return event


def fail(event, context):
    raise ValueError("no stock")


def describe(event, context):
    """What a handler is told of itself."""
    return {
        "arn": context.invoked_function_arn,
        "version": context.function_version,
        "name": context.function_name,
        "memory": context.memory_limit_in_mb,
        "log_group": context.log_group_name,
        "client_context": context.client_context and context.client_context.custom,
        "id": context.aws_request_id,
        "trace": os.environ["_X_AMZN_TRACE_ID"],
    }


def refused(call, **kwargs):
    """The whole response of a call that AWS refuses."""
    with pytest.raises(ClientError) as caught:
        call(**kwargs)
    return caught.value.response


def refusal(call, **kwargs):
    """The code, HTTP status and message of a call that AWS refuses."""
    response = refused(call, **kwargs)
    error = response["Error"]
    return error["Code"], response["ResponseMetadata"]["HTTPStatusCode"], error["Message"]


def headers(answer):
    return answer["ResponseMetadata"]["HTTPHeaders"]


def publish(lam, name="orders"):
    """Publishes a version that differs from the one before, as AWS asks of it."""
    memory = lam.get_function_configuration(FunctionName=name)["MemorySize"]
    lam.update_function_configuration(FunctionName=name, MemorySize=memory + 1)
    return lam.publish_version(FunctionName=name)["Version"]


def create(lam, name="orders"):
    """A function of the program's own."""
    role = boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    lam.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler="app.handle",
        Code={"ZipFile": b"the handler is registered"},
        MemorySize=512,
    )


@pytest.fixture
def raw(lam):
    """The bodies that the calls of `lam` answer, as they go over the wire."""
    bodies = []
    lam.meta.events.register(
        "after-call.lambda", lambda http_response, **_: bodies.append(http_response.text)
    )
    return bodies


# The three invocation types


@pytest.mark.destmock(handlers={"orders": echo}, start=START)
def test_A1_a_synchronous_invocation_answers_what_the_handler_returned(lam):
    answer = lam.invoke(FunctionName="orders", Payload=b'{"id": 7}')
    assert set(answer) == {"ResponseMetadata", "StatusCode", "ExecutedVersion", "Payload"}
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert answer["Payload"].read() == b'{"id": 7}'
    metadata = answer["ResponseMetadata"]
    assert metadata["HTTPStatusCode"] == 200
    assert re.fullmatch(UUID, metadata["RequestId"])
    trace = headers(answer).pop("x-amzn-trace-id")
    assert re.fullmatch(TRACE, trace)
    assert headers(answer) == {
        "date": DATE,
        "content-type": "application/json",
        "content-length": "9",
        "connection": "keep-alive",
        "x-amzn-requestid": metadata["RequestId"],
        "x-amz-executed-version": "$LATEST",
        "x-amzn-remapped-content-length": "0",
    }


@pytest.mark.destmock(handlers={"orders": echo}, start=START)
def test_A2_A3_an_event_is_accepted_with_an_empty_answer(lam):
    answer = lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b'{"id": 7}')
    assert set(answer) == {"ResponseMetadata", "StatusCode", "Payload"}
    assert answer["StatusCode"] == 202
    assert answer["Payload"].read() == b""
    metadata = answer["ResponseMetadata"]
    assert metadata["HTTPStatusCode"] == 202
    assert re.fullmatch(UUID, metadata["RequestId"])
    trace = headers(answer).pop("x-amzn-trace-id")
    assert re.fullmatch(TRACE, trace)
    assert headers(answer) == {
        "date": DATE,
        "content-length": "0",
        "connection": "keep-alive",
        "x-amzn-requestid": metadata["RequestId"],
        "x-amzn-remapped-content-length": "0",
    }


@pytest.mark.destmock(handlers={"orders": fail}, start=START)
def test_A3_the_answer_is_dated_when_the_event_was_accepted(destmock, lam):
    """Not when its last attempt has run."""
    answer = lam.invoke(FunctionName="orders", InvocationType="Event")
    assert headers(answer)["date"] == DATE
    assert (destmock.now - START).total_seconds() == 180


@pytest.mark.destmock(handlers={"orders": fail}, start=START)
def test_A4_a_dry_run_runs_nothing(destmock, lam):
    answer = lam.invoke(FunctionName="orders", InvocationType="DryRun")
    assert set(answer) == {"ResponseMetadata", "StatusCode", "Payload"}
    assert answer["StatusCode"] == 204
    assert answer["Payload"].read() == b""
    assert headers(answer) == {
        "date": DATE,
        "connection": "keep-alive",
        "x-amzn-requestid": answer["ResponseMetadata"]["RequestId"],
        "x-amzn-remapped-content-length": "0",
    }
    assert destmock.timeline() == ""


def test_A4_a_dry_run_sees_whether_the_function_exists(lam):
    assert refusal(lam.invoke, FunctionName="orders", InvocationType="DryRun")[:2] == (
        "ResourceNotFoundException",
        404,
    )


@pytest.mark.destmock(handlers={"orders": outcomes(None)})
def test_A5_a_handler_that_returns_nothing_answers_null(lam):
    assert lam.invoke(FunctionName="orders")["Payload"].read() == b"null"
    assert lam.invoke(FunctionName="orders", InvocationType="Event")["Payload"].read() == b""


@pytest.mark.destmock(handlers={"orders": echo})
def test_A6_an_omitted_payload_is_an_empty_object(destmock, lam):
    assert lam.invoke(FunctionName="orders")["Payload"].read() == b"{}"
    lam.invoke(FunctionName="orders", InvocationType="Event")
    [invocation] = destmock.invocations
    assert (invocation.event, invocation.attempts[0].response) == ({}, {})
    assert invocation.record["requestPayload"] == {}


@pytest.mark.destmock(handlers={"orders": fail})
def test_A7_a_function_error_is_a_200(lam):
    answer = lam.invoke(FunctionName="orders")
    assert (answer["StatusCode"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (200, 200)
    assert (answer["FunctionError"], answer["ExecutedVersion"]) == ("Unhandled", "$LATEST")
    assert headers(answer)["x-amz-function-error"] == "Unhandled"
    error = json.loads(answer["Payload"].read())
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no stock")


@pytest.mark.destmock(handlers={"orders": echo, "failing": fail})
def test_an_answer_is_what_botocore_s_own_parser_makes_of_it(lam):
    """Of status, headers and body; destmock puts it together itself."""
    seen = []
    lam.meta.events.register("after-call.lambda.Invoke", lambda **given: seen.append(given))
    model = lam.meta.service_model.operation_model("Invoke")
    for function in ("orders", "failing"):
        for kind in ("Event", "RequestResponse", "DryRun"):
            for log_type in ("None", "Tail"):
                answer = lam.invoke(FunctionName=function, InvocationType=kind, LogType=log_type)
                http = seen[-1]["http_response"]
                response = {
                    "status_code": http.status_code,
                    "headers": http.headers,
                    "body": answer["Payload"],
                }
                parsed = create_parser("rest-json").parse({**response, "context": {}}, model.output_shape)
                parsed["ResponseMetadata"]["RetryAttempts"] = 0
                assert list(answer.items()) == list(parsed.items())
                assert list(answer["ResponseMetadata"]) == list(parsed["ResponseMetadata"])
                assert type(answer["ResponseMetadata"]["HTTPHeaders"]) is dict


@pytest.mark.destmock(handlers={"orders": fail})
@pytest.mark.parametrize("payload", [b"{}", b"[1, 2]", b'"text"', b"7", b"null", b"true", b' {"a":1}\n'])
def test_any_json_document_is_an_event(destmock, lam, payload):
    lam.invoke(FunctionName="orders", InvocationType="Event", Payload=payload)
    [invocation] = destmock.invocations
    assert (invocation.payload, invocation.event) == (payload, json.loads(payload))
    assert len(invocation.attempts) == 3


# What goes in


@pytest.mark.destmock(handlers={"orders": echo})
@pytest.mark.parametrize("kind", ["RequestResponse", "Event"])
@pytest.mark.parametrize(
    "payload",
    [
        b'{"id": 7}',
        '{"id": 7}',
        bytearray(b'{"id": 7}'),
        io.BytesIO(b'{"id": 7}'),
    ],
    ids=["bytes", "str", "bytearray", "file"],
)
def test_a_payload_is_bytes_text_or_a_file(destmock, lam, kind, payload):
    if hasattr(payload, "seek"):
        payload.seek(0)
    answer = lam.invoke(FunctionName="orders", InvocationType=kind, Payload=payload)
    if kind == "RequestResponse":
        assert answer["Payload"].read() == b'{"id": 7}'
    else:
        assert [invocation.payload for invocation in destmock.invocations] == [b'{"id": 7}']


@pytest.mark.destmock(handlers={"orders": echo})
def test_a_payload_can_be_a_file_on_disk(lam, tmp_path):
    path = tmp_path / "event.json"
    path.write_bytes(b'{"id": 7}')
    with path.open("rb") as file:
        assert lam.invoke(FunctionName="orders", Payload=file)["Payload"].read() == b'{"id": 7}'


@pytest.mark.destmock(handlers={"orders": echo})
def test_a_payload_can_be_another_answer_s_payload(lam):
    first = lam.invoke(FunctionName="orders", Payload=b'{"id": 7}')
    second = lam.invoke(FunctionName="orders", Payload=first["Payload"].read())
    assert second["Payload"].read() == b'{"id": 7}'


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
@pytest.mark.destmock(handlers={"orders": echo})
def test_any_json_value_comes_back_as_it_went(lam, value):
    answer = lam.invoke(FunctionName="orders", Payload=json.dumps(value))
    assert "FunctionError" not in answer
    assert json.loads(answer["Payload"].read()) == value


def text_of(size):
    """A JSON document of exactly so many bytes."""
    return b'"' + b"a" * (size - 2) + b'"'


@pytest.mark.destmock(handlers={"orders": echo})
def test_A27_a_large_synchronous_payload_is_echoed(lam):
    payload = text_of(5 * 1024 * 1024)
    assert lam.invoke(FunctionName="orders", Payload=payload)["Payload"].read() == payload


@pytest.mark.destmock(handlers={"orders": outcomes(1)})
@pytest.mark.parametrize("size", [300 * 1024, 1_048_576])
def test_A29_A30_an_event_may_have_1_mb(destmock, lam, size):
    lam.invoke(FunctionName="orders", InvocationType="Event", Payload=text_of(size))
    [invocation] = destmock.invocations
    assert (len(invocation.payload), invocation.condition) == (size, "Success")


@pytest.mark.destmock(handlers={"orders": outcomes(1)})
@pytest.mark.parametrize(
    ("kind", "limit"),
    [("Event", 1_048_576), ("RequestResponse", 6_291_456)],
)
def test_A30_a_payload_over_the_limit_is_refused(destmock, lam, kind, limit):
    """With a code that botocore's model doesn't have, hence as a plain ClientError."""
    lam.invoke(FunctionName="orders", InvocationType=kind, Payload=text_of(limit))
    accepted = destmock.timeline()
    with pytest.raises(ClientError) as caught:
        lam.invoke(FunctionName="orders", InvocationType=kind, Payload=text_of(limit + 1))
    assert type(caught.value) is ClientError
    text = f"{limit + 1} byte payload is too large for the {kind} invocation type (limit {limit} bytes)"
    response = caught.value.response
    assert response["Error"] == {"Code": "RequestEntityTooLargeException", "Message": text}
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 413
    assert destmock.timeline() == accepted


END = "Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, column: {}]"
NOT_JSON = "Could not parse request body into json: Could not parse payload into json: "


@pytest.mark.destmock(handlers={"orders": echo})
@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (
            b'{"broken":',
            "Unexpected end-of-input within/between Object entries\n at [" + END.format(1, 11),
        ),
        (
            b"{",
            "Unexpected end-of-input: expected close marker for Object (start marker at ["
            + END.format(1, 1)
            + ")\n at ["
            + END.format(1, 2),
        ),
        (b"n\x87", "Invalid UTF-8 start byte 0x87\n at [" + END.format(1, 3)),
        (
            b"\x99",
            "Unexpected character ((CTRL-CHAR, code 153)): expected a valid value "
            "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n at ["
            + END.format(1, 1),
        ),
    ],
    ids=["cut", "brace", "start-byte", "control"],
)
def test_A22_a_payload_that_is_not_json_is_refused(destmock, lam, payload, text):
    for kind in KINDS:
        response = refused(lam.invoke, FunctionName="orders", InvocationType=kind, Payload=payload)
        assert response["Error"] == {"Code": "InvalidRequestContentException", "Message": NOT_JSON + text}
        assert (response["Type"], response["message"]) == ("User", NOT_JSON + text)
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert destmock.timeline() == ""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.lists(st.text()), min_size=1),
    st.data(),
)
@pytest.mark.destmock(handlers={"orders": echo})
def test_A22_an_object_cut_short_anywhere_is_refused(lam, value, data):
    whole = json.dumps(value, ensure_ascii=False).encode()
    cut = whole[: data.draw(st.integers(1, len(whole) - 1))]
    code, status, message = refusal(lam.invoke, FunctionName="orders", Payload=cut)
    assert (code, status) == ("InvalidRequestContentException", 400)
    assert message.startswith(NOT_JSON)
    line, column = re.search(r"\n at \[Source: REDACTED .*; line: (\d+), column: (\d+)\]$", message).groups()
    assert int(line) == 1
    assert 1 <= int(column) <= len(cut) + 1


@pytest.mark.destmock(handlers={"orders": echo})
@pytest.mark.parametrize(
    "payload", [b"NaN", b"[Infinity]", b"{'a': 1}", b"1 2", b"\xef\xbb\xbf{}", b" ", b"[1,]"]
)
def test_A22_what_only_some_parsers_take_is_refused(lam, payload):
    code, status, message = refusal(
        lam.invoke, FunctionName="orders", InvocationType="Event", Payload=payload
    )
    assert (code, status) == ("InvalidRequestContentException", 400)
    assert message.startswith(NOT_JSON)


# What comes along


@pytest.mark.destmock(handlers={"orders": echo})
def test_A8_an_event_has_no_log_result(lam):
    answer = lam.invoke(FunctionName="orders", InvocationType="Event", LogType="Tail")
    assert answer["StatusCode"] == 202
    assert "LogResult" not in answer
    assert "x-amz-log-result" not in headers(answer)


def test_a_synchronous_invocation_returns_the_log_if_asked(destmock, lam):
    @destmock.handler("orders")
    def handle(event, context):
        print("looking for stock")

    assert "LogResult" not in lam.invoke(FunctionName="orders")
    assert "LogResult" not in lam.invoke(FunctionName="orders", LogType="None")
    answer = lam.invoke(FunctionName="orders", LogType="Tail")
    log = base64.b64decode(answer["LogResult"]).decode()
    request_id = answer["ResponseMetadata"]["RequestId"]
    start, printed, end, report = log.splitlines()
    assert start == f"START RequestId: {request_id} Version: $LATEST"
    assert printed == "looking for stock"
    assert end == f"END RequestId: {request_id}"
    assert report.startswith(f"REPORT RequestId: {request_id}\tDuration: ")


def encoded(context):
    return base64.b64encode(json.dumps(context).encode()).decode()


@pytest.mark.destmock(handlers={"orders": describe})
@pytest.mark.parametrize("context", [encoded({"custom": {"shop": "north"}}), "not-base64!"])
def test_A9_an_event_s_client_context_is_ignored(destmock, lam, context):
    answer = lam.invoke(FunctionName="orders", InvocationType="Event", ClientContext=context)
    assert answer["StatusCode"] == 202
    [attempt] = destmock.invocations[0].attempts
    assert (attempt.outcome, attempt.response["client_context"]) == ("Success", None)


@pytest.mark.destmock(handlers={"orders": describe})
def test_a_synchronous_invocation_passes_the_client_context_on(lam):
    context = encoded({"custom": {"shop": "north"}})
    answer = lam.invoke(FunctionName="orders", ClientContext=context)
    assert json.loads(answer["Payload"].read())["client_context"] == {"shop": "north"}


@pytest.mark.destmock(handlers={"orders": describe})
def test_B19_a_client_context_that_is_not_json_is_a_function_error(lam):
    context = base64.b64encode(b"{").decode()
    answer = lam.invoke(FunctionName="orders", ClientContext=context)
    error = json.loads(answer["Payload"].read())
    assert (answer["FunctionError"], error["errorType"]) == (
        "Unhandled",
        "Runtime.LambdaContextUnmarshalError",
    )
    assert error["errorMessage"].startswith("Unable to parse Client Context JSON: ")


@pytest.mark.destmock(handlers={"orders": describe})
def test_a_client_context_that_is_not_base64_is_refused(lam):
    code, status, _ = refusal(lam.invoke, FunctionName="orders", ClientContext="not-base64!")
    assert (code, status) == ("InvalidRequestContentException", 400)


@pytest.mark.destmock(handlers={"orders": fail})
def test_A10_one_request_id_goes_all_the_way(destmock, lam, make_queue, records):
    seen = []

    @destmock.handler("orders")
    def handle(event, context):
        seen.append(context.aws_request_id)
        raise ValueError("no stock")

    destination = {"OnFailure": {"Destination": make_queue("failed")}}
    lam.put_function_event_invoke_config(FunctionName="orders", DestinationConfig=destination)
    answer = lam.invoke(FunctionName="orders", InvocationType="Event")
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert headers(answer)["x-amzn-requestid"] == request_id
    assert seen == [request_id] * 3
    [record] = records("failed")
    assert record["requestContext"]["requestId"] == request_id
    assert record["responsePayload"]["requestId"] == request_id
    assert destmock.invocations[0].request_id == request_id


@pytest.mark.destmock(handlers={"orders": describe})
@pytest.mark.parametrize("kind", ["RequestResponse", "Event"])
def test_A11_the_answer_s_trace_is_the_handler_s(destmock, lam, kind):
    answer = lam.invoke(FunctionName="orders", InvocationType=kind)
    seen = (
        json.loads(answer["Payload"].read())
        if kind == "RequestResponse"
        else destmock.invocations[0].attempts[0].response
    )
    root, parent = re.match("root=([^;]+);parent=([^;]+);", headers(answer)["x-amzn-trace-id"]).groups()
    assert re.fullmatch(rf"Root={root};Parent={parent};Sampled=0;Lineage=1:[0-9a-f]{{8}}:0", seen["trace"])


ROOT, PARENT = "1-6aa6c32d-60cb65fa24ad77cc2f954979", "425e9436348417f4"


def traced(lam, operation):
    """Has a client send a trace of its own."""

    def add(params, **_):
        params["headers"]["X-Amzn-Trace-Id"] = f"Root={ROOT};Parent={PARENT};Sampled=0"

    lam.meta.events.register_first(f"before-call.lambda.{operation}", add)


@pytest.mark.destmock(handlers={"orders": describe})
def test_K12_an_event_takes_over_the_caller_s_trace(destmock, lam):
    traced(lam, "Invoke")
    answer = lam.invoke(FunctionName="orders", InvocationType="Event")
    assert headers(answer)["x-amzn-trace-id"] == f"root={ROOT};parent={PARENT};sampled=0"
    [attempt] = destmock.invocations[0].attempts
    assert attempt.response["trace"].startswith(f"Root={ROOT};Parent={PARENT};Sampled=0;Lineage=1:")


# InvokeAsync, the legacy


@pytest.mark.destmock(handlers={"orders": echo}, start=START)
def test_A23_invoke_async_is_accepted(destmock, lam):
    answer = lam.invoke_async(FunctionName="orders", InvokeArgs=b'{"id": 7}')
    assert set(answer) == {"ResponseMetadata", "Status"}
    assert answer["Status"] == 202
    assert headers(answer) == {
        "date": DATE,
        "content-type": "application/json",
        "content-length": "0",
        "connection": "keep-alive",
        "x-amzn-requestid": answer["ResponseMetadata"]["RequestId"],
    }
    [invocation] = destmock.invocations
    assert (invocation.source, invocation.event) == ("InvokeAsync", {"id": 7})
    assert invocation.request_id == answer["ResponseMetadata"]["RequestId"]
    assert invocation.condition == "Success"


@pytest.mark.destmock(handlers={"orders": describe})
@pytest.mark.parametrize("name", ["orders:1", f"{ARN}:1", f"{ACCOUNT}:function:orders:1"])
def test_A23_invoke_async_takes_a_qualified_name(destmock, lam, name):
    publish(lam)
    lam.invoke_async(FunctionName=name, InvokeArgs=b"{}")
    [invocation] = destmock.invocations
    assert invocation.function_arn == f"{ARN}:1"
    assert invocation.attempts[0].response["version"] == "1"


@pytest.mark.destmock(handlers={"orders": fail})
def test_invoke_async_retries_and_delivers_like_an_event(destmock, lam, make_queue, records):
    destination = {"OnFailure": {"Destination": make_queue("failed")}}
    lam.put_function_event_invoke_config(FunctionName="orders", DestinationConfig=destination)
    lam.invoke_async(FunctionName="orders", InvokeArgs=io.BytesIO(b"{}"))
    [record] = records("failed")
    assert record["requestContext"]["approximateInvokeCount"] == 3


@pytest.mark.destmock(handlers={"orders": outcomes(1)})
def test_A24_invoke_async_still_stops_at_256_kb(destmock, lam):
    lam.invoke_async(FunctionName="orders", InvokeArgs=text_of(262_144))
    with pytest.raises(ClientError) as caught:
        lam.invoke_async(FunctionName="orders", InvokeArgs=text_of(262_153))
    response = caught.value.response
    assert type(caught.value) is ClientError
    assert response["Error"] == {
        "Code": "RequestEntityTooLargeException",
        "Message": "262153 byte payload is too large for the Event invocation type (limit 262144 bytes)",
    }
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 413
    assert len(destmock.invocations) == 1


@pytest.mark.destmock(handlers={"orders": describe})
def test_A24_invoke_async_begins_a_trace_of_its_own(destmock, lam):
    traced(lam, "InvokeAsync")
    lam.invoke_async(FunctionName="orders", InvokeArgs=b"{}")
    trace = destmock.invocations[0].attempts[0].response["trace"]
    assert re.fullmatch(
        r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0;Lineage=1:[0-9a-f]{8}:0", trace
    )
    assert ROOT not in trace


def test_invoke_async_of_an_unknown_function(lam):
    code, status, message = refusal(lam.invoke_async, FunctionName="orders", InvokeArgs=b"{}")
    assert (code, status) == ("ResourceNotFoundException", 404)
    assert message.startswith(f"Function not found: {ARN}")


@pytest.mark.destmock(handlers={"orders": echo})
def test_invoke_async_refuses_what_is_not_json(lam):
    code, status, message = refusal(lam.invoke_async, FunctionName="orders", InvokeArgs=b"{")
    assert (code, status) == ("InvalidRequestContentException", 400)
    assert message.startswith(NOT_JSON)


# Which function


SPELLINGS = [
    "orders",
    "function:orders",
    f"{ACCOUNT}:orders",
    f"{ACCOUNT}:function:orders",
    f"us-east-1:{ACCOUNT}:function:orders",
    ARN,
]


def spelt(name, qualifier):
    """The arguments that name a function: the qualifier is in the name, or apart from it."""
    if qualifier is None:
        return [{"FunctionName": name}]
    return [{"FunctionName": f"{name}:{qualifier}"}, {"FunctionName": name, "Qualifier": qualifier}]


@pytest.mark.destmock(handlers={"orders": describe})
@pytest.mark.parametrize("qualifier", [None, "$LATEST", "1", "live"])
def test_B13_I3_every_spelling_reaches_the_function(destmock, lam, qualifier):
    """The handler is told the full ARN with the qualifier that was asked for, and the version it runs as."""
    publish(lam)
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    version = "$LATEST" if qualifier in (None, "$LATEST") else "1"
    for arguments in [arguments for name in SPELLINGS for arguments in spelt(name, qualifier)]:
        answer = lam.invoke(**arguments)
        assert answer["ExecutedVersion"] == version
        lam.invoke(**arguments, InvocationType="Event")
        invocation = destmock.invocations[-1]
        assert invocation.function_arn == f"{ARN}:{qualifier or '$LATEST'}"
        assert invocation.record["requestContext"]["functionArn"] == invocation.function_arn
        assert invocation.record["responseContext"]["executedVersion"] == version
        for told in (json.loads(answer["Payload"].read()), invocation.attempts[0].response):
            assert told["arn"] == (ARN if qualifier is None else f"{ARN}:{qualifier}")
            assert told["version"] == version


@pytest.mark.destmock(handlers={"orders": describe})
def test_B13_what_a_handler_is_told_of_itself(destmock, lam):
    destmock.handler("orders", describe, memory_size=256)
    told = json.loads(lam.invoke(FunctionName="orders")["Payload"].read())
    assert told["name"] == "orders"
    assert told["memory"] == "256"
    assert told["log_group"] == "/aws/lambda/orders"
    assert told["client_context"] is None


@pytest.mark.destmock(handlers={"orders": describe})
def test_I3_an_alias_may_point_to_latest(lam):
    lam.create_alias(FunctionName="orders", Name="newest", FunctionVersion="$LATEST")
    answer = lam.invoke(FunctionName="orders", Qualifier="newest")
    told = json.loads(answer["Payload"].read())
    assert (told["arn"], told["version"], answer["ExecutedVersion"]) == (
        f"{ARN}:newest",
        "$LATEST",
        "$LATEST",
    )


@pytest.mark.destmock(handlers={"orders": describe})
def test_a_qualifier_may_be_given_twice_if_it_is_the_same(lam):
    publish(lam)
    answer = lam.invoke(FunctionName="orders:1", Qualifier="1")
    assert answer["ExecutedVersion"] == "1"


@pytest.mark.destmock(handlers={"orders": describe})
@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-west-1", "cn-north-1", "ap-southeast-2"])
def test_a_bare_name_is_a_function_of_the_client_s_region(destmock, region):
    """Partitions have ARNs of their own."""
    partition = {"us": "aws-us-gov", "cn": "aws-cn"}.get(region[:2], "aws")
    arn = f"arn:{partition}:lambda:{region}:{ACCOUNT}:function:orders"
    lam = boto3.client("lambda", region_name=region)
    told = json.loads(lam.invoke(FunctionName="orders")["Payload"].read())
    assert told["arn"] == arn
    assert json.loads(lam.invoke(FunctionName=arn)["Payload"].read())["arn"] == arn
    lam.invoke(FunctionName="orders", InvocationType="Event")
    assert destmock.invocations[0].function_arn == f"{arn}:$LATEST"
    assert [function["FunctionArn"] for function in lam.list_functions()["Functions"]] == [arn]


@pytest.mark.destmock(handlers={"orders": describe})
def test_a_function_knows_its_region(destmock):
    @destmock.handler("where")
    def where(event, context):
        return os.environ["AWS_REGION"]

    session = boto3.Session(region_name="eu-central-1")
    assert session.client("lambda").invoke(FunctionName="where")["Payload"].read() == b'"eu-central-1"'


@pytest.mark.destmock(handlers={"orders": describe})
def test_the_account_is_moto_s(monkeypatch):
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "111122223333")
    lam = boto3.client("lambda")
    arn = "arn:aws:lambda:us-east-1:111122223333:function:orders"
    assert json.loads(lam.invoke(FunctionName="orders")["Payload"].read())["arn"] == arn
    assert lam.get_function(FunctionName="orders")["Configuration"]["FunctionArn"] == arn


def assume(account):
    """A session in another account, as moto tells accounts apart."""
    role = f"arn:aws:iam::{account}:role/deployer"
    found = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    return boto3.Session(
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["SessionToken"],
    )


@pytest.mark.destmock(handlers={"orders": describe})
def test_a_client_with_an_assumed_role_is_in_the_role_s_account(destmock):
    lam = assume("444455556666").client("lambda")
    arn = "arn:aws:lambda:us-east-1:444455556666:function:orders"
    assert json.loads(lam.invoke(FunctionName="orders")["Payload"].read())["arn"] == arn
    lam.invoke(FunctionName="orders", InvocationType="Event")
    assert destmock.invocations[0].function_arn == f"{arn}:$LATEST"
    assert lam.get_function(FunctionName="orders")["Configuration"]["FunctionArn"] == arn


@pytest.mark.destmock(handlers={"orders": fail})
def test_accounts_do_not_share_configurations(lam):
    lam.put_function_event_invoke_config(FunctionName="orders", MaximumRetryAttempts=0)
    other = assume("444455556666").client("lambda")
    code, _, message = refusal(other.get_function_event_invoke_config, FunctionName="orders")
    assert code == "ResourceNotFoundException"
    assert "444455556666" in message


@pytest.mark.destmock(handlers={"orders": describe})
def test_an_arn_reaches_into_another_account(lam):
    arn = "arn:aws:lambda:us-east-1:444455556666:function:orders"
    assert json.loads(lam.invoke(FunctionName=arn)["Payload"].read())["arn"] == arn
    assert json.loads(lam.invoke(FunctionName="444455556666:function:orders")["Payload"].read())["arn"] == arn


@pytest.mark.destmock(handlers={"arn:aws:lambda:eu-west-1:444455556666:function:orders": describe})
def test_a_handler_for_an_arn_is_of_that_region_and_account_only():
    there = assume("444455556666").client("lambda", region_name="eu-west-1")
    assert there.invoke(FunctionName="orders")["StatusCode"] == 200
    elsewhere = (
        boto3.client("lambda", region_name="eu-west-1"),
        assume("444455556666").client("lambda", region_name="us-east-1"),
    )
    for lam in elsewhere:
        assert refusal(lam.invoke, FunctionName="orders")[0] == "ResourceNotFoundException"
        assert lam.list_functions()["Functions"] == []


@pytest.mark.destmock(handlers={"orders": outcomes("anywhere"), ARN: outcomes("here")})
def test_a_handler_for_an_arn_comes_before_one_for_a_name():
    answers = [
        boto3.client("lambda", region_name=region).invoke(FunctionName="orders")["Payload"].read()
        for region in ("us-east-1", "eu-west-1")
    ]
    assert answers == [b'"here"', b'"anywhere"']


@pytest.mark.destmock(handlers={"orders": outcomes(1)})
def test_a_registered_function_exists_for_every_other_call(lam):
    assert [function["FunctionName"] for function in lam.list_functions()["Functions"]] == ["orders"]
    settings = lam.get_function_configuration(FunctionName="orders")
    assert (settings["FunctionArn"], settings["Timeout"], settings["MemorySize"]) == (ARN, 3, 128)
    lam.tag_resource(Resource=ARN, Tags={"team": "shop"})
    assert lam.list_tags(Resource=ARN)["Tags"] == {"team": "shop"}
    lam.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=5)
    reserved = lam.get_function_concurrency(FunctionName="orders")
    assert reserved["ReservedConcurrentExecutions"] == 5
    assert publish(lam) == "1"
    lam.delete_function(FunctionName="orders")
    assert lam.list_functions()["Functions"] == []
    assert refusal(lam.invoke, FunctionName="orders")[0] == "ResourceNotFoundException"


@pytest.mark.parametrize("first", ["handler", "function"])
def test_a_created_function_takes_the_handler_under_its_name(destmock, lam, first):
    """Whichever came first; the settings are those it was created with."""
    if first == "function":
        create(lam)
    destmock.handler("orders", describe)
    if first == "handler":
        create(lam)
    told = json.loads(lam.invoke(FunctionName="orders")["Payload"].read())
    assert told["memory"] == "512"
    assert len(lam.list_functions()["Functions"]) == 1


# Who asks


@pytest.mark.destmock(handlers={"orders": echo})
@pytest.mark.parametrize(
    "client",
    [
        lambda: boto3.client("lambda"),
        lambda: boto3.Session().client("lambda"),
        lambda: boto3.session.Session(region_name="us-east-1").client("lambda"),
        lambda: boto3.resource("sqs").meta.client and boto3.client("lambda"),
        lambda: boto3.client("lambda", aws_access_key_id="AKIA", aws_secret_access_key="x"),
        lambda: boto3.client("lambda", endpoint_url="https://lambda.us-east-1.amazonaws.com"),
    ],
    ids=["default", "session", "named-region", "after-a-resource", "keys", "endpoint"],
)
def test_any_client_invokes(destmock, client):
    lam = client()
    lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b"1")
    assert lam.invoke(FunctionName="orders", Payload=b"2")["Payload"].read() == b"2"
    assert [invocation.function_arn for invocation in destmock.invocations] == [f"{ARN}:$LATEST"]


@pytest.mark.destmock(handlers={"orders": outcomes(1)})
def test_a_resource_s_client_and_a_destination_s_resource_agree(lam):
    """The queue is made and read through boto3's resource."""
    queue = boto3.resource("sqs").create_queue(QueueName="done")
    destination = {"OnSuccess": {"Destination": queue.attributes["QueueArn"]}}
    lam.put_function_event_invoke_config(FunctionName="orders", DestinationConfig=destination)
    lam.invoke(FunctionName="orders", InvocationType="Event")
    [message] = queue.receive_messages()
    assert json.loads(message.body)["responsePayload"] == 1


# What is refused


@pytest.mark.parametrize("kind", ["RequestResponse", "Event"])
def test_A12_A28_an_unknown_function(lam, raw, kind):
    with pytest.raises(lam.exceptions.ResourceNotFoundException) as caught:
        lam.invoke(FunctionName="orders", InvocationType=kind)
    text = f"Function not found: {ARN}:$LATEST"
    response = caught.value.response
    assert response["Error"] == {"Code": "ResourceNotFoundException", "Message": text}
    assert (response["Type"], response["Message"]) == ("User", text)
    assert set(response) == {"Error", "ResponseMetadata", "Type", "Message"}
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert headers(response)["x-amzn-errortype"] == "ResourceNotFoundException"
    assert headers(response)["content-type"] == "application/json"
    assert re.fullmatch(UUID, response["ResponseMetadata"]["RequestId"])
    assert raw == [f'{{"Type":"User","Message":"{text}"}}']
    assert headers(response)["content-length"] == str(len(raw[0]))


def test_A12_another_call_s_404_has_no_qualifier(lam):
    assert refusal(lam.get_function, FunctionName="orders") == (
        "ResourceNotFoundException",
        404,
        f"Function not found: {ARN}",
    )


@pytest.mark.destmock(handlers={"orders": echo})
@pytest.mark.parametrize("qualifier", ["1", "live", "$latest"])
def test_A13_an_unknown_qualifier(destmock, lam, qualifier):
    expected = ("ResourceNotFoundException", 404, f"Function not found: {ARN}:{qualifier}")
    for arguments in spelt("orders", qualifier)[1 if qualifier == "$latest" else 0 :]:
        for kind in KINDS:
            assert refusal(lam.invoke, **arguments, InvocationType=kind) == expected
    assert destmock.timeline() == ""


@pytest.mark.destmock(handlers={"orders": echo})
def test_A14_a_validation_error_has_neither_type_nor_message(lam, raw):
    response = refused(lam.invoke, FunctionName="orders!")
    assert set(response) == {"Error", "ResponseMetadata"}
    assert list(json.loads(raw[0])) == ["message"]
    assert headers(response)["x-amzn-errortype"] == "ValidationException"


@pytest.mark.destmock(handlers={"orders": echo})
def test_A14_an_invalid_parameter_has_a_lower_case_message(lam, raw):
    response = refused(lam.invoke, FunctionName="orders:1", Qualifier="2")
    assert set(response) == {"Error", "ResponseMetadata", "Type", "message"}
    assert (response["Type"], response["message"]) == ("User", response["Error"]["Message"])
    assert list(json.loads(raw[0])) == ["Type", "message"]


@pytest.mark.destmock(handlers={"orders": echo})
@pytest.mark.parametrize("operation", ["invoke", "get_function_event_invoke_config"])
def test_A15_a_function_of_another_region_is_out_of_reach(lam, operation):
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:orders"
    assert refusal(getattr(lam, operation), FunctionName=arn) == (
        "ResourceNotFoundException",
        404,
        "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    )


BAD_NAMES = [
    "my-function!",
    "*",
    "invalid-account:function:my-function",
    f"arn:aws:lambda:invalid-region:{ACCOUNT}:function:my-function",
    f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/i-1234567890abcdef0",
    "my-function:1:2",
    "function:my-function:$LATEST:extra",
    f"arn:aws:lambda::{ACCOUNT}:function:my-function",
    "arn:aws:lambda:us-east-1::function:my-function",
    "my-function:$LATES",
    "my-function\n",
    "größe",
    "arn:aws:lambda:us-east-1:١٢٣٤٥٦٧٨٩٠١٢:function:my-function",
]


def bad_name(name):
    return (
        f"Value '{name}' at 'functionName' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {NAME_PATTERN}"
    )


@pytest.mark.parametrize("name", BAD_NAMES)
def test_A16_a_name_that_is_none(lam, name):
    expected = ("ValidationException", 400, f"1 validation error detected: {bad_name(name)}")
    for kind in KINDS:
        assert refusal(lam.invoke, FunctionName=name, InvocationType=kind) == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters=":"), min_size=1))
@pytest.mark.destmock
def test_A16_a_name_is_of_letters_digits_dots_hyphens_and_underscores(lam, name):
    if re.fullmatch(r"[a-zA-Z0-9._-]+", name):
        text = f"Function not found: arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}:$LATEST"
        expected = ("ResourceNotFoundException", 404, text)
    else:
        expected = ("ValidationException", 400, f"1 validation error detected: {bad_name(name)}")
    assert refusal(lam.invoke, FunctionName=name) == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.sampled_from(["arn", "aws", "lambda", "us-east-1", ACCOUNT, "function", "a", "1", "$LATEST"]))
)
@pytest.mark.destmock
def test_any_attempt_at_an_arn_gets_an_answer_of_aws(lam, parts):
    """An unknown function, or no name at all; never an error of Python's."""
    found = refusal(lam.invoke, FunctionName=":".join(["a", *parts]))[:2]
    assert found in {("ResourceNotFoundException", 404), ("ValidationException", 400)}


@pytest.mark.destmock(handlers={"orders": echo})
@pytest.mark.parametrize("qualifier", ["invalid!", "a b", "$LATEST!", "é"])
def test_A17_a_qualifier_that_is_none(lam, qualifier):
    text = (
        f"1 validation error detected: Value '{qualifier}' at 'qualifier' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {QUALIFIER_PATTERN}"
    )
    found = refusal(lam.invoke, FunctionName="orders", Qualifier=qualifier)
    assert found == ("ValidationException", 400, text)


@pytest.mark.destmock(handlers={"orders": echo})
def test_A18_a_qualifier_that_is_too_long(lam):
    text = (
        f"Value '{'a' * 129}' at 'qualifier' failed to satisfy constraint: "
        "Member must have length less than or equal to 128"
    )
    assert refusal(lam.invoke, FunctionName="orders", Qualifier="a" * 129) == (
        "ValidationException",
        400,
        f"1 validation error detected: {text}",
    )
    assert refusal(lam.invoke, FunctionName="orders", Qualifier="a" * 128)[0] == "ResourceNotFoundException"
    name = f"arn:aws:lambda:invalid-region:{ACCOUNT}:function:orders"
    assert refusal(lam.invoke, FunctionName=name, Qualifier="a" * 129) == (
        "ValidationException",
        400,
        f"2 validation errors detected: {text}; {bad_name(name)}",
    )


def test_A19_a_long_name_is_only_unknown(lam):
    name = "a" * 65
    assert refusal(lam.invoke, FunctionName=name) == (
        "ResourceNotFoundException",
        404,
        f"Function not found: arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}:$LATEST",
    )


def test_A19_an_arn_without_a_name_is_of_a_function_called_function(lam):
    name = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function"
    assert refusal(lam.invoke, FunctionName=name) == (
        "ResourceNotFoundException",
        404,
        f"Function not found: {name}:function:$LATEST",
    )


@pytest.mark.parametrize("name", ["orders:1", "orders:$LATEST", f"{ARN}:live"])
def test_A20_two_qualifiers_that_differ(lam, name):
    """Whether or not the function exists."""
    assert refusal(lam.invoke, FunctionName=name, Qualifier="2") == (
        "InvalidParameterValueException",
        400,
        "The derived qualifier from the function name does not match the specified qualifier.",
    )


@pytest.mark.destmock(handlers={"orders": echo})
@pytest.mark.parametrize(
    ("argument", "member", "allowed"),
    [
        ("InvocationType", "invocationType", "[Event, RequestResponse, DryRun]"),
        ("LogType", "logType", "[None, Tail]"),
    ],
)
def test_an_unknown_invocation_or_log_type_is_refused(destmock, lam, argument, member, allowed):
    text = (
        f"1 validation error detected: Value 'Other' at '{member}' failed to satisfy constraint: "
        f"Member must satisfy enum value set: {allowed}"
    )
    found = refusal(lam.invoke, FunctionName="orders", **{argument: "Other"})
    assert found == ("ValidationException", 400, text)
    assert destmock.timeline() == ""


@pytest.mark.destmock(handlers={"orders": echo})
def test_botocore_s_own_validation_stays(lam):
    for wrong in ({}, {"FunctionName": ""}, {"FunctionName": "orders", "Qualifier": ""}):
        with pytest.raises(ParamValidationError):
            lam.invoke(**wrong)


@pytest.mark.destmock(handlers={"orders": echo})
def test_A26_a_function_with_zero_reserved_concurrency_is_throttled(destmock, lam):
    lam.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    with pytest.raises(lam.exceptions.TooManyRequestsException) as caught:
        lam.invoke(FunctionName="orders")
    response = caught.value.response
    assert response["Error"] == {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert {key: response[key] for key in set(response) - {"Error", "ResponseMetadata"}} == {
        "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
        "Type": "User",
        "message": "Rate Exceeded.",
    }
    assert destmock.timeline() == ""
    assert lam.invoke(FunctionName="orders", InvocationType="Event")["StatusCode"] == 202
    lam.delete_function_concurrency(FunctionName="orders")
    assert lam.invoke(FunctionName="orders")["StatusCode"] == 200


def test_a_refused_call_leaves_the_mock_as_it_was(destmock, lam):
    destmock.handler("orders", outcomes(1))
    before = destmock.now
    for wrong in (
        {"FunctionName": "unknown"},
        {"FunctionName": "orders!"},
        {"FunctionName": "orders:1", "Qualifier": "2"},
        {"FunctionName": "orders", "Payload": b"{"},
        {"FunctionName": "orders", "Payload": text_of(1_048_577)},
    ):
        refused(lam.invoke, InvocationType="Event", **wrong)
    assert (destmock.invocations, destmock.pending, destmock.drops) == ((), (), ())
    assert destmock.now == before
    assert destmock.timeline() == ""
    lam.invoke(FunctionName="orders", InvocationType="Event")
    assert [invocation.condition for invocation in destmock.invocations] == ["Success"]


# What destmock can't do


@pytest.mark.parametrize(
    "call",
    [
        lambda lam: lam.invoke(FunctionName="orders"),
        lambda lam: lam.invoke(FunctionName="orders", InvocationType="Event"),
        lambda lam: lam.invoke_async(FunctionName="orders", InvokeArgs=b"{}"),
    ],
    ids=["RequestResponse", "Event", "InvokeAsync"],
)
def test_a_function_without_a_handler_says_so(destmock, lam, call):
    create(lam)
    text = (
        rf"^the function {re.escape(ARN)} exists, but has no handler that destmock could run "
        r"\(its code is not a zip file that can be unpacked: File is not a zip file\); "
        r"register one with mock_destinations\(handlers=\{'orders': handler\}\) "
        r"or destmock\.handler\('orders', handler\)$"
    )
    with pytest.raises(NoHandlerError, match=text):
        call(lam)
    assert destmock.timeline() == ""
    destmock.handler("orders", outcomes(1))
    call(lam)
    assert destmock.timeline() != ""


def test_a_dry_run_needs_no_handler(lam):
    create(lam)
    assert lam.invoke(FunctionName="orders", InvocationType="DryRun")["StatusCode"] == 204


@pytest.mark.destmock(handlers={"orders": outcomes(1)})
def test_streaming_is_not_simulated(destmock, lam):
    with pytest.raises(UnsupportedError, match="does not simulate InvokeWithResponseStream; use Invoke"):
        lam.invoke_with_response_stream(FunctionName="orders")
    assert destmock.timeline() == ""


@pytest.mark.destmock(handlers={"orders": outcomes(1)})
@pytest.mark.parametrize(
    ("argument", "header"),
    [("DurableExecutionName", "x-amz-durable-execution-name"), ("TenantId", "x-amz-tenant-id")],
)
def test_durable_executions_and_tenants_are_not_simulated(destmock, lam, argument, header):
    with pytest.raises(UnsupportedError, match=rf"durable executions and tenants \({header} was given\)"):
        lam.invoke(FunctionName="orders", **{argument: "one"})
    assert destmock.timeline() == ""


def test_outside_a_mock_nothing_is_answered(no_network):
    """The hooks stay in botocore; they answer only while a mock is active."""
    with mock_destinations(handlers={"orders": outcomes(1)}):
        lam = boto3.client("lambda", aws_access_key_id="k", aws_secret_access_key="s")
        lam.invoke(FunctionName="orders")
    with pytest.raises(ConnectionRefusedError, match="sent to the network"):
        lam.invoke(FunctionName="orders")


@pytest.fixture
def no_network(monkeypatch):
    def send(self, request):
        raise ConnectionRefusedError("sent to the network")

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", send)


@pytest.mark.destmock(handlers={"orders": echo})
@pytest.mark.parametrize("header", ["Root=1-a\0;Parent=b", "Root=\ud800;Parent=b", "Root=1 2;Parent=b"])
def test_a_trace_header_that_can_be_none_begins_no_trace(destmock, lam, header):
    def give(params, **_):
        params["headers"]["X-Amzn-Trace-Id"] = header

    lam.meta.events.register_first("before-call.lambda.Invoke", give)
    lam.invoke(FunctionName="orders", InvocationType="Event")
    assert destmock.invocations[0].condition == "Success"
