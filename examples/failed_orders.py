"""A function whose failures go to a queue. The test of it is in test_failed_orders.py."""

import json

import boto3

from destmock import mock_destinations


def place_order(event, context):
    """The code under test: it knows nothing of queues."""
    if event["quantity"] > event["stock"]:
        message = f"only {event['stock']} left of {event['sku']}"
        raise ValueError(message)
    return {"orderId": event["id"]}


def deploy(queue_name):
    """What a template would do: a queue, and the function's failures going to it. Answers the queue's URL."""
    sqs, lam = boto3.client("sqs"), boto3.client("lambda")
    url = sqs.create_queue(QueueName=queue_name)["QueueUrl"]
    wanted = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    destination = {"Destination": wanted["Attributes"]["QueueArn"]}
    lam.put_function_event_invoke_config(
        FunctionName="orders", MaximumRetryAttempts=1, DestinationConfig={"OnFailure": destination}
    )
    return url


def failed_orders(url):
    """What an operator's tool would do: reads the records and says what went wrong."""
    answer = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    for message in answer.get("Messages", []):
        record = json.loads(message["Body"])
        context, error = record["requestContext"], record["responsePayload"]
        yield (
            f"order {record['requestPayload']['id']}: {context['condition']} "
            f"after {context['approximateInvokeCount']} attempts: {error['errorMessage']}"
        )


@mock_destinations(handlers={"orders": place_order})
def main(destmock):
    url = deploy("failed-orders")
    for order_id, quantity in (1, 2), (2, 20):
        order = {"id": order_id, "sku": "lamp", "quantity": quantity, "stock": 3}
        boto3.client("lambda").invoke(
            FunctionName="orders", InvocationType="Event", Payload=json.dumps(order)
        )
    for line in failed_orders(url):
        print(line)
    print(f"virtual time that took: {destmock.invocations[1].attempts[-1].elapsed:.0f} s")


if __name__ == "__main__":
    main()
