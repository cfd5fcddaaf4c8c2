"""Dead-letter queues: the original event of a failure, in the queue or topic of a DeadLetterConfig."""

import io
import json
import re
import zipfile

import boto3
import pytest
from botocore.exceptions import ClientError

from destmock import LeftoverError, mock_destinations, outcomes

REGION = "us-east-1:123456789012"
ORDERS = f"arn:aws:lambda:{REGION}:function:orders"
SAME_REGION = (
    "Invalid dead letter queue ARN: The resource specified by the TargetArn must be in the same region as "
    "the Lambda function it's associated with."
)
fail = outcomes(ValueError("no stock"))
failing = pytest.mark.destmock(handlers={"orders": fail})


def dead_letters_to(lam, arn, **kwargs):
    return lam.update_function_configuration(
        FunctionName="orders", DeadLetterConfig={"TargetArn": arn}, **kwargs
    )


def send(lam, payload=b'{"id": 7}', **kwargs):
    return lam.invoke(FunctionName="orders", InvocationType="Event", Payload=payload, **kwargs)


def text_of(call, **kwargs):
    """The message of a call that AWS refuses with an InvalidParameterValueException."""
    with pytest.raises(ClientError) as caught:
        call(**kwargs)
    response = caught.value.response
    assert response["Error"]["Code"] == "InvalidParameterValueException"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return response["Error"]["Message"]


def values(message):
    return {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}


@pytest.fixture
def queue(lam, make_queue):
    """The dead-letter queue of `orders`; answers its ARN."""
    arn = make_queue("dead")
    dead_letters_to(lam, arn)
    return arn


@pytest.fixture
def topic(lam, sns, make_queue):
    """The dead-letter topic of `orders`, which the queue `dead` hears; answers its ARN."""
    arn = sns.create_topic(Name="dead")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=make_queue("dead"))
    dead_letters_to(lam, arn)
    return arn


@pytest.fixture
def create(destmock):
    """Creates the function `orders` with a role and code of its own."""

    def create_function(**kwargs):
        role = boto3.client("iam").create_role(RoleName="orders", AssumeRolePolicyDocument="{}")
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("app.py", "def handle(event, context): pass\n")
        return boto3.client("lambda").create_function(
            FunctionName="orders",
            Runtime="python3.13",
            Role=role["Role"]["Arn"],
            Handler="app.handle",
            Code={"ZipFile": archive.getvalue()},
            **kwargs,
        )

    return create_function


# The message


@failing
@pytest.mark.parametrize("payload", [' {"id":  7}\n', '{"what": "雪🙂"}', "[]", "null"])
def test_H1_the_body_is_the_original_event(destmock, lam, queue, messages, payload):
    send(lam, payload.encode())
    [message] = messages("dead")
    assert message["Body"] == payload
    [delivery] = destmock.deliveries
    assert delivery.body == payload.encode()


@failing
def test_H1_an_invocation_without_a_payload_leaves_an_empty_object(lam, queue, messages):
    lam.invoke(FunctionName="orders", InvocationType="Event")
    [message] = messages("dead")
    assert message["Body"] == "{}"


@failing
def test_H2_H18_three_attributes_say_what_happened(destmock, lam, queue, messages):
    """(H3, H4)"""
    answer = send(lam)
    [message] = messages("dead")
    assert message["MessageAttributes"] == {
        "ErrorCode": {"StringValue": "200", "DataType": "Number"},
        "ErrorMessage": {"StringValue": "no stock", "DataType": "String"},
        "RequestID": {"StringValue": answer["ResponseMetadata"]["RequestId"], "DataType": "String"},
    }


@failing
def test_H8_H18_trace_header_and_sender_are_those_of_a_destination(lam, queue, messages):
    answer = send(lam)
    [message] = messages("dead")
    header = answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-trace-id"]
    root, parent = re.match(r"root=([^;]+);parent=([^;]+);", header).groups()
    system = message["Attributes"]
    assert re.fullmatch(
        rf"Root={root};Parent={parent};Sampled=0;Lineage=1:[0-9a-f]{{8}}:0", system["AWSTraceHeader"]
    )
    assert re.fullmatch(r"AROA[A-Z0-9]+:awslambda_\d{1,3}_\d{17}", system["SenderId"])
    assert set(system) >= {"SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"}


