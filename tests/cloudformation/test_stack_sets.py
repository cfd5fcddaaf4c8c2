"""StackSets: the same stack in several regions and accounts."""

import json

import boto3
import pytest

from tests.cloudformation.deployed import ACCOUNT, function, resource

OTHER = "444455556666"


@pytest.fixture
def create_set(cloudformation):
    """Creates a StackSet with its instances."""

    def make(resources, accounts=(ACCOUNT,), regions=("us-east-1",), name="set"):
        cloudformation.create_stack_set(StackSetName=name, TemplateBody=json.dumps({"Resources": resources}))
        cloudformation.create_stack_instances(StackSetName=name, Accounts=[*accounts], Regions=[*regions])
        return cloudformation.list_stack_instances(StackSetName=name)["Summaries"]

    return make


def urls(region):
    return boto3.client("sqs", region).list_queues().get("QueueUrls", [])


def test_each_region_gets_the_stack_and_loses_it_again(create_set, cloudformation):
    regions = ["us-east-1", "eu-west-1"]
    made = create_set({"Q": resource("AWS::SQS::Queue", QueueName="jobs")}, regions=regions)
    assert [(each["Region"], each["Status"]) for each in made] == [(each, "CURRENT") for each in regions]
    assert [len(urls(region)) for region in regions] == [1, 1]
    cloudformation.delete_stack_instances(
        StackSetName="set", Accounts=[ACCOUNT], Regions=regions, RetainStacks=False
    )
    assert [urls(region) for region in regions] == [[], []]


def test_each_account_gets_the_stack(create_set):
    its_role = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/any"}
    create_set({"F": function(FunctionName="jobs", Role=its_role)}, accounts=[ACCOUNT, OTHER])
    role = boto3.client("sts").assume_role(RoleArn=f"arn:aws:iam::{OTHER}:role/any", RoleSessionName="test")
    keys = role["Credentials"]
    there = boto3.client(
        "lambda",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    for client, account in ((boto3.client("lambda"), ACCOUNT), (there, OTHER)):
        arn = client.get_function(FunctionName="jobs")["Configuration"]["FunctionArn"]
        assert arn == f"arn:aws:lambda:us-east-1:{account}:function:jobs"


def test_a_resource_without_a_name_gets_one_that_its_service_takes(create_set, sqs, lam):
    create_set({"Q": resource("AWS::SQS::Queue"), "F": function()})
    [url] = urls("us-east-1")
    [found] = lam.list_functions()["Functions"]
    for name in (url.rpartition("/")[2], found["FunctionName"]):
        assert name.startswith("StackSet-set-")
