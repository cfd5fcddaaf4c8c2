"""What is known of durable functions beside how their executions go: logs, states, calls and steps."""

import json

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.durable.protocol import CONFIG, NAME, durable, got, start, update

CALLS = {
    "CheckpointDurableExecution",
    "GetDurableExecution",
    "GetDurableExecutionHistory",
    "GetDurableExecutionState",
    "ListDurableExecutionsByFunction",
    "SendDurableExecutionCallbackFailure",
    "SendDurableExecutionCallbackHeartbeat",
    "SendDurableExecutionCallbackSuccess",
    "StopDurableExecution",
}
#: The calls of newer versions of boto3.
NEWER = {"DeleteDurableExecution", "PauseDurableExecution", "ResumeDurableExecution"}
#: What is asked of an execution that there is not, and what is told.
ARN = f"arn:aws:lambda:us-east-1:123456789012:function:orders:1/durable-execution/x/{'0' * 8}"
GIVEN = {
    "DurableExecutionArn": ARN,
    "CheckpointToken": "dG9rZW4=",
    "FunctionName": "nobody",
    "CallbackId": "bm9ib2R5",
}
TOLD = ("Durable Execution does not exist", "Invalid c", "Invalid C", "Function not found: ", "Callback")


def serve(destmock, body, config=CONFIG):
    destmock.handler("orders", durable(body), durable_config=config)


def asks(run):
    run.callback()
    return None if run.status("callback") == "STARTED" else "done"


def test_R35_a_durable_function_logs_json_unless_it_is_told_otherwise(destmock, lam, role):
    """R35. Functions are deleted at once here, so no State is `Deleting`."""
    serve(destmock, lambda run: "done")
    assert lam.get_function_configuration(FunctionName="orders")["LoggingConfig"] == {
        "LogFormat": "JSON",
        "ApplicationLogLevel": "INFO",
        "SystemLogLevel": "INFO",
        "LogGroup": "/aws/lambda/orders",
    }
    lam.invoke(FunctionName=NAME)
    [run] = destmock.runs
    kinds = [json.loads(line)["type"] for line in run.attempt.log_events]
    assert kinds[-1] == "platform.report"
    text = {"LogFormat": "Text", "LogGroup": "/aws/lambda/orders"}
    lam.update_function_configuration(FunctionName="orders", LoggingConfig={"LogFormat": "Text"})
    assert lam.get_function_configuration(FunctionName="orders")["LoggingConfig"] == text


@pytest.mark.parametrize(
    ("body", "status", "members"),
    [
        (asks, "RUNNING", set()),
        (lambda run: "done", "SUCCEEDED", {"EndTimestamp", "Result"}),
        (lambda run: ValueError("no"), "FAILED", {"EndTimestamp", "Error"}),
        (lambda run: "late" if run.wait(120) else None, "TIMED_OUT", {"EndTimestamp", "Error"}),
        (asks, "STOPPED", {"EndTimestamp", "Error"}),
    ],
)
def test_N6_each_status_has_its_members(destmock, lam, body, status, members):
    serve(destmock, body, {"ExecutionTimeout": 60})
    arn = start(lam, b'{"order": 7}')
    if status == "STOPPED":
        error = {"ErrorType": "Changed", "ErrorMessage": "no longer wanted"}
        lam.stop_durable_execution(DurableExecutionArn=arn, Error=error)
    found = got(lam, arn)
    assert (found["Status"], found["InputPayload"]) == (status, '{"order": 7}')
    assert {"EndTimestamp", "Result", "Error"} & set(found) == members
    assert "XAmznTraceId" in found["TraceHeader"]
    if status == "RUNNING":
        lam.stop_durable_execution(DurableExecutionArn=arn)


def test_N8_a_step_that_is_over_is_answered_from_its_checkpoint(destmock, lam):
    ran, seen = [], []

    def body(run):
        if run.status("pay") is None:
            ran.append("pay")
            run.checkpoint(update("pay", "STEP", "START", SubType="Step"))
            run.checkpoint(update("pay", "STEP", "SUCCEED", Payload='"paid"'))
        if not run.wait(60):
            return None
        seen.append(run.operations["pay"]["StepDetails"]["Result"])
        return "done"

    serve(destmock, body)
    start(lam)
    assert (ran, seen) == (["pay"], ['"paid"'])


def test_N8_a_step_is_run_again_where_its_end_was_not_written(destmock, lam):
    ran = []

    def body(run):
        ran.append(run.status("pay"))
        if run.status("pay") is None:
            run.checkpoint(update("pay", "STEP", "START", SubType="Step"))
            raise SystemExit(1)
        run.checkpoint(update("pay", "STEP", "SUCCEED", Payload='"paid"'))
        return "done"

    serve(destmock, body)
    arn = start(lam)
    assert (ran, got(lam, arn)["Status"]) == ([None, "STARTED"], "SUCCEEDED")


def test_N9_each_call_of_durable_executions_is_answered(lam):
    operations = {name for name in lam.meta.service_model.operation_names if "DurableExecution" in name}
    assert CALLS <= operations <= CALLS | NEWER
    for operation in operations:
        members = lam.meta.service_model.operation_model(operation).input_shape.required_members
        with pytest.raises(ClientError) as error:
            getattr(lam, xform_name(operation))(**{name: GIVEN[name] for name in members})
        assert error.value.response["Error"]["Message"].startswith(TOLD), operation