@failing
def test_it_is_sent_once_after_the_last_attempt(destmock, lam, queue):
    send(lam)
    [delivery] = destmock.deliveries
    assert len(destmock.invocations[0].attempts) == 3
    assert (delivery.at - destmock.invocations[0].accepted_at).total_seconds() == 180
    assert (delivery.destination, delivery.kind, delivery.dead_letter) == (queue, "sqs", True)
    assert (delivery.record, delivery.error) == (None, None)
    assert list(destmock.drops) == []
    assert f"-> dead-letter queue {queue} (9 bytes)" in destmock.timeline()


@pytest.mark.destmock(handlers={"orders": outcomes(ValueError("first"), KeyError("last"))})
def test_H4_the_message_is_that_of_the_last_attempt(lam, queue, messages):
    send(lam)
    [message] = messages("dead")
    assert values(message)["ErrorMessage"] == "'last'"


@pytest.mark.destmock(handlers={"orders": outcomes(SystemExit(3))})
def test_H3_H4_a_runtime_that_exits_is_a_200_too(destmock, lam, queue, messages):
    send(lam)
    [message] = messages("dead")
    text = destmock.invocations[0].record["responsePayload"]["errorMessage"]
    assert values(message)["ErrorCode"] == "200"
    assert values(message)["ErrorMessage"] == text != ""


@failing
def test_H3_H4_zero_reserved_concurrency_has_no_error_code(lam, queue, messages):
    """Nothing ran, so the trace header has no lineage (F2)."""
    lam.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    answer = send(lam)
    [message] = messages("dead")
    assert values(message) == {
        "RequestID": answer["ResponseMetadata"]["RequestId"],
        "ErrorMessage": (
            "Function not invoked. Function isconfigured with zero reserved concurrent executions"
        ),
    }
    assert "Lineage" not in message["Attributes"]["AWSTraceHeader"]


@pytest.mark.destmock(handlers={"orders": fail}, autorun=False)
def test_H3_H4_a_function_that_has_gone_is_a_404(destmock, lam, queue, messages):
    """The dead-letter queue is the one that it had when the event was accepted."""
    send(lam)
    lam.delete_function(FunctionName="orders")
    destmock.run_until_idle()
    [message] = messages("dead")
    assert values(message)["ErrorCode"] == "404"
    assert values(message)["ErrorMessage"] == f"Function not found: {ORDERS}:$LATEST"


@pytest.mark.destmock(handlers={"orders": outcomes(ValueError("a" * 53 + "雪🙂Z" * 1200))})
def test_H5_the_error_message_is_cut_at_1024_bytes(lam, queue, messages):
    """Characters beyond ASCII are fine for a queue (H18)."""
    send(lam)
    [message] = messages("dead")
    text = "a" * 53 + "雪🙂Z" * 121 + "雪"
    assert values(message)["ErrorMessage"] == text
    assert len(text.encode()) == 1024


@pytest.mark.destmock(handlers={"orders": outcomes(ValueError("雪" * 1000))})
def test_H5_a_character_that_the_cut_goes_through_is_replaced(lam, queue, messages):
    send(lam)
    [message] = messages("dead")
    assert values(message)["ErrorMessage"] == "雪" * 341 + "\ufffd"


@pytest.mark.destmock(handlers={"orders": outcomes(ValueError("x" * 1024), ValueError("x" * 1025))})
def test_H5_1024_bytes_are_kept(lam, queue, messages):
    for retries in (0, 1):
        lam.put_function_event_invoke_config(FunctionName="orders", MaximumRetryAttempts=retries)
        send(lam)
    assert [values(message)["ErrorMessage"] for message in messages("dead")] == ["x" * 1024] * 2


@pytest.mark.destmock(handlers={"orders": outcomes(ValueError())})
def test_an_empty_error_message_is_left_out(lam, queue, messages):
    """A queue takes no attribute without a value."""
    send(lam)
    [message] = messages("dead")
    assert set(values(message)) == {"RequestID", "ErrorCode"}


@pytest.mark.destmock(handlers={"orders": outcomes(ValueError("\ud800 stock"))})
def test_an_error_message_that_no_queue_could_hold_is_mended(lam, queue, messages):
    send(lam)
    [message] = messages("dead")
    assert values(message)["ErrorMessage"].endswith(" stock")


