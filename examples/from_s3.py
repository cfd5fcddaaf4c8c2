"""S3 invokes a function for each new picture; what it made of it goes to a queue."""

import json
from urllib.parse import unquote_plus

import boto3

from destmock import mock_destinations


def make_thumbnail(event, context):
    found = event["Records"][0]["s3"]
    key = unquote_plus(found["object"]["key"])
    body = boto3.client("s3").get_object(Bucket=found["bucket"]["name"], Key=key)["Body"].read()
    return {"key": key, "bytes": len(body), "eTag": found["object"]["eTag"]}


@mock_destinations(handlers={"thumbnails": make_thumbnail})
def main():
    lam, s3, sqs = boto3.client("lambda"), boto3.client("s3"), boto3.client("sqs")
    url = sqs.create_queue(QueueName="done")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    lam.put_function_event_invoke_config(
        FunctionName="thumbnails", DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    s3.create_bucket(Bucket="pictures")
    rules = [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".png"}]
    notification = {
        "LambdaFunctionArn": lam.get_function(FunctionName="thumbnails")["Configuration"]["FunctionArn"],
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": rules}},
    }
    s3.put_bucket_notification_configuration(
        Bucket="pictures", NotificationConfiguration={"LambdaFunctionConfigurations": [notification]}
    )

    s3.put_object(Bucket="pictures", Key="in/my cat.png", Body=b"not really a picture")
    s3.put_object(Bucket="pictures", Key="in/readme.txt", Body=b"not for the function")

    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    for message in messages:
        record = json.loads(message["Body"])
        print(f"{record['requestContext']['condition']}: {record['responsePayload']}")


if __name__ == "__main__":
    main()
