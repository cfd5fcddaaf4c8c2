"""The event loops that handlers get from asyncio: on AWS, none is there before the handler's first."""

import asyncio

import boto3
import pytest

from destmock import mock_destinations

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def get(event, context):
    """As Powertools does with the records of a batch."""
    return asyncio.get_event_loop().run_until_complete(asyncio.sleep(1, event))


def run(event, context):
    return asyncio.run(asyncio.sleep(1, event))


def invoke(function="get"):
    return boto3.client("lambda").invoke(FunctionName=function, Payload=b"7")["Payload"].read()


@pytest.fixture(autouse=True)
def destmock():
    with mock_destinations(handlers={"get": get, "run": run}, autorun=False) as destmock:
        yield destmock


@pytest.fixture(autouse=True)
def set_before():
    """A loop that pytest-asyncio has set is set again in the end."""
    here = vars(asyncio.get_event_loop_policy()._local)
    before = here.copy()
    yield
    here.clear()
    here.update(before)


@pytest.fixture
def loop(set_before):
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield loop
    loop.close()


@pytest.mark.parametrize("function", ["get", "run"])
def test_within_a_loop_that_runs(loop, function):
    async def program():
        return [invoke(function) for _ in range(3)], asyncio.get_event_loop_policy()._local._loop

    assert loop.run_until_complete(program()) == ([b"7"] * 3, loop)


def test_a_loop_that_is_set_stays_set(loop):
    assert invoke("run") == b"7"
    assert asyncio.get_event_loop() is loop


def test_after_a_loop_was_set_and_taken_away():
    asyncio.set_event_loop(None)
    assert [invoke(), invoke()] == [b"7", b"7"]


def test_within_another_handler_s_loop(destmock):
    async def ask():
        return invoke().decode()

    destmock.handler("outer", lambda event, context: asyncio.run(ask()))
    assert invoke("outer") == b'"7"'


def test_attempts_at_one_moment_have_loops_of_their_own(destmock):
    for _ in range(3):
        boto3.client("lambda").invoke(FunctionName="get", InvocationType="Event", Payload=b"7")
    destmock.run_until_idle()
    assert [invocation.condition for invocation in destmock.invocations] == ["Success"] * 3
    assert [len(invocation.attempts) for invocation in destmock.invocations] == [1, 1, 1]
