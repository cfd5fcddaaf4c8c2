"""Programs with a bug of a common kind each, and a scenario that a user would write for them."""

import json
from types import MappingProxyType
from typing import Any, NamedTuple

import boto3

from tests.explore.scenarios import (
    DYNAMODB,
    KEY,
    LAMBDA,
    SQS,
    bodies,
    count,
    make_queue,
    make_table,
    number,
    put_number,
    send_event,
)

S3 = boto3.client("s3", "us-east-1")
SNS = boto3.client("sns", "us-east-1")
ARN = "arn:aws:sqs:us-east-1:123456789012"
NEW = {"ConditionExpression": "attribute_not_exists(id)"}


class Planted(NamedTuple):
    """A bug: its handlers, its scenario, and what finds it."""

    handlers: dict[str, Any]
    scenario: Any
    found_by: str
    options: Any = MappingProxyType({})


def url(name="sent"):
    return SQS.get_queue_url(QueueName=name)["QueueUrl"]


def once(name="f", event=None):
    """A scenario: one event; `number` is 1 and one message was sent."""

    def scenario(destmock):
        make_table()
        sent = make_queue()
        send_event(name, event)
        destmock.run_until_idle()
        assert number() <= 1
        assert len(bodies(sent)) == 1

    return scenario


def mapped(check, batch=2):
    """A scenario: two messages in a queue that a function reads."""

    def scenario(destmock):
        make_table()
        sent, orders = make_queue(), make_queue("orders")
        LAMBDA.create_event_source_mapping(
            EventSourceArn=f"{ARN}:orders",
            FunctionName="f",
            BatchSize=batch,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )
        entries = [{"Id": str(each), "MessageBody": str(each)} for each in (1, 2)]
        SQS.send_message_batch(QueueUrl=orders, Entries=entries)
        destmock.advance(300)
        check(sent)

    return scenario


def add_one(table):
    """Count one more in a table; the answer is how many there are."""
    answer = DYNAMODB.update_item(
        TableName=table,
        Key=KEY,
        UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
        ReturnValues="UPDATED_NEW",
    )
    return int(answer["Attributes"]["n"]["N"])


def is_new(table="counts"):
    try:
        put_number(1, table, **NEW)
    except DYNAMODB.exceptions.ConditionalCheckFailedException:
        return False
    return True


# One fault


def send_before_write(_event, _context):
    """Sends, then notes that it has sent: it may die between the two."""
    if not number():
        SQS.send_message(QueueUrl=url(), MessageBody="x")
        put_number(1)


def write_before_send(_event, _context):
    """Notes that it has sent, then sends: it may never send."""
    if is_new():
        SQS.send_message(QueueUrl=url(), MessageBody="x")


def no_condition(_event, _context):
    """Counts whoever comes."""
    count(_event, _context)
    if number() == 1:
        SQS.send_message(QueueUrl=url(), MessageBody="x")


def forget_in_finally(_event, _context):
    """Takes its lock away in a `finally`, which does not run when it dies."""
    if not is_new():
        return
    try:
        SQS.send_message(QueueUrl=url(), MessageBody="x")
    finally:
        DYNAMODB.delete_item(TableName="counts", Key=KEY)


def copy_then_delete(_event, _context):
    """Moves an object; a second time there is nothing to move."""
    S3.copy_object(Bucket="files", Key="new", CopySource={"Bucket": "files", "Key": "old"})
    S3.delete_object(Bucket="files", Key="old")
    SQS.send_message(QueueUrl=url(), MessageBody="moved")


def moves(destmock):
    S3.create_bucket(Bucket="files")
    S3.put_object(Bucket="files", Key="old", Body=b"1")
    sent = make_queue()
    send_event("f")
    destmock.run_until_idle()
    assert [found["Key"] for found in S3.list_objects_v2(Bucket="files")["Contents"]] == ["new"]
    assert set(bodies(sent)) == {"moved"}


