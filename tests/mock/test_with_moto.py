"""A mock inside of moto's own takes over what stands there, and moto's settings."""

import io
import zipfile

import boto3
import pytest
import requests
from moto import mock_aws

from destmock import mock_destinations
from tests.mock.program import messages, ok, send

QUEUE = "arn:aws:sqs:us-east-1:123456789012:failed"
FAILING = "def handler(event, context): raise ValueError(event)"


def make_function(name, text=FAILING):
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as file:
        file.writestr("app.py", text)
    role = boto3.client("iam", "us-east-1").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"][
        "Arn"
    ]
    boto3.client("lambda", "us-east-1").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": code.getvalue()},
    )


def test_an_event_invoke_config_of_the_outer_mock_holds():
    with mock_aws():
        lam = boto3.client("lambda", "us-east-1")
        make_function("orders")
        boto3.client("sqs", "us-east-1").create_queue(QueueName="failed")
        for retries in (2, 0):
            lam.put_function_event_invoke_config(
                FunctionName="orders",
                MaximumRetryAttempts=retries,
                MaximumEventAgeInSeconds=100,
                DestinationConfig={"OnFailure": {"Destination": QUEUE}},
            )
        with mock_destinations() as destmock:
            found = lam.get_function_event_invoke_config(FunctionName="orders")
            assert (found["MaximumRetryAttempts"], found["MaximumEventAgeInSeconds"]) == (0, 100)
            assert found["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {"Destination": QUEUE}}
            send()
            assert len(messages("failed")) == 1
            assert len(destmock.invocations[0].attempts) == 1
            lam.delete_function_event_invoke_config(FunctionName="orders")
            with pytest.raises(lam.exceptions.ResourceNotFoundException):
                lam.get_function_event_invoke_config(FunctionName="orders")


@pytest.mark.parametrize("depth", [1, 2])
def test_a_presigned_upload_under_the_outer_mock_runs_the_function(depth):
    function = "arn:aws:lambda:us-east-1:123456789012:function:orders"
    events = [{"LambdaFunctionArn": function, "Events": ["s3:ObjectCreated:*"]}]
    with mock_aws():
        s3 = boto3.client("s3", "us-east-1")
        for _ in range(depth - 1):
            with mock_destinations():
                pass
        with mock_destinations({"orders": ok}) as destmock:
            s3.create_bucket(Bucket="bucket1")
            s3.put_bucket_notification_configuration(
                Bucket="bucket1", NotificationConfiguration={"LambdaFunctionConfigurations": events}
            )
            url = s3.generate_presigned_url("put_object", Params={"Bucket": "bucket1", "Key": "k"})
            requests.put(url, data=b"x", timeout=5)
            assert [len(invocation.attempts) for invocation in destmock.invocations] == [1]
        requests.put(url, data=b"y", timeout=5)
    assert len(destmock.invocations) == 1
