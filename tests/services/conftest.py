"""What the tests of this folder share."""

import boto3
import pytest

from tests.services.places import ACCOUNT, REGION
from tests.services.triggers import ORDERS, notify


@pytest.fixture
def connect(lam):
    def connect(source, function="work", **settings):
        return lam.create_event_source_mapping(EventSourceArn=source, FunctionName=function, **settings)[
            "UUID"
        ]

    return connect


@pytest.fixture
def kinesis(destmock):
    return boto3.client("kinesis")


@pytest.fixture
def stream(kinesis):
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    return f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks"


@pytest.fixture
def s3(destmock):
    return boto3.client("s3")


@pytest.fixture
def events(destmock):
    return boto3.client("events")


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="news")["TopicArn"]


@pytest.fixture
def subscription(sns, topic):
    return sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ORDERS)["SubscriptionArn"]


@pytest.fixture
def bucket(s3):
    """A bucket that notifies the function of what is made and removed below `in/`."""
    s3.create_bucket(Bucket="uploads")
    notify(s3, on=["s3:ObjectCreated:*", "s3:ObjectRemoved:*"], prefix="in/")
    return "uploads"


@pytest.fixture
def scheduler(destmock):
    return boto3.client("scheduler")


@pytest.fixture
def seen(destmock):
    """The events that the function of the schedules has had."""
    found = []
    destmock.handler("nightly", lambda event, context: found.append(event))
    return found


@pytest.fixture
def secrets(destmock):
    return boto3.client("secretsmanager")


@pytest.fixture
def secret(secrets):
    return secrets.create_secret(Name="password", SecretString="old")["ARN"]
