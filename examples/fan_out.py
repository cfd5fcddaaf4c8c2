"""A success that two teams hear of: the destination is a topic with two queues behind it."""

import json

import boto3

from destmock import mock_destinations, outcomes


def make_queue(name):
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    wanted = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, wanted["Attributes"]["QueueArn"]


@mock_destinations(handlers={"thumbnails": outcomes({"width": 128, "height": 96})})
def main():
    lam, sns, sqs = boto3.client("lambda"), boto3.client("sns"), boto3.client("sqs")
    topic = sns.create_topic(Name="thumbnails-done")["TopicArn"]
    urls = {}
    for team, attributes in ("gallery", {}), ("billing", {"RawMessageDelivery": "true"}):
        urls[team], arn = make_queue(team)
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    lam.put_function_event_invoke_config(
        FunctionName="thumbnails", DestinationConfig={"OnSuccess": {"Destination": topic}}
    )

    lam.invoke(FunctionName="thumbnails", InvocationType="Event", Payload=b'{"key": "cat.png"}')

    for team, url in urls.items():
        [message] = sqs.receive_message(QueueUrl=url)["Messages"]
        body = json.loads(message["Body"])
        wrapped = "Message" in body
        record = json.loads(body["Message"]) if wrapped else body
        how = "in SNS's envelope" if wrapped else "raw"
        print(f"{team} ({how}): {record['requestPayload']} -> {record['responsePayload']}")


if __name__ == "__main__":
    main()
