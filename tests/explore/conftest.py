"""Inner runs of pytest with explored tests."""

import textwrap

import pytest

import destmock._mock.mock  # noqa: F401 - inner runs in this process must not be the first to import moto
from tests.mock.inner_runs import STRICT

PRELUDE = """
import asyncio
import boto3
import pytest
import unittest
from destmock import explore
from tests.explore.scenarios import *

def fine(event, context):
    SQS.list_queues()

def arrange_and_act():
    make_table()
    send_event("count")
    assert number() == 1
"""


@pytest.fixture
def run(pytester):
    """Runs a test module, which begins with the prelude, in an inner pytest."""

    def run(text, *arguments):
        pytester.makepyfile(test_inner=PRELUDE + textwrap.dedent(text))
        return pytester.runpytest_inprocess(*STRICT, "-p", "no:randomly", *arguments)

    return run
