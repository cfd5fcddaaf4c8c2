"""moto's CloudFormation is changed once for each mock, however many calls there are."""

import inspect
from unittest.mock import patch

import boto3
from moto.cloudformation import parsing
from moto.cloudformation.models import CloudFormationBackend

from destmock import mock_destinations
from destmock._cloudformation.resources.messages import Queue

TEMPLATE = '{"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}}'


def changed():
    return (
        parsing.clean_json,
        parsing.ResourceMap.__init__,
        parsing.parse_resource_and_generate_name,
        CloudFormationBackend.create_stack,
    )


def test_hundreds_of_calls_change_moto_once():
    before = changed()
    with mock_destinations():
        cloudformation = boto3.client("cloudformation")
        cloudformation.create_stack(StackName="first", TemplateBody=TEMPLATE)
        after_one = changed()
        assert not set(before) & set(after_one)
        for number in range(100):
            cloudformation.describe_stacks(StackName="first")
            cloudformation.create_stack(StackName=f"stack-{number}", TemplateBody=TEMPLATE)
        assert changed() == after_one
    assert changed() == before


def test_the_hundredth_stack_goes_through_as_many_calls_as_the_first():
    depths = []

    def create(self, *given, made=Queue.create):
        depths.append(len(inspect.stack(0)))
        return made(self, *given)

    for _ in range(3):  # botocore goes a longer way to the first events of a client that is made from nothing
        with mock_destinations():
            boto3.client("cloudformation").create_stack(StackName="earlier", TemplateBody=TEMPLATE)
    with mock_destinations(), patch.object(Queue, "create", create):
        cloudformation = boto3.client("cloudformation")
        for number in range(100):
            cloudformation.create_stack(StackName=f"stack-{number}", TemplateBody=TEMPLATE)
    assert len(depths) == 100
    assert len(set(depths)) == 1
