"""A function deployed as a zip: its own code runs, and its failure lands in a queue as on AWS."""

import io
import json
import zipfile

import boto3

from destmock import mock_destinations

SOURCE = """
from prices import price_of

def handle(event, context):
    return {"total": price_of(event["sku"]) * event["quantity"]}
"""
PRICES = """
def price_of(sku):
    return {"chair": 40}[sku]
"""


def zipped(files):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, source in files.items():
            file.writestr(name, source)
    return archive.getvalue()


@mock_destinations
def main():
    iam, sqs, lam = boto3.client("iam"), boto3.client("sqs"), boto3.client("lambda")
    role = iam.create_role(RoleName="orders", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    code = {"ZipFile": zipped({"handler.py": SOURCE, "prices.py": PRICES})}
    lam.create_function(
        FunctionName="orders", Runtime="python3.13", Handler="handler.handle", Role=role, Code=code
    )
    url = sqs.create_queue(QueueName="failed-orders")["QueueUrl"]
    wanted = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    destination = {"OnFailure": {"Destination": wanted["Attributes"]["QueueArn"]}}
    lam.put_function_event_invoke_config(FunctionName="orders", DestinationConfig=destination)

    for sku in "chair", "lamp":
        order = json.dumps({"sku": sku, "quantity": 2})
        lam.invoke(FunctionName="orders", InvocationType="Event", Payload=order)

    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    record = json.loads(message["Body"])
    print(record["requestContext"]["condition"], record["requestPayload"])
    print(record["responsePayload"]["errorType"], record["responsePayload"]["errorMessage"])
    print("".join(record["responsePayload"]["stackTrace"]), end="")


if __name__ == "__main__":
    main()
