"""A function reads a stream; halved batches find the bad record, and a queue is told where it is."""

import base64
import json

import boto3

from destmock import mock_destinations


def count(event, context):
    for record in event["Records"]:
        int(base64.b64decode(record["kinesis"]["data"]))


@mock_destinations(handlers={"count": count})
def main():
    lam, kinesis, sqs = boto3.client("lambda"), boto3.client("kinesis"), boto3.client("sqs")
    url = sqs.create_queue(QueueName="bad-records")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    kinesis.create_stream(StreamName="numbers", ShardCount=1)
    stream = kinesis.describe_stream(StreamName="numbers")["StreamDescription"]["StreamARN"]
    lam.create_event_source_mapping(
        FunctionName="count",
        EventSourceArn=stream,
        StartingPosition="LATEST",
        MaximumRetryAttempts=1,
        BisectBatchOnFunctionError=True,
        DestinationConfig={"OnFailure": {"Destination": arn}},
    )

    records = [{"Data": data, "PartitionKey": "all"} for data in ("1", "2", "three", "4")]
    kinesis.put_records(StreamName="numbers", Records=records)

    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    record = json.loads(message["Body"])
    where = record["KinesisBatchInfo"]
    print(
        f"{record['requestContext']['condition']} after {record['requestContext']['approximateInvokeCount']}"
    )
    print(f"{where['batchSize']} record of {where['shardId']}, number {where['startSequenceNumber']}")


if __name__ == "__main__":
    main()
