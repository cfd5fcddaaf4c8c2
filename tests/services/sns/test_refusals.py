"""What SNS refuses of a message that is published.

https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

import pytest

from tests.api.invocations import refusal

INVALID = "InvalidParameter"
LARGEST = 262_144


def structured(message):
    return {"Message": message, "MessageStructure": "json"}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"Message": ""}, "Empty message"),
        ({"Message": "x" * (LARGEST + 1)}, "Message too long"),
        ({"Message": "é" * (LARGEST // 2 + 1)}, "Message too long"),
        ({"Subject": ""}, "Subject"),
        ({"Subject": "x" * 101}, "Subject"),
        ({"Subject": "two\nlines"}, "Subject"),
        (structured("plain"), "Message Structure - JSON message body failed to parse"),
        (structured("[1]"), "Message Structure - JSON message body failed to parse"),
        (structured('{"sqs": "x"}'), "Message Structure - No default entry in JSON message body"),
        (
            {"TopicArn": None},
            "TopicArn or TargetArn Reason: no value for required parameter",
        ),
        ({"TopicArn": "orders"}, "TopicArn Reason: An ARN must have at least 6 elements, not 1"),
    ],
)
def test_a_message_that_is_not_published(destmock, sns, sqs, topic, given, reason):
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    asked = {"TopicArn": topic, "Message": "x", **given}
    asked = {name: value for name, value in asked.items() if value is not None}
    assert refusal(sns.publish, **asked) == (INVALID, 400, f"Invalid parameter: {reason}")
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_the_largest_message_is_published(sns, topic):
    assert sns.publish(TopicArn=topic, Message="x" * LARGEST, Subject="x" * 100)["MessageId"]
    assert sns.publish(TopicArn=topic, **structured('{"default": "x"}'))["MessageId"]


def test_a_topic_that_is_not_there(sns, topic):
    refused = refusal(sns.publish, TopicArn=f"{topic}x", Message="x")
    assert refused == ("NotFound", 404, "Topic does not exist")


def test_a_fifo_topic_wants_a_group(sns):
    topic = sns.create_topic(Name="orders.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    text = "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
    assert refusal(sns.publish, TopicArn=topic, Message="x") == (INVALID, 400, text)


def test_in_a_batch_each_message_is_refused_by_itself(sns, topic):
    entries = [{"Id": "1", "Message": "x"}, {"Id": "2", "Message": "x", "Subject": "two\nlines"}]
    answer = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert [one["Id"] for one in answer["Successful"]] == ["1"]
    [failed] = answer["Failed"]
    assert failed == {
        "Id": "2",
        "Code": INVALID,
        "Message": "Invalid parameter: Subject",
        "SenderFault": True,
    }
