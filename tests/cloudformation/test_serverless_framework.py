"""What the Serverless Framework packages, `.serverless`, is deployed as it is."""

import json
import shutil

import boto3
import pytest
import urllib3
from botocore.exceptions import ClientError

from tests.cloudformation.deployed import TEMPLATES

ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"
SHOP = TEMPLATES / "serverless_shop" / ".serverless"


@pytest.fixture
def package(tmp_path):
    """A copy that a test may change."""
    return shutil.copytree(SHOP, tmp_path / ".serverless")


def change(file, edit):
    content = json.loads(file.read_text("utf-8"))
    edit(content)
    file.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.slow
def test_a_package_is_deployed_and_runs(destmock):
    stack = destmock.deploy(SHOP)
    assert stack.name == "shop-dev"
    answer = urllib3.PoolManager().request("POST", f"{stack.outputs['ServiceEndpoint']}/orders", body=b"lamp")
    assert answer.status == 202
    accepted, packed = destmock.runs
    assert (accepted.function_name, packed.function_name) == ("shop-dev-accept", "shop-dev-pack")
    assert packed.response == {"packed": 1}
    boto3.client("sns").publish(TopicArn=stack.resources["SNSTopicRestock"], Message="lamps")
    [message] = boto3.client("sqs").receive_message(QueueUrl=stack.outputs["UnpackedUrl"])["Messages"]
    record = json.loads(message["Body"])
    assert record["responsePayload"]["errorMessage"] == "the shelf is full"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    destmock.advance(86_400)
    assert destmock.runs[-1].source.startswith("EventBridge rule shop-dev-")


def test_handlers_replace_code_which_need_not_be_there(destmock, package):
    (package / "shop.zip").unlink()
    with pytest.raises(FileNotFoundError, match=r"Function: Code is .*shop\.zip, which isn't there"):
        destmock.deploy(package)
    both = {"shop-dev-accept": lambda event, context: "mine", "PackLambdaFunction": lambda event, context: 1}
    destmock.deploy(package, handlers=both)
    answer = boto3.client("lambda").invoke(FunctionName="shop-dev-accept")
    assert json.loads(answer["Payload"].read()) == "mine"


def test_the_stack_has_the_name_of_the_service_or_its_own(destmock, package):
    change(
        package / "serverless-state.json", lambda state: state["service"]["provider"].update(stackName="s")
    )
    assert destmock.deploy(package).name == "s"


def test_code_that_is_elsewhere_is_left_there(destmock, package):
    boto3.client("s3").create_bucket(Bucket="builds")
    boto3.client("s3").upload_file(package / "shop.zip", "builds", "built.zip")

    def edit(template):
        code = {"S3Bucket": "builds", "S3Key": "built.zip"}
        template["Resources"]["AcceptLambdaFunction"]["Properties"]["Code"] = code

    change(package / "cloudformation-template-update-stack.json", edit)
    stack = destmock.deploy(package)
    answer = urllib3.PoolManager().request("POST", f"{stack.outputs['ServiceEndpoint']}/orders", body=b"lamp")
    assert answer.status == 202


def test_a_directory_without_its_state_is_refused(destmock, package):
    (package / "serverless-state.json").unlink()
    with pytest.raises(ValueError, match=r"has no serverless-state\.json"):
        destmock.deploy(package)


# The framework's own functions behind custom resources


def own_function(handler):
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Handler": f"{handler}/handler.handler",
            "Runtime": "nodejs18.x",
            "Code": {"S3Bucket": "b", "S3Key": "custom-resources.zip"},
            "Role": "arn:aws:iam::123456789012:role/any",
        },
    }


@pytest.fixture
def custom(destmock, tmp_path):
    """Deploys, or updates to, a stack with one custom resource of the framework's for the function f."""
    destmock.handler("f", lambda event, context: event)

    def deploy(handler, **properties):
        own = f"CustomDashresourceDash{handler.replace('-', '').replace('/', '')}LambdaFunction"
        given = {"ServiceToken": {"Fn::GetAtt": [own, "Arn"]}, "FunctionName": "f", **properties}
        resources = {own: own_function(handler), "Own": {"Type": "Custom::Own", "Properties": given}}
        template = tmp_path / "template.json"
        template.write_text(json.dumps({"Resources": resources}))
        return destmock.deploy(template, stack_name="s")

    return deploy


def delete():
    boto3.client("cloudformation").delete_stack(StackName="s")


def statements(lam):
    return json.loads(lam.get_policy(FunctionName="f")["Policy"])["Statement"]


