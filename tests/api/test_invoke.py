"""Invoke and InvokeAsync: what they take, and what they answer."""

import base64
import io
import json
import re
from datetime import datetime, timezone

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import create_parser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from destmock import outcomes
from tests.api.invocations import (
    ACCOUNT,
    ARN,
    KINDS,
    UUID,
    describe,
    echo,
    fail,
    headers,
    publish,
    refusal,
    refused,
    text_of,
)

START = datetime(2026, 9, 14, 15, 18, 45, 502_000, tzinfo=timezone.utc)
DATE = "Mon, 14 Sep 2026 15:18:45 GMT"
TRACE = r"root=1-[0-9a-f]{8}-[0-9a-f]{24};parent=[0-9a-f]{16};sampled=0"


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
