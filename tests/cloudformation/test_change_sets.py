"""Stacks made and changed by change sets, as `aws cloudformation deploy` and `cdk deploy` have it."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.cloudformation.deployed import attribute, everything, resource

EXPORTED = {"Url": {"Value": {"Ref": "Q"}, "Description": "where", "Export": {"Name": "url"}}}
QUEUE = {"Q": resource("AWS::SQS::Queue", QueueName="jobs")}


@pytest.fixture
def deploy_changes(cloudformation):
    """Creates a change set and executes it; answers the stack."""

    def make(resources, kind="CREATE", name="shop", parameters=(), **sections):
        cloudformation.create_change_set(
            StackName=name,
            ChangeSetName=f"{name}-{kind}",
            ChangeSetType=kind,
            TemplateBody=json.dumps({"Resources": resources, **sections}),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters],
        )
        cloudformation.execute_change_set(StackName=name, ChangeSetName=f"{name}-{kind}")
        [stack] = cloudformation.describe_stacks(StackName=name)["Stacks"]
        return stack

    return make


def outputs(stack):
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}


def exports():
    return {each["Name"]: each["Value"] for each in boto3.client("cloudformation").list_exports()["Exports"]}


def test_a_new_stack_has_its_outputs_and_exports(deploy_changes, sqs):
    stack = deploy_changes(QUEUE, Outputs=EXPORTED, Description="A shop")
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["Description"] == "A shop"
    assert stack["Outputs"] == [
        {"OutputKey": "Url", "OutputValue": url, "Description": "where", "ExportName": "url"}
    ]
    assert exports() == {"url": url}


def test_an_output_may_depend_on_a_parameter_and_a_condition(deploy_changes):
    stack = deploy_changes(
        {"Q": resource("AWS::SQS::Queue", QueueName={"Ref": "Name"})},
        parameters=[("Name", "orders")],
        Parameters={"Name": {"Type": "String"}},
        Conditions={"Never": {"Fn::Equals": [{"Ref": "Name"}, "x"]}},
        Outputs={
            "Name": {"Value": attribute("Q", "QueueName")},
            "Left": {"Value": "out", "Condition": "Never"},
        },
    )
    assert outputs(stack) == {"Name": "orders"}
    assert stack["Parameters"] == [{"ParameterKey": "Name", "ParameterValue": "orders"}]


@pytest.mark.parametrize("way", ["update_stack", "change set"])
def test_a_change_renews_outputs_and_exports(cloudformation, deploy_changes, way):
    deploy_changes(QUEUE, Outputs=EXPORTED)
    renewed = {"Name": {"Value": attribute("Q", "QueueName"), "Export": {"Name": "name"}}}
    if way == "update_stack":
        body = json.dumps({"Resources": QUEUE, "Outputs": renewed})
        cloudformation.update_stack(StackName="shop", TemplateBody=body)
        [stack] = cloudformation.describe_stacks(StackName="shop")["Stacks"]
    else:
        stack = deploy_changes(QUEUE, "UPDATE", Outputs=renewed)
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert outputs(stack) == {"Name": "jobs"}
    assert exports() == {"name": "jobs"}
    cloudformation.delete_stack(StackName="shop")
    assert exports() == {}


def test_a_new_stack_imports_what_another_exports(deploy_changes, sqs):
    deploy_changes(QUEUE, Outputs={"Name": {"Value": "orders", "Export": {"Name": "name"}}})
    imported = resource("AWS::SQS::Queue", QueueName={"Fn::ImportValue": "name"})
    deploy_changes({"Imported": imported}, name="second")
    assert sqs.get_queue_url(QueueName="orders")


def test_a_stack_that_was_there_before_any_export_imports_one_by_a_change(deploy_changes, sqs):
    deploy_changes(QUEUE, name="first")
    exported = {"Name": {"Value": "orders", "Export": {"Name": "name"}}}
    deploy_changes({"T": resource("AWS::SNS::Topic")}, name="second", Outputs=exported)
    imported = resource("AWS::SQS::Queue", QueueName={"Fn::ImportValue": "name"})
    deploy_changes({**QUEUE, "Imported": imported}, "UPDATE", name="first")
    assert sqs.get_queue_url(QueueName="orders")


def test_resources_are_made_after_those_that_they_depend_on(deploy_changes, cloudformation):
    first = {**resource("AWS::SQS::Queue"), "DependsOn": "Second"}
    deploy_changes({"First": first, "Second": resource("AWS::SQS::Queue")})
    urls = boto3.client("sqs").list_queues()["QueueUrls"]
    assert ["Second" in url for url in urls] == [True, False]


def test_a_new_stack_that_fails_leaves_nothing(deploy_changes):
    config = resource("AWS::Lambda::EventInvokeConfig", FunctionName="nobody", Qualifier="$LATEST")
    with pytest.raises(ClientError, match=r"Config \(AWS::Lambda::EventInvokeConfig\): Resource handler"):
        deploy_changes({**QUEUE, "Config": config}, Outputs=EXPORTED)
    assert not any(everything().values())
    assert boto3.client("cloudformation").describe_stacks()["Stacks"] == []


def test_an_export_s_name_is_taken_once(deploy_changes, cloudformation):
    deploy_changes(QUEUE, Outputs=EXPORTED)
    topic = {"Q": resource("AWS::SNS::Topic")}
    with pytest.raises(ClientError, match="Export names must be unique"):
        deploy_changes(topic, name="second", Outputs=EXPORTED)
    assert len(cloudformation.describe_stacks()["Stacks"]) == 1


@pytest.mark.parametrize("name", ["my shop", "1st"])
def test_a_change_set_s_new_stack_has_a_name_like_any_other(deploy_changes, name):
    with pytest.raises(ClientError, match=r"pattern: \[a-zA-Z\]\[-a-zA-Z0-9\]\*$"):
        deploy_changes(QUEUE, name=name)


def test_a_change_set_without_a_type_updates_the_stack_that_there_is(cloudformation, sqs):
    for resources in (QUEUE, {**QUEUE, "R": resource("AWS::SQS::Queue")}):
        body = json.dumps({"Resources": resources})
        cloudformation.create_change_set(StackName="shop", ChangeSetName="it", TemplateBody=body)
        cloudformation.execute_change_set(StackName="shop", ChangeSetName="it")
    cloudformation.create_change_set(
        StackName="shop", ChangeSetName="more", UsePreviousTemplate=True, Tags=[]
    )
    [stack] = cloudformation.describe_stacks(StackName="shop")["Stacks"]
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert len(cloudformation.list_stacks()["StackSummaries"]) == 1
    assert len(sqs.list_queues()["QueueUrls"]) == 2


def test_change_sets_of_two_stacks_may_have_the_same_name(cloudformation, sqs):
    for name in ("shop", "store"):
        body = json.dumps({"Resources": {"Q": resource("AWS::SQS::Queue", QueueName=name)}})
        cloudformation.create_change_set(
            StackName=name, ChangeSetName="it", ChangeSetType="CREATE", TemplateBody=body
        )
    given = {"StackName": "shop", "ChangeSetName": "it"}
    assert cloudformation.describe_change_set(**given)["StackName"] == "shop"
    cloudformation.execute_change_set(**given)
    [url] = sqs.list_queues()["QueueUrls"]
    assert url.endswith("/shop")
    cloudformation.delete_change_set(**given)
    [left] = cloudformation.list_change_sets(StackName="store")["Summaries"]
    assert left["StackName"] == "store"


def test_a_change_set_uses_the_previous_values_of_parameters(cloudformation, sqs):
    boto3.client("ssm").put_parameter(Name="/name", Value="orders", Type="String")
    parameters = {
        "Name": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/name"},
        "Seconds": {"Type": "CommaDelimitedList", "Default": "5, 6"},
    }
    seconds = {"Fn::Select": [1, {"Ref": "Seconds"}]}
    queue = resource("AWS::SQS::Queue", QueueName={"Ref": "Name"}, VisibilityTimeout=seconds)
    previous = [{"ParameterKey": name, "UsePreviousValue": True} for name in parameters]
    body = {"Parameters": parameters, "Resources": {"Q": queue}}
    cloudformation.create_stack(StackName="shop", TemplateBody=json.dumps(body))
    body["Resources"]["R"] = resource("AWS::SQS::Queue", QueueName={"Fn::Sub": "${Name}-2"})
    given = {"StackName": "shop", "ChangeSetName": "it"}
    cloudformation.create_change_set(
        **given, ChangeSetType="UPDATE", TemplateBody=json.dumps(body), Parameters=previous
    )
    cloudformation.execute_change_set(**given)
    assert [url.split("/")[-1] for url in sqs.list_queues()["QueueUrls"]] == ["orders", "orders-2"]
