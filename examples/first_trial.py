"""The first-day trial of Lambda Destinations, offline: a function and a destination for each condition."""

import json
import logging

import boto3

from destmock import mock_destinations

REGION = "us-east-1"


def destination_sample(event, context):
    if event["Success"]:
        return {"statusCode": 200, "body": event}
    raise Exception("Success is False", event)


def on_success(event, context):
    print("on-success received", json.dumps(event))


def on_failure(event, context):
    logging.getLogger().error("on-failure received %s", json.dumps(event))


@mock_destinations(
    handlers={
        "destination-sample": destination_sample,
        "sample-success": on_success,
        "sample-failure": on_failure,
        "sample-success-2": on_success,
    }
)
def main(destmock):
    lam, logs = boto3.client("lambda", REGION), boto3.client("logs", REGION)
    arn = {
        name: lam.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
        for name in ("sample-success", "sample-failure", "sample-success-2")
    }
    lam.put_function_event_invoke_config(
        FunctionName="destination-sample",
        DestinationConfig={
            "OnSuccess": {"Destination": arn["sample-success"]},
            "OnFailure": {"Destination": arn["sample-failure"]},
        },
    )
    for payload in ({"Success": True}, {"Success": False}):
        answer = lam.invoke(
            FunctionName="destination-sample", InvocationType="Event", Payload=json.dumps(payload)
        )
        print("StatusCode:", answer["StatusCode"])

    for name in ("sample-success", "sample-failure"):
        [received] = destmock.invocations.for_function(name)
        print(f"\n{name} received:\n{json.dumps(received.event, indent=2)}")
        print(f"/aws/lambda/{name}:")
        for event in logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]:
            print("  |", event["message"].rstrip())

    print("\nTimeline:")
    print(destmock.timeline())

    lam.update_function_event_invoke_config(
        FunctionName="destination-sample",
        DestinationConfig={"OnSuccess": {"Destination": arn["sample-success-2"]}},
    )
    config = lam.get_function_event_invoke_config(FunctionName="destination-sample")
    print("\nA second OnSuccess replaces the first:")
    print(json.dumps(config["DestinationConfig"], indent=2))


if __name__ == "__main__":
    main()
