"""Custom resources of templates that `deploy` gets: their functions may be handlers of the test."""

import http.client
import json

import boto3
import pytest
import requests
import urllib3.connection
from botocore.exceptions import ClientError
from requests.adapters import HTTPAdapter

from destmock import UnsupportedError
from tests.cloudformation.deployed import attribute, function, resource

ANSWERING = """
import cfnresponse
def handler(event, context):
    cfnresponse.send(event, context, cfnresponse.SUCCESS, {"Price": "12"}, "lamp")
"""
THING = resource("Custom::Thing", ServiceToken=attribute("F"))
OUTPUTS = {"Price": {"Value": attribute("Thing", "Price")}}


@pytest.fixture
def deploy(destmock, tmp_path):
    """Writes the template beside its test, and deploys it."""

    def make(resources, outputs=OUTPUTS, parameters=None, **given):
        path = tmp_path / "shop.json"
        values = {name: {"Type": "String"} for name in parameters or {}}
        body = {"Resources": resources, "Outputs": outputs, "Parameters": values}
        path.write_text(json.dumps(body), "utf-8")
        return destmock.deploy(path, parameters=parameters or {}, **given)

    return make


def answer(event, context):
    body = {"Status": "SUCCESS", "PhysicalResourceId": "chair", "Data": {"Price": "30"}}
    requests.put(event["ResponseURL"], data=json.dumps(body), timeout=3)


def refuse(event, context):
    body = {"Status": "FAILED", "PhysicalResourceId": "chair", "Reason": "out of stock"}
    requests.put(event["ResponseURL"], data=json.dumps(body), timeout=3)


def test_the_template_s_own_function_answers(deploy):
    stack = deploy({"F": function(Code={"ZipFile": ANSWERING}), "Thing": THING})
    assert (stack.resources["Thing"], dict(stack.outputs)) == ("lamp", {"Price": "12"})


@pytest.mark.parametrize("runtime", ["python3.12", "nodejs22.x"])
def test_a_handler_of_the_test_answers(deploy, runtime):
    stack = deploy({"F": function(Runtime=runtime), "Thing": THING}, handlers={"F": answer})
    assert (stack.resources["Thing"], dict(stack.outputs)) == ("chair", {"Price": "30"})


@pytest.mark.parametrize("exported", [{}, {"Export": {"Name": "price"}}])
def test_a_log_group_is_made_before_the_function_runs(deploy, exported):
    """As on AWS, which makes both at once. moto looks at what is exported before anything is made."""
    name = {"Fn::Sub": "/aws/lambda/${F}"}
    outputs = {"Price": {**OUTPUTS["Price"], **exported}}
    group = resource("AWS::Logs::LogGroup", LogGroupName=name, RetentionInDays=7)
    other = resource("AWS::Logs::LogGroup", LogGroupName={"Fn::Sub": "/shop/${Thing}"})
    resources = {"Other": other, "F": function(Code={"ZipFile": ANSWERING}), "Thing": THING, "Group": group}
    stack = deploy(resources, outputs=outputs)
    logs = boto3.client("logs")
    [found] = logs.describe_log_groups(logGroupNamePrefix=stack.resources["Group"])["logGroups"]
    assert found["retentionInDays"] == 7
    assert logs.describe_log_streams(logGroupName=found["logGroupName"])["logStreams"]
    exports = boto3.client("cloudformation").list_exports()["Exports"]
    assert [each["Value"] for each in exports] == (["12"] if exported else [])


def test_an_alias_of_the_function_answers(deploy):
    alias = {"FunctionName": {"Ref": "F"}, "Name": "live", "FunctionVersion": attribute("V", "Version")}
    stack = deploy(
        {
            "F": function(Code={"ZipFile": ANSWERING}),
            "V": resource("AWS::Lambda::Version", FunctionName={"Ref": "F"}),
            "Live": resource("AWS::Lambda::Alias", **alias),
            "Thing": resource("Custom::Thing", ServiceToken={"Ref": "Live"}),
        }
    )
    assert stack.resources["Thing"] == "lamp"


def test_a_function_that_was_there_before_answers(deploy, destmock):
    destmock.handler("provider", answer)
    arn = "arn:aws:lambda:us-east-1:123456789012:function:provider"
    thing = resource("Custom::Thing", ServiceToken={"Ref": "Provider"})
    stack = deploy({"Thing": thing}, parameters={"Provider": arn})
    assert stack.resources["Thing"] == "chair"


def test_a_function_that_cannot_run_here_is_told_of(deploy):
    with pytest.raises(UnsupportedError, match=r"Thing \(Custom::Thing whose function can't run here\)"):
        deploy({"F": function(Runtime="nodejs22.x"), "Thing": THING})


@pytest.mark.filterwarnings("ignore:.* goes without")
def test_a_resource_whose_function_cannot_run_here_may_be_left_out(deploy):
    resources = {"F": function(Runtime="nodejs22.x"), "Thing": THING}
    stack = deploy(resources, ignore_unsupported=True)
    assert dict(stack.outputs) == {"Price": f"{stack.resources['Thing']}.Price"}


@pytest.mark.filterwarnings("ignore:.* goes without")
def test_cdk_s_uploads_may_be_left_out(deploy):
    uploads = resource("Custom::CDKBucketDeployment", ServiceToken=attribute("F"))
    stack = deploy({"F": function(), "Files": uploads}, outputs={}, ignore_unsupported=True)
    assert "Files" in stack.resources


def test_an_answer_that_comes_too_late_is_refused(deploy):
    urls, refused = [], []

    def answer_the_one_before(event, context):
        refused.extend(requests.put(url, data="{}", timeout=3).status_code for url in urls)
        urls.append(event["ResponseURL"])
        answer(event, context)

    second = {**THING, "DependsOn": "Thing"}
    deploy({"F": function(), "Thing": THING, "Second": second}, handlers={"F": answer_the_one_before})
    assert refused == [403]


def test_a_function_may_make_a_stack_with_custom_resources_itself(deploy):
    def nested(event, context):
        if event["LogicalResourceId"] == "Thing":
            body = {"Resources": {"Inner": resource("Custom::Thing", ServiceToken=event["ServiceToken"])}}
            boto3.client("cloudformation").create_stack(StackName="inner", TemplateBody=json.dumps(body))
        answer(event, context)

    stack = deploy({"F": function(), "Thing": THING}, handlers={"F": nested})
    assert stack.resources["Thing"] == "chair"
    listed = boto3.client("cloudformation").list_stack_resources(StackName="inner")
    [inner] = listed["StackResourceSummaries"]
    assert inner["PhysicalResourceId"] == "chair"


def test_other_people_s_classes_are_as_before_when_the_stack_is_made(deploy):
    def state():
        return (
            http.client.HTTPSConnection.connect,
            urllib3.connection.HTTPSConnection.connect,
            HTTPAdapter.send,
        )

    before = state()
    deploy({"F": function(), "Thing": THING}, handlers={"F": answer})
    assert state() == before


def test_a_failed_deployment_registers_nothing(deploy, lam, destmock):
    with pytest.raises(ClientError, match="out of stock"):
        deploy({"F": function(FunctionName="provider"), "Thing": THING}, handlers={"F": refuse})
    with pytest.raises(ClientError, match="Function not found"):
        lam.invoke(FunctionName="provider")
    assert lam.list_functions()["Functions"] == []
    assert boto3.client("cloudformation").describe_stacks()["Stacks"] == []
