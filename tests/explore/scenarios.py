"""Functions and scenarios that are explored; the clients are made once, as many programs make them."""

import json

import boto3

DYNAMODB = boto3.client("dynamodb", "us-east-1")
SQS = boto3.client("sqs", "us-east-1")
LAMBDA = boto3.client("lambda", "us-east-1")
KEY = {"id": {"S": "1"}}


def make_table(name="counts"):
    DYNAMODB.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def make_queue(name="sent"):
    return SQS.create_queue(QueueName=name)["QueueUrl"]


def bodies(url):
    """Every message of a queue, however many."""
    found = []
    while messages := SQS.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [message["Body"] for message in messages]
    return found


def send_event(name, event=None):
    LAMBDA.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event or {}))


def number(name="counts"):
    """The number that the table's item has; 0 if there is none."""
    return int(DYNAMODB.get_item(TableName=name, Key=KEY).get("Item", {}).get("n", {"N": "0"})["N"])


def put_number(value, name="counts", **condition):
    DYNAMODB.put_item(TableName=name, Item={**KEY, "n": {"N": str(value)}}, **condition)


def count(_event, _context):
    """Adds one, whoever comes, and however often."""
    DYNAMODB.update_item(
        TableName="counts",
        Key=KEY,
        UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )


def set_one(_event, _context):
    """The same that can be repeated."""
    put_number(1)


def counted_once(destmock):
    """A scenario: one event is counted once."""
    make_table()
    send_event("count")
    destmock.run_until_idle()
    assert number() == 1
