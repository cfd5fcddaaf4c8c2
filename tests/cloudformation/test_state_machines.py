"""State machines of templates: their definitions, substitutions and settings."""

import json

import boto3
import pytest

from destmock import mock_destinations
from tests.cloudformation.deployed import attribute, resource

ROLE = "arn:aws:iam::123456789012:role/steps"
PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "${What}", "End": True}}}


@pytest.fixture
def steps(destmock):
    return boto3.client("stepfunctions")


def template(**properties):
    machine = resource("AWS::StepFunctions::StateMachine", RoleArn=ROLE, StateMachineName="m", **properties)
    outputs = {name: {"Value": attribute("M", name)} for name in ("Arn", "Name")}
    return json.dumps({"Resources": {"M": machine, "Q": resource("AWS::SQS::Queue")}, "Outputs": outputs})


def described(steps):
    [machine] = steps.list_state_machines()["stateMachines"]
    return steps.describe_state_machine(stateMachineArn=machine["stateMachineArn"])


@pytest.mark.parametrize(
    "definition", [{"Definition": PASS}, {"DefinitionString": json.dumps(PASS)}], ids=["object", "text"]
)
def test_variables_of_the_definition_are_substituted(cloudformation, steps, definition):
    values = {"What": attribute("Q"), "Other": 1}
    body = template(**definition, DefinitionSubstitutions=values)
    cloudformation.create_stack(StackName="s", TemplateBody=body)
    found = json.loads(described(steps)["definition"])
    assert found["States"]["A"]["Result"].startswith("arn:aws:sqs:us-east-1:123456789012:s-Q-")


def test_a_definition_may_lie_in_a_bucket(cloudformation, steps):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="code")
    s3.put_object(Bucket="code", Key="m.json", Body=json.dumps(PASS))
    body = template(DefinitionS3Location={"Bucket": "code", "Key": "m.json"})
    cloudformation.create_stack(StackName="s", TemplateBody=body)
    assert json.loads(described(steps)["definition"]) == PASS


def test_its_settings_are_made_changed_and_deleted_with_it(cloudformation, steps):
    tracing = {"TracingConfiguration": {"Enabled": True}}
    first = template(
        Definition=PASS, StateMachineType="EXPRESS", Tags=[{"Key": "a", "Value": "b"}], **tracing
    )
    cloudformation.create_stack(StackName="s", TemplateBody=first)
    made = described(steps)
    assert (made["type"], made["tracingConfiguration"]) == ("EXPRESS", {"enabled": True})
    assert steps.list_tags_for_resource(resourceArn=made["stateMachineArn"])["tags"] == [
        {"key": "a", "value": "b"}
    ]
    changed = {**PASS, "Comment": "two"}
    second = template(Definition=changed, StateMachineType="EXPRESS", Tags=[{"Key": "c", "Value": "d"}])
    cloudformation.update_stack(StackName="s", TemplateBody=second)
    now = described(steps)
    assert now["stateMachineArn"] == made["stateMachineArn"]
    assert json.loads(now["definition"])["Comment"] == "two"
    assert steps.list_tags_for_resource(resourceArn=made["stateMachineArn"])["tags"] == [
        {"key": "c", "value": "d"}
    ]
    [stack] = cloudformation.describe_stacks(StackName="s")["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    assert outputs == {"Arn": made["stateMachineArn"], "Name": "m"}
    cloudformation.delete_stack(StackName="s")
    assert steps.list_state_machines()["stateMachines"] == []


def test_where_moto_executes_state_machines_it_executes_those_of_stacks():
    with mock_destinations(config={"stepfunctions": {"execute_state_machine": True}}):
        body = template(Definition=PASS, DefinitionSubstitutions={"What": "done"})
        boto3.client("cloudformation").create_stack(StackName="s", TemplateBody=body)
        steps = boto3.client("stepfunctions")
        machine = described(steps)["stateMachineArn"]
        assert steps.start_execution(stateMachineArn=machine)["executionArn"].startswith("arn:aws:states:")
