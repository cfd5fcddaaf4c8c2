"""A customer is charged twice, because AWS may deliver an event twice. destmock has it do so."""

import boto3

from destmock import mock_destinations


def charge(event, context):
    """The bug: nothing asks whether the order has been charged already."""
    ledger().update_item(
        Key={"customer": event["customer"]},
        UpdateExpression="ADD charged :amount",
        ExpressionAttributeValues={":amount": event["amount"]},
    )


def charge_once(event, context):
    """The fix: the charge and the order's number are written together, or not at all."""
    try:
        ledger().update_item(
            Key={"customer": event["customer"]},
            UpdateExpression="ADD charged :amount, orders :order",
            ConditionExpression="NOT contains(orders, :id)",
            ExpressionAttributeValues={
                ":amount": event["amount"],
                ":order": {event["order"]},
                ":id": event["order"],
            },
        )
    except ledger().meta.client.exceptions.ConditionalCheckFailedException:
        print(f"order {event['order']} has been charged before")


def ledger():
    return boto3.resource("dynamodb").Table("ledger")


@mock_destinations
def charged(handler, destmock):
    """What a customer has paid for one lamp of 40."""
    boto3.client("dynamodb").create_table(
        TableName="ledger",
        KeySchema=[{"AttributeName": "customer", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "customer", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    destmock.handler("charge", handler)
    destmock.faults.duplicate("charge")
    order = b'{"customer": "Ann", "order": "7", "amount": 40}'
    boto3.client("lambda").invoke(FunctionName="charge", InvocationType="Event", Payload=order)
    assert len({invocation.request_id for invocation in destmock.invocations}) == 1
    return ledger().get_item(Key={"customer": "Ann"})["Item"]["charged"]


if __name__ == "__main__":
    print(f"charge: Ann pays {charged(charge)} for a lamp of 40")
    print(f"charge_once: Ann pays {charged(charge_once)} for a lamp of 40")
