"""What production keeps of a failure is found, however it is wrapped."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock._aws.failed_invocation import failed_invocations
from destmock._aws.record import Response, invocation_record

ARN = "arn:aws:lambda:eu-west-1:999999999999:function:orders:live"
ID = "8ce636e4-5806-4724-b8ef-c06f5448664a"
ERROR = {"errorMessage": "out of stock", "errorType": "ValueError", "requestId": ID, "stackTrace": []}


def record(payload=b'{"id": 7}', response=ERROR, function_error="Unhandled"):
    answered = Response(200, "$LATEST", function_error, json.dumps(response).encode())
    return invocation_record(
        at=0,
        request_id=ID,
        function_arn=ARN,
        condition="RetriesExhausted" if function_error else "Success",
        approximate_invoke_count=3,
        request_payload=payload,
        response=answered,
    ).decode()


def in_sqs(text):
    return json.dumps({"Messages": [{"MessageId": "1", "ReceiptHandle": "2", "Body": text}]})


def in_sns(text):
    return json.dumps({"Type": "Notification", "TopicArn": "arn", "Message": text})


def on_a_bus(text):
    kind = "Lambda Function Invocation Result - Failure"
    return json.dumps({"version": "0", "detail-type": kind, "source": "lambda", "detail": json.loads(text)})


def in_a_queue_s_event(text):
    return json.dumps({"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": text}]})


def in_a_topic_s_event(text):
    return json.dumps({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": text, "Subject": None}}]})


WRAPPINGS = [in_sqs, in_sns, on_a_bus, in_a_queue_s_event, in_a_topic_s_event]


@given(
    wrapped=st.lists(st.sampled_from([each for each in WRAPPINGS if each is not on_a_bus]), max_size=3),
    payload=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
        max_leaves=5,
    ),
)
def test_a_record_is_found_in_any_wrapping(wrapped, payload):
    text = record(json.dumps(payload).encode())
    for wrap in wrapped:
        text = wrap(text)
    [found] = failed_invocations(text)
    assert json.loads(found.payload) == payload
    assert (found.function_arn, found.request_id) == (ARN, ID)
    assert (found.condition, found.error) == ("RetriesExhausted", "ValueError: out of stock")


@pytest.mark.parametrize("wrap", WRAPPINGS)
def test_a_record_is_found_as_text_as_bytes_and_parsed(wrap):
    text = wrap(record())
    assert (
        failed_invocations(text) == failed_invocations(text.encode()) == failed_invocations(json.loads(text))
    )


def test_H18_a_dead_letter_message_of_a_queue_has_the_event_as_it_was():
    attributes = {
        "ErrorCode": {"StringValue": "200", "DataType": "Number"},
        "ErrorMessage": {"StringValue": "out of stock", "DataType": "String"},
        "RequestID": {"StringValue": ID, "DataType": "String"},
    }
    message = {"Body": ' {"id": 7}\n', "MessageAttributes": attributes}
    [found] = failed_invocations(message)
    assert (found.payload, found.request_id, found.error) == (b' {"id": 7}\n', ID, "out of stock")


def test_H19_a_dead_letter_message_of_a_topic_too():
    attributes = {
        "RequestID": {"Type": "String", "Value": ID},
        "ErrorMessage": {"Type": "String", "Value": "out of stock"},
    }
    text = json.dumps({"Type": "Notification", "Message": '{"id": 7}', "MessageAttributes": attributes})
    [found] = failed_invocations(in_sqs(text))
    assert (found.payload, found.request_id, found.error) == (b'{"id": 7}', ID, "out of stock")


def test_a_message_that_a_queue_gave_up_becomes_the_event_of_its_reader():
    queue = "arn:aws:sqs:eu-west-1:999999999999:orders"
    message = {
        "MessageId": "1",
        "ReceiptHandle": "2",
        "MD5OfBody": "3",
        "Body": '{"id": 7}',
        "Attributes": {"DeadLetterQueueSourceArn": queue, "ApproximateReceiveCount": "6"},
        "MessageAttributes": {"kind": {"StringValue": "x", "DataType": "String"}},
    }
    [found] = failed_invocations({"Messages": [message]})
    [sent] = json.loads(found.payload)["Records"]
    assert found.queue == queue == sent["eventSourceARN"]
    assert (sent["body"], sent["attributes"]) == ('{"id": 7}', {"ApproximateReceiveCount": "6"})
    assert sent["messageAttributes"]["kind"]["stringValue"] == "x"
    assert (sent["eventSource"], sent["awsRegion"]) == ("aws:sqs", "eu-west-1")


def test_several_messages_are_several_failures():
    messages = [json.loads(in_sqs(record()))["Messages"][0]] * 3
    assert len(failed_invocations({"Messages": messages})) == 3


def test_a_record_of_success_has_no_error():
    [found] = failed_invocations(record(response={"errorMessage": "fine"}, function_error=None))
    assert (found.error, found.condition) == (None, "Success")


@pytest.mark.parametrize("nothing", ["{}", "[]", "7", '{"Body": "hello"}', '{"Messages": []}', '{"id": 7}'])
def test_what_keeps_no_failure_is_refused(nothing):
    with pytest.raises(ValueError, match="neither an invocation record nor a dead-letter message"):
        failed_invocations(nothing)


def test_what_is_no_json_is_refused():
    with pytest.raises(ValueError, match="a record is JSON, and this isn't"):
        failed_invocations("not JSON")


def test_a_stream_s_record_without_its_batch_says_where_the_batch_is():
    batch = {
        "requestContext": {"functionArn": ARN, "condition": "RetryAttemptsExhausted"},
        "KinesisBatchInfo": {},
    }
    with pytest.raises(ValueError, match="only a bucket as the destination gets the records"):
        failed_invocations(batch)
    [found] = failed_invocations({**batch, "payload": '{"Records": []}'})
    assert found.payload == b'{"Records": []}'


@pytest.mark.parametrize(
    ("response", "same"),
    [
        (ERROR, True),
        ({**ERROR, "errorMessage": "sold out"}, False),
        ({**ERROR, "errorType": "KeyError"}, False),
        ({"ok": True}, False),
        (None, False),
    ],
)
def test_errors_are_the_same_by_type_and_text(response, same):
    [found] = failed_invocations(record())
    assert found.has_error_of(response) is same


def test_ids_and_times_don_t_make_another_error():
    late = {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {ID} Error: Task timed out after 3.00 seconds",
    }
    [found] = failed_invocations(record(response=late))
    assert found.has_error_of({**late, "errorMessage": late["errorMessage"].replace("8ce636e4", "00000000")})
    assert not found.has_error_of({**late, "errorMessage": late["errorMessage"].replace("3.00", "5.00")})
