"""What SQS refuses of queues, messages and reads.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

import json

import pytest

from tests.api.invocations import refusal

FAILED = "arn:aws:sqs:us-east-1:123456789012:failed"
STATEMENT = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
COUNTS = "valid values are from 1 to 1000 both inclusive."
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]})


@pytest.fixture
def url(sqs):
    sqs.create_queue(QueueName="failed")
    return sqs.create_queue(QueueName="work")["QueueUrl"]


def invalid(value, name, reason):
    return "InvalidParameterValue", 400, f"Value {value} for parameter {name} is invalid. Reason: {reason}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DelaySeconds", "901"),
        ("DelaySeconds", "-1"),
        ("MessageRetentionPeriod", "0"),
        ("MaximumMessageSize", "1048577"),
        ("ReceiveMessageWaitTimeSeconds", "21"),
        ("VisibilityTimeout", "43201"),
        ("VisibilityTimeout", "soon"),
        ("Policy", "{"),
    ],
)
def test_an_attribute_out_of_range_makes_no_queue_and_changes_none(sqs, url, name, value):
    refused = ("InvalidAttributeValue", 400, f"Invalid value for the parameter {name}.")
    assert refusal(sqs.create_queue, QueueName="other", Attributes={name: value}) == refused
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    both = {"KmsMasterKeyId": "k", name: value}
    assert refusal(sqs.set_queue_attributes, QueueUrl=url, Attributes=both) == refused
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"] == before
    assert len(sqs.list_queues()["QueueUrls"]) == 2


def test_an_attribute_that_no_queue_has(sqs, url):
    unknown = ("InvalidAttributeName", 400, "Unknown Attribute Colour.")
    given = {"Attributes": {"Colour": "red"}}
    assert refusal(sqs.create_queue, QueueName="other", **given) == unknown
    assert refusal(sqs.set_queue_attributes, QueueUrl=url, **given) == unknown


def test_a_name_that_ends_as_a_fifo_queue_s_is_one_s(sqs):
    text = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
    assert refusal(sqs.create_queue, QueueName="a.fifo") == ("InvalidParameterValue", 400, text)
    sqs.create_queue(QueueName="a.fifo", Attributes={"FifoQueue": "true"})


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("{", "Redrive policy is not a valid JSON map."),
        ("[1]", "Redrive policy is not a valid JSON map."),
        *(
            (
                json.dumps({"deadLetterTargetArn": FAILED, "maxReceiveCount": count}),
                f"Invalid value for maxReceiveCount: {count}, {COUNTS}",
            )
            for count in (0, 1_001)
        ),
    ],
)
def test_a_redrive_policy_that_could_not_be(sqs, url, policy, reason):
    given = {"QueueUrl": url, "Attributes": {"RedrivePolicy": policy}}
    assert refusal(sqs.set_queue_attributes, **given) == invalid(policy, "RedrivePolicy", reason)
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])


def test_a_queue_keeps_its_policy_when_other_attributes_are_set(sqs, url):
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": POLICY})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "5"})
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    assert json.loads(found) == json.loads(POLICY)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])


RANGE = "DelaySeconds must be >= 0 and <= 900."
GROUP = "MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length."
TYPE = "The request include parameter that is not valid for this queue type"


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        (
            {"MessageBody": ""},
            ("MissingParameter", 400, "The request must contain the parameter MessageBody."),
        ),
        ({"DelaySeconds": -1}, invalid(-1, "DelaySeconds", RANGE)),
        ({"DelaySeconds": 901}, invalid(901, "DelaySeconds", RANGE)),
        ({"MessageGroupId": "a b"}, invalid("a b", "MessageGroupId", GROUP)),
        ({"MessageGroupId": "a" * 129}, invalid("a" * 129, "MessageGroupId", GROUP)),
        ({"MessageDeduplicationId": "a"}, invalid("a", "MessageDeduplicationId", TYPE)),
    ],
)
def test_a_message_that_a_queue_does_not_take(sqs, url, given, refused):
    assert refusal(sqs.send_message, **{"QueueUrl": url, "MessageBody": "x", **given}) == refused
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("MaxNumberOfMessages", 0, "Must be between 1 and 10, if provided."),
        ("MaxNumberOfMessages", 11, "Must be between 1 and 10, if provided."),
        ("WaitTimeSeconds", 21, "Must be >= 0 and <= 20, if provided."),
        ("VisibilityTimeout", 43_201, "Must be >= 0 and <= 43200, if provided."),
    ],
)
def test_a_read_with_numbers_out_of_range(sqs, url, name, value, reason):
    assert refusal(sqs.receive_message, QueueUrl=url, **{name: value}) == invalid(value, name, reason)


def test_a_queue_that_is_not_there_is_told_first(sqs, url):
    gone = ("AWS.SimpleQueueService.NonExistentQueue", 400, "The specified queue does not exist.")
    assert refusal(sqs.send_message, QueueUrl=f"{url}x", MessageBody="") == gone
    assert refusal(sqs.receive_message, QueueUrl=f"{url}x", MaxNumberOfMessages=11) == gone
