"""What has been refunded, by order, in DynamoDB; the client is made once when a function starts."""

import boto3
from botocore.exceptions import ClientError

from refunds import settings

TABLE = boto3.resource("dynamodb", region_name="eu-west-1").Table(settings.LEDGER)


class AlreadyOpenError(Exception):
    """The order has a refund already."""


def open_refund(order_id, customer, cents):
    """Note a refund that is asked for; raises `AlreadyOpenError` for the second one of an order."""
    item = {"order_id": order_id, "customer": customer, "cents": cents, "state": "OPEN"}
    try:
        TABLE.put_item(Item=item, ConditionExpression="attribute_not_exists(order_id)")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        raise AlreadyOpenError(order_id) from error


def close_refund(order_id):
    """Note that the money has gone; answers whether it had not before."""
    try:
        TABLE.update_item(
            Key={"order_id": order_id},
            UpdateExpression="SET #state = :paid",
            ConditionExpression="#state = :open",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":paid": "PAID", ":open": "OPEN"},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def refund_of(order_id):
    return TABLE.get_item(Key={"order_id": order_id}).get("Item")


def all_refunds():
    """Every refund, in pages of DynamoDB's."""
    page = TABLE.scan()
    yield from page["Items"]
    while "LastEvaluatedKey" in page:
        page = TABLE.scan(ExclusiveStartKey=page["LastEvaluatedKey"])
        yield from page["Items"]
