"""Templates in the manner of public ones, each of another kind: they deploy as they are, and go again."""

import warnings

import boto3
import pytest

from tests.cloudformation.deployed import TEMPLATES

KINDS = sorted((TEMPLATES / "kinds").glob("*.yaml"))
#: What is to be warned of, and nothing else.
WARNED = {
    "described_twice": {
        "the template has the key Timeout twice (again in line 11); the last one counts",
        "the Description of the resource Worker stands beside its Type; there it has no effect",
    },
    "incoming_mail": {"AWS::SES::ReceiptRule: store stays, moto's ses can't delete it"},
}


@pytest.mark.parametrize("template", KINDS, ids=lambda path: path.stem)
def test_a_template_deploys_as_it_is_and_goes_again(destmock, template):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        stack = destmock.deploy(template, invent_parameters=True)
        client = boto3.client("cloudformation")
        client.delete_stack(StackName=stack.name)
    assert stack.outputs
    assert all(stack.outputs.values())
    assert client.describe_stacks()["Stacks"] == []
    told = {str(each.message) for each in caught if issubclass(each.category, UserWarning)}
    assert told == WARNED.get(template.stem, set())
