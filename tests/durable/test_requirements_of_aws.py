"""AWS's own requirements for durable functions: handlers written to their descriptions, event by event."""

import json
import sys
from datetime import timedelta
from importlib.util import find_spec

import boto3
import pytest

from destmock import mock_destinations
from tests.durable.requirements_of_aws import Values, found

if find_spec("aws_durable_execution_sdk_python") is None:
    reason = "aws-durable-execution-sdk-python needs Python 3.11" if sys.version_info < (3, 11) else "no SDK"
    pytest.skip(f"{reason}: pip install 'destmock[durable]'", allow_module_level=True)
yaml = pytest.importorskip("yaml")

from tests.durable.required import (  # noqa: E402 - they need the SDK
    branches,
    callbacks,
    conditions,
    contexts,
    invokes,
    plugins,
    steps,
)
from tests.durable.required.parts import REQUIRED  # noqa: E402

MODULES = (branches, callbacks, conditions, contexts, invokes, plugins, steps)
NEEDS = "the package aws-durable-execution-conformance-tests, which needs Python 3.14, is missing"
#: libyaml's, where PyYAML has it: Python's own takes longer than the requirements themselves.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
ROLE = "arn:aws:iam::123456789012:role/any"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """A stack with a function for each handler, and a client of Lambda."""
    resources = {_logical(number): _function(number) for number in REQUIRED}
    template = tmp_path_factory.mktemp("required") / "template.json"
    template.write_text(json.dumps({"Resources": resources}))
    with mock_destinations(autorun=False) as destmock:
        handlers = {_logical(number): handler for number, handler in REQUIRED.items()}
        destmock.deploy(template, handlers=handlers)
        yield destmock, boto3.client("lambda", "us-east-1")


def _logical(number):
    return f"Required{number.replace('-', 'X')}"


def _function(number):
    properties = {
        "FunctionName": f"required-{number}",
        "Code": {"ZipFile": "def handler(event, context): raise NotImplementedError"},
        "Handler": "index.handler",
        "Runtime": "python3.13",
        "Role": ROLE,
        "Timeout": 60,
        "DurableConfig": {"ExecutionTimeout": 7200},
    }
    if number == "tenants":
        properties["TenancyConfig"] = {"TenantIsolationMode": "PER_TENANT"}
    return {"Type": "AWS::Lambda::Function", "Properties": properties}


@pytest.mark.skipif(not found(), reason=NEEDS)
@pytest.mark.parametrize("path", found(), ids=lambda path: path.stem)
def test_a_requirement_of_aws_holds(deployed, path):
    destmock, lam = deployed
    requirement = yaml.load(path.read_text("utf-8"), LOADER)
    values = Values(requirement.get("Variables"))
    name = f"required-{path.stem}"
    payload = json.dumps(values.put_in(requirement["Input"])).encode()
    answer = lam.invoke(FunctionName=f"{name}:$LATEST", InvocationType="Event", Payload=payload)
    arn = answer["DurableExecutionArn"]
    _act(destmock, lam, arn, values, requirement.get("CallbackActions", ()))
    history = lam.get_durable_execution_history(DurableExecutionArn=arn, IncludeExecutionData=True)
    differences = [*values.events(requirement["ExpectedExecutionHistory"], history["Events"])]
    expected = requirement.get("ExpectedResult", {})
    execution = lam.get_durable_execution(DurableExecutionArn=arn)
    if execution["Status"] != expected.get("ExecutionStatus", "SUCCEEDED"):
        differences.append(f"{execution['Status']}: {execution.get('Error')}")
    if "Result" in expected:
        result = json.loads(execution["Result"])
        wanted = values.put_in(expected["Result"])
        if wanted not in (result, json.dumps(result)):
            differences.append(f"{result!r} instead of {wanted!r}")
    lines = [line for run in destmock.runs.for_function(name) for line in run.attempt.log_events]
    differences += values.logs(requirement.get("ExpectedLogs"), lines)
    assert differences == []


def _act(destmock, lam, arn, values, actions):
    """Answer the callbacks when the requirement says, and let what nobody answers time out."""
    destmock.advance(0)
    todo = values.put_in(list(actions))
    over = set()
    while todo:
        events = lam.get_durable_execution_history(DurableExecutionArn=arn)["Events"]
        due = [
            (event["EventTimestamp"] + timedelta(seconds=action.get("Delay", 0)), number, event)
            for event in events
            if event["EventType"] == "CallbackStarted" and event["Id"] not in over
            for number, action in enumerate(todo)
            if action["CallbackName"] in ("*", event.get("Name"))
        ]
        if not due:
            destmock.advance(1)
            continue
        at, number, event = min(due, key=lambda each: each[:2])
        destmock.advance(max(at - destmock.now, timedelta(0)))
        action = todo.pop(number)
        if action["Operation"] != "heartbeat":
            over.add(event["Id"])
        _answer(lam, event["CallbackStartedDetails"]["CallbackId"], action)
        destmock.advance(0)
    destmock.advance(4000)


def _answer(lam, callback, action):
    if action["Operation"] == "heartbeat":
        lam.send_durable_execution_callback_heartbeat(CallbackId=callback)
    elif action["Operation"] == "success":
        result = {"Result": json.dumps(action["Payload"]).encode()} if "Payload" in action else {}
        lam.send_durable_execution_callback_success(CallbackId=callback, **result)
    else:
        lam.send_durable_execution_callback_failure(CallbackId=callback, Error=action["Payload"])
