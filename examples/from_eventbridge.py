"""A rule of EventBridge invokes a function with a part of each event; the record goes back to the bus."""

import json

import boto3

from destmock import mock_destinations


def charge(event, context):
    raise PermissionError(f"card of order {event['order']} declined")


@mock_destinations(handlers={"charge": charge})
def main():
    lam, events, sqs = boto3.client("lambda"), boto3.client("events"), boto3.client("sqs")
    url = sqs.create_queue(QueueName="declined")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    function = lam.get_function(FunctionName="charge")["Configuration"]["FunctionArn"]

    transformer = {"InputPathsMap": {"id": "$.detail.id"}, "InputTemplate": '{"order": <id>}'}
    events.put_rule(Name="new-orders", EventPattern='{"source": ["shop"], "detail-type": ["Order"]}')
    events.put_targets(
        Rule="new-orders", Targets=[{"Id": "1", "Arn": function, "InputTransformer": transformer}]
    )
    events.put_rule(Name="failures", EventPattern='{"source": ["lambda"]}')
    events.put_targets(Rule="failures", Targets=[{"Id": "1", "Arn": queue}])
    bus = events.describe_event_bus()["Arn"]
    lam.put_function_event_invoke_config(
        FunctionName="charge", DestinationConfig={"OnFailure": {"Destination": bus}}
    )

    events.put_events(Entries=[{"Source": "shop", "DetailType": "Order", "Detail": '{"id": 7}'}])

    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    event = json.loads(message["Body"])
    print(event["detail-type"])
    print(f"{event['detail']['requestPayload']} -> {event['detail']['responsePayload']['errorMessage']}")


if __name__ == "__main__":
    main()