def append(_event, _context):
    """Adds a line to an object that it reads first."""
    try:
        before = S3.get_object(Bucket="files", Key="log")["Body"].read()
    except S3.exceptions.NoSuchKey:
        before = b""
    S3.put_object(Bucket="files", Key="log", Body=before + b"line\n")


def appends(destmock):
    S3.create_bucket(Bucket="files")
    send_event("f")
    destmock.run_until_idle()
    assert S3.get_object(Bucket="files", Key="log")["Body"].read() == b"line\n"


def new_id(_event, context):
    """Makes an id for each attempt: the receiver can't tell that it is the same."""
    seen = context.get_remaining_time_in_millis() + number("attempts")
    put_number(number("attempts") + 1, "attempts")
    SQS.send_message(QueueUrl=url(), MessageBody=f"{seen}")


def ids(destmock):
    make_table("attempts")
    sent = make_queue()
    send_event("f")
    destmock.run_until_idle()
    assert len(set(bodies(sent))) == 1


def whole_batch_fails(event, _context):
    """Fails as a whole where one message is bad, so the other comes again."""
    for record in event["Records"]:
        count(event, _context)
        if record["body"] == "2":
            SQS.send_message(QueueUrl=url(), MessageBody="x")


def counted_two(_sent):
    assert number() == 2


def says_all_is_well(event, _context):
    """Answers that nothing failed, though a message was left out the first time."""
    for record in event["Records"]:
        if int(record["attributes"]["ApproximateReceiveCount"]) == 1:
            SQS.send_message(QueueUrl=url(), MessageBody=record["body"])
    return {"batchItemFailures": []}


def both_sent(sent):
    assert {"1", "2"} <= set(bodies(sent))


def reports_the_wrong_one(event, _context):
    """Tells the first message as failed, whichever was."""
    first, failed = event["Records"][0], []
    for record in event["Records"]:
        if is_new(f"done{record['body']}"):
            SQS.send_message(QueueUrl=url(), MessageBody=record["body"])
        else:
            failed.append({"itemIdentifier": first["messageId"]})
    return {"batchItemFailures": failed}


def reported(destmock):
    make_table("done1")
    make_table("done2")
    mapped(both_sent)(destmock)
    assert "Messages" not in SQS.receive_message(QueueUrl=url("orders"))


def swallow(_event, _context):
    """Catches whatever goes wrong, and so is never tried again."""
    try:
        put_number(1)
        invoked = LAMBDA.invoke(FunctionName="helper")
        if "FunctionError" not in invoked:
            SQS.send_message(QueueUrl=url(), MessageBody="x")
    except Exception:
        return


def nothing(_event, _context):
    """Does nothing, and makes one call."""
    SQS.list_queues()


def too_slow(_event, _context):
    """Believes that whoever comes later finds the lock of one that has died gone."""
    if is_new("locks"):
        SQS.send_message(QueueUrl=url(), MessageBody="x")
        put_number(1)
    elif number():
        SQS.send_message(QueueUrl=url(), MessageBody="again")


def locked(destmock):
    make_table("locks")
    once()(destmock)


def step_one(_event, _context):
    """A saga: pays, then has the next function ship."""
    count(_event, _context)
    send_event("ship")


def ship(_event, _context):
    SQS.send_message(QueueUrl=url(), MessageBody="shipped")


def publish_twice(_event, _context):
    """Tells a topic and a queue of one thing: the second may be missing, the first be there twice."""
    SNS.publish(TopicArn="arn:aws:sns:us-east-1:123456789012:told", Message="x")
    SQS.send_message(QueueUrl=url(), MessageBody="x")


def published(destmock):
    SNS.create_topic(Name="told")
    told, sent = make_queue("told"), make_queue()
    SNS.subscribe(TopicArn="arn:aws:sns:us-east-1:123456789012:told", Protocol="sqs", Endpoint=f"{ARN}:told")
    send_event("f")
    destmock.run_until_idle()
    assert len(bodies(told)) == len(bodies(sent)) == 1


