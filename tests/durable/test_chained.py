"""Functions, queues and other executions that durable functions meet."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import boto3
import pytest
from botocore.exceptions import ClientError

from destmock import outcomes
from tests.durable.protocol import CONFIG, NAME, durable, got, history, kinds, start, update

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
TARGET = "target:$LATEST"


def invokes(name, payload='{"n": 1}'):
    """Invokes a function, and answers what it was told."""

    def body(run):
        if run.status("call") is None:
            options = {"ChainedInvokeOptions": {"FunctionName": name}}
            run.checkpoint(update("call", "CHAINED_INVOKE", "START", Payload=payload, **options))
        if run.status("call") == "STARTED":
            return None
        details = run.operations["call"]["ChainedInvokeDetails"]
        return [run.status("call"), details.get("Result"), details.get("Error")]

    return durable(body)


def result(lam, **more):
    return json.loads(lam.invoke(FunctionName=NAME, **more)["Payload"].read())


def test_a_function_that_is_not_durable_is_run_once(destmock, lam):
    destmock.handler("orders", invokes("target"), durable_config=CONFIG)
    destmock.handler("target", lambda event, context: event, duration=2)
    arn = start(lam)
    assert json.loads(got(lam, arn)["Result"]) == ["SUCCEEDED", '{"n": 1}', None]
    [begun] = [event for event in history(lam, arn, IncludeExecutionData=True) if "Chained" in str(event)][:1]
    assert begun["ChainedInvokeStartedDetails"] == {
        "FunctionName": "target",
        "Input": {"Payload": '{"n": 1}', "Truncated": False},
        "ExecutedVersion": "$LATEST",
    }
    assert kinds(lam, arn) == [
        "ExecutionStarted",
        "ChainedInvokeStarted",
        "InvocationCompleted",
        "ChainedInvokeSucceeded",
        "InvocationCompleted",
        "ExecutionSucceeded",
    ]
    assert [run.source for run in destmock.runs.for_function("target")] == [
        f"durable execution {got(lam, arn)['DurableExecutionName']}"
    ]


def test_a_durable_one_runs_in_an_execution_of_its_own(destmock, lam):
    destmock.handler("orders", invokes(TARGET), durable_config=CONFIG)
    destmock.handler("target", durable(lambda run: "waited" if run.wait(60) else None), durable_config=CONFIG)
    arn = start(lam)
    assert json.loads(got(lam, arn)["Result"]) == ["SUCCEEDED", '"waited"', None]
    [begun] = [event for event in history(lam, arn) if event["EventType"] == "ChainedInvokeStarted"]
    child = got(lam, begun["ChainedInvokeStartedDetails"]["DurableExecutionArn"])
    assert (child["Status"], child["InputPayload"]) == ("SUCCEEDED", '{"n": 1}')


@pytest.mark.parametrize(
    ("handler", "settings", "status", "error"),
    [
        (outcomes(KeyError("n")), {}, "FAILED", "KeyError"),
        (outcomes(1), {"timeout": 1, "duration": 5}, "TIMED_OUT", "ChainedInvoke.Timeout"),
        (durable(lambda run: ValueError("no")), {"durable_config": CONFIG}, "FAILED", "ValueError"),
        (
            durable(lambda run: run.wait(600) or None),
            {"durable_config": {"ExecutionTimeout": 60}},
            "TIMED_OUT",
            "ChainedInvoke.Timeout",
        ),
    ],
    ids=["raises", "times out", "fails", "takes too long"],
)
def test_a_function_that_fails_is_told_of(destmock, lam, handler, settings, status, error):
    destmock.handler("orders", invokes(TARGET), durable_config=CONFIG)
    destmock.handler("target", handler, **settings)
    told, nothing, found = result(lam)
    assert (told, nothing, found["ErrorType"]) == (status, None, error)


@pytest.mark.parametrize(
    ("name", "error", "text"),
    [
        ("nobody", "ResourceNotFoundException", "Function not found: arn:aws:lambda"),
        ("target", "InvalidParameterValueException", "using an unqualified ARN"),
    ],
)
def test_a_function_that_can_t_be_invoked_fails_the_operation_at_once(destmock, lam, name, error, text):
    destmock.handler("orders", invokes(name), durable_config=CONFIG)
    destmock.handler("target", durable(lambda run: 1), durable_config=CONFIG)
    status, nothing, found = result(lam)
    assert (status, nothing, found["ErrorType"]) == ("FAILED", None, error)
    assert text in found["ErrorMessage"]


def test_stopping_the_target_stops_the_wait_for_it(destmock, lam):
    destmock.handler("orders", invokes(TARGET), durable_config=CONFIG)
    destmock.handler("target", durable(lambda run: run.callback() and None), durable_config=CONFIG)
    arn = start(lam)
    [begun] = [event for event in history(lam, arn) if event["EventType"] == "ChainedInvokeStarted"]
    child = begun["ChainedInvokeStartedDetails"]["DurableExecutionArn"]
    lam.stop_durable_execution(DurableExecutionArn=child, Error={"ErrorType": "Stopped"})
    assert json.loads(got(lam, arn)["Result"]) == ["STOPPED", None, {"ErrorType": "Stopped"}]
    assert "ChainedInvokeStopped" in kinds(lam, arn)


# Others that invoke durable functions


def test_a_handler_waits_for_a_durable_function(destmock, lam):
    destmock.handler("orders", durable(lambda run: "done" if run.wait(60) else None), durable_config=CONFIG)

    @destmock.handler("caller", timeout=300)
    def caller(event, context):
        return boto3.client("lambda").invoke(FunctionName=NAME)["Payload"].read().decode()

    before = destmock.now
    assert lam.invoke(FunctionName="caller")["Payload"].read() == b'"\\"done\\""'
    assert (destmock.now - before).total_seconds() >= 60
    lam.invoke(FunctionName="caller", InvocationType="Event")
    assert destmock.invocations[0].attempts[0].response == '"done"'


def test_a_thread_of_a_handler_waits_for_a_durable_function(destmock, lam):
    destmock.handler("orders", durable(lambda run: "done" if run.wait(60) else None), durable_config=CONFIG)

    @destmock.handler("caller", timeout=300)
    def caller(event, context):
        with ThreadPoolExecutor(1) as pool:
            call = pool.submit(boto3.client("lambda").invoke, FunctionName=NAME)
        return json.loads(call.result()["Payload"].read())

    assert lam.invoke(FunctionName="caller")["Payload"].read() == b'"done"'


def test_where_time_can_t_pass_a_durable_function_can_t_be_waited_for(destmock, lam, monkeypatch, tmp_path):
    """An import that stopped in the middle would leave a module half made."""
    destmock.handler("orders", durable(lambda run: "done" if run.wait(60) else None), durable_config=CONFIG)
    (tmp_path / "invokes_when_imported.py").write_text(
        f"import boto3\nboto3.client('lambda').invoke(FunctionName={NAME!r})\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    destmock.handler("caller", lambda event, context: __import__("invokes_when_imported"))
    answer = json.loads(lam.invoke(FunctionName="caller")["Payload"].read())
    assert answer["errorType"] == "DestmockError"
    assert "orders can't be waited for from here" in answer["errorMessage"]
    [execution] = lam.list_durable_executions_by_function(FunctionName="orders")["DurableExecutions"]
    assert execution["Status"] == "SUCCEEDED"  # it goes on without its caller


def test_a_queue_s_mapping_waits_for_the_execution(destmock, lam, sqs, make_queue, messages):
    bodies = []

    def body(run):
        if not run.wait(30):
            return None
        bodies.extend(record["body"] for record in run.input["Records"])
        return "done"

    destmock.handler("orders", durable(body), durable_config=CONFIG, timeout=60)
    lam.publish_version(FunctionName="orders")
    arn = make_queue("jobs", VisibilityTimeout="360")
    lam.create_event_source_mapping(FunctionName="orders:1", EventSourceArn=arn)
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="seven")
    destmock.run_until_idle()
    assert bodies == ["seven"]
    assert messages("jobs") == []


@pytest.mark.destmock(start=START)
def test_nobody_waits_for_the_execution_of_a_batch_that_is_read_again_and_again(
    destmock, lam, sqs, make_queue, messages
):
    """A wait is longer than the queue's visibility timeout, so there are several executions at a time."""

    def body(run):
        return ValueError("no") if run.wait(600) else None

    destmock.handler("orders", durable(body), durable_config=CONFIG, timeout=30)
    lam.publish_version(FunctionName="orders")
    lam.create_event_source_mapping(FunctionName="orders:1", EventSourceArn=make_queue("jobs"))
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="seven")
    assert destmock.now - START == timedelta(seconds=600)
    statuses = [
        execution["Status"]
        for execution in lam.list_durable_executions_by_function(FunctionName="orders:1")["DurableExecutions"]
    ]
    assert statuses[-1] == "FAILED"
    assert set(statuses[:-1]) == {"RUNNING"}
    assert all(pending.background for pending in destmock.pending)
    destmock.advance(600)
    assert messages("jobs") == []  # it is being tried again


