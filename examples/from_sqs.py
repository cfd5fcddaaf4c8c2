"""A function reads a queue in batches, and reports what it failed with, which becomes a dead letter."""

import json

import boto3

from destmock import mock_destinations


def ship(event, context):
    failed = [record["messageId"] for record in event["Records"] if "Atlantis" in record["body"]]
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}


def make_queue(name, **attributes):
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    wanted = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, wanted["Attributes"]["QueueArn"]


@mock_destinations(handlers={"ship": ship})
def main(destmock):
    lam, sqs = boto3.client("lambda"), boto3.client("sqs")
    dead_url, dead = make_queue("undeliverable")
    policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 3})
    url, jobs = make_queue("parcels", RedrivePolicy=policy)
    lam.create_event_source_mapping(
        FunctionName="ship", EventSourceArn=jobs, FunctionResponseTypes=["ReportBatchItemFailures"]
    )

    start = destmock.now
    parcels = [{"Id": str(n), "MessageBody": f"to {place}"} for n, place in enumerate(["Rome", "Atlantis"])]
    sqs.send_message_batch(QueueUrl=url, Entries=parcels)

    dead_letters = sqs.receive_message(
        QueueUrl=dead_url, MaxNumberOfMessages=10, AttributeNames=["ApproximateReceiveCount"]
    )["Messages"]
    print(f"dead letters: {[message['Body'] for message in dead_letters]}")
    print(f"virtual time that took: {(destmock.now - start).seconds} s")


if __name__ == "__main__":
    main()
