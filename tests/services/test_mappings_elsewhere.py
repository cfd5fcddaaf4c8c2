"""Event source mappings of queues in other accounts, and of a stream's consumers (enhanced fan-out).

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-cross-account-example.html
"""

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.services.places import ACCOUNT, REGION, START

pytestmark = pytest.mark.destmock(start=START)
OTHER = "999988887777"


@pytest.fixture
def batches(destmock):
    """The batches that the function `work` gets."""
    found = []
    destmock.handler("work", lambda event, context: found.append(event["Records"]))
    return found


@pytest.fixture
def theirs(destmock):
    """The queues of another account."""
    given = boto3.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{OTHER}:role/visitor", RoleSessionName="visitor"
    )["Credentials"]
    return boto3.client(
        "sqs",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )


def test_a_queue_of_another_account_is_read(lam, theirs, batches, connect):
    url = theirs.create_queue(QueueName="jobs")["QueueUrl"]
    mapping = connect(f"arn:aws:sqs:{REGION}:{OTHER}:jobs")
    theirs.send_message(QueueUrl=url, MessageBody="hello")
    assert [[record["body"] for record in batch] for batch in batches] == [["hello"]]
    assert "Messages" not in theirs.receive_message(QueueUrl=url)
    lam.delete_event_source_mapping(UUID=mapping)
    theirs.send_message(QueueUrl=url, MessageBody="again")
    assert len(batches) == 1


def test_a_queue_of_another_region_is_refused(destmock, batches, connect):
    boto3.client("sqs", region_name="eu-west-1").create_queue(QueueName="jobs")
    with pytest.raises(ClientError):
        connect(f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs")


def test_a_consumer_gets_the_records_of_its_stream(kinesis, stream, batches, connect):
    made = kinesis.register_stream_consumer(StreamARN=stream, ConsumerName="fast")["Consumer"]
    connect(made["ConsumerARN"], StartingPosition="LATEST")
    kinesis.put_record(StreamName="clicks", Data=b"x", PartitionKey="p")
    [[record]] = batches
    assert record["eventSourceARN"] == made["ConsumerARN"]
    assert record["kinesis"]["partitionKey"] == "p"


def test_a_stream_and_its_consumer_have_a_mapping_each(kinesis, stream, batches, connect):
    made = kinesis.register_stream_consumer(StreamARN=stream, ConsumerName="fast")["Consumer"]
    connect(made["ConsumerARN"], StartingPosition="LATEST")
    connect(stream, StartingPosition="LATEST")
    kinesis.put_record(StreamName="clicks", Data=b"x", PartitionKey="p")
    assert {batch[0]["eventSourceARN"] for batch in batches} == {made["ConsumerARN"], stream}


def test_a_consumer_that_is_not_there_is_refused(stream, batches, connect):
    with pytest.raises(ClientError, match="Stream not found"):
        connect(f"{stream}/consumer/nobody", StartingPosition="LATEST")
