"""Five programs with a bug each, which every failure of AWS is tried on, and the same programs mended."""

import json

import boto3

from destmock import explore

DB, LAM, SQS, S3 = (boto3.client(name, "us-east-1") for name in ("dynamodb", "lambda", "sqs", "s3"))
KEY = {"id": {"S": "total"}}
ORDER = {"id": "7", "amount": 40}


def table(name):
    DB.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def send(function, event):
    LAM.invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(event))


def total(name):
    return int(DB.get_item(TableName=name, Key=KEY).get("Item", {}).get("n", {"N": "0"})["N"])


def put_new(name, key):
    """Put an item, unless there is one of this key; returns whether it is new."""
    try:
        DB.put_item(TableName=name, Item={"id": {"S": key}}, ConditionExpression="attribute_not_exists(id)")
    except DB.exceptions.ConditionalCheckFailedException:
        return False
    return True


# A counter


def count(event, context):
    """The bug: an event that comes twice is counted twice."""
    DB.update_item(
        TableName="orders",
        Key=KEY,
        UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )


def count_once(event, context):
    """The number of an order is a part of the key: whoever counts, counts different orders."""
    put_new("orders", event["id"])


def orders_are_counted(destmock):
    table("orders")
    send("count", ORDER)
    assert max(total("orders"), DB.scan(TableName="orders")["Count"]) == 1, "the order was counted twice"


# Charge, then tell


def charge(event, context):
    """The bug: one that dies after the charge finds it done, and never tells."""
    if put_new("charges", event["id"]):
        tell(event)


def charge_and_tell(event, context):
    """The queue takes a receipt once, so it can be sent each time."""
    put_new("charges", event["id"])
    tell(event)


def tell(event):
    url = SQS.get_queue_url(QueueName="receipts.fifo")["QueueUrl"]
    SQS.send_message(
        QueueUrl=url, MessageBody="thanks", MessageGroupId="all", MessageDeduplicationId=event["id"]
    )


def a_receipt_is_sent(destmock):
    table("charges")
    url = SQS.create_queue(QueueName="receipts.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    send("charge", ORDER)
    assert len(SQS.receive_message(QueueUrl=url).get("Messages", [])) == 1, "there is no receipt"


# Read, change, write, for two orders at once


def add(event, context):
    """The bug: whoever writes last has not seen what the other wrote."""
    before = total("sums")
    DB.put_item(TableName="sums", Item={**KEY, "n": {"N": str(before + event["amount"])}})


def add_unless_changed(event, context):
    """What has changed in between is an error: Lambda tries again."""
    before = total("sums")
    DB.put_item(
        TableName="sums",
        Item={**KEY, "n": {"N": str(before + event["amount"])}},
        ConditionExpression="attribute_not_exists(id) OR n = :before",
        ExpressionAttributeValues={":before": {"N": str(before)}},
    )


def both_orders_are_added(destmock):
    table("sums")
    send("add", ORDER)
    send("add", ORDER)
    destmock.run_until_idle()
    assert total("sums") == 2 * ORDER["amount"], f"the sum is {total('sums')}"


# Copy, then delete


def move(event, context):
    """The bug: one that dies after the deletion finds nothing to copy, each time."""
    S3.copy_object(Bucket="files", Key="done", CopySource={"Bucket": "files", "Key": "new"})
    S3.delete_object(Bucket="files", Key="new")


def move_what_is_left(event, context):
    """No old file means that the move is over."""
    if "Contents" in S3.list_objects_v2(Bucket="files", Prefix="new"):
        move(event, context)


def a_file_is_moved(destmock):
    S3.create_bucket(Bucket="files")
    S3.put_object(Bucket="files", Key="new", Body=b"1")
    send("move", {})
    assert [entry["Key"] for entry in S3.list_objects_v2(Bucket="files")["Contents"]] == ["done"]
    assert all(invocation.condition == "Success" for invocation in destmock.invocations), "the move failed"


# A saga over three functions


def reserve(event, context):
    """The bug: its retry takes another one from the stock."""
    DB.update_item(
        TableName="stock",
        Key=KEY,
        UpdateExpression="ADD n :less",
        ExpressionAttributeValues={":less": {"N": "-1"}},
    )
    send("pay", event)


def reserve_once(event, context):
    """The stock and the order's number change together, or not at all."""
    try:
        DB.update_item(
            TableName="stock",
            Key=KEY,
            UpdateExpression="ADD n :less, orders :order",
            ConditionExpression="NOT contains(orders, :id)",
            ExpressionAttributeValues={
                ":less": {"N": "-1"},
                ":order": {"SS": [event["id"]]},
                ":id": {"S": event["id"]},
            },
        )
    except DB.exceptions.ConditionalCheckFailedException:
        print(f"order {event['id']} has its piece")
    send("pay", event)


def pay(event, context):
    put_new("payments", event["id"])
    send("ship", event)


def ship(event, context):
    put_new("parcels", event["id"])


def one_piece_is_shipped(destmock):
    for name in ("stock", "payments", "parcels"):
        table(name)
    DB.put_item(TableName="stock", Item={**KEY, "n": {"N": "1"}})
    send("reserve", ORDER)
    assert total("stock") == 0, f"{total('stock')} pieces are left of one"
    assert [DB.scan(TableName=name)["Count"] for name in ("payments", "parcels")] == [1, 1]


PROGRAMS = (
    (orders_are_counted, {"count": count}, {"count": count_once}, {}),
    (a_receipt_is_sent, {"charge": charge}, {"charge": charge_and_tell}, {}),
    (
        both_orders_are_added,
        {"add": add},
        {"add": add_unless_changed},
        {"autorun": False, "kinds": {"interleave"}},
    ),
    (a_file_is_moved, {"move": move}, {"move": move_what_is_left}, {}),
    (
        one_piece_is_shipped,
        {"reserve": reserve, "pay": pay, "ship": ship},
        {"reserve": reserve_once, "pay": pay, "ship": ship},
        {},
    ),
)

if __name__ == "__main__":
    for scenario, broken, mended, options in PROGRAMS:
        found = explore.report(scenario, broken, **options)
        print(f"{scenario.__name__}: {len(found.failures)} of {found.tried} failures break it; the first:")
        print(f"  {found.failures[0]}")
        found = explore.report(scenario, mended, **options)
        print(f"  mended: {len(found.failures)} of {found.tried}")
