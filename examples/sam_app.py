"""A SAM template, deployed as it is: its code runs, and both destinations are SAM's own."""

import json
from pathlib import Path

import boto3

from destmock import mock_destinations

TEMPLATE = Path(__file__).parent / "sam_app" / "template.yaml"


@mock_destinations
def main(destmock):
    stack = destmock.deploy(TEMPLATE)
    print("SAM made", " and ".join(name for name in stack.resources if "ConfigOn" in name))
    for order_id, quantity in (1, 2), (2, 20):
        order = {"id": order_id, "sku": "lamp", "quantity": quantity}
        boto3.client("lambda").invoke(
            FunctionName=stack.resources["PlaceOrder"],
            InvocationType="Event",
            Payload=json.dumps(order),
        )
    [placed] = destmock.deliveries.to(stack.outputs["Placed"])
    print(f"to the topic: {placed.record['responsePayload']}")
    answer = boto3.client("sqs").receive_message(QueueUrl=stack.outputs["Failed"])
    record = json.loads(answer["Messages"][0]["Body"])
    print(f"to the queue: {record['requestPayload']} -> {record['responsePayload']['errorMessage']}")


if __name__ == "__main__":
    main()
