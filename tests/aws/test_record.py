"""The invocation record as bytes: a compact envelope, with the two payloads spliced in as they are."""

import json
import re
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock._aws.lifecycle import Condition
from destmock._aws.record import Response, invocation_record, is_json, timestamp
from destmock._aws.times import from_datetime, to_datetime

ARN = "arn:aws:lambda:us-east-1:123456789012:function:orders:$LATEST"
REQUEST_ID = "5bbf0ee4-6ad8-4b4a-8d2a-2c8b2d1a3f10"
NOW = 1_789_399_125_502
NOT_JSON = {
    "statusCode": 400,
    "errorCode": "InvalidRequestContentException",
    "errorMessage": "The function response payload could not be parsed as JSON.",
}

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
blanks = st.text(alphabet=" \t\r\n", max_size=3)


@st.composite
def payloads(draw):
    """JSON as a caller may write it: any spacing, escaped or not."""
    ascii_only = draw(st.booleans())
    indent = draw(st.sampled_from([None, 0, 1, "\t"]))
    text = json.dumps(draw(values), ensure_ascii=ascii_only, indent=indent)
    text = f"{draw(blanks)}{text}{draw(blanks)}"
    return text.encode()


conditions = st.sampled_from(typing.get_args(Condition))
responses = st.one_of(
    st.none(),
    st.just(Response(404)),
    st.builds(
        Response,
        st.just(200),
        st.sampled_from(["$LATEST", "1", "27"]),
        st.sampled_from([None, "Unhandled"]),
        payloads() | st.just(b"") | st.binary(),
    ),
)


def written(request_payload=b"{}", response=None, condition="Success", count=1, at=NOW):
    return invocation_record(
        at=at,
        request_id=REQUEST_ID,
        function_arn=ARN,
        condition=condition,
        approximate_invoke_count=count,
        request_payload=request_payload,
        response=response,
    )


def members(record):
    """The bytes between the colon and the comma of every member of a JSON object, spaces included."""
    assert record[:1] == b"{"
    assert record[-1:] == b"}"
    found, depth, start, quoted = [], 0, 1, False
    tokens = re.finditer(rb'\\.|["{}\[\],]', record, re.DOTALL)
    for token in tokens:
        mark = token[0]
        if mark == b'"':
            quoted = not quoted
        elif quoted:
            continue
        elif mark in b"{[":
            depth += 1
        elif mark in b"}]":
            depth -= 1
        if (mark == b"," and depth == 1 and not quoted) or depth == 0:
            key, _, value = record[start : token.start()].partition(b":")
            found.append((json.loads(key), value))
            start = token.end()
    return found


def test_E8_a_success():
    assert written(b' {"id":  7}\n', Response(200, "$LATEST", None, b'{"ok": true}')) == (
        b'{"version":"1.0","timestamp":"2026-09-14T15:18:45.502Z","requestContext":'
        b'{"requestId":"5bbf0ee4-6ad8-4b4a-8d2a-2c8b2d1a3f10","functionArn":'
        b'"arn:aws:lambda:us-east-1:123456789012:function:orders:$LATEST",'
        b'"condition":"Success","approximateInvokeCount":1},"requestPayload": {"id":  7}\n,'
        b'"responseContext":{"statusCode":200,"executedVersion":"$LATEST"},"responsePayload":{"ok": true}}'
    )


def test_E9_a_failure():
    record = written(
        response=Response(200, "3", "Unhandled", b'{"errorMessage": "no stock"}'),
        condition="RetriesExhausted",
        count=3,
    )
    assert record.endswith(
        b'"condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":{},'
        b'"responseContext":{"statusCode":200,"executedVersion":"3","functionError":"Unhandled"},'
        b'"responsePayload":{"errorMessage": "no stock"}}'
    )


def test_E14_nothing_answered():
    record = written(condition="ZeroReservedConcurrency", count=0)
    assert record.endswith(
        b'"condition":"ZeroReservedConcurrency","approximateInvokeCount":0},"requestPayload":{}}'
    )


def test_E15_a_function_that_has_gone():
    record = written(response=Response(404), condition="RetriesExhausted", count=2)
    assert record.endswith(b',"requestPayload":{},"responseContext":{"statusCode":404}}')


