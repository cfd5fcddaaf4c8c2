"""InvokeWithResponseStream: a Python function's result comes as one chunk; the last event tells how it ended.

Its event stream is read by botocore's own parser, and by aiobotocore's.
"""

import asyncio
import base64
import json

import boto3
import pytest
from botocore.eventstream import EventStreamBuffer
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from destmock import mock_destinations
from destmock._aws.event_stream import framed

TEXT = "tea \u2615"


def orders(event, context):
    print("brewing")
    if event is None:
        raise ValueError(TEXT)
    return {"got": event}


@pytest.fixture
def handlers(destmock):
    destmock.handler("orders", orders)


@pytest.fixture
def streamed(lam, handlers):
    def invoke(**given):
        answer = lam.invoke_with_response_stream(FunctionName="orders", **given)
        return answer, list(answer["EventStream"])

    return invoke


def test_a_result_is_one_chunk(streamed, destmock):
    answer, events = streamed(Payload=b'{"a": 1}')
    assert events == [{"PayloadChunk": {"Payload": b'{"got": {"a": 1}}'}}, {"InvokeComplete": {}}]
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert answer["ResponseStreamContentType"] == "application/vnd.amazon.eventstream"
    [run] = destmock.runs
    assert (run.function_name, run.asynchronous) == ("orders", False)


def test_an_error_is_told_by_the_last_event(streamed):
    answer, [event] = streamed(Payload=b"null")
    assert answer["StatusCode"] == 200
    complete = event["InvokeComplete"]
    assert complete["ErrorCode"] == "Unhandled"
    details = json.loads(complete["ErrorDetails"])
    assert (details["errorType"], details["errorMessage"]) == ("ValueError", TEXT)


@pytest.mark.parametrize("payload", [b"1", b"null"])
def test_the_last_event_has_the_log_s_tail(streamed, payload):
    _, events = streamed(Payload=payload, LogType="Tail")
    log = base64.b64decode(events[-1]["InvokeComplete"]["LogResult"]).decode()
    assert "brewing" in log
    assert "REPORT RequestId" in log


def test_a_dry_run_runs_nothing(streamed, destmock):
    answer, events = streamed(InvocationType="DryRun")
    assert (answer["StatusCode"], events) == (204, [])
    assert destmock.runs == ()


@pytest.mark.parametrize(
    ("given", "code", "text"),
    [
        ({"FunctionName": "none"}, "ResourceNotFoundException", "Function not found: arn:aws:lambda"),
        ({"InvocationType": "Event"}, "ValidationException", r"value set: \[RequestResponse, DryRun\]"),
        ({"LogType": "All"}, "ValidationException", "'logType' failed"),
        ({"Payload": b"{"}, "InvalidRequestContentException", "Could not parse request body into json"),
    ],
)
def test_it_is_refused_as_an_invoke_is(lam, handlers, given, code, text):
    with pytest.raises(ClientError, match=text) as caught:
        lam.invoke_with_response_stream(**{"FunctionName": "orders", **given})
    assert caught.value.response["Error"]["Code"] == code


def test_the_handlers_of_botocore_s_events_see_it(lam, streamed):
    seen = []
    lam.meta.events.register("before-send.lambda.*", lambda request, **_: seen.append(request.url))
    _, events = streamed(Payload=b"1")
    assert events[0]["PayloadChunk"]["Payload"] == b'{"got": 1}'
    assert seen[0].endswith("/2021-11-15/functions/orders/response-streaming-invocations")


def test_aiobotocore_reads_it():
    session = pytest.importorskip("aiobotocore.session")

    async def program():
        async with session.get_session().create_client("lambda", region_name="us-east-1") as lam:
            answer = await lam.invoke_with_response_stream(FunctionName="orders", Payload=b"1")
            return [event async for event in answer["EventStream"]]

    with mock_destinations({"orders": orders}):
        events = asyncio.run(program())
    assert events == [{"PayloadChunk": {"Payload": b'{"got": 1}'}}, {"InvokeComplete": {}}]


@given(
    st.lists(
        st.tuples(st.text(max_size=40).filter(str.strip), st.binary(max_size=2000)),
        max_size=5,
    )
)
def test_botocore_reads_what_is_framed(events):
    buffer = EventStreamBuffer()
    buffer.add_data(b"".join(framed(kind, "application/octet-stream", payload) for kind, payload in events))
    assert [(event.headers[":event-type"], event.payload) for event in buffer] == events


def test_a_stream_may_be_read_once_the_mock_has_ended():
    with mock_destinations({"orders": orders}):
        lam = boto3.client("lambda", "us-east-1")
        stream = lam.invoke_with_response_stream(FunctionName="orders", Payload=b"1")["EventStream"]
    assert next(iter(stream))["PayloadChunk"]["Payload"] == b'{"got": 1}'
