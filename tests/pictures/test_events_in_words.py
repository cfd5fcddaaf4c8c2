"""The timeline says of a service's event what was read, put or said."""

import gzip
import json

import boto3
import pytest

from destmock._pictures.events_in_words import in_words

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:told"


@pytest.fixture
def told(destmock):
    """The first lines of the stories of the function `told`."""
    destmock.handler("told", lambda event, context: None)

    def lines():
        return [line for line in destmock.timeline().splitlines() if " told " in line]

    return lines


def test_of_messages_of_a_queue(destmock, lam, sqs, make_queue, told):
    queue = make_queue("jobs", VisibilityTimeout="30")
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    for number in range(5):
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"id": number}))
    lam.create_event_source_mapping(EventSourceArn=queue, FunctionName="told", BatchSize=10)
    [line] = told()
    assert '5 messages: {"id": 0}, {"id": 1}, {"id": 2} and 2 more (SQS queue jobs' in line


def test_a_batch_that_comes_again_says_so(destmock, lam, sqs, make_queue):
    destmock.handler("fails", lambda event, context: 1 / 0)
    queue = make_queue("jobs", VisibilityTimeout="30")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="jobs")["QueueUrl"], MessageBody="one")
    lam.create_event_source_mapping(EventSourceArn=queue, FunctionName="fails")
    destmock.advance(61)
    for times in ("2nd", "3rd"):
        assert f"1 message, received for the {times} time: one" in destmock.timeline()


def test_of_records_of_a_stream_and_changes_of_a_table(destmock, lam, told):
    kinesis, dynamodb = boto3.client("kinesis"), boto3.client("dynamodb")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    arn = kinesis.describe_stream(StreamName="clicks")["StreamDescription"]["StreamARN"]
    lam.create_event_source_mapping(EventSourceArn=arn, FunctionName="told", StartingPosition="TRIM_HORIZON")
    number = kinesis.put_record(StreamName="clicks", PartitionKey="1", Data=b"click")["SequenceNumber"]
    dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    arn = dynamodb.describe_table(TableName="orders")["Table"]["LatestStreamArn"]
    lam.create_event_source_mapping(EventSourceArn=arn, FunctionName="told", StartingPosition="TRIM_HORIZON")
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "7"}})
    clicks, orders = told()
    assert f"1 record of shardId-000000000000, {number}: click (" in clicks
    assert '1 change: INSERT {"id": {"S": "7"}} (' in orders


def test_of_a_topic_a_bus_and_a_bucket(destmock, sns, told):
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=FUNCTION)
    sns.publish(TopicArn=topic, Message="two\nlines")
    events, s3 = boto3.client("events"), boto3.client("s3")
    events.put_rule(Name="all", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": FUNCTION}])
    events.put_events(Entries=[{"Source": "shop", "DetailType": "Order Placed", "Detail": '{"id": 7}'}])
    s3.create_bucket(Bucket="files")
    configuration = [{"LambdaFunctionArn": FUNCTION, "Events": ["s3:ObjectCreated:*"]}]
    s3.put_bucket_notification_configuration(
        Bucket="files", NotificationConfiguration={"LambdaFunctionConfigurations": configuration}
    )
    s3.put_object(Bucket="files", Key="a.txt", Body=b"1")
    said, placed, put = told()
    assert "accepted news: two lines (" in said
    assert "accepted 'Order Placed' of shop: {\"id\": 7} (" in placed
    assert "accepted ObjectCreated:Put files/a.txt (" in put


def test_of_log_events(destmock, logs, told):
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="one")
    logs.put_subscription_filter(
        logGroupName="/app", filterName="all", filterPattern="", destinationArn=FUNCTION
    )
    event = {"timestamp": int(destmock.now.timestamp() * 1000), "message": "hello"}
    logs.put_log_events(logGroupName="/app", logStreamName="one", logEvents=[event])
    [line] = told()
    assert "1 log event of /app: hello (" in line


NEARLY = [
    b"",
    b"{}",
    b"[1]",
    b'{"Records": [{}]}',
    b'{"Records": [1]}',
    b'{"Records": [{"eventSource": "aws:sqs"}]}',
    b'{"Records": [{"eventSource": "mine"}]}',
    b'{"awslogs": {"data": "no"}}',
    gzip.compress(b"{}", mtime=0),
]


@pytest.mark.parametrize("payload", NEARLY, ids=range(len(NEARLY)))
def test_what_only_looks_like_an_event_is_shown_as_it_is(payload):
    assert in_words(payload) is None


def test_an_error_s_message_of_many_lines_takes_one_line_of_the_timeline(destmock, lam):
    """It says how long the message is; a long line is cut."""

    def fails(event, context):
        raise ValueError(event)

    destmock.handler("orders", fails)
    for message in ("one\n  two\n", "x" * 1000):
        lam.invoke(FunctionName="orders", Payload=json.dumps(message).encode())
    found = [line for line in destmock.timeline().splitlines() if "ValueError" in line]
    where = f" (test_events_in_words.py:{fails.__code__.co_firstlineno + 1})"
    assert found[0] == f"  +0.000 s Error ValueError: one... (10 characters){where}"
    assert found[1] == f"  +0.000 s Error ValueError: {'x' * 300}... (1000 characters){where}"
    assert len(destmock.timeline().splitlines()) == 4
