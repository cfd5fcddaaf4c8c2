"""CloudWatch Logs invokes a function with what another one has logged; what it finds goes to a queue."""

import base64
import gzip
import json

import boto3

from destmock import mock_destinations


def shop(event, context):
    for total in event["totals"]:
        print(json.dumps({"level": "ERROR" if total < 0 else "INFO", "total": total}))


def watch(event, context):
    data = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    return {"group": data["logGroup"], "errors": [json.loads(e["message"]) for e in data["logEvents"]]}


@mock_destinations(handlers={"shop": shop, "watch": watch})
def main():
    lam, logs, sqs = boto3.client("lambda"), boto3.client("logs"), boto3.client("sqs")
    url = sqs.create_queue(QueueName="errors")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    lam.put_function_event_invoke_config(
        FunctionName="watch", DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    logs.create_log_group(logGroupName="/aws/lambda/shop")
    logs.put_subscription_filter(
        logGroupName="/aws/lambda/shop",
        filterName="errors",
        filterPattern='{ $.level = "ERROR" }',
        destinationArn=lam.get_function(FunctionName="watch")["Configuration"]["FunctionArn"],
    )

    lam.invoke(FunctionName="shop", InvocationType="Event", Payload=b'{"totals": [5, -3, 8]}')

    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    record = json.loads(message["Body"])
    print(f"{record['requestContext']['condition']}: {record['responsePayload']}")


if __name__ == "__main__":
    main()
