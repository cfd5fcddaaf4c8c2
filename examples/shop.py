"""A SAM application behind an HTTP API: the customer hears 202, and the order that can't be packed is kept.

Needs `destmock[sam]`.
"""

import json
from pathlib import Path

import boto3
import urllib3

from destmock import mock_destinations

TEMPLATE = Path(__file__).parent / "shop" / "template.yaml"


def post(stack, **order):
    """An order by HTTP, as a customer's browser sends it."""
    url = f"{stack.outputs['Api']}/orders"
    return urllib3.PoolManager().request("POST", url, json=order)


def unpacked(stack):
    """The records of the orders that were not packed."""
    received = boto3.client("sqs").receive_message(QueueUrl=stack.outputs["UnpackedOrders"])
    return [json.loads(message["Body"]) for message in received.get("Messages", [])]


@mock_destinations
def main(destmock):
    stack = destmock.deploy(TEMPLATE)
    print(f"the customer hears {post(stack, sku='lamp', quantity=20).status}")
    [record] = unpacked(stack)
    attempts = record["requestContext"]["approximateInvokeCount"]
    print(f"after {attempts} attempts: {record['responsePayload']['errorMessage']}")
    [accepted] = [run for run in destmock.runs if not run.asynchronous]
    print(f"{accepted.source}: {accepted.outcome}")


if __name__ == "__main__":
    main()
