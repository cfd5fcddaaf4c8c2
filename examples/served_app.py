"""The functions of the first-day trial, for the command line: `destmock serve examples/served_app.py`."""

import json
import logging

import boto3


def destination_sample(event, context):
    if event.get("Success"):
        return {"statusCode": 200, "body": event}
    raise Exception("Success is False", event)


def on_success(event, context):
    print("on-success received", json.dumps(event))


def on_failure(event, context):
    logging.getLogger().error("on-failure received %s", json.dumps(event))


HANDLERS = {
    "destination-sample": destination_sample,
    "sample-success": on_success,
    "sample-failure": on_failure,
    "sample-success-2": on_success,
}


def setup():
    """Called once the handlers are registered: destinations have to be there before they are named."""
    lam = boto3.client("lambda")
    arns = {each["FunctionName"]: each["FunctionArn"] for each in lam.list_functions()["Functions"]}
    lam.put_function_event_invoke_config(
        FunctionName="destination-sample",
        DestinationConfig={
            "OnSuccess": {"Destination": arns["sample-success"]},
            "OnFailure": {"Destination": arns["sample-failure"]},
        },
    )