# When


@failing
def test_H6_the_destination_and_the_dead_letter_queue_are_both_told(
    destmock, lam, queue, make_queue, messages, records
):
    failed = make_queue("failed")
    lam.put_function_event_invoke_config(
        FunctionName="orders", DestinationConfig={"OnFailure": {"Destination": failed}}
    )
    send(lam)
    [record], [message] = records("failed"), messages("dead")
    assert record["requestContext"]["requestId"] == values(message)["RequestID"]
    assert message["Body"] == '{"id": 7}'
    assert [(d.destination, d.dead_letter) for d in destmock.deliveries] == [(failed, False), (queue, True)]


@pytest.mark.destmock(handlers={"orders": fail}, strict=False)
@pytest.mark.parametrize("gone", ["failed", "dead"])
def test_H6_one_that_fails_does_not_keep_the_other_from_being_told(
    destmock, lam, sqs, queue, make_queue, messages, gone
):
    failed = make_queue("failed")
    lam.put_function_event_invoke_config(
        FunctionName="orders", DestinationConfig={"OnFailure": {"Destination": failed}}
    )
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=gone)["QueueUrl"])
    send(lam)
    assert len(messages({"failed": "dead", "dead": "failed"}[gone])) == 1
    [lost] = [delivery for delivery in destmock.deliveries if delivery.error]
    assert lost.error == f"the queue {lost.destination} does not exist"
    assert lost.dead_letter is (gone == "dead")
    assert len(destmock.deliveries) == 2


@failing
def test_H6_both_may_be_the_same_queue(lam, queue, messages):
    lam.put_function_event_invoke_config(
        FunctionName="orders", DestinationConfig={"OnFailure": {"Destination": queue}}
    )
    send(lam)
    assert sorted("MessageAttributes" in message for message in messages("dead")) == [False, True]


@pytest.mark.destmock(handlers={"orders": outcomes({"ok": 1}, ValueError("not yet"), {"ok": 2})})
def test_H7_a_success_is_never_sent_there(destmock, lam, queue, messages):
    """Not even one that needed a retry."""
    send(lam)
    send(lam)
    assert [len(invocation.attempts) for invocation in destmock.invocations] == [1, 2]
    assert messages("dead") == []
    assert list(destmock.deliveries) == []


@failing
def test_H7_an_event_that_grew_too_old_is_sent_there(destmock, lam, queue, messages):
    lam.put_function_event_invoke_config(FunctionName="orders", MaximumEventAgeInSeconds=60)
    send(lam)
    assert destmock.invocations[0].condition == "EventAgeExceeded"
    [message] = messages("dead")
    assert values(message)["ErrorMessage"] == "no stock"


@failing
def test_a_synchronous_invocation_has_no_dead_letter_queue(lam, queue, messages):
    assert lam.invoke(FunctionName="orders")["FunctionError"] == "Unhandled"
    assert messages("dead") == []


@failing
def test_invoke_async_has_one(lam, queue, messages):
    lam.invoke_async(FunctionName="orders", InvokeArgs=b'{"id": 7}')
    [message] = messages("dead")
    assert message["Body"] == '{"id": 7}'


# Topics


@failing
def test_H19_a_topic_gets_the_event_and_the_attributes_inside_the_envelope(lam, topic, messages):
    """No subject; no attributes of the queue's own (F4)."""
    answer = send(lam, ' {"what":  "雪"}\n'.encode())
    [message] = messages("dead")
    assert "MessageAttributes" not in message
    envelope = json.loads(message["Body"])
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
        "MessageAttributes",
    ]
    assert envelope["Message"] == ' {"what":  "雪"}\n'
    assert list(envelope["MessageAttributes"].items()) == [
        ("RequestID", {"Type": "String", "Value": answer["ResponseMetadata"]["RequestId"]}),
        ("ErrorCode", {"Type": "Number", "Value": "200"}),
        ("ErrorMessage", {"Type": "String", "Value": "no stock"}),
    ]
    assert message["Attributes"]["SenderId"].endswith(":AWS-CLOUDCAST")
    assert "Lineage=1:" in message["Attributes"]["AWSTraceHeader"]