def test_N2_a_mapping_waits_for_fifteen_minutes(destmock, lam, sqs, make_queue, messages):
    destmock.handler(
        "orders",
        durable(lambda run: "done" if run.wait(1200) else None),
        durable_config={"ExecutionTimeout": 7200},
    )
    lam.publish_version(FunctionName="orders")
    dead = json.dumps({"deadLetterTargetArn": make_queue("dead"), "maxReceiveCount": 1})
    arn = make_queue("jobs", VisibilityTimeout="1800", RedrivePolicy=dead)
    lam.create_event_source_mapping(FunctionName="orders:1", EventSourceArn=arn)
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="seven")
    destmock.run_until_idle()
    [execution] = lam.list_durable_executions_by_function(FunctionName="orders")["DurableExecutions"]
    error = got(lam, execution["DurableExecutionArn"])["Error"]
    assert error == {"ErrorMessage": "Execution timed out after 900 seconds."}
    assert [message["Body"] for message in messages("dead")] == ["seven"]


def test_a_mapping_is_of_a_version(destmock, lam, make_queue):
    destmock.handler("orders", durable(lambda run: 1), durable_config=CONFIG)
    with pytest.raises(ClientError, match="using an unqualified ARN"):
        lam.create_event_source_mapping(FunctionName="orders", EventSourceArn=make_queue("jobs"))


