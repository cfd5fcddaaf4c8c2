import os

import boto3


def on_event(event, context):
    if event["RequestType"] == "Delete":
        return None
    return {"PhysicalResourceId": f"licence-{event['ResourceProperties']['Plan']}"}


def is_complete(event, context):
    if event["RequestType"] == "Delete":
        return {"IsComplete": True}
    return {"IsComplete": True, "Data": {"Key": f"{event['PhysicalResourceId']}-key"}}


def migrate(event, context):
    table = boto3.resource("dynamodb").Table(os.environ["PRICES"])
    table.put_item(Item={"sku": "table", "price": 9})
