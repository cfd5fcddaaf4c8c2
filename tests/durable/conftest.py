"""What the tests of this folder share."""

import json

import boto3
import pytest


@pytest.fixture
def role(destmock):
    """The ARN of a role that is there."""
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = boto3.client("iam").create_role(RoleName="orders", AssumeRolePolicyDocument=trust)
    return role["Role"]["Arn"]
