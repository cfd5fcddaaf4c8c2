"""A durable order may charge its card twice: `explore` finds when, and the order is mended.

Lambda keeps what a step has done once the step is over. If the function dies in between, the step runs again.
"""

import boto3
from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python.config import Duration

from destmock import explore

PRICE = 40
DAYS = {"ExecutionTimeout": 7 * 86_400}
ORDER = b'{"order": "7", "amount": 40}'
LAM, CARD = boto3.client("lambda", "us-east-1"), boto3.resource("dynamodb", "us-east-1").Table("card")


def charge(event):
    """The bug: nothing tells the second charge from the first one."""
    CARD.update_item(
        Key={"of": "Ann"},
        UpdateExpression="ADD charged :amount",
        ExpressionAttributeValues={":amount": event["amount"]},
    )


def charge_once(event):
    """The fix: the charge and the order's number are written together, or not at all."""
    try:
        CARD.update_item(
            Key={"of": "Ann"},
            UpdateExpression="ADD charged :amount, orders :order",
            ConditionExpression="NOT contains(orders, :id)",
            ExpressionAttributeValues={
                ":amount": event["amount"],
                ":order": {event["order"]},
                ":id": event["order"],
            },
        )
    except CARD.meta.client.exceptions.ConditionalCheckFailedException:
        print(f"order {event['order']} has been charged before")


def placed_by(pay):
    """The order: charge, wait for a day, ship."""

    @durable_execution
    def place_order(event, context):
        context.step(lambda _: pay(event), name="charge")
        context.wait(Duration.from_days(1))
        return context.step(lambda _: f"order {event['order']} has left", name="ship")

    return place_order


def scenario(pay):
    def an_order_is_charged_once(destmock):
        CARD.meta.client.create_table(
            TableName="card",
            KeySchema=[{"AttributeName": "of", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "of", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        destmock.handler("orders", placed_by(pay), durable_config=DAYS)
        arn = LAM.invoke(FunctionName="orders:$LATEST", InvocationType="Event", Payload=ORDER)[
            "DurableExecutionArn"
        ]
        assert LAM.get_durable_execution(DurableExecutionArn=arn)["Status"] == "SUCCEEDED"
        charged = CARD.get_item(Key={"of": "Ann"})["Item"]["charged"]
        assert charged == PRICE, f"Ann pays {charged} for a lamp of 40"

    return an_order_is_charged_once


if __name__ == "__main__":
    for pay in (charge, charge_once):
        found = explore.report(scenario(pay))
        print(f"{pay.__name__}: {len(found.failures)} of {found.tried} failures break the order")
        for failure in found.failures[:2]:
            print(f"  {failure}")