@pytest.mark.parametrize("payload", [b"A\x00\xff\n", b"NaN", b"[Infinity]", b"{", b"{} {}", b"'x'", b" "])
def test_E16_a_response_that_is_not_json_is_left_out_and_told_of(payload):
    """It is the last key, and the event is a success all the same."""
    record = written(response=Response(200, "$LATEST", None, payload))
    assert record.endswith(
        b'"responseContext":{"statusCode":200,"executedVersion":"$LATEST"},"deliveryError":'
        b'{"statusCode":400,"errorCode":"InvalidRequestContentException",'
        b'"errorMessage":"The function response payload could not be parsed as JSON."}}'
    )


def test_E17_an_empty_response_is_left_out_and_not_told_of():
    record = written(response=Response(200, "$LATEST", None, b""))
    assert record.endswith(b'"responseContext":{"statusCode":200,"executedVersion":"$LATEST"}}')


@given(request_payload=payloads(), response=responses, condition=conditions, count=st.integers(0, 3))
def test_E2_both_payloads_can_be_cut_out_of_the_record_as_they_went_in(
    request_payload, response, condition, count
):
    record = written(request_payload, response, condition, count)
    found = dict(members(record))
    assert found["requestPayload"] == request_payload
    if response is not None and response.payload and is_json(response.payload):
        assert found["responsePayload"] == response.payload
    else:
        assert "responsePayload" not in found


@given(request_payload=payloads(), response=responses, condition=conditions, count=st.integers(0, 3))
def test_E1_E5_E7_the_keys_have_one_order_and_are_absent_rather_than_null(
    request_payload, response, condition, count
):
    record = written(request_payload, response, condition, count)
    keys = [key for key, _ in members(record)]
    expected = ["version", "timestamp", "requestContext", "requestPayload"]
    if response is not None:
        expected.append("responseContext")
        if response.payload:
            expected.append("responsePayload" if is_json(response.payload) else "deliveryError")
    assert keys == expected

    parsed = json.loads(record)
    assert list(parsed["requestContext"].items()) == [
        ("requestId", REQUEST_ID),
        ("functionArn", ARN),
        ("condition", condition),
        ("approximateInvokeCount", count),
    ]
    if response is not None:
        answered = [
            ("statusCode", response.status_code),
            ("executedVersion", response.executed_version),
            ("functionError", response.function_error),
        ]
        present = [(key, value) for key, value in answered if value is not None]
        assert list(parsed["responseContext"].items()) == present
    assert parsed.get("deliveryError", NOT_JSON) == NOT_JSON


@given(request_payload=payloads(), response=responses)
def test_E2_the_envelope_is_compact(request_payload, response):
    """Without the payloads there is no space in it but those of one message."""
    found = members(written(request_payload, response))
    envelope = [value for key, value in found if key not in ("requestPayload", "responsePayload")]
    assert b" " not in b"".join(envelope).replace(NOT_JSON["errorMessage"].encode(), b"")


def test_E3_non_ascii_characters_are_not_escaped():
    record = written('{"what": "雪🙂"}'.encode(), Response(200, "$LATEST", None, '"雪🙂"'.encode()))
    assert '"requestPayload":{"what": "雪🙂"},'.encode() in record
    assert record.endswith(',"responsePayload":"雪🙂"}'.encode())


@given(payload=payloads())
def test_json_in_any_spelling_is_json(payload):
    assert is_json(payload)


@given(payload=payloads(), junk=st.sampled_from([b"x", b",", b"}", b"\xff", b"\x00", b"NaN"]))
def test_json_with_something_after_it_is_not_json(payload, junk):
    assert not is_json(payload + b" " + junk)


@pytest.mark.parametrize("payload", [b"", b" ", b"\n", b"-", b"tru", b"'a'"])
def test_nothing_is_no_json(payload):
    assert not is_json(payload)


def test_numbers_of_any_length_are_json():
    assert is_json(b"1" * 5000)
    assert is_json(b"-1" + b"0" * 5000)
    assert not is_json(b"01")


def test_what_is_nested_too_deeply_to_be_parsed_is_not_json():
    assert is_json(b"[" * 50 + b"]" * 50)
    assert not is_json(b"[" * 200_000 + b"]" * 200_000)


@given(moment=st.integers(0, 253_402_300_799_999))
def test_E4_a_timestamp_has_three_decimals_and_a_zulu(moment):
    text = timestamp(moment)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    parsed = to_datetime(0).fromisoformat(text.replace("Z", "+00:00"))
    assert from_datetime(parsed) == moment
