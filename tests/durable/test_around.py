"""Durable functions in templates, over HTTP, in pictures, in CloudWatch, and in the code of a deployment."""

import io
import json
import sys
import zipfile
from datetime import datetime, timedelta, timezone
from importlib.util import find_spec

import boto3

# pytester forgets what a run inside this one is the first to import: there would be two Flasks.
import moto.moto_server.werkzeug_app  # noqa: F401
import pytest

from destmock import LeftoverError, mock_destinations, serve
from tests.durable.protocol import CONFIG, NAME, durable, got, history, start

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
SAM = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: orders
      Runtime: python3.13
      Handler: app.handler
      CodeUri: .
      AutoPublishAlias: live
      DurableConfig: {ExecutionTimeout: 3600, RetentionPeriodInDays: 7}
"""
CLOUDFORMATION = """
Resources:
  Orders:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: orders
      Runtime: python3.13
      Handler: index.handler
      Role: arn:aws:iam::123456789012:role/any
      Code: {ZipFile: "def handler(event, context): return {'Status': 'SUCCEEDED', 'Result': '1'}"}
      DurableConfig: {ExecutionTimeout: 600}
  Live:
    Type: AWS::Lambda::Version
    Properties: {FunctionName: !Ref Orders}
"""


def waits(run):
    return "done" if run.wait(60) else None


def asks(run):
    run.callback()
    return None if run.status("callback") == "STARTED" else "done"


@pytest.mark.slow
def test_a_sam_template_makes_a_durable_function(destmock, lam, tmp_path):
    pytest.importorskip("samtranslator")
    (tmp_path / "template.yaml").write_text(SAM)
    destmock.deploy(tmp_path / "template.yaml", handlers={"Orders": durable(waits)})
    assert lam.get_function_configuration(FunctionName="orders")["DurableConfig"] == {
        "ExecutionTimeout": 3600,
        "RetentionPeriodInDays": 7,
    }
    arn = start(lam, name="orders:live")
    assert ":function:orders:1/durable-execution/" in arn
    assert got(lam, arn)["Status"] == "SUCCEEDED"


def test_a_template_s_own_code_is_durable(destmock, lam, tmp_path):
    pytest.importorskip("yaml")
    (tmp_path / "template.yaml").write_text(CLOUDFORMATION)
    destmock.deploy(tmp_path / "template.yaml")
    assert lam.invoke(FunctionName="orders:1")["Payload"].read() == b"1"


@pytest.mark.skipif(
    find_spec("aws_durable_execution_sdk_python") is None or sys.version_info < (3, 11),
    reason="AWS's durable SDK needs Python 3.11",
)
def test_deployed_code_uses_the_sdk(destmock, lam, role):
    code = (
        "from aws_durable_execution_sdk_python import durable_execution\n"
        "from aws_durable_execution_sdk_python.config import Duration\n"
        "@durable_execution\n"
        "def handler(event, context):\n"
        "    context.wait(Duration.from_hours(2))\n"
        "    return context.step(lambda _: event['n'] + 1)\n"
    )
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("app.py", code)
    lam.create_function(
        FunctionName="orders",
        Runtime="python3.13",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": archive.getvalue()},
        DurableConfig={"ExecutionTimeout": 36_000},
        Timeout=30,
    )
    found = got(lam, start(lam, b'{"n": 1}'))
    assert (found["Status"], found["Result"]) == ("SUCCEEDED", "2")


def test_the_calls_are_served_over_http():
    with serve(handlers={}) as server:
        server.handler("orders", durable(asks), durable_config={"ExecutionTimeout": 86_400})
        server.handler("waits", durable(waits), durable_config=CONFIG)
        keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
        lam = boto3.client("lambda", "us-east-1", endpoint_url=server.url, **keys)
        assert lam.invoke(FunctionName="waits:$LATEST")["Payload"].read() == b'"done"'
        arn = start(lam, DurableExecutionName="order-7")
        server.run_until_idle()
        [callback] = [event for event in history(lam, arn) if event["EventType"] == "CallbackStarted"]
        lam.send_durable_execution_callback_success(
            CallbackId=callback["CallbackStartedDetails"]["CallbackId"]
        )
        server.run_until_idle()
        listed = lam.list_durable_executions_by_function(FunctionName="orders", Statuses=["SUCCEEDED"])
        assert [each["DurableExecutionName"] for each in listed["DurableExecutions"]] == ["order-7"]
        assert got(lam, arn)["Result"] == '"done"'
        stopped = lam.stop_durable_execution(DurableExecutionArn=arn)["StopTimestamp"]
        assert stopped == got(lam, arn)["EndTimestamp"]


@pytest.mark.destmock(start=START)
def test_the_pictures_have_an_execution_as_one_event(destmock, lam, tmp_path):
    destmock.handler("orders", durable(waits), durable_config=CONFIG)
    start(lam, b'{"order": 7}')
    assert "orders" in destmock.diagram()
    destmock.report(tmp_path / "report.html")
    report = (tmp_path / "report.html").read_text()
    assert "WaitStarted wait" in report
    assert destmock.timeline().splitlines()[1:] == [
        "  +0.000 s WaitStarted wait",
        '  +0.000 s attempt 1: Success {"Status": "PENDING"}',
        "  +60.000 s WaitSucceeded wait",
        '  +60.000 s attempt 2: Success {"Status": "SUCCEEDED", "Result": "\\"done\\""}, 60 s after the last',
        "  +60.000 s Success",
        "  +60.000 s nothing sent: no OnSuccess destination",
    ]


@pytest.mark.destmock(start=START)
def test_the_timeline_of_a_synchronous_caller_tells_when(destmock, lam):
    destmock.handler("orders", durable(waits), durable_config=CONFIG)
    lam.invoke(FunctionName=NAME)
    assert "  +60.000 s WaitSucceeded wait" in destmock.timeline().splitlines()


@pytest.mark.destmock(start=START)
@pytest.mark.parametrize(
    ("body", "ending"),
    [(waits, "Succeeded"), (lambda run: ValueError("no"), "Failed"), (asks, "TimedOut")],
)
def test_N7_executions_are_counted(destmock, lam, body, ending):
    destmock.handler("orders", durable(body), durable_config={"ExecutionTimeout": 600})
    start(lam)
    destmock.advance(3600)

    def of(metric):
        answer = boto3.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": "FunctionName", "Value": "orders"}],
            StartTime=START,
            EndTime=START + timedelta(days=1),
            Period=86_400,
            Statistics=["Sum"],
        )
        return sum(point["Sum"] for point in answer["Datapoints"])

    assert of("DurableExecutionStarted") == 1
    counts = {each: of(f"DurableExecution{each}") for each in ("Succeeded", "Failed", "TimedOut", "Stopped")}
    assert counts == {**dict.fromkeys(counts, 0), ending: 1}
    assert of("DurableExecutionDuration") == {"Succeeded": 60_000, "Failed": 0, "TimedOut": 600_000}[ending]
    assert of("DurableExecutionOperations") == (0 if ending == "Failed" else 1)


@pytest.mark.destmock(start=START)
def test_the_default_bus_is_told_of_each_change(destmock, lam, sqs, make_queue, messages):
    events = boto3.client("events")
    pattern = {"source": ["aws.lambda"], "detail-type": ["Durable Execution Status Change"]}
    events.put_rule(Name="changes", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="changes", Targets=[{"Id": "queue", "Arn": make_queue("changes")}])
    destmock.handler("orders", durable(waits), durable_config=CONFIG)
    arn = start(lam, DurableExecutionName="order-7")
    begun, ended = (json.loads(message["Body"]) for message in messages("changes"))
    assert (begun["resources"], begun["detail"]["status"]) == ([arn], "RUNNING")
    assert ended["detail"] == {
        "version": "0",
        "durableExecutionArn": arn,
        "durableExecutionName": "order-7",
        "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:orders:$LATEST",
        "status": "SUCCEEDED",
        "startTimestamp": "2026-01-01T00:00:00.000Z",
        "endTimestamp": "2026-01-01T00:01:00.000Z",
    }
    assert ended["time"] == "2026-01-01T00:01:00Z"


def test_what_time_would_end_is_left_over():
    mock = mock_destinations(autorun=False)
    destmock = mock.start()
    destmock.handler("orders", durable(waits), durable_config=CONFIG)
    start(boto3.client("lambda", "us-east-1"))
    destmock.advance(1)
    with pytest.raises(LeftoverError, match=r"orders .* attempt 2 is due at"):
        mock.stop()


@pytest.mark.destmock(start=START)
def test_a_version_is_deleted_while_its_execution_waits(destmock, lam):
    destmock.handler("orders", durable(asks), durable_config={"ExecutionTimeout": 600})
    version = lam.publish_version(FunctionName="orders")["Version"]
    arn = start(lam, name=f"orders:{version}")
    [callback] = [event for event in history(lam, arn) if event["EventType"] == "CallbackStarted"]
    lam.delete_function(FunctionName="orders", Qualifier=version)
    lam.send_durable_execution_callback_success(CallbackId=callback["CallbackStartedDetails"]["CallbackId"])
    found = got(lam, arn)
    assert (found["Status"], found["Error"]["ErrorType"]) == ("FAILED", "ResourceNotFoundException")


@pytest.mark.destmock(start=START)
def test_an_interrupt_leaves_the_execution_whole(destmock, lam):
    interrupts = iter([True, False])

    def body(run):
        if not run.wait(60):
            return None
        if next(interrupts):
            raise KeyboardInterrupt
        return "done"

    destmock.handler("orders", durable(body), durable_config=CONFIG)
    with pytest.raises(KeyboardInterrupt):
        start(lam, DurableExecutionName="order-7")
    destmock.run_until_idle()
    [found] = lam.list_durable_executions_by_function(FunctionName="orders")["DurableExecutions"]
    assert found["Status"] == "SUCCEEDED"


@pytest.mark.slow
def test_a_mock_without_durable_functions_does_not_import_the_sdk(forks, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import sys, boto3, json\n"
        "from destmock import mock_destinations\n"
        "with mock_destinations(handlers={'orders': lambda event, context: 1}):\n"
        "    boto3.client('lambda', 'us-east-1').invoke(FunctionName='orders')\n"
        "print(json.dumps('aws_durable_execution_sdk_python' in sys.modules))\n"
    )
    done = forks.run(program, cwd=tmp_path)
    assert json.loads(done.stdout) is False
