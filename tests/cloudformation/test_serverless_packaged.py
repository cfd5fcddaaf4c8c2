"""What the real Serverless Framework packages: an app with every kind of event, deployed and run."""

import os
import shutil
import subprocess
from pathlib import Path

import boto3
import pytest
import urllib3

from tests.cloudformation.deployed import TEMPLATES
from tests.conftest import needs

MODULES = os.environ.get("DESTMOCK_NODE_MODULES", "")
#: Each is the start of a source of the worker's, after what the test does.
SOURCES = (
    "CloudWatch Logs group /aws/lambda/everything-dev-allow",
    "EventBridge rule everything-dev-WorkerEventsRuleSchedule1",
    "EventBridge rule everything-dev-worker-rule-",
    "Kinesis stream everything-dev-Clicks",
    "S3 bucket existing-77",
    "S3 bucket uploads-77",
    "SNS topic news",
    "SQS queue everything-dev-Inbox",
    "DynamoDB table everything-dev-Orders",
    "schedule everything-dev-WorkerSchedulerSchedule2",
)


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """The package that the framework makes of the app; it talks to nobody."""
    framework = Path(MODULES, ".bin", "serverless")
    program = needs(str(framework) if MODULES and framework.exists() else None, "npm's serverless, version 3")
    app = shutil.copytree(TEMPLATES / "serverless_everything", tmp_path_factory.mktemp("serverless") / "app")
    variables = {**os.environ, "SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off"}
    done = subprocess.run([program, "package"], cwd=app, env=variables, check=False, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return app / ".serverless"


def answers(outputs):
    """The statuses that each front door answers."""
    rest, http = outputs["ServiceEndpoint"], outputs["HttpApiUrl"]
    manager = urllib3.PoolManager()
    asked = {
        "path": ("GET", f"{rest}/orders/7", {}),
        "queued": ("POST", f"{rest}/orders", {}),
        "key": ("GET", f"{rest}/private", {}),
        "authorised": ("PUT", f"{rest}/admin", {"Authorization": "x"}),
        "preflight": ("OPTIONS", f"{rest}/orders/7", {"Origin": "https://a.example"}),
        "http": ("GET", f"{http}/h/1", {}),
        "http authorised": ("POST", f"{http}/secret", {"Authorization": "x"}),
        "http default": ("GET", f"{http}/else", {}),
        "url": ("GET", outputs["HttpLambdaFunctionUrl"], {}),
    }
    return {
        name: manager.request(verb, url, headers=given).status for name, (verb, url, given) in asked.items()
    }


@pytest.mark.slow
def test_an_app_with_every_kind_of_event_is_deployed_runs_and_goes(destmock, package):
    """One deployment for all of it: it takes long."""
    s3, cognito, cloudformation = (
        boto3.client("s3"),
        boto3.client("cognito-idp"),
        boto3.client("cloudformation"),
    )
    s3.create_bucket(Bucket="existing-77")
    pool = cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
    stack = destmock.deploy(package)
    worker = "arn:aws:lambda:us-east-1:123456789012:function:everything-dev-worker"
    # its own custom resources: bucket, bus and pool that were there, or that no stack holds
    assert cognito.describe_user_pool(UserPoolId=pool)["UserPool"]["LambdaConfig"] == {"PreSignUp": worker}
    assert boto3.client("apigateway").get_account()["cloudwatchRoleArn"].endswith("CloudWatchRole")
    # its front doors
    refused = {"key": 403}
    found = answers(stack.outputs)
    assert found == {name: refused.get(name, 200) for name in found}
    [queued] = [run for run in destmock.runs if run.source == "api POST /orders"]
    assert (queued.asynchronous, queued.event["method"], queued.event["stage"]) == (True, "POST", "dev")
    with destmock.websocket(stack.outputs["ServiceEndpointWebsocket"]) as socket:
        socket.send("hello")
    # its events
    boto3.client("sqs").send_message(QueueUrl=stack.outputs["InboxUrl"], MessageBody="{}")
    kind = {"kind": {"DataType": "String", "StringValue": "a"}}
    topic = boto3.client("sns").list_topics()["Topics"][0]["TopicArn"]
    boto3.client("sns").publish(TopicArn=topic, Message="m", MessageAttributes=kind)
    s3.put_object(Bucket="uploads-77", Key="a.csv")
    s3.put_object(Bucket="existing-77", Key="in/a")
    entry = {"Source": "shop", "DetailType": "x", "Detail": "{}"}
    boto3.client("events").put_events(Entries=[entry, {**entry, "EventBusName": "bus-of-its-own"}])
    boto3.client("dynamodb").put_item(TableName=stack.outputs["OrdersName"], Item={"id": {"S": "1"}})
    boto3.client("kinesis").put_record(StreamName=stack.resources["Clicks"], Data=b"{}", PartitionKey="1")
    destmock.advance(90_000)
    sources = {run.source for run in destmock.runs if run.function_name == "everything-dev-worker"}
    assert [start for start in SOURCES if not any(source.startswith(start) for source in sources)] == []
    assert sum("worker-rule" in source for source in sources) == 2
    assert any(run.source == "OnSuccess of everything-dev-worker" for run in destmock.runs)
    # and all of it goes again, but for what was there
    for bucket in ("uploads-77", stack.outputs["ServerlessDeploymentBucketName"]):
        boto3.resource("s3").Bucket(bucket).objects.delete()  # as `serverless remove` does
    cloudformation.delete_stack(StackName=stack.name)
    assert "LambdaFunctionConfigurations" not in s3.get_bucket_notification_configuration(
        Bucket="existing-77"
    )
    assert not cognito.describe_user_pool(UserPoolId=pool)["UserPool"]["LambdaConfig"]
    assert [bus["Name"] for bus in boto3.client("events").list_event_buses()["EventBuses"]] == ["default"]
