"""CDK's output: its stacks in their order, nested ones, assets, exports, and CDK's own custom resources."""

import json
import os
import shutil
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from destmock import mock_destinations
from tests.cloudformation.deployed import TEMPLATES, attribute, everything, function, resource

SHOP = TEMPLATES / "shop_cdk"
MODULES = os.environ.get("DESTMOCK_NODE_MODULES", "")


@pytest.fixture
def shop(destmock):
    return destmock.deploy(SHOP / "cdk.out")


def prices(stack):
    items = boto3.client("dynamodb").scan(TableName=stack.outputs["PricesName"])["Items"]
    return {item["sku"]["S"]: int(item["price"]["N"]) for item in items}


def events_of(destmock, name):
    return [run.event["RequestType"] for run in destmock.runs if f"-{name}" in run.function_name]


def test_the_stacks_of_an_app_are_made_run_and_go(destmock, shop):
    """One deployment for all of it: it takes long."""
    cloudformation, lam = boto3.client("cloudformation"), boto3.client("lambda")
    # in their order, with what they export
    assert list(shop.stacks) == ["Zentral", "Shop"]
    assert shop.outputs["OrdersName"] == shop.stacks["Shop"].outputs["OrdersName"]
    # the app's functions behind the provider framework
    assert shop.outputs["LicenceKey"] == "licence-gold-key"
    assert shop.resources["Licence"] == "licence-gold"
    [run] = [run for run in destmock.runs if "-OnEvent" in run.function_name]
    assert run.event["ResourceProperties"]["Seats"] == "3"
    # calls of the SDK, and the trigger after them
    assert prices(shop) == {"lamp": 7, "table": 9}
    assert shop.outputs["Account"] == "123456789012"
    assert shop.resources["Price89D349F1"] == "lamp"
    # code, destinations in another stack, and code of a nested stack
    lam.invoke(FunctionName=shop.outputs["OrdersName"], InvocationType="Event")
    [delivery] = destmock.deliveries
    assert delivery.destination.endswith(shop.resources["Failures8A3E1A2F"].split("/")[-1])
    assert delivery.record["responsePayload"]["errorMessage"] == "out of stock"
    assert lam.invoke(FunctionName=shop.outputs["RepriceName"])["Payload"].read() == b"7"
    # and all of it goes again, but for the logs, and for what `cdk bootstrap` makes
    for name in ("Shop", "Zentral"):
        cloudformation.delete_stack(StackName=name)
    assert events_of(destmock, "OnEvent") == ["Create", "Delete"]
    left = {name for name, found in everything().items() if any(found)}
    assert left == {"list_buckets", "describe_parameters", "describe_log_groups"}


def test_handlers_are_given_by_their_place_in_the_tree():
    """The provider framework asks the function again every five seconds, in virtual time."""
    late = {"IsComplete": True, "Data": {"Key": "late"}}
    answers = iter([{"IsComplete": False}, {"IsComplete": False}, late])
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    with mock_destinations(start=start) as destmock:
        handlers = {"Shop/IsComplete": lambda event, context: next(answers)}
        shop = destmock.deploy(SHOP / "cdk.out", handlers=handlers)
        asked = [run.started_at for run in destmock.runs if "-IsComplete" in run.function_name]
        assert [(at - asked[0]).total_seconds() for at in asked] == [0, 5, 10]
        assert shop.outputs["LicenceKey"] == "late"


def test_a_failure_takes_all_stacks_away_again(destmock):
    def fails(event, context):
        if event["RequestType"] == "Create":
            raise ValueError("no licences left")

    with pytest.raises(ClientError, match=r"no licences left\n\nLogs: /aws/lambda/Shop-OnEvent"):
        destmock.deploy(SHOP / "cdk.out", handlers={"Shop/OnEvent": fails})
    assert {name for name, found in everything().items() if any(found)} == {"describe_log_groups"}
    assert boto3.client("cloudformation").describe_stacks()["Stacks"] == []
    assert events_of(destmock, "OnEvent") == ["Create"]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"stack_name": "one"}, "stack_name is for one template"),
        ({"handlers": {"Nobody": lambda event, context: None}}, "'Nobody' is no function of"),
        ({"parameters": {"Size": 1}}, r"Parameters: \[Size\] do not exist in the template"),
    ],
)
def test_what_no_stack_has_is_refused(destmock, options, error):
    with pytest.raises(ValueError, match=error):
        destmock.deploy(SHOP / "cdk.out", **options)
    assert not any(any(found) for found in everything().values())


def test_another_directory_is_refused(destmock, tmp_path):
    with pytest.raises(ValueError, match=r"is a directory without a manifest\.json"):
        destmock.deploy(tmp_path)
    (tmp_path / "manifest.json").write_text('{"artifacts": {}}')
    with pytest.raises(ValueError, match="has no stacks"):
        destmock.deploy(tmp_path)


