"""What the tests of this folder share."""

import boto3
import pytest


@pytest.fixture
def cloudformation(destmock):
    return boto3.client("cloudformation")
