"""The calls of an EventInvokeConfig, and what the tests expect of their refusals."""

from datetime import datetime, timezone

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import strategies as st

from destmock import outcomes

START = datetime(2026, 9, 14, 15, 18, 45, 502_000, tzinfo=timezone.utc)
ACCOUNT = "123456789012"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:orders"
AUDIT = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:audit"
ORDERS = pytest.mark.destmock(handlers={"orders": outcomes(1), "audit": outcomes(1)}, start=START)


def invalid(message):
    return ("InvalidParameterValueException", 400, message)


def violated(*findings):
    noun = "error" if len(findings) == 1 else "errors"
    return ("ValidationException", 400, f"{len(findings)} validation {noun} detected: {'; '.join(findings)}")


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


def put(lam, name="orders", **arguments):
    return shown(lam.put_function_event_invoke_config(FunctionName=name, **arguments))


def update(lam, name="orders", **arguments):
    return shown(lam.update_function_event_invoke_config(FunctionName=name, **arguments))


def get(lam, name="orders", **arguments):
    return shown(lam.get_function_event_invoke_config(FunctionName=name, **arguments))


def shown(answer):
    """A configuration as boto3 answers it, without what surrounds it."""
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def settings_of(answer):
    """What a configuration sets."""
    return {key: value for key, value in answer.items() if key not in ("LastModified", "FunctionArn")}


def listed(lam, name="orders"):
    """The ARNs that a list has, which AWS gives no order to."""
    configs = lam.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]
    return sorted(config["FunctionArn"] for config in configs)


def to(**destinations):
    return {key: {"Destination": arn} for key, arn in destinations.items()}


def publish(lam, name="orders"):
    """Publishes a version that differs from the one before, as AWS asks of it."""
    memory = lam.get_function_configuration(FunctionName=name)["MemorySize"]
    lam.update_function_configuration(FunctionName=name, MemorySize=memory + 1)
    return lam.publish_version(FunctionName=name)["Version"]


NUMBERS = {
    "MaximumRetryAttempts": st.integers(0, 2),
    "MaximumEventAgeInSeconds": st.integers(60, 21_600),
}


def create(lam):
    iam = boto3.client("iam")
    role = iam.create_role(RoleName="orders", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    lam.create_function(
        FunctionName="orders",
        Runtime="python3.13",
        Role=role,
        Handler="app.handle",
        Code={"ZipFile": b"the handler is registered"},
    )


def above(value, member, limit):
    return (
        f"Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must have value less than or equal to {limit}"
    )
