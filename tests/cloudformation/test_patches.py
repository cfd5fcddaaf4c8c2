"""moto's CloudFormation is changed once for each mock, however many calls there are."""

import boto3
from moto.cloudformation import parsing
from moto.cloudformation.models import CloudFormationBackend

from destmock import mock_destinations

TEMPLATE = '{"Resources": {"Jobs": {"Type": "AWS::SQS::Queue"}}}'


def changed():
    return (
        parsing.clean_json,
        parsing.ResourceMap.__init__,
        parsing.parse_resource_and_generate_name,
        CloudFormationBackend.create_stack,
    )


def test_a_hundred_calls_change_moto_once():
    before = changed()
    with mock_destinations():
        cloudformation = boto3.client("cloudformation")
        cloudformation.create_stack(StackName="first", TemplateBody=TEMPLATE)
        after_one = changed()
        assert not set(before) & set(after_one)
        for _ in range(100):
            cloudformation.describe_stacks(StackName="first")
        assert changed() == after_one
    assert changed() == before
