"""What SNS sends to queues, and the message attributes that it takes."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.services.places import ACCOUNT, REGION, START
from tests.services.triggers import ORDERS

pytestmark = pytest.mark.destmock(start=START)
ENVELOPE = ["Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion"]
SIGNED = ["Signature", "SigningCertURL", "UnsubscribeURL"]


def subscribe(sns, topic, queue, **attributes):
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes=attributes)


@pytest.fixture
def fifo(sns):
    attributes = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    return sns.create_topic(Name="news.fifo", Attributes=attributes)["TopicArn"]


@pytest.mark.parametrize("name", ["jobs.fifo", "jobs"])
def test_a_fifo_topic_delivers_a_message_once_in_five_minutes(
    destmock, sns, fifo, make_queue, messages, name
):
    subscribe(sns, fifo, make_queue(name, **({"FifoQueue": "true"} if "." in name else {})))
    for seconds in (0, 299, 1):
        destmock.advance(seconds)
        entry = {"Id": "1", "Message": "same", "MessageGroupId": "g"}
        sns.publish(TopicArn=fifo, Message="same", MessageGroupId="g")
        assert sns.publish_batch(TopicArn=fifo, PublishBatchRequestEntries=[entry])["Successful"]
        sns.publish(TopicArn=fifo, Message="same", MessageGroupId="g", MessageDeduplicationId=str(seconds))
    bodies = [json.loads(message["Body"])["Message"] for message in messages(name)]
    assert bodies == ["same"] * 5


def text(value):
    return {"kind": {"DataType": "String", "StringValue": value}}


def number(value):
    return {"numeric": {"DataType": "Number", "StringValue": value}}


def test_R25_a_queue_gets_the_members_of_a_notification_in_sns_s_order(sns, topic, make_queue, messages):
    subscribe(sns, topic, make_queue("jobs"))
    sns.publish(TopicArn=topic, Message="hello 🙂", Subject="s", MessageAttributes=text("a"))
    sns.publish(TopicArn=topic, Message="hello")
    full, bare = (message["Body"] for message in messages("jobs"))
    assert list(json.loads(full)) == [*ENVELOPE, *SIGNED, "MessageAttributes"]
    assert list(json.loads(bare)) == [name for name in [*ENVELOPE, *SIGNED] if name != "Subject"]
    assert full.startswith('{\n  "Type" : "Notification",\n  "MessageId" : "')
    assert '"Message" : "hello \\ud83d\\ude42",' in full
    assert json.loads(full)["MessageAttributes"] == {"kind": {"Type": "String", "Value": "a"}}


@pytest.mark.parametrize("name", ["jobs.fifo", "jobs"])
def test_R25_a_fifo_topic_numbers_its_notifications_and_does_not_sign_them(
    sns, fifo, make_queue, messages, name
):
    subscribe(sns, fifo, make_queue(name, **({"FifoQueue": "true"} if name == "jobs.fifo" else {})))
    published = [
        sns.publish(TopicArn=fifo, Message=str(n), MessageGroupId="g")["SequenceNumber"] for n in range(2)
    ]
    found = [json.loads(message["Body"]) for message in messages(name)]
    members = ["Type", "MessageId", "SequenceNumber", "TopicArn", "Message", "Timestamp", "UnsubscribeURL"]
    assert [list(one) for one in found] == [members, members]
    assert [one["SequenceNumber"] for one in found] == published
    assert int(published[1]) - int(published[0]) == 1000
    assert all(len(one) == 20 for one in published)


def test_R25_a_fifo_topic_takes_no_function_as_subscriber(sns, fifo):
    with pytest.raises(ClientError, match="Invalid parameter: Invalid protocol type: lambda") as error:
        sns.subscribe(TopicArn=fifo, Protocol="lambda", Endpoint=ORDERS)
    assert error.value.response["Error"]["Code"] == "InvalidParameter"


def test_a_raw_message_has_its_attributes_of_each_kind(sns, topic, make_queue, messages):
    subscribe(sns, topic, make_queue("jobs"), RawMessageDelivery="true")
    raw = {"raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    sns.publish(TopicArn=topic, Message="hello", MessageAttributes={**number("007"), **raw})
    [message] = messages("jobs")
    assert message["Body"] == "hello"
    assert message["MessageAttributes"]["numeric"]["StringValue"] == "007"
    assert message["MessageAttributes"]["raw"]["BinaryValue"] == b"\x00\xff"


def test_a_raw_message_of_more_than_ten_attributes_is_a_dead_letter(
    destmock, sns, topic, make_queue, messages, records
):
    redrive = json.dumps({"deadLetterTargetArn": make_queue("dead")})
    subscribe(sns, topic, make_queue("raw"), RawMessageDelivery="true", RedrivePolicy=redrive)
    subscribe(sns, topic, make_queue("wrapped"))
    for name, count in (("ten", 10), ("eleven", 11)):
        attributes = {f"a{n}": {"DataType": "String", "StringValue": "v"} for n in range(count)}
        sns.publish(TopicArn=topic, Message=name, MessageAttributes=attributes)
    [message] = messages("raw")
    assert (message["Body"], len(message["MessageAttributes"])) == ("ten", 10)
    assert [body["Message"] for body in records("wrapped")] == ["ten", "eleven"]
    assert [body["Message"] for body in records("dead")] == ["eleven"]
    assert "takes no raw message with more than 10 attributes" in destmock.timeline()


def test_a_subscription_that_says_it_is_not_raw_gets_the_notification(sns, topic, make_queue, records):
    subscribe(sns, topic, make_queue("jobs"), RawMessageDelivery="false")
    sns.publish(TopicArn=topic, Message="hello")
    assert [record["Message"] for record in records("jobs")] == ["hello"]


def test_R26_an_attribute_with_an_astral_character_is_refused_and_so_is_its_batch(
    sns, topic, make_queue, messages
):
    subscribe(sns, topic, make_queue("jobs"))
    told = "Invalid parameter: Invalid attribute value was passed in for message attribute kind"
    entries = [{"Id": "a", "Message": "a"}, {"Id": "b", "Message": "b", "MessageAttributes": text("雪🙂")}]
    with pytest.raises(ClientError, match=told) as error:
        sns.publish(TopicArn=topic, Message="m", MessageAttributes=text("🙂"))
    assert error.value.response["Error"]["Code"] == "InvalidParameter"
    with pytest.raises(ClientError, match=told):
        sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert messages("jobs") == []


@pytest.mark.parametrize("value", ["é", "雪", "\uffff"])
def test_R26_an_attribute_up_to_U_FFFF_is_taken(sns, topic, make_queue, records, value):
    subscribe(sns, topic, make_queue("jobs"))
    sns.publish(TopicArn=topic, Message="m", MessageAttributes=text(value))
    [record] = records("jobs")
    assert record["MessageAttributes"]["kind"]["Value"] == value


SCALE = "Message attribute 'numeric' number value [{}] scale must be 10^-128 and 10^126."
PRECISION = "Message attribute 'numeric' number value [{}] must have less than 38 precision digits."
CAST = "Could not cast message attribute 'numeric' value to number."
DIGITS = "1234567890" * 4


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("1e126", SCALE),
        ("1e127", SCALE),
        ("1e-129", SCALE),
        ("0e-100000", SCALE),
        (DIGITS[:39], PRECISION),
        ("NaN", CAST),
        ("a", CAST),
    ],
)
def test_R27_a_number_that_sns_refuses(sns, topic, value, told):
    with pytest.raises(ClientError) as error:
        sns.publish(TopicArn=topic, Message="m", MessageAttributes=number(value))
    found = error.value.response["Error"]
    assert (found["Code"], found["Message"]) == ("ParameterValueInvalid", told.format(value))


@pytest.mark.parametrize("value", ["1e-128", "9.99e125", DIGITS[:38], ".5", "5.", "-3"])
def test_R27_a_number_that_sns_takes_is_sent_as_it_is_spelt(sns, topic, make_queue, records, value):
    subscribe(sns, topic, make_queue("jobs"))
    sns.publish(TopicArn=topic, Message="m", MessageAttributes=number(value))
    [record] = records("jobs")
    assert record["MessageAttributes"]["numeric"]["Value"] == value


def test_a_topic_without_the_queue_of_another_region_is_no_error(sns, topic):
    subscribe(sns, topic, f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone")
    assert sns.publish(TopicArn=topic, Message="m")["MessageId"]


def test_a_queue_of_another_account_is_told(sns, topic):
    given = boto3.client("sts").assume_role(
        RoleArn="arn:aws:iam::999988887777:role/visitor", RoleSessionName="visitor"
    )["Credentials"]
    theirs = boto3.client(
        "sqs",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    url = theirs.create_queue(QueueName="jobs")["QueueUrl"]
    subscribe(sns, topic, f"arn:aws:sqs:{REGION}:999988887777:jobs")
    sns.publish(TopicArn=topic, Message="m")
    assert len(theirs.receive_message(QueueUrl=url)["Messages"]) == 1


@pytest.fixture
def small(sns, topic, make_queue):
    """A queue that takes small messages only; what it refuses goes to the queue `dead`."""
    redrive = json.dumps({"deadLetterTargetArn": make_queue("dead")})
    subscribe(sns, topic, make_queue("small", MaximumMessageSize="1024"), RedrivePolicy=redrive)
    subscribe(sns, topic, make_queue("jobs"))


@pytest.mark.usefixtures("small")
def test_what_a_queue_refuses_is_not_the_publisher_s_to_hear_of(sns, topic, messages):
    sns.publish(TopicArn=topic, Message="x" * 2000)
    [letter], [taken] = messages("dead"), messages("jobs")
    assert messages("small") == []
    assert json.loads(letter["Body"])["Message"] == json.loads(taken["Body"])["Message"] == "x" * 2000


@pytest.mark.usefixtures("small")
def test_a_record_reaches_the_other_queues_of_a_topic_when_one_refuses_it(destmock, lam, topic, messages):
    destmock.handler("work", lambda event, context: "x" * 2000)
    config = {"OnSuccess": {"Destination": topic}}
    lam.put_function_event_invoke_config(FunctionName="work", DestinationConfig=config)
    lam.invoke(FunctionName="work", InvocationType="Event")
    [letter], [taken] = messages("dead"), messages("jobs")
    assert json.loads(letter["Body"])["Message"] == json.loads(taken["Body"])["Message"]
