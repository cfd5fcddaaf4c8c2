"""Threads make stacks at the same time: each stack is whole, and one that fails takes no other along."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from tests.cloudformation.deployed import attribute, function, resource

STACKS = 24
ANSWERING = """
import cfnresponse
def handler(event, context):
    cfnresponse.send(event, context, cfnresponse.SUCCESS, {}, "made")
"""


@pytest.fixture
def create_all(cloudformation):
    """Creates stacks in eight threads; answers the error of each, or `None`."""

    def make(resources_of):
        def create(number):
            body = {
                "Resources": resources_of(number),
                "Outputs": {"Out": {"Value": "x", "Export": {"Name": f"out-{number}"}}},
            }
            try:
                cloudformation.create_stack(StackName=f"stack-{number}", TemplateBody=json.dumps(body))
            except ClientError as error:
                return str(error)
            return None

        with ThreadPoolExecutor(8) as threads:
            return list(threads.map(create, range(STACKS)))

    return make


def names(cloudformation):
    stacks = cloudformation.describe_stacks()["Stacks"]
    exports = cloudformation.list_exports()["Exports"]
    return {each["StackName"] for each in stacks}, {each["Name"] for each in exports}


def test_every_stack_is_made(create_all, cloudformation, lam):
    thing = resource("Custom::Thing", ServiceToken=attribute("F"))
    errors = create_all(lambda _: {"F": function(Code={"ZipFile": ANSWERING}), "Thing": thing})
    assert errors == [None] * STACKS
    made = range(STACKS)
    assert names(cloudformation) == ({f"stack-{number}" for number in made}, {f"out-{n}" for n in made})
    assert len(lam.get_paginator("list_functions").paginate().build_full_result()["Functions"]) == STACKS


def test_a_stack_that_fails_takes_no_other_along(create_all, cloudformation):
    config = resource("AWS::Lambda::EventInvokeConfig", FunctionName="nobody", Qualifier="$LATEST")

    def resources_of(number):
        queue = {"Q": resource("AWS::SQS::Queue")}
        return {**queue, "Config": config} if number % 3 == 0 else queue

    errors = create_all(resources_of)
    assert [error is None for error in errors] == [number % 3 != 0 for number in range(STACKS)]
    made = [number for number in range(STACKS) if number % 3]
    assert names(cloudformation) == ({f"stack-{number}" for number in made}, {f"out-{n}" for n in made})