@failing
def test_raw_delivery_makes_them_attributes_of_the_queue_s_message(lam, sns, topic, make_queue, messages):
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=make_queue("raw"), Attributes=raw)
    send(lam)
    [message] = messages("raw")
    assert message["Body"] == '{"id": 7}'
    assert message["MessageAttributes"]["ErrorCode"] == {"StringValue": "200", "DataType": "Number"}
    assert set(values(message)) == {"RequestID", "ErrorCode", "ErrorMessage"}


@failing
def test_a_filter_policy_sees_the_attributes(lam, sns, topic, make_queue, messages):
    for name, code in (("yes", 200), ("no", 429)):
        policy = json.dumps({"ErrorCode": [{"numeric": ["=", code]}]})
        sns.subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=make_queue(name), Attributes={"FilterPolicy": policy}
        )
    send(lam)
    assert len(messages("yes")) == 1
    assert messages("no") == []


@pytest.mark.destmock(handlers={"orders": outcomes(ValueError("雪🙂"), ValueError("雪"))}, strict=False)
def test_H20_R26_a_topic_loses_a_message_whose_error_has_an_astral_character(
    destmock, lam, sns, topic, make_queue, messages
):
    """The record of the same failure arrives at a topic, for it has no attributes."""
    done = sns.create_topic(Name="failed")["TopicArn"]
    sns.subscribe(TopicArn=done, Protocol="sqs", Endpoint=make_queue("failed"))
    lam.put_function_event_invoke_config(
        FunctionName="orders",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": done}},
    )
    send(lam)
    assert messages("dead") == []
    assert len(messages("failed")) == 1
    [lost] = destmock.deliveries.to(topic)
    assert lost.error == f"the topic {topic} loses a message with an attribute beyond U+FFFF, as on AWS"
    send(lam, '{"what": "雪"}'.encode())
    assert len(messages("dead")) == 1


@pytest.mark.destmock(handlers={"orders": fail}, strict=False)
def test_a_topic_that_has_gone(destmock, lam, sns, topic):
    sns.delete_topic(TopicArn=topic)
    send(lam)
    [delivery] = destmock.deliveries
    assert (delivery.kind, delivery.error) == ("sns", f"the topic {topic} does not exist")


@pytest.mark.destmock(handlers={"orders": fail}, strict=False)
def test_an_event_too_large_for_a_topic_is_lost(destmock, lam, topic, messages):
    """An event may have 1 MB, a notification 256 KB."""
    send(lam, json.dumps("x" * 262_143).encode())
    assert destmock.deliveries[0].error == f"the message has 262240 bytes; the topic {topic} takes 262144"
    assert messages("dead") == []


@pytest.mark.destmock(handlers={"orders": fail}, strict=False)
def test_an_event_too_large_for_its_queue_is_lost(destmock, lam, make_queue, messages):
    arn = make_queue("dead", MaximumMessageSize="1024")
    dead_letters_to(lam, arn)
    send(lam, json.dumps("x" * 2000).encode())
    assert destmock.deliveries[0].error == f"the message has 2097 bytes; the queue {arn} takes 1024"
    assert messages("dead") == []


@failing
def test_its_attributes_are_part_of_a_message_s_size(destmock, lam, make_queue, messages):
    """They have 95 bytes here."""
    dead_letters_to(lam, make_queue("dead", MaximumMessageSize="1024"))
    send(lam, json.dumps("x" * (1024 - 95 - 2)).encode())
    assert len(messages("dead")) == 1


def test_a_strict_mock_complains_of_a_lost_dead_letter():
    mock = mock_destinations(handlers={"orders": fail})
    mock.start()
    sqs, lam = boto3.client("sqs"), boto3.client("lambda")
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    dead_letters_to(lam, f"arn:aws:sqs:{REGION}:dead")
    sqs.delete_queue(QueueUrl=url)
    send(lam)
    with pytest.raises(LeftoverError, match=r"(?s)^1 record could not be delivered:.*the queue .*:dead does"):
        mock.stop()


# The configuration