def test_a_bucket_that_exists_notifies_a_function(destmock, custom, lam):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="existing")
    other = {"Id": "other", "LambdaFunctionArn": ARN.replace(":f", ":g"), "Events": ["s3:ObjectRemoved:*"]}
    destmock.handler("g", lambda event, context: event)
    s3.put_bucket_notification_configuration(
        Bucket="existing", NotificationConfiguration={"LambdaFunctionConfigurations": [other]}
    )
    created = {"Event": "s3:ObjectCreated:*", "Rules": [{"Prefix": "in/"}]}
    custom("s3", BucketName="existing", BucketConfigs=[created])
    s3.put_object(Bucket="existing", Key="in/a")
    s3.put_object(Bucket="existing", Key="out/a")
    runs = [run for run in destmock.runs if run.function_name == "f"]
    assert [run.event["Records"][0]["s3"]["object"]["key"] for run in runs] == ["in/a"]
    [permission] = statements(lam)
    assert permission["Principal"] == {"Service": "s3.amazonaws.com"}
    delete()
    left = s3.get_bucket_notification_configuration(Bucket="existing")["LambdaFunctionConfigurations"]
    assert [each["Id"] for each in left] == ["other"]
    with pytest.raises(ClientError, match="ResourceNotFound"):
        lam.get_policy(FunctionName="f")


def test_a_rule_may_have_a_bus_of_its_own(destmock, custom):
    events = boto3.client("events")
    rule = {"RuleName": "r" * 60, "State": "ENABLED", "Pattern": {"source": ["shop"]}}
    custom("event-bridge", EventBridgeConfig={**rule, "EventBus": "own", "InputPath": "$.detail"})
    entry = {"Source": "shop", "DetailType": "t", "Detail": '{"a": 1}', "EventBusName": "own"}
    events.put_events(Entries=[entry])
    assert destmock.runs[-1].event == {"a": 1}
    [target] = events.list_targets_by_rule(Rule="r" * 60, EventBusName="own")["Targets"]
    assert len(target["Id"]) == 64
    delete()
    assert [bus["Name"] for bus in events.list_event_buses()["EventBuses"]] == ["default"]


def test_a_rule_may_be_put_on_a_bus_that_exists(destmock, custom):
    events = boto3.client("events")
    bus = events.create_event_bus(Name="theirs")["EventBusArn"]
    rule = {"RuleName": "r", "Pattern": {"source": ["shop"]}, "Input": {"b": "2"}, "EventBus": bus}
    custom("event-bridge", EventBridgeConfig=rule)
    events.put_events(
        Entries=[{"Source": "shop", "DetailType": "t", "Detail": "{}", "EventBusName": "theirs"}]
    )
    assert destmock.runs[-1].event == {"b": "2"}
    delete()
    assert {bus["Name"] for bus in events.list_event_buses()["EventBuses"]} == {"default", "theirs"}


def test_a_user_pool_that_exists_has_triggers(custom):
    cognito = boto3.client("cognito-idp")
    theirs = ARN.replace(":f", ":g")
    pool = cognito.create_user_pool(
        PoolName="people", MfaConfiguration="OFF", LambdaConfig={"PostConfirmation": theirs}
    )["UserPool"]["Id"]
    key = f"arn:aws:kms:us-east-1:123456789012:key/{pool[-8:]}"
    configs = [
        {"Trigger": "PreSignUp"},
        {"Trigger": "CustomEmailSender", "LambdaVersion": "V1_0", "KMSKeyID": key},
    ]
    custom("cognito-user-pool", UserPoolName="people", UserPoolConfigs=configs)
    found = cognito.describe_user_pool(UserPoolId=pool)["UserPool"]
    assert found["MfaConfiguration"] == "OFF"
    assert found["LambdaConfig"] == {
        "PostConfirmation": theirs,
        "PreSignUp": ARN,
        "CustomEmailSender": {"LambdaArn": ARN, "LambdaVersion": "V1_0"},
        "KMSKeyID": key,
    }
    delete()
    left = cognito.describe_user_pool(UserPoolId=pool)["UserPool"]["LambdaConfig"]
    assert left == {"PostConfirmation": theirs}


def test_a_user_pool_that_is_not_there_fails_the_stack(custom):
    with pytest.raises(ClientError, match="there is no user pool nobody"):
        custom("cognito-user-pool", UserPoolName="nobody", UserPoolConfigs=[])


@pytest.mark.parametrize("role", [None, "arn:aws:iam::123456789012:role/mine"])
def test_api_gateway_has_a_role_for_its_logs(custom, role):
    custom("api-gateway-cloud-watch-role", **({"RoleArn": role} if role else {}))
    made = "arn:aws:iam::123456789012:role/serverlessApiGatewayCloudWatchRole"
    assert boto3.client("apigateway").get_account()["cloudwatchRoleArn"] == (role or made)
    delete()
    assert boto3.client("apigateway").get_account()["cloudwatchRoleArn"]
