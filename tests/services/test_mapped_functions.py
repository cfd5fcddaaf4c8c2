"""A mapping outlives its function, and reads on when there is one again (R19)."""

import boto3
import pytest

from tests.services.places import START

pytestmark = pytest.mark.destmock(start=START, handlers={"work": lambda event, context: None})


@pytest.fixture
def make(lam):
    role = boto3.client("iam").create_role(RoleName="work", AssumeRolePolicyDocument="{}")["Role"]["Arn"]

    def make():
        settings = {"Runtime": "python3.13", "Handler": "app.handler", "Role": role}
        lam.create_function(FunctionName="work", Code={"ZipFile": b"x"}, **settings)

    return make


def waiting(sqs):
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return found["Attributes"]["ApproximateNumberOfMessages"]


def send(sqs):
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="jobs")["QueueUrl"], MessageBody="m")


def test_a_function_that_is_made_again_gets_what_came_meanwhile(lam, sqs, make, make_queue, connect):
    make()
    connect(make_queue("jobs"))
    lam.delete_function(FunctionName="work")
    send(sqs)
    assert waiting(sqs) == "1"
    make()
    assert waiting(sqs) == "0"


def test_so_does_an_alias(lam, sqs, make, make_queue, connect):
    make()
    version = lam.publish_version(FunctionName="work")["Version"]
    alias = {"FunctionName": "work", "Name": "live"}
    lam.create_alias(**alias, FunctionVersion=version)
    connect(make_queue("jobs"), "work:live")
    lam.delete_alias(**alias)
    send(sqs)
    assert waiting(sqs) == "1"
    lam.create_alias(**alias, FunctionVersion=version)
    assert waiting(sqs) == "0"


def test_a_stream_is_read_on(destmock, lam, kinesis, make, stream, connect):
    make()
    connect(stream, StartingPosition="LATEST")
    lam.delete_function(FunctionName="work")
    kinesis.put_record(StreamName="clicks", Data=b"1", PartitionKey="p")
    make()
    [run] = destmock.runs
    assert run.source == "Kinesis stream clicks"
