"""What the tests of this folder share."""

from pathlib import Path

import boto3
import pytest


def pytest_collection_modifyitems(items):
    """Templates are the same to every version of Python, and take long to deploy."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def cloudformation(destmock):
    return boto3.client("cloudformation")
