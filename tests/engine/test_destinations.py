"""The main job: an Event invocation runs the handler, and its record lands where the configuration says."""

import json
import re

import boto3
import pytest

from destmock import mock_destinations, outcomes


def ok(event, context):
    return {"statusCode": 200, "body": event}


def fail(event, context):
    raise ValueError("no stock")


def route(lam, name, **destinations):
    config = {key: {"Destination": arn} for key, arn in destinations.items()}
    lam.put_function_event_invoke_config(FunctionName=name, DestinationConfig=config)


def send(lam, name, payload=b"{}", **kwargs):
    return lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload, **kwargs)


def test_the_readme_s_promise():
    """The first example of the documentation, as it stands there."""

    def place_order(event, context):
        raise RuntimeError("out of stock")

    @mock_destinations(handlers={"orders": place_order})
    def failed_order_reaches_the_queue(destmock):
        sqs, lam = boto3.client("sqs"), boto3.client("lambda")
        url = sqs.create_queue(QueueName="failed")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        lam.put_function_event_invoke_config(
            FunctionName="orders", DestinationConfig={"OnFailure": {"Destination": arn}}
        )
        lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b'{"id": 7}')

        body = json.loads(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])
        assert body["requestContext"]["condition"] == "RetriesExhausted"
        [invocation] = destmock.invocations
        assert [a.elapsed for a in invocation.attempts] == [0, 60, 180]

    failed_order_reaches_the_queue()


@pytest.mark.destmock(handlers={"orders": ok})
def test_E8_a_success_record_byte_for_byte(destmock, lam, make_queue, messages):
    """The envelope is compact, both payloads are spliced in as they are (E1, E2, M1)."""
    route(lam, "orders", OnSuccess=make_queue("done"))
    answer = send(lam, "orders", b' {"id":  7, "what": "\xe9\x9b\xaa"}\n')
    [message] = messages("done")
    request_id = answer["ResponseMetadata"]["RequestId"]
    pattern = (
        r'\{"version":"1\.0","timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","requestContext":'
        rf'\{{"requestId":"{request_id}","functionArn":'
        r'"arn:aws:lambda:us-east-1:123456789012:function:orders:\$LATEST",'
        r'"condition":"Success","approximateInvokeCount":1\},'
        r'"requestPayload": \{"id":  7, "what": "雪"\}\n,'
        r'"responseContext":\{"statusCode":200,"executedVersion":"\$LATEST"\},'
        r'"responsePayload":\{"statusCode": 200, "body": \{"id": 7, "what": "雪"\}\}\}'
    )
    assert re.fullmatch(pattern, message["Body"])


@pytest.mark.destmock(handlers={"orders": fail})
def test_E9_a_failure_record(destmock, lam, make_queue, messages):
    """A handler's error is a 200 with functionError, and the error JSON of the last attempt (B1, M2)."""
    route(lam, "orders", OnFailure=make_queue("failed"))
    send(lam, "orders", b'{"id": 7}')
    [message] = messages("failed")
    record = json.loads(message["Body"])
    assert list(record) == [
        "version",
        "timestamp",
        "requestContext",
        "requestPayload",
        "responseContext",
        "responsePayload",
    ]
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert list(record["responseContext"].items()) == [
        ("statusCode", 200),
        ("executedVersion", "$LATEST"),
        ("functionError", "Unhandled"),
    ]
    error = record["responsePayload"]
    assert list(error) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert (error["errorMessage"], error["errorType"]) == ("no stock", "ValueError")
    assert error["requestId"] == record["requestContext"]["requestId"]
    [frame] = error["stackTrace"]
    assert frame.startswith(f'  File "{__file__}", line ')
    assert frame.endswith(', in fail\n    raise ValueError("no stock")\n')
    assert '"responsePayload":{"errorMessage": "no stock", "errorType": "ValueError", ' in message["Body"]


@pytest.mark.destmock(handlers={"orders": outcomes(ValueError("first"), {"ok": 1})})
def test_E11_the_count_of_a_success_is_1_even_after_a_retry(destmock, lam, make_queue, records):
    route(lam, "orders", OnSuccess=make_queue("done"))
    send(lam, "orders")
    [record] = records("done")
    assert record["requestContext"]["condition"] == "Success"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert len(destmock.invocations[0].attempts) == 2