def test_a_topic_starts_an_execution_of_a_version(destmock, lam):
    destmock.handler("orders", durable(lambda run: len(run.input["Records"])), durable_config=CONFIG)
    version = lam.publish_version(FunctionName="orders")["FunctionArn"]
    sns = boto3.client("sns")
    topic = sns.create_topic(Name="orders")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=version)
    sns.publish(TopicArn=topic, Message="seven")
    [invocation] = destmock.invocations
    assert (invocation.source, invocation.condition) == ("SNS topic orders", "Success")
    [found] = lam.list_durable_executions_by_function(FunctionName="orders")["DurableExecutions"]
    assert found["Status"] == "SUCCEEDED"


def test_a_topic_can_t_start_an_execution_of_no_version(destmock, lam):
    destmock.handler("orders", durable(lambda run: 1), durable_config=CONFIG)
    function = lam.get_function(FunctionName="orders")["Configuration"]["FunctionArn"]
    sns = boto3.client("sns")
    topic = sns.create_topic(Name="orders")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)
    sns.publish(TopicArn=topic, Message="seven")
    assert destmock.invocations == []
    assert "nothing invoked: SNS topic orders names" in destmock.timeline()


@pytest.mark.parametrize(
    ("by", "why"),
    [
        ("rule", "is of a durable function, and names no version"),
        ("schedule", "answers InvalidParameterValueException: You cannot invoke a durable function using an"),
    ],
)
def test_a_rule_or_schedule_can_t_start_an_execution_of_no_version(destmock, lam, make_queue, by, why):
    destmock.handler("orders", durable(lambda run: 1), durable_config=CONFIG)
    function = lam.get_function(FunctionName="orders")["Configuration"]["FunctionArn"]
    target = {"Arn": function, "DeadLetterConfig": {"Arn": make_queue("dead")}}
    if by == "rule":
        events = boto3.client("events")
        events.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
        events.put_targets(Rule="hourly", Targets=[{"Id": "1", **target}])
    else:
        boto3.client("scheduler").create_schedule(
            Name="hourly",
            ScheduleExpression="rate(1 hour)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={
                **target,
                "RoleArn": "arn:aws:iam::123456789012:role/any",
                "RetryPolicy": {"MaximumRetryAttempts": 0},
            },
        )
    destmock.advance(3600)
    assert destmock.invocations == []
    assert f"names {function}, which {why}" in destmock.timeline()


@pytest.mark.destmock(strict=False)
def test_a_destination_can_t_start_an_execution_of_no_version(destmock, lam):
    destmock.handler("orders", durable(lambda run: 1), durable_config=CONFIG)
    destmock.handler("importer", lambda event, context: 7)
    function = lam.get_function(FunctionName="orders")["Configuration"]["FunctionArn"]
    lam.put_function_event_invoke_config(
        FunctionName="importer", DestinationConfig={"OnSuccess": {"Destination": function}}
    )
    lam.invoke(FunctionName="importer", InvocationType="Event")
    [delivery] = destmock.deliveries
    assert delivery.error == "You cannot invoke a durable function using an unqualified ARN."
    assert [invocation.function_name for invocation in destmock.invocations] == ["importer"]


# Faults


def test_a_duplicate_is_an_execution_of_its_own(destmock, lam):
    charged = []
    destmock.handler("orders", durable(lambda run: charged.append(run.input) or 1), durable_config=CONFIG)
    destmock.faults.duplicate("orders")
    start(lam, b'{"order": 7}')
    assert charged == [{"order": 7}] * 2
    assert [invocation.duplicate for invocation in destmock.invocations] == [False, True]


def test_an_execution_with_a_name_has_no_duplicate(destmock, lam):
    charged = []
    destmock.handler("orders", durable(lambda run: charged.append(run.input) or 1), durable_config=CONFIG)
    destmock.faults.duplicate("orders")
    start(lam, DurableExecutionName="order-7")
    assert charged == [{}]
    destmock.faults.clear()


@pytest.mark.parametrize("fault", ["throttle", "system_error"])
def test_an_invocation_that_is_refused_comes_later(destmock, lam, fault):
    destmock.handler("orders", durable(lambda run: "done" if run.wait(60) else None), durable_config=CONFIG)
    getattr(destmock.faults, fault)("orders", times=3)
    arn = start(lam)
    assert got(lam, arn)["Status"] == "SUCCEEDED"
    assert [fault.kind for fault in destmock.faults.injected] == [fault] * 3