@failing
def test_H9_an_empty_object_keeps_it_and_an_empty_arn_removes_it(lam, queue, messages):
    config = {"TargetArn": queue}
    kept = lam.update_function_configuration(FunctionName="orders", DeadLetterConfig={})
    assert kept["DeadLetterConfig"] == config
    assert lam.update_function_configuration(FunctionName="orders", Timeout=9)["DeadLetterConfig"] == config
    assert lam.get_function_configuration(FunctionName="orders")["DeadLetterConfig"] == config
    send(lam)
    assert len(messages("dead")) == 1
    assert "DeadLetterConfig" not in dead_letters_to(lam, "")
    assert "DeadLetterConfig" not in lam.get_function_configuration(FunctionName="orders")
    send(lam)
    assert len(messages("dead")) == 1  # the first one: minutes have passed, so it can be read again


@failing
def test_every_call_that_shows_a_function_shows_it(lam, queue):
    config = {"TargetArn": queue}
    lam.publish_version(FunctionName="orders")
    assert lam.get_function(FunctionName="orders")["Configuration"]["DeadLetterConfig"] == config
    shown = lam.list_functions()["Functions"]
    shown += lam.list_versions_by_function(FunctionName="orders")["Versions"]
    assert [function["DeadLetterConfig"] for function in shown] == [config] * 3


@failing
def test_H10_a_version_keeps_the_one_that_it_was_published_with(lam, queue, make_queue, messages):
    """An alias has its version's; read back and delivered to alike."""
    assert lam.publish_version(FunctionName="orders")["DeadLetterConfig"] == {"TargetArn": queue}
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    latest = make_queue("latest")
    dead_letters_to(lam, latest)
    for qualifier, arn in (("1", queue), ("live", queue), ("$LATEST", latest)):
        found = lam.get_function_configuration(FunctionName="orders", Qualifier=qualifier)
        assert found["DeadLetterConfig"] == {"TargetArn": arn}
        send(lam, f'"{qualifier}"'.encode(), Qualifier=qualifier)
    assert [message["Body"] for message in messages("dead")] == ['"1"', '"live"']
    assert [message["Body"] for message in messages("latest")] == ['"$LATEST"']


@failing
def test_H10_a_version_without_one_gets_none_later(destmock, lam, make_queue):
    lam.publish_version(FunctionName="orders")
    dead_letters_to(lam, make_queue("dead"))
    send(lam, Qualifier="1")
    assert list(destmock.deliveries) == []
    assert len(destmock.drops) == 1


@pytest.mark.destmock(handlers={"orders": fail}, autorun=False)
def test_a_change_applies_to_events_that_are_queued(destmock, lam, queue, make_queue, messages):
    """Of those that the function still gets to see."""
    send(lam)
    destmock.step()
    dead_letters_to(lam, make_queue("other"))
    destmock.run_until_idle()
    assert messages("dead") == []
    assert len(messages("other")) == 1


@failing
def test_create_function_takes_one(create, lam, make_queue, messages):
    config = {"TargetArn": make_queue("dead")}
    assert create(DeadLetterConfig=config)["DeadLetterConfig"] == config
    assert lam.get_function_configuration(FunctionName="orders")["DeadLetterConfig"] == config
    send(lam)
    [message] = messages("dead")
    assert values(message)["ErrorMessage"] == "no stock"


def test_a_function_without_one_shows_none(create, lam):
    assert "DeadLetterConfig" not in create()
    assert "DeadLetterConfig" not in lam.get_function(FunctionName="orders")["Configuration"]


@failing
def test_create_function_replaces_what_the_handler_s_function_had(create, lam, queue):
    assert "DeadLetterConfig" not in create()
    assert "DeadLetterConfig" not in lam.get_function_configuration(FunctionName="orders")


@failing
def test_a_deleted_function_s_is_forgotten(destmock, lam, queue):
    lam.delete_function(FunctionName="orders")
    destmock.handler("orders", fail)
    assert "DeadLetterConfig" not in lam.get_function_configuration(FunctionName="orders")


# What is refused


