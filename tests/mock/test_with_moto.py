"""A mock inside of moto's own takes over what stands there, and moto's settings."""

import contextlib
import copy
import io
import os
import zipfile
from unittest.mock import patch

import boto3
import pytest
import requests
from botocore.exceptions import NoCredentialsError
from moto import mock_aws
from moto.core.config import default_user_config
from moto.core.exceptions import ServiceNotWhitelisted

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


# moto's settings


def test_config_is_moto_s_own():
    with mock_destinations(config={"iam": {"load_aws_managed_policies": True}}):
        policies = boto3.client("iam").list_policies(Scope="AWS")["Policies"]
        assert policies != []
    with mock_destinations():
        assert boto3.client("iam").list_policies(Scope="AWS")["Policies"] == []


def test_an_inner_mock_s_config_ends_with_it():
    before = copy.deepcopy(default_user_config)
    with mock_destinations(), mock_destinations(config={"core": {"mock_credentials": False}, "own": {}}):
        pass
    assert default_user_config == before


def test_the_marker_takes_config(run):
    result = run(
        """
        import boto3

        @pytest.mark.destmock(config={"iam": {"load_aws_managed_policies": True}})
        def test_it():
            assert boto3.client("iam").list_policies(Scope="AWS")["Policies"]
        """
    )
    result.assert_outcomes(passed=1)


@pytest.fixture
def core():
    """A mock whose part `core` of moto's settings is this: by itself, and from a `mock_aws` around it."""

    @contextlib.contextmanager
    def core(around, **settings):
        config = {"core": settings}
        if around:
            with mock_aws(config=config), mock_destinations({"orders": ok}) as destmock:
                yield destmock
        else:
            with mock_destinations({"orders": ok}, config=config) as destmock:
                yield destmock

    return core


around = pytest.mark.parametrize("around", [False, True])


@around
def test_without_fake_credentials_the_program_s_own_are_used(core, around):
    keys = {"AWS_ACCESS_KEY_ID": "MINE", "AWS_SECRET_ACCESS_KEY": "SECRET"}
    with patch.dict(os.environ, keys), core(around, mock_credentials=False) as destmock:
        assert boto3.Session().get_credentials().access_key == "MINE"
        send()
        assert len(destmock.invocations) == 1


@around
def test_without_any_credentials_a_call_is_refused_as_by_botocore(core, around):
    with patch.dict(os.environ):
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            os.environ.pop(name, None)
        with core(around, mock_credentials=False):
            for call in (send, boto3.client("sqs", "us-east-1").list_queues):
                with pytest.raises(NoCredentialsError):
                    call()


@around
def test_a_default_session_may_outlive_the_beginning_of_a_mock(core, around):
    with patch("boto3.DEFAULT_SESSION", None):
        boto3.setup_default_session(region_name="eu-west-1")
        with core(around, reset_boto3_session=False):
            assert boto3.client("sqs").meta.region_name == "eu-west-1"
        with mock_destinations():
            assert boto3.client("sqs").meta.region_name == "us-east-1"


@around
def test_a_service_that_is_not_on_moto_s_list_is_refused(core, around):
    with core(around, service_whitelist=["sqs"]) as destmock:
        boto3.client("sqs", "us-east-1").list_queues()
        with pytest.raises(ServiceNotWhitelisted, match="lambda"):
            send()
    assert destmock.invocations == ()
