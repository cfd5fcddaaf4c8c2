"""SNS invokes functions asynchronously."""

import base64
import json

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.ses.models import SESFeedback

from destmock import NoHandlerError
from tests.services.places import ACCOUNT, START
from tests.services.triggers import ORDERS

pytestmark = pytest.mark.destmock(start=START, handlers={"orders": lambda event, context: event})


def fail(event, context):
    raise ValueError("no")


def test_a_published_message_reaches_the_function_in_sns_s_own_event(destmock, sns, topic, subscription):
    attributes = {
        "kind": {"DataType": "String", "StringValue": "order"},
        "count": {"DataType": "Number", "StringValue": "3"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    published = sns.publish(TopicArn=topic, Message="naïve 🙂", Subject="hello", MessageAttributes=attributes)
    [invocation] = destmock.invocations
    [record] = invocation.event["Records"]
    sent = record.pop("Sns")
    assert record == {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription,
    }
    assert sent["MessageId"] == published["MessageId"]
    assert sent["TopicArn"] == topic
    assert sent["Message"] == "naïve 🙂"
    assert sent["Subject"] == "hello"
    assert sent["Type"] == "Notification"
    assert sent["Timestamp"] == "2026-01-01T00:00:00.000Z"
    assert sent["UnsubscribeUrl"].endswith(f"SubscriptionArn={subscription}")
    assert sent["MessageAttributes"] == {
        "kind": {"Type": "String", "Value": "order"},
        "count": {"Type": "String", "Value": "3"},
        "raw": {"Type": "Binary", "Value": base64.b64encode(b"\x00\xff").decode()},
    }
    assert (invocation.source, invocation.condition) == ("SNS topic news", "Success")


def test_R21_attributes_reach_a_function_as_strings_in_their_own_spelling(destmock, sns, topic, subscription):
    attributes = {
        "count": {"DataType": "Number", "StringValue": "0001.23000"},
        "all": {"DataType": "String.Array", "StringValue": '["a", 1]'},
    }
    sns.publish(TopicArn=topic, Message="hello", MessageAttributes=attributes)
    assert destmock.invocations[0].event["Records"][0]["Sns"]["MessageAttributes"] == {
        "count": {"Type": "String", "Value": "0001.23000"},
        "all": {"Type": "String", "Value": '["a", 1]'},
    }


def test_R22_R23_the_members_of_the_event_have_aws_s_order(destmock, sns, topic, subscription):
    """Attributes come with a message for each protocol, too."""
    attributes = {"kind": {"DataType": "String", "StringValue": "order"}}
    message = json.dumps({"default": "all"})
    sns.publish(TopicArn=topic, Message=message, MessageStructure="json", MessageAttributes=attributes)
    [record] = destmock.invocations[0].event["Records"]
    assert list(record) == ["EventSource", "EventVersion", "EventSubscriptionArn", "Sns"]
    assert list(record["Sns"]) == [
        "Type",
        "MessageId",
        "TopicArn",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertUrl",
        "Subject",
        "UnsubscribeUrl",
        "MessageAttributes",
    ]
    assert record["Sns"]["MessageAttributes"] == {"kind": {"Type": "String", "Value": "order"}}


def test_a_message_without_subject_and_attributes_says_so(destmock, sns, topic, subscription):
    sns.publish(TopicArn=topic, Message="plain")
    sent = destmock.invocations[0].event["Records"][0]["Sns"]
    assert (sent["Subject"], sent["MessageAttributes"]) == (None, {})


def test_a_failing_subscriber_is_retried_and_its_record_delivered(
    destmock, lam, sns, topic, subscription, make_queue, records
):
    destmock.handler("orders", fail)
    lam.put_function_event_invoke_config(
        FunctionName="orders", DestinationConfig={"OnFailure": {"Destination": make_queue("failed")}}
    )
    sns.publish(TopicArn=topic, Message="hello")
    [invocation] = destmock.invocations
    assert [attempt.elapsed for attempt in invocation.attempts] == [0, 60, 180]
    [record] = records("failed")
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestPayload"]["Records"][0]["Sns"]["Message"] == "hello"
    assert "(SNS topic news, " in destmock.timeline()


def test_a_subscribed_queue_that_has_gone_keeps_no_message_from_the_function(
    destmock, sns, sqs, make_queue, topic
):
    """SNS keeps a subscriber's failure to itself; moto's publish fails at the queue."""
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=make_queue("inbox"))
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ORDERS)
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="inbox")["QueueUrl"])
    sns.publish(TopicArn=topic, Message="hello")
    assert [i.event["Records"][0]["Sns"]["Message"] for i in destmock.invocations] == ["hello"]


def test_a_batch_is_one_event_for_each_message(destmock, sns, topic, subscription):
    entries = [{"Id": str(n), "Message": f"m{n}"} for n in range(3)]
    sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    sent = [invocation.event["Records"][0]["Sns"]["Message"] for invocation in destmock.invocations]
    assert sent == ["m0", "m1", "m2"]


