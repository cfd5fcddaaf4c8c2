"""What a mock may change of the process, for the tests that it doesn't."""

import copy
import json
import logging
import os
import sys
from pathlib import Path

import boto3
from botocore.httpsession import URLLib3Session
from moto.awslambda.models import LambdaFunction
from moto.core.config import default_user_config
from moto.core.models import MockAWS

from destmock._engine.active import active

MACHINE = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "a real secret",
    "AWS_SESSION_TOKEN": "a real token",
    "AWS_SECURITY_TOKEN": "an old token",
    "AWS_PROFILE": "production",
    "AWS_DEFAULT_PROFILE": "production",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ENDPOINT_URL": "http://localhost:4566",
    "AWS_ENDPOINT_URL_SQS": "http://localhost:9324",
    "AWS_ENDPOINT_URL_LAMBDA": "http://localhost:3001",
    "AWS_ROLE_ARN": "arn:aws:iam::111111111111:role/ci",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.2/credentials",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/credentials",
    "AWS_EC2_METADATA_DISABLED": "false",
    "AWS_CONFIG_FILE": "/nowhere/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/nowhere/credentials",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_DEFAULTS_MODE": "auto",
    "AWS_MAX_ATTEMPTS": "7",
}


def ok(event, context):
    return {"ok": event}


def send(name="orders", **kwargs):
    return boto3.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b"{}", **kwargs)


def use_everything():
    """A failing and a succeeding event, a delivery, logs, each through boto3."""
    sqs, lam = boto3.client("sqs"), boto3.client("lambda")
    url = sqs.create_queue(QueueName="done")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    config = {"OnSuccess": {"Destination": arn}, "OnFailure": {"Destination": arn}}
    lam.put_function_event_invoke_config(FunctionName="orders", DestinationConfig=config)
    send()
    boto3.client("logs").describe_log_groups()
    messages = sqs.receive_message(QueueUrl=url)["Messages"]
    return [json.loads(message["Body"])["requestContext"]["condition"] for message in messages]


def process():
    """Everything that a mock may change."""
    root = logging.getLogger()
    return {
        "environment": dict(os.environ),
        "session": boto3.DEFAULT_SESSION,
        "config": copy.deepcopy(default_user_config),
        "mocks": list(active),
        "moto": (MockAWS._nested_count, MockAWS._mocks_active),
        "patches": (URLLib3Session.send, LambdaFunction.invoke),
        "path": list(sys.path),
        "logging": (list(root.handlers), root.level, list(root.filters)),
        "streams": (sys.stdout, sys.stderr),
        "directory": Path.cwd(),
    }
