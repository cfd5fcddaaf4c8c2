"""The X-Amzn-Trace-Id of a caller outside of AWS goes on to whatever its call leads to."""

import json
import os

import boto3
import pytest

HEADER = "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1"
ROOT = "Root=1-3152b799-8954dae64eda91bc9a23a7e8"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:traced"


@pytest.fixture
def roots(destmock):
    """The roots of the traces that the function has found, attempt by attempt."""
    found = []

    def traced(event, context):
        found.append(os.environ["_X_AMZN_TRACE_ID"].partition(";")[0])

    destmock.handler("traced", traced)
    return found


@pytest.fixture(params=["before-call", "before-sign", "before-send"])
def client(request, destmock):
    """Makes clients whose calls have the header, as libraries for tracing put it there at some stage."""

    def put(params=None, request=None, **_):
        (params or {"headers": request.headers})["headers"]["X-Amzn-Trace-Id"] = HEADER

    def make(service):
        made = boto3.client(service)
        made.meta.events.register(f"{request.param}.*.*", put)
        return made

    return make


def test_of_an_event_on_a_bus(client, roots):
    events = client("events")
    events.put_rule(Name="all", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": FUNCTION}])
    events.put_events(Entries=[{"Source": "shop", "DetailType": "x", "Detail": "{}"}])
    assert roots == [ROOT]


def test_of_an_object_and_its_notification_in_a_queue(client, roots, make_queue, messages):
    s3 = client("s3")
    s3.create_bucket(Bucket="bucket")
    configuration = {
        "QueueConfigurations": [{"QueueArn": make_queue("told"), "Events": ["s3:ObjectCreated:*"]}],
        "LambdaFunctionConfigurations": [{"LambdaFunctionArn": FUNCTION, "Events": ["s3:ObjectRemoved:*"]}],
    }
    s3.put_bucket_notification_configuration(
        Bucket="bucket", NotificationConfiguration=configuration, SkipDestinationValidation=True
    )
    messages("told")
    s3.put_object(Bucket="bucket", Key="key", Body=b"1")
    told = [message for message in messages("told") if "Records" in json.loads(message["Body"])]
    assert [message["Attributes"]["AWSTraceHeader"] for message in told] == [HEADER]
    s3.delete_object(Bucket="bucket", Key="key")
    assert roots == [ROOT]


def test_of_a_message_to_a_topic_and_to_a_queue(client, roots, make_queue, messages):
    sns, sqs = client("sns"), client("sqs")
    topic = sns.create_topic(Name="topic")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=FUNCTION)
    sns.publish(TopicArn=topic, Message="hello")
    assert roots == [ROOT]
    url = sqs.get_queue_url(QueueName=make_queue("jobs").rpartition(":")[2])["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    [message] = messages("jobs")
    assert message["Attributes"]["AWSTraceHeader"] == HEADER


def test_a_call_without_the_header_has_a_trace_of_its_own(destmock, roots, sns):
    topic = sns.create_topic(Name="topic")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=FUNCTION)
    sns.publish(TopicArn=topic, Message="hello")
    assert roots != [ROOT]
    assert len(roots) == 1
