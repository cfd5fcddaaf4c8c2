"""What the tests of Invoke share."""

import os

import pytest
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders"
KINDS = ("RequestResponse", "Event", "DryRun")
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def echo(event, context):
    return event


def fail(event, context):
    raise ValueError("no stock")


def describe(event, context):
    """What a handler is told of itself."""
    return {
        "arn": context.invoked_function_arn,
        "version": context.function_version,
        "name": context.function_name,
        "memory": context.memory_limit_in_mb,
        "log_group": context.log_group_name,
        "client_context": context.client_context and context.client_context.custom,
        "id": context.aws_request_id,
        "trace": os.environ["_X_AMZN_TRACE_ID"],
    }


def refused(call, **kwargs):
    """The whole response of a call that AWS refuses."""
    with pytest.raises(ClientError) as caught:
        call(**kwargs)
    return caught.value.response


def refusal(call, **kwargs):
    """The code, HTTP status and message of a call that AWS refuses."""
    response = refused(call, **kwargs)
    error = response["Error"]
    return error["Code"], response["ResponseMetadata"]["HTTPStatusCode"], error["Message"]


def headers(answer):
    return answer["ResponseMetadata"]["HTTPHeaders"]


def publish(lam, name="orders"):
    """Publishes a version that differs from the one before, as AWS asks of it."""
    memory = lam.get_function_configuration(FunctionName=name)["MemorySize"]
    lam.update_function_configuration(FunctionName=name, MemorySize=memory + 1)
    return lam.publish_version(FunctionName=name)["Version"]


def text_of(size):
    """A JSON document of exactly so many bytes."""
    return b'"' + b"a" * (size - 2) + b'"'
