"""Schedules of templates: EventBridge Scheduler's own resources, and both kinds of SAM's."""

import json
from datetime import datetime, timedelta, timezone

import boto3
import pytest

from tests.cloudformation.deployed import ACCOUNT, ROLE, attribute, function, resource

START = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
pytestmark = pytest.mark.destmock(start=START)
TARGET = {"Arn": attribute("Night"), "RoleArn": ROLE, "Input": '{"n": 1}'}
OFF = {"Mode": "OFF"}


@pytest.fixture
def cloudformation(destmock):
    return boto3.client("cloudformation")


@pytest.fixture
def scheduler(destmock):
    return boto3.client("scheduler")


def template(**resources):
    return json.dumps({"Resources": {"Night": function(FunctionName="night"), **resources}})


def test_schedules_and_groups_are_made_changed_and_deleted(destmock, cloudformation, scheduler):
    group = resource("AWS::Scheduler::ScheduleGroup", Name="shop", Tags=[{"Key": "a", "Value": "b"}])
    schedule = resource(
        "AWS::Scheduler::Schedule",
        GroupName={"Ref": "Group"},
        ScheduleExpression="cron(0 18 ? * * *)",
        FlexibleTimeWindow=OFF,
        Target=TARGET,
        StartDate="2026-03-01T12:00:00Z",
    )
    cloudformation.create_stack(StackName="nights", TemplateBody=template(Group=group, Nightly=schedule))
    [made] = scheduler.list_schedules(GroupName="shop")["Schedules"]
    assert made["Name"].startswith("nights-Nightly-")
    destmock.advance(timedelta(hours=6))
    [invocation] = destmock.invocations.for_function("night")
    assert json.loads(invocation.payload) == {"n": 1}
    schedule["Properties"]["ScheduleExpression"] = "cron(0 20 ? * * *)"
    group["Properties"]["Tags"] = [{"Key": "c", "Value": "d"}]
    cloudformation.update_stack(StackName="nights", TemplateBody=template(Group=group, Nightly=schedule))
    arn = scheduler.get_schedule_group(Name="shop")["Arn"]
    assert scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "c", "Value": "d"}]
    destmock.advance(timedelta(hours=2))
    assert len(destmock.invocations) == 2
    cloudformation.delete_stack(StackName="nights")
    assert scheduler.list_schedules()["Schedules"] == []
    assert [each["Name"] for each in scheduler.list_schedule_groups()["ScheduleGroups"]] == ["default"]


def test_attributes_of_both(destmock, cloudformation):
    schedule = resource(
        "AWS::Scheduler::Schedule",
        Name="nightly",
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow=OFF,
        Target=TARGET,
    )
    outputs = {
        "Name": {"Value": {"Ref": "Nightly"}},
        "Arn": {"Value": attribute("Nightly")},
        "State": {"Value": attribute("Group", "State")},
        "Made": {"Value": attribute("Group", "CreationDate")},
    }
    body = {
        **json.loads(template(Group=resource("AWS::Scheduler::ScheduleGroup"), Nightly=schedule)),
        "Outputs": outputs,
    }
    cloudformation.create_stack(StackName="nights", TemplateBody=json.dumps(body))
    [stack] = cloudformation.describe_stacks(StackName="nights")["Stacks"]
    found = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    assert found == {
        "Name": "nightly",
        "Arn": f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule/default/nightly",
        "State": "ACTIVE",
        "Made": "2026-03-01T12:00:00+00:00",
    }


def test_a_refused_schedule_fails_the_stack(cloudformation):
    schedule = resource(
        "AWS::Scheduler::Schedule", ScheduleExpression="daily", FlexibleTimeWindow=OFF, Target=TARGET
    )
    with pytest.raises(cloudformation.exceptions.ClientError, match=r"Invalid Schedule Expression daily\."):
        cloudformation.create_stack(StackName="nights", TemplateBody=template(Nightly=schedule))


SAM = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Night:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: "def handler(event, context): return event"
      Handler: index.handler
      Runtime: python3.12
      Events:
        Rule:
          Type: Schedule
          Properties:
            Schedule: cron(0 13 ? * * *)
            Input: '{"by": "rule"}'
        Scheduler:
          Type: ScheduleV2
          Properties:
            ScheduleExpression: cron(0 23 ? * * *)
            ScheduleExpressionTimezone: Asia/Tokyo
            Input: '{"by": "scheduler"}'
"""


def test_sam_s_two_kinds_of_schedule_run(destmock, tmp_path):
    path = tmp_path / "template.yaml"
    path.write_text(SAM)
    destmock.deploy(path)
    destmock.advance(timedelta(hours=6))
    assert [(json.loads(each.payload)["by"], each.accepted_at.hour) for each in destmock.invocations] == [
        ("rule", 13),
        ("scheduler", 14),
    ]
