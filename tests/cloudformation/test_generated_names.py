"""The names of resources that a template doesn't name: new for each creation, the same on every run."""

import json
import re

import boto3
import pytest

from destmock import mock_destinations
from tests.cloudformation.deployed import ROLE, function, resource

LONG = "a-" * 63 + "b-"
STATES = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
#: Type -> what it needs, its service's pattern for names, and the longest one.
NAMED = {
    "AWS::DynamoDB::Table": (
        {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
        r"[a-zA-Z0-9_.-]{3,255}",
    ),
    "AWS::ECR::Repository": ({}, r"[a-z0-9]+(?:[._-][a-z0-9]+)*"),
    "AWS::Events::Archive": (
        {"SourceArn": "arn:aws:events:us-east-1:123456789012:event-bus/default"},
        r"[\.\-_A-Za-z0-9]{1,48}",
    ),
    "AWS::Events::Rule": ({"EventPattern": {"source": ["x"]}}, r"[\.\-_A-Za-z0-9]{1,64}"),
    "AWS::IAM::Role": ({"AssumeRolePolicyDocument": {}}, r"[\w+=,.@-]{1,64}"),
    "AWS::Kinesis::Stream": ({"ShardCount": 1}, r"[a-zA-Z0-9_.-]{1,128}"),
    "AWS::Lambda::Function": (function()["Properties"], r"[a-zA-Z0-9-_]{1,64}"),
    "AWS::RDS::DBInstance": (
        {"DBInstanceClass": "db.t3.micro", "Engine": "mysql", "AllocatedStorage": 5},
        r"(?=.{1,63}$)[a-z](-?[a-z0-9])*",
    ),
    "AWS::S3::Bucket": ({}, r"(?=.{3,63}$)[a-z0-9][a-z0-9-]*[a-z0-9]"),
    "AWS::SSM::Parameter": ({"Type": "String", "Value": "x"}, r"[a-zA-Z0-9_.-]+"),
    "AWS::StepFunctions::StateMachine": (
        {"RoleArn": ROLE, "DefinitionString": STATES},
        r"arn:aws:states:[^:]+:[^:]+:stateMachine:[a-zA-Z0-9-_]{1,80}",
    ),
}


def physical_id(resources, stack="shop"):
    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(StackName=stack, TemplateBody=json.dumps({"Resources": resources}))
    [found] = cloudformation.list_stack_resources(StackName=stack)["StackResourceSummaries"]
    return found["PhysicalResourceId"]


@pytest.mark.parametrize("logical_id", ["R", "R" * 100])
@pytest.mark.parametrize("stack", ["shop", LONG], ids=["short", "long"])
@pytest.mark.parametrize("kind", NAMED)
def test_a_name_is_one_that_the_service_takes(destmock, kind, stack, logical_id):
    properties, pattern = NAMED[kind]
    name = physical_id({logical_id: resource(kind, **properties)}, stack)
    assert re.fullmatch(pattern, name), name


def test_a_stack_that_is_made_again_does_not_adopt_what_was_retained(destmock):
    bucket = {**resource("AWS::S3::Bucket"), "DeletionPolicy": "Retain"}
    s3, cloudformation = boto3.client("s3"), boto3.client("cloudformation")
    first = physical_id({"Pictures": bucket})
    s3.put_object(Bucket=first, Key="kept", Body=b"x")
    cloudformation.delete_stack(StackName="shop")
    second = physical_id({"Pictures": bucket})
    assert second != first
    assert "Contents" not in s3.list_objects_v2(Bucket=second)
    assert s3.head_object(Bucket=first, Key="kept")


def test_a_resource_that_is_replaced_has_another_name(destmock):
    cloudformation, sqs = boto3.client("cloudformation"), boto3.client("sqs")
    physical_id({"Q": resource("AWS::SQS::Queue")})
    [before] = sqs.list_queues()["QueueUrls"]
    body = json.dumps({"Resources": {"Q": resource("AWS::SQS::Queue", FifoQueue=True)}})
    cloudformation.update_stack(StackName="shop", TemplateBody=body)
    [after] = sqs.list_queues()["QueueUrls"]
    assert after.removesuffix(".fifo") != before


@pytest.mark.parametrize("kind", ["AWS::ECR::Repository", "AWS::ECS::Cluster", "AWS::SQS::Queue"])
def test_a_resource_that_is_only_changed_keeps_its_name(destmock, kind):
    name = physical_id({"R": resource(kind)})
    tags = [{"Key": "a", "Value": "b"}]
    body = json.dumps({"Resources": {"R": resource(kind, Tags=tags)}})
    cloudformation = boto3.client("cloudformation")
    cloudformation.update_stack(StackName="shop", TemplateBody=body)
    [found] = cloudformation.list_stack_resources(StackName="shop")["StackResourceSummaries"]
    assert found["PhysicalResourceId"] == name


def test_names_are_the_same_on_every_run():
    def names():
        cloudformation = boto3.client("cloudformation")
        for _ in range(3):
            yield physical_id({"Q": resource("AWS::SQS::Queue")})
            cloudformation.delete_stack(StackName="shop")

    runs = []
    for _ in range(2):
        with mock_destinations():
            runs.append(list(names()))
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 3
