"""What the inner runs of pytest have in common."""

import destmock._mock.mock  # noqa: F401 - inner runs in this process must not be the first to import moto

PRELUDE = """
import boto3
import pytest
from destmock import mock_destinations, outcomes

def ok(event, context):
    return {"ok": event}

def send(name="orders"):
    return boto3.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")

def responses(destmock):
    return [invocation.attempts[-1].response for invocation in destmock.invocations]
"""

#: Warnings are errors in the inner runs too; pytest-asyncio warns without its option.
STRICT = ("-W", "error", "-o", "asyncio_default_fixture_loop_scope=function", "--strict-markers")
SECTION = "destmock timeline"


def sections(result):
    """How many timelines the run has shown."""
    return sum(SECTION in line for line in result.outlines)