@pytest.mark.destmock(handlers={"orders": ok})
def test_F11_only_one_of_the_two_destinations_is_sent_to(destmock, lam, make_queue, messages):
    route(lam, "orders", OnSuccess=make_queue("done"), OnFailure=make_queue("failed"))
    send(lam, "orders")
    assert len(messages("done")) == 1
    assert messages("failed") == []


@pytest.mark.destmock(handlers={"orders": ok})
def test_F1_F2_a_queue_gets_a_trace_header_and_no_attributes(destmock, lam, make_queue, messages):
    """The trace header is the one that the answer and the handler saw (A11)."""
    route(lam, "orders", OnSuccess=make_queue("done"))
    answer = send(lam, "orders")
    [message] = messages("done")
    assert "MessageAttributes" not in message
    header = answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-trace-id"]
    root, parent, sampled = re.fullmatch(
        r"root=(1-[0-9a-f]{8}-[0-9a-f]{24});parent=([0-9a-f]{16});sampled=(0)", header
    ).groups()
    assert re.fullmatch(
        rf"Root={root};Parent={parent};Sampled={sampled};Lineage=1:[0-9a-f]{{8}}:0",
        message["Attributes"]["AWSTraceHeader"],
    )
    assert set(message["Attributes"]) >= {"SenderId", "SentTimestamp", "ApproximateReceiveCount"}


@pytest.mark.destmock(handlers={"orders": ok})
def test_F3_the_sender_is_lambda_under_the_function_s_role(destmock, lam, make_queue, messages):
    route(lam, "orders", OnSuccess=make_queue("done"))
    send(lam, "orders")
    [message] = messages("done")
    assert re.fullmatch(r"AROA[A-Z0-9]+:awslambda_\d{1,3}_\d{17}", message["Attributes"]["SenderId"])


@pytest.mark.destmock(handlers={"orders": ok})
def test_F4_a_topic_fans_the_record_out(destmock, lam, sns, make_queue, messages):
    """No subject, no attributes; SNS's own envelope escapes astral characters, Lambda's record does not."""
    topic = sns.create_topic(Name="orders-done")["TopicArn"]
    for name in ("first", "second"):
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=make_queue(name))
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=make_queue("raw"), Attributes=raw)
    route(lam, "orders", OnSuccess=topic)
    send(lam, "orders", '{"what": "雪🙂"}'.encode())

    [first], [second], [third] = messages("first"), messages("second"), messages("raw")
    envelope = json.loads(first["Body"])
    assert list(envelope) == [
        "Type",
        "MessageId",
        "TopicArn",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
        "UnsubscribeURL",
    ]
    assert "雪\\ud83d\\ude42" in first["Body"]
    assert envelope["Message"] == third["Body"]
    assert json.loads(third["Body"])["requestPayload"] == {"what": "雪🙂"}
    assert json.loads(second["Body"])["MessageId"] == envelope["MessageId"]
    assert first["Attributes"]["SenderId"].endswith(":AWS-CLOUDCAST")
    assert "Lineage=1:" in first["Attributes"]["AWSTraceHeader"]


@pytest.mark.destmock(handlers={"orders": ok})
def test_a_topic_s_filter_policy_is_obeyed(destmock, lam, sns, make_queue, messages):
    topic = sns.create_topic(Name="orders-done")["TopicArn"]
    for name, condition in (("yes", "Success"), ("no", "RetriesExhausted")):
        sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=make_queue(name),
            Attributes={
                "FilterPolicyScope": "MessageBody",
                "FilterPolicy": json.dumps({"requestContext": {"condition": [condition]}}),
            },
        )
    route(lam, "orders", OnSuccess=topic)
    send(lam, "orders")
    assert len(messages("yes")) == 1
    assert messages("no") == []


