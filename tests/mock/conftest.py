"""What the tests of this folder share."""

import os
import textwrap

import pytest
from moto.core.models import MockAWS

import destmock._mock.mock  # noqa: F401 - inner runs in this process must not be the first to import moto
from destmock._engine.active import active
from tests.mock.inner_runs import PRELUDE, STRICT


@pytest.fixture
def mocks_before():
    """How many mocks of ours and of moto's were active before the test."""
    return len(active), MockAWS._nested_count


@pytest.fixture(autouse=True)
def _same_environment(mocks_before):
    before = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    yield
    assert {name: value for name, value in os.environ.items() if name.startswith("AWS_")} == before


@pytest.fixture(autouse=True)
def _ended(mocks_before):
    """No form leaves a mock active."""
    yield
    assert (len(active), MockAWS._nested_count) == mocks_before


@pytest.fixture
def payload():
    return b'{"id": 7}'


@pytest.fixture
def run(pytester):
    """Runs a test module, which begins with the prelude, in an inner pytest."""

    def run(text, *arguments, ini="", subprocess=False):
        pytester.makepyfile(test_inner=PRELUDE + textwrap.dedent(text))
        if ini:
            pytester.makeini("[pytest]\n" + textwrap.dedent(ini))
        go = pytester.runpytest_subprocess if subprocess else pytester.runpytest_inprocess
        return go(*STRICT, "-p", "no:randomly", *arguments)

    return run
