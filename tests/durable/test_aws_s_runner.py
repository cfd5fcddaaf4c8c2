"""AWS's own testing package runs a handler alone; here it ends as it does there, with the same operations."""

import sys
from importlib.util import find_spec

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destmock import mock_destinations

NEEDED = ("aws_durable_execution_sdk_python", "aws_durable_execution_sdk_python_testing")
if sys.version_info < (3, 11) or any(find_spec(name) is None for name in NEEDED):
    pytest.skip("aws-durable-execution-sdk-python-testing is missing", allow_module_level=True)

from aws_durable_execution_sdk_python import durable_execution  # noqa: E402 - they need the SDK
from aws_durable_execution_sdk_python.config import Duration, StepConfig  # noqa: E402
from aws_durable_execution_sdk_python.retries import RetryDecision  # noqa: E402
from aws_durable_execution_sdk_python_testing.runner import DurableFunctionTestRunner  # noqa: E402

pytestmark = pytest.mark.slow
CONFIG = {"ExecutionTimeout": 900}
KINDS = ("Step", "Wait", "Context")
STATUSES = {f"{kind}{end}": end.upper() for kind in KINDS for end in ("Started", "Succeeded", "Failed")}
LEAVES = st.one_of(
    st.tuples(st.just("step"), st.integers(0, 9)),
    st.tuples(st.just("flaky"), st.integers(1, 3)),
    st.tuples(st.just("broken"), st.integers(1, 2)),
    st.tuples(st.just("wait"), st.integers(1, 90)),
)
PROGRAMS = st.lists(
    LEAVES
    | st.tuples(st.just("child"), st.lists(LEAVES, min_size=1, max_size=2))
    | st.tuples(st.just("map"), st.integers(1, 3)),
    min_size=1,
    max_size=4,
)


def retrying(attempts):
    def strategy(error, made):
        return RetryDecision.no_retry() if made >= attempts else RetryDecision.retry(Duration.from_seconds(2))

    return StepConfig(retry_strategy=strategy)


def taken(context, operation, name):
    """What a program's operation comes to."""
    kind, value = operation
    if kind == "step":
        return context.step(lambda _: value, name=name)
    if kind == "flaky":  # the last of its attempts succeeds
        return context.step(lambda step: 1 // (step.attempt == value), name=name, config=retrying(value))
    if kind == "broken":
        return context.step(lambda _: 1 // 0, name=name, config=retrying(value))
    if kind == "wait":
        return context.wait(Duration.from_seconds(value), name=name)
    if kind == "child":
        return context.run_in_child_context(lambda child: all_of(child, value), name=name)
    found = context.map([*range(value)], lambda child, item, *_: child.step(lambda _: item), name=name)
    return found.get_results()


def all_of(context, program):
    return [taken(context, each, f"{number}-{each[0]}") for number, each in enumerate(program)]


def handler_of(program):
    return durable_execution(lambda event, context: all_of(context, program))


def in_their_runner(program):
    with DurableFunctionTestRunner(handler_of(program)) as runner:
        found = runner.run(input="{}", execution_timeout=60)
    runner._scheduler._loop.close()  # which it leaves open
    error = None if found.error is None else found.error.type
    return found.status.name, found.result, error, [theirs(each) for each in found.operations]


def theirs(operation):
    inner = [theirs(each) for each in getattr(operation, "child_operations", ())]
    return _told(operation.sub_type, operation.name, operation.status.name, inner)


def _told(sub_type, name, status, inner):
    """An operation; those of a map are in the order of their threads there."""
    return sub_type, name, status, sorted(inner) if sub_type == "Map" else inner


def here(program):
    with mock_destinations() as destmock:
        destmock.handler("orders", handler_of(program), durable_config=CONFIG, timeout=60)
        lam = boto3.client("lambda", "us-east-1")
        answer = lam.invoke(FunctionName="orders:$LATEST", Payload=b"{}")
        arn = {"DurableExecutionArn": answer["DurableExecutionArn"]}
        found = lam.get_durable_execution(**arn)
        events = lam.get_durable_execution_history(**arn, MaxItems=1000)["Events"]
    error = found.get("Error", {}).get("ErrorType")
    return found["Status"], found.get("Result"), error, ours(events, None)


def ours(events, parent):
    """The operations below another one, by the events of a history."""
    last = {event["Id"]: event for event in events if "SubType" in event}  # in the order of their beginning
    return [
        _told(event["SubType"], event.get("Name"), STATUSES[event["EventType"]], ours(events, number))
        for number, event in last.items()
        if event.get("ParentId") == parent
    ]


@settings(max_examples=8, deadline=None)
@given(PROGRAMS)
def test_N10_a_handler_ends_as_in_aws_s_runner_with_the_same_operations(program):
    assert here(program) == in_their_runner(program)