def test_F5_F8_a_function_is_invoked_with_the_record_as_its_event(destmock, lam):
    """It has a request id of its own; root and parent of the trace stay, the lineage counts on."""
    seen = {}

    def audit(event, context):
        import os

        seen.update(event=event, context=context, trace=os.environ["_X_AMZN_TRACE_ID"])

    destmock.handler("orders", ok)
    destmock.handler("audit", audit)
    arn = "arn:aws:lambda:us-east-1:123456789012:function:audit"
    route(lam, "orders", OnSuccess=arn)
    answer = send(lam, "orders", b'{"id": 7}')

    orders, audited = destmock.invocations
    assert seen["event"] == orders.record
    assert seen["context"].invoked_function_arn == arn
    assert audited.request_id == seen["context"].aws_request_id != orders.request_id
    assert audited.source == "OnSuccess of orders"
    header = answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-trace-id"]
    root, parent = re.match(r"root=([^;]+);parent=([^;]+);", header).groups()
    assert re.fullmatch(rf"Root={root};Parent={parent};Sampled=0;Lineage=2:[0-9a-f]{{8}}:0", seen["trace"])


def test_F8_a_failing_destination_has_its_own_retries_and_destinations(destmock, lam, make_queue, records):
    """Every retry of the destination function gets the identical record."""
    seen = []

    def audit(event, context):
        seen.append(event)
        raise ValueError("audit is down")

    destmock.handler("orders", ok)
    destmock.handler("audit", audit)
    route(lam, "orders", OnSuccess="arn:aws:lambda:us-east-1:123456789012:function:audit")
    route(lam, "audit", OnFailure=make_queue("unaudited"))
    send(lam, "orders", b'{"id": 7}')
    [record] = records("unaudited")
    assert seen == [destmock.invocations[0].record] * 3
    assert record["requestPayload"] == seen[0]


@pytest.mark.destmock(handlers={"orders": fail}, strict=False)
def test_a_queue_that_has_gone_is_a_failed_delivery_and_no_exception(destmock, lam, sqs, make_queue):
    arn = make_queue("failed")
    route(lam, "orders", OnFailure=arn)
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="failed")["QueueUrl"])
    assert send(lam, "orders")["StatusCode"] == 202
    [delivery] = destmock.deliveries
    assert delivery.error == f"the queue {arn} does not exist"
    assert delivery.record["requestContext"]["condition"] == "RetriesExhausted"


@pytest.mark.destmock(handlers={"orders": fail}, strict=False)
def test_a_topic_that_has_gone_is_a_failed_delivery(destmock, lam, sns):
    topic = sns.create_topic(Name="failed")["TopicArn"]
    route(lam, "orders", OnFailure=topic)
    sns.delete_topic(TopicArn=topic)
    send(lam, "orders")
    [delivery] = destmock.deliveries.to(topic)
    assert delivery.error == f"the topic {topic} does not exist"


@pytest.mark.destmock(handlers={"orders": ok, "audit": ok}, strict=False)
def test_a_function_that_has_gone_is_a_failed_delivery(destmock, lam):
    arn = "arn:aws:lambda:us-east-1:123456789012:function:audit"
    route(lam, "orders", OnSuccess=arn)
    lam.delete_function(FunctionName="audit")
    send(lam, "orders")
    [delivery] = destmock.deliveries
    assert (delivery.kind, delivery.error) == ("lambda", f"the function {arn} does not exist")


@pytest.mark.destmock(handlers={"orders": outcomes("x" * 2000)}, strict=False)
def test_G11_a_record_too_large_for_its_queue_is_a_failed_delivery(destmock, lam, make_queue, messages):
    route(lam, "orders", OnSuccess=make_queue("done", MaximumMessageSize="1024"))
    send(lam, "orders")
    assert "takes 1024" in destmock.deliveries[0].error
    assert messages("done") == []


@pytest.mark.destmock(handlers={"orders": fail})
def test_a_failure_that_nobody_is_told_of_is_a_drop(destmock, lam):
    send(lam, "orders")
    [drop] = destmock.drops.for_function("orders")
    assert drop.condition == "RetriesExhausted"
    assert drop.invocation.record["requestContext"]["approximateInvokeCount"] == 3
    assert "nothing sent: no OnFailure destination and no dead-letter queue" in destmock.timeline()


@pytest.mark.destmock(handlers={"orders": ok})
def test_a_record_respects_the_queue_s_delay(destmock, lam, make_queue, messages, sqs):
    route(lam, "orders", OnSuccess=make_queue("later", DelaySeconds="60"))
    send(lam, "orders")
    url = sqs.get_queue_url(QueueName="later")["QueueUrl"]
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert messages("later") == []
    assert counts["ApproximateNumberOfMessagesDelayed"] == "1"
