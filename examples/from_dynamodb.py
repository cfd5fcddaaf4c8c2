"""A function follows the changes of a table, and has another one invoked, whose failure lands in a queue."""

import json

import boto3

from destmock import mock_destinations


def follow(event, context):
    lam = boto3.client("lambda")
    for record in event["Records"]:
        payload = json.dumps(record["dynamodb"]["NewImage"])
        lam.invoke(FunctionName="pay", InvocationType="Event", Payload=payload)


def pay(event, context):
    raise ValueError(f"account {event['id']['S']} is frozen")


@mock_destinations(handlers={"follow": follow, "pay": pay})
def main():
    lam, dynamodb, sqs = boto3.client("lambda"), boto3.client("dynamodb"), boto3.client("sqs")
    url = sqs.create_queue(QueueName="unpaid")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    lam.put_function_event_invoke_config(
        FunctionName="pay", DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    table = dynamodb.create_table(
        TableName="accounts",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    filters = [{"Pattern": json.dumps({"eventName": ["INSERT"]})}]
    lam.create_event_source_mapping(
        FunctionName="follow",
        EventSourceArn=table["TableDescription"]["LatestStreamArn"],
        StartingPosition="LATEST",
        FilterCriteria={"Filters": filters},
    )

    dynamodb.put_item(TableName="accounts", Item={"id": {"S": "7"}})
    dynamodb.delete_item(TableName="accounts", Key={"id": {"S": "7"}})

    for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]:
        record = json.loads(message["Body"])
        print(f"{record['requestContext']['condition']}: {record['responsePayload']['errorMessage']}")


if __name__ == "__main__":
    main()
