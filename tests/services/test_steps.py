"""Step Functions, which moto executes on demand: tasks that invoke a function."""

import json
import sys
import threading
import time

import boto3
import pytest

from destmock import mock_destinations
from tests.services.places import START

pytestmark = pytest.mark.slow  # moto's parser takes a second to import
TASKS = "moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda"
INVOKE = "arn:aws:states:::lambda:invoke"


def fail(event, context):
    raise ValueError("no stock")


@pytest.fixture
def destmock():
    config = {"stepfunctions": {"execute_state_machine": True}}
    handlers = {"orders": fail, "echo": lambda event, context: event}
    with mock_destinations(config=config, start=START, handlers=handlers, strict=False) as destmock:
        yield destmock


def execute(resource, **parameters):
    """The execution of a state machine with one task, once it is over."""
    return run({"Type": "Task", "Resource": resource, "End": True, "Parameters": parameters})


def run(state):
    """The execution of a state machine with one state, once it is over."""
    before = {*threading.enumerate()}
    started = start(state)
    steps = boto3.client("stepfunctions")
    while (found := steps.describe_execution(executionArn=started))["status"] == "RUNNING":
        for thread in {*threading.enumerate()} - before:
            if thread.is_alive():
                thread.join(timeout=30)
    return found


def start(state):
    """Begin an execution of a state machine with one state, and return its ARN."""
    role = boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    steps = boto3.client("stepfunctions")
    definition = json.dumps({"StartAt": "A", "States": {"A": state}})
    machine = steps.create_state_machine(name="m", definition=definition, roleArn=role)["stateMachineArn"]
    return steps.start_execution(stateMachineArn=machine, input='{"id": 7}')["executionArn"]


def test_a_task_of_an_event_succeeds_whatever_becomes_of_the_event(destmock):
    parameters = {"FunctionName": "orders", "InvocationType": "Event", "Payload.$": "$"}
    found = execute(INVOKE, **parameters)
    assert found["status"] == "SUCCEEDED"
    assert json.loads(found["output"])["StatusCode"] == 202
    destmock.run_until_idle()
    [invocation] = destmock.invocations
    assert (invocation.event, invocation.condition) == ({"id": 7}, "RetriesExhausted")
    assert [attempt.elapsed for attempt in invocation.attempts] == [0, 60, 180]


def test_a_task_without_an_invocation_type_has_the_function_s_answer_or_its_error(destmock):
    found = execute(INVOKE, FunctionName="echo", **{"Payload.$": "$"})
    assert json.loads(found["output"])["Payload"] == {"id": 7}
    assert list(destmock.invocations) == []


def test_a_task_of_a_function_that_fails_fails(destmock):
    found = execute(INVOKE, FunctionName="orders", **{"Payload.$": "$"})
    assert (found["status"], found["error"]) == ("FAILED", "ValueError")


def test_a_wait_ends_though_virtual_time_stands_still(destmock):
    assert run({"Type": "Wait", "Seconds": 1, "End": True})["status"] == "SUCCEEDED"
    assert destmock.now == START


def test_an_execution_ends_with_its_mock():
    before = {*threading.enumerate()}
    with mock_destinations(config={"stepfunctions": {"execute_state_machine": True}}):
        start({"Type": "Wait", "Seconds": 3600, "End": True})
        assert {*threading.enumerate()} - before
    end = time.monotonic() + 30
    while {*threading.enumerate()} - before and time.monotonic() < end:
        time.sleep(0.001)  # its threads start others, so one that is not started yet cannot be joined
    assert not {*threading.enumerate()} - before


def test_what_moto_passes_on_is_put_back():
    with mock_destinations(config={"stepfunctions": {"execute_state_machine": True}}):
        execute(INVOKE, FunctionName="nobody", **{"Payload.$": "$"})
        tasks = sys.modules[TASKS]
        assert "InvocationType" in tasks._SUPPORTED_API_PARAM_BINDINGS["invoke"]
    assert "InvocationType" not in tasks._SUPPORTED_API_PARAM_BINDINGS["invoke"]


def test_executions_without_a_name_have_one_each(destmock):
    found = execute(INVOKE, FunctionName="echo", **{"Payload.$": "$"})
    steps = boto3.client("stepfunctions")
    again = steps.start_execution(stateMachineArn=found["stateMachineArn"], input="{}")["executionArn"]
    assert found["name"] != "None"
    assert again != found["executionArn"]