def bad_targets():
    fifo = "Invalid dead letter queue ARN: FIFO {} is not supported for dead letter configuration"
    service = (
        "Invalid dead letter queue ARN: The service specified by the TargetArn is not supported for dead "
        "letter configuration."
    )
    lacking = "The provided execution role does not have permissions to call {}"
    return [
        pytest.param(f"arn:aws:sqs:{REGION}:d.fifo", fifo.format("SQS queue"), id="H13-fifo-queue"),
        pytest.param(f"arn:aws:sns:{REGION}:d.fifo", fifo.format("SNS topic"), id="H14-fifo-topic"),
        pytest.param("arn:aws:iam::123456789012:role/orders", SAME_REGION, id="H15-role"),
        pytest.param("arn:aws:sqs:eu-west-1:123456789012:dead", SAME_REGION, id="H15-other-region"),
        pytest.param("arn:aws:sqs:eu-west-1:123456789012:d.fifo", SAME_REGION, id="H15-comes-first"),
        pytest.param("arn:aws:s3:::dead", SAME_REGION, id="H15-bucket"),
        pytest.param(f"arn:aws:lambda:{REGION}:function:audit", service, id="H16-function"),
        pytest.param(f"arn:aws:events:{REGION}:event-bus/default", service, id="H16-bus"),
        pytest.param(f"arn:aws:sqs:{REGION}:gone", lacking.format("SendMessage on SQS"), id="H17-queue"),
        pytest.param(f"arn:aws:sns:{REGION}:gone", lacking.format("Publish on SNS"), id="H17-topic"),
    ]


@failing
@pytest.mark.parametrize(("arn", "text"), bad_targets())
def test_H13_H14_H15_H16_H17_a_bad_target_changes_nothing(lam, queue, arn, text):
    before = lam.get_function_configuration(FunctionName="orders")
    update = lam.update_function_configuration
    assert text_of(update, FunctionName="orders", Timeout=99, DeadLetterConfig={"TargetArn": arn}) == text
    after = lam.get_function_configuration(FunctionName="orders")
    for answer in (before, after):
        del answer["ResponseMetadata"]
    assert after == before


@pytest.mark.parametrize(("arn", "text"), bad_targets())
def test_H17_a_function_with_a_bad_target_is_not_created(create, lam, arn, text):
    assert text_of(create, DeadLetterConfig={"TargetArn": arn}) == text
    assert lam.list_functions()["Functions"] == []


@failing
def test_H17_a_refused_creation_leaves_the_handler_s_function_as_it_was(create, lam, queue):
    lam.publish_version(FunctionName="orders")
    lam.put_function_event_invoke_config(FunctionName="orders", MaximumRetryAttempts=0)
    text_of(create, DeadLetterConfig={"TargetArn": "arn:aws:s3:::dead"})
    found = lam.get_function_configuration(FunctionName="orders", Qualifier="1")
    assert found["DeadLetterConfig"] == {"TargetArn": queue}
    assert lam.get_function_event_invoke_config(FunctionName="orders")["MaximumRetryAttempts"] == 0


@failing
def test_H14_fifo_is_told_by_name_whether_or_not_there_is_one(lam, sns):
    arn = sns.create_topic(Name="dead.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    update = lam.update_function_configuration
    assert text_of(update, FunctionName="orders", DeadLetterConfig={"TargetArn": arn}) == (
        "Invalid dead letter queue ARN: FIFO SNS topic is not supported for dead letter configuration"
    )


@failing
def test_H17_a_good_change_is_in_progress_at_first(lam, make_queue):
    answer = dead_letters_to(lam, make_queue("dead"))
    assert answer["LastUpdateStatus"] == "InProgress"
    assert answer["LastUpdateStatusReason"] == "The function is being created."
    assert answer["LastUpdateStatusReasonCode"] == "Creating"
    assert lam.get_function_configuration(FunctionName="orders")["LastUpdateStatus"] == "Successful"


@failing
@pytest.mark.parametrize("arn", ["dead", "arn:aws", "arn:gcp:sqs:us-east-1:1:dead", "https://dead"])
def test_what_is_no_arn_is_a_validation_error(lam, queue, arn):
    with pytest.raises(ClientError) as caught:
        dead_letters_to(lam, arn)
    assert caught.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": f"1 validation error detected: Value '{arn}' at 'deadLetterConfig.targetArn' failed to "
        "satisfy constraint: Member must satisfy regular expression pattern: "
        r"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()",
    }
    found = lam.get_function_configuration(FunctionName="orders")
    assert found["DeadLetterConfig"] == {"TargetArn": queue}