def test_stages_have_assemblies_of_their_own(destmock, tmp_path):
    stage = tmp_path / "assembly-prod"
    stage.mkdir()
    (stage / "S.template.json").write_text(json.dumps({"Resources": {"Q": resource("AWS::SQS::Queue")}}))
    stack = {
        "type": "aws:cloudformation:stack",
        "properties": {"templateFile": "S.template.json", "stackName": "prod-S"},
    }
    (stage / "manifest.json").write_text(json.dumps({"artifacts": {"S": stack}}))
    nested = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-prod"}}
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {"prod": nested}}))
    assert list(destmock.deploy(tmp_path).stacks) == ["prod-S"]


# Calls of the SDK


@pytest.fixture
def call(destmock, tmp_path):
    """Deploys a resource that makes calls of the SDK; answers the stack."""

    def run(outputs=(), **calls):
        made = {
            "AWS679f53fac002430cb0da5b7982bd22872D164C4C": function(Runtime="nodejs22.x"),
            "Call": resource(
                "Custom::AWS",
                ServiceToken=attribute("AWS679f53fac002430cb0da5b7982bd22872D164C4C"),
                **{name: json.dumps(each) for name, each in calls.items()},
            ),
        }
        values = {f"O{number}": {"Value": attribute("Call", name)} for number, name in enumerate(outputs)}
        path = tmp_path / "calls.template.json"
        path.write_text(json.dumps({"Resources": made, "Outputs": values}))
        return destmock.deploy(path)

    return run


PUT = {
    "service": "@aws-sdk/client-ssm",
    "action": "PutParameterCommand",
    "parameters": {"Name": "/a", "Value": "1", "Type": "String", "Overwrite": "true"},
    "physicalResourceId": {"id": "/a"},
}


def test_a_call_is_named_as_in_either_sdk_of_javascript(call):
    stack = call(Create={**PUT, "region": "eu-west-1"})
    assert stack.resources["Call"] == "/a"
    found = boto3.client("ssm", "eu-west-1").get_parameter(Name="/a")
    assert found["Parameter"]["Value"] == "1"


def test_its_answer_has_a_path_for_each_value(call):
    boto3.client("ssm").put_parameter(Name="/b", Value="x", Type="String")
    get = {"service": "SSM", "action": "getParameters", "parameters": {"Names": ["/b"]}}
    stack = call(
        ["Parameters.0.Value"], Create={**get, "physicalResourceId": {"responsePath": "Parameters.0.Name"}}
    )
    assert (stack.outputs["O0"], stack.resources["Call"]) == ("x", "/b")


def test_only_the_paths_that_are_asked_for_are_kept(call):
    get = {"service": "STS", "action": "getCallerIdentity", "outputPaths": ["Account"]}
    with pytest.raises(ClientError, match="doesn't contain Arn key"):
        call(["Account", "Arn"], Create={**get, "physicalResourceId": {"id": "me"}})


def test_an_error_fails_the_resource_unless_it_is_overlooked(call):
    gone = {"service": "SSM", "action": "deleteParameter", "parameters": {"Name": "/none"}}
    with pytest.raises(ClientError, match=r"Call \(Custom::AWS\): .*ParameterNotFound"):
        call(Create={**gone, "physicalResourceId": {"id": "x"}})
    overlooked = {**gone, "ignoreErrorCodesMatching": "NotFound", "physicalResourceId": {"id": "x"}}
    assert call(Create=overlooked).resources["Call"] == "x"


def test_a_call_may_ask_for_the_resource_s_own_id(call):
    delete = {"service": "SSM", "action": "deleteParameter", "parameters": {"Name": "PHYSICAL:RESOURCEID:"}}
    stack = call(Create=PUT, Delete=delete)
    boto3.client("cloudformation").delete_stack(StackName=stack.name)
    assert boto3.client("ssm").describe_parameters()["Parameters"] == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"service": "Nothing"}, "Package @aws-sdk/client-nothing does not exist"),
        ({"action": "fly"}, "has no action fly"),
    ],
)
def test_what_aws_does_not_have_is_refused(call, change, reason):
    with pytest.raises(ClientError, match=reason):
        call(Create={**PUT, **change})


# The real CDK


@pytest.mark.skipif(
    not Path(MODULES, "aws-cdk-lib").is_dir(), reason="needs DESTMOCK_NODE_MODULES with aws-cdk-lib"
)
def test_what_cdk_synthesises_now_deploys(destmock, tmp_path):
    app = tmp_path / "app"
    shutil.copytree(SHOP, app, ignore=shutil.ignore_patterns("cdk.out", "__pycache__"))
    variables = {**os.environ, "NODE_PATH": MODULES, "CDK_OUTDIR": str(tmp_path / "out")}
    subprocess.run(["node", "app.js"], cwd=app, env=variables, check=True, capture_output=True)
    assert prices(destmock.deploy(tmp_path / "out")) == {"lamp": 7, "table": 9}
