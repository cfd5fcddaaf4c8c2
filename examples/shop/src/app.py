"""The shop's functions."""

import json
import os

import boto3

STOCK = {"lamp": 3}


def accept_order(event, context):
    order = json.loads(event.get("body") or "{}")
    if "sku" not in order:
        return {"statusCode": 400, "body": json.dumps({"error": "which sku?"})}
    boto3.client("lambda").invoke(
        FunctionName=os.environ["PACK_ORDER"], InvocationType="Event", Payload=json.dumps(order)
    )
    return {"statusCode": 202, "body": json.dumps({"order": context.aws_request_id})}


def pack_order(event, context):
    left = STOCK.get(event["sku"], 0)
    if event.get("quantity", 1) > left:
        raise ValueError(f"only {left} left of {event['sku']}")
    return {"packed": event["sku"]}


def fill_shelf(event, context):
    for record in event["Records"]:
        delivery = json.loads(record["Sns"]["Message"])
        STOCK[delivery["sku"]] = STOCK.get(delivery["sku"], 0) + delivery["quantity"]
    return STOCK


def count_shelves(event, context):
    return {"counted": sum(STOCK.values()), "at": event["time"]}