def test_a_filter_policy_keeps_messages_from_the_function(destmock, sns, topic, subscription):
    sns.set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="FilterPolicy", AttributeValue='{"kind": ["order"]}'
    )
    for kind in ("order", "refund"):
        attributes = {"kind": {"DataType": "String", "StringValue": kind}}
        sns.publish(TopicArn=topic, Message=kind, MessageAttributes=attributes)
    assert [i.event["Records"][0]["Sns"]["Message"] for i in destmock.invocations] == ["order"]


def test_the_function_gets_the_message_that_is_meant_for_lambda(destmock, sns, topic, subscription):
    message = json.dumps({"default": "all", "lambda": "for you", "email": "not you"})
    sns.publish(TopicArn=topic, Message=message, MessageStructure="json")
    assert destmock.invocations[0].event["Records"][0]["Sns"]["Message"] == "for you"


def test_without_the_function_publishing_succeeds_and_the_timeline_says_what_was_missed(
    destmock, lam, sns, topic, subscription
):
    lam.delete_function(FunctionName="orders")
    assert sns.publish(TopicArn=topic, Message="hello")["MessageId"]
    assert list(destmock.invocations) == []
    assert f"nothing invoked: SNS topic news names {ORDERS}, which does not exist" in destmock.timeline()


def test_without_the_function_the_subscription_s_dead_letter_queue_gets_the_message(
    destmock, lam, sns, topic, subscription, make_queue, records
):
    policy = json.dumps({"deadLetterTargetArn": make_queue("undelivered")})
    sns.set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="RedrivePolicy", AttributeValue=policy
    )
    lam.delete_function(FunctionName="orders")
    sns.publish(TopicArn=topic, Message="hello")
    assert [record["Message"] for record in records("undelivered")] == ["hello"]


def test_a_function_that_nothing_can_run_is_the_test_s_mistake(destmock, sns, topic):
    role = boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    boto3.client("lambda").create_function(
        FunctionName="native", Runtime="nodejs20.x", Role=role, Handler="a.b", Code={"ZipFile": b"x"}
    )
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ORDERS.replace("orders", "native"))
    with pytest.raises(NoHandlerError, match="native"):
        sns.publish(TopicArn=topic, Message="hello")


def test_a_function_gets_no_raw_messages(sns, topic, subscription):
    told, raw = "Delivery protocol [lambda] does not support raw message delivery.", "RawMessageDelivery"
    with pytest.raises(ClientError) as refused:
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=f"{ORDERS}:1", Attributes={raw: "true"})
    assert refused.value.response["Error"]["Message"] == f"Invalid parameter: Attributes Reason: {told}"
    with pytest.raises(ClientError) as refused:
        sns.set_subscription_attributes(
            SubscriptionArn=subscription, AttributeName=raw, AttributeValue="true"
        )
    assert refused.value.response["Error"]["Message"] == f"Invalid parameter: {told}"
    assert len(sns.list_subscriptions()["Subscriptions"]) == 1


def test_a_subscribed_alias_is_invoked_as_such(destmock, lam, sns, topic):
    lam.publish_version(FunctionName="orders")
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=f"{ORDERS}:live")
    sns.publish(TopicArn=topic, Message="hello")
    assert destmock.invocations[0].function_arn == f"{ORDERS}:live"


def test_a_record_published_to_a_topic_reaches_the_topic_s_function(destmock, lam, topic):
    """The on-failure destination of one function is a topic that another one subscribes to."""
    destmock.handler("charge", fail)
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ORDERS)
    lam.put_function_event_invoke_config(
        FunctionName="charge",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": topic}},
    )
    lam.invoke(FunctionName="charge", InvocationType="Event", Payload=b'{"id": 7}')
    [told] = destmock.invocations.for_function("orders")
    record = json.loads(told.event["Records"][0]["Sns"]["Message"])
    assert record["requestPayload"] == {"id": 7}
    assert told.event["Records"][0]["Sns"]["MessageAttributes"] == {}


def test_what_ses_tells_of_a_mail_is_a_text(destmock, sns, topic, subscription, make_queue, messages):
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=make_queue("bounces"))
    ses = boto3.client("ses")
    ses.verify_domain_identity(Domain="example.com")
    ses.set_identity_notification_topic(Identity="example.com", NotificationType="Bounce", SnsTopic=topic)
    ses.send_email(
        Source="shop@example.com",
        Destination={"ToAddresses": ["bounce@simulator.amazonses.com"]},
        Message={"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}},
    )
    [notification] = messages("bounces")
    [invocation] = destmock.invocations
    for sent in (json.loads(notification["Body"]), invocation.event["Records"][0]["Sns"]):
        assert json.loads(sent["Message"]) == SESFeedback.generate_message(ACCOUNT, "Bounce")