# Two faults


def one_retry(destmock):
    """A scenario: one retry is configured, which one failure uses up."""
    make_table()
    LAMBDA.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=1)
    send_event("f")
    destmock.run_until_idle()
    assert number() == 1


def set_it(_event, _context):
    put_number(1)


def marks_its_retry(_event, _context):
    """Begins anew in its second attempt what it can't tell to be done in its third."""
    if add_one("attempts") < 3:
        put_number(1)


def third(destmock):
    make_table("attempts")
    make_table()
    send_event("f")
    destmock.run_until_idle()
    assert number() == 1


# Interleavings


def read_then_write(_event, _context):
    put_number(number() + 1)


def check_then_act(_event, _context):
    """Looks whether somebody has sent, and sends."""
    if not number():
        put_number(1)
        SQS.send_message(QueueUrl=url(), MessageBody="x")


def two_at_once(check):
    def scenario(destmock):
        make_table()
        make_queue()
        send_event("f", {"who": "a"})
        send_event("f", {"who": "b"})
        destmock.run_until_idle()
        check()

    return scenario


def is_two():
    assert number() == 2


def is_one_message():
    assert len(bodies(url())) == 1


def last_writer_wins(event, _context):
    """Reads a list, adds to it, writes it back."""
    item = DYNAMODB.get_item(TableName="counts", Key=KEY).get("Item", {"all": {"S": "[]"}})
    everyone = [*json.loads(item["all"]["S"]), event["who"]]
    DYNAMODB.put_item(TableName="counts", Item={**KEY, "all": {"S": json.dumps(everyone)}})


def is_everyone():
    item = DYNAMODB.get_item(TableName="counts", Key=KEY)["Item"]
    assert sorted(json.loads(item["all"]["S"])) == ["a", "b"]


AT_ONCE = {"autorun": False}
PLANTED = {
    "send before write": Planted({"f": send_before_write}, once(), "one"),
    "write before send": Planted({"f": write_before_send}, once(), "one"),
    "no condition": Planted({"f": no_condition}, once(), "one"),
    "a finally that does not run": Planted({"f": forget_in_finally}, once(), "one"),
    "copy, then delete": Planted({"f": copy_then_delete}, moves, "one"),
    "append to what was read": Planted({"f": append}, appends, "one"),
    "an id for each attempt": Planted({"f": new_id}, ids, "one"),
    "a batch that fails as a whole": Planted({"f": whole_batch_fails}, mapped(counted_two), "one"),
    "a batch that reports no failure": Planted({"f": says_all_is_well}, mapped(both_sent), "one"),
    "a batch that reports the wrong failure": Planted({"f": reports_the_wrong_one}, reported, "one"),
    "an error that is swallowed": Planted({"f": swallow, "helper": nothing}, once(), "one"),
    "a lock that outlives its owner": Planted({"f": too_slow}, locked, "one"),
    "a saga whose first step is repeated": Planted({"f": step_one, "ship": ship}, once(), "one"),
    "two messages that belong together": Planted({"f": publish_twice}, published, "one"),
    "a cache that is taken for the truth": Planted(
        {"f": "tests.explore.cached:handler"}, once(event={"id": 1}), "one"
    ),
    "one retry": Planted({"f": set_it}, one_retry, "two", {"strict": False}),
    "a third attempt that gives up": Planted({"f": marks_its_retry}, third, "two"),
    "a lost update": Planted({"f": read_then_write}, two_at_once(is_two), "interleaving", AT_ONCE),
    "check, then act": Planted({"f": check_then_act}, two_at_once(is_one_message), "interleaving", AT_ONCE),
    "the last writer wins": Planted(
        {"f": last_writer_wins}, two_at_once(is_everyone), "interleaving", AT_ONCE
    ),
}
