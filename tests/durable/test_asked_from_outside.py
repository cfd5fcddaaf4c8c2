"""What is asked of executions from outside: their state, their history, lists of them, and to stop."""

import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.durable.protocol import CONFIG, NAME, YEAR, durable, got, history, kinds, start, update

NOBODY = "arn:aws:lambda:us-east-1:123456789012:function:orders:1/durable-execution/nobody/0"


@pytest.fixture
def waiting(destmock, lam):
    """An execution that waits for a callback."""

    def body(run):
        run.callback(TimeoutSeconds=86_400)
        return None if run.status("callback") == "STARTED" else "done"

    destmock.handler("orders", durable(body), durable_config=YEAR)
    return start(lam, b'{"order": 7}', DurableExecutionName="order-7")


def test_R33_an_execution_that_runs(lam, waiting):
    found = got(lam, waiting)
    assert found.pop("StartTimestamp") is not None
    found.pop("ExpectedExecutionTimeoutTimestamp", None)  # of newer boto3
    assert found.pop("TraceHeader")["XAmznTraceId"].startswith("Root=1-")
    del found["ResponseMetadata"]
    assert found == {
        "DurableExecutionArn": waiting,
        "DurableExecutionName": "order-7",
        "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:orders:$LATEST",
        "InputPayload": '{"order": 7}',
        "Status": "RUNNING",
        "Version": "$LATEST",
        "ExecutionDataIncluded": True,
        "DurableConfig": {"ExecutionTimeout": 31_622_400, "RetentionPeriodInDays": 14},
    }


def test_R33_an_execution_that_has_ended(destmock, lam):
    destmock.handler("orders", durable(lambda run: {"ok": 1}), durable_config=CONFIG)
    found = got(lam, start(lam))
    assert (found["Status"], found["Result"]) == ("SUCCEEDED", '{"ok": 1}')
    assert found["EndTimestamp"] >= found["StartTimestamp"]
    without = lam.get_durable_execution(
        DurableExecutionArn=found["DurableExecutionArn"], IncludeExecutionData=False
    )
    assert without["ExecutionDataIncluded"] is False
    assert not {"Result", "InputPayload"} & set(without)


def test_R32_the_history_has_payloads_for_those_who_ask(lam, waiting):
    [begun, callback, completed] = history(lam, waiting)
    assert [event["EventId"] for event in (begun, callback, completed)] == [1, 2, 3]
    assert begun["ExecutionStartedDetails"] == {
        "Input": {"Truncated": True},
        "ExecutionTimeout": 31_622_400,
    }
    assert (callback["SubType"], callback["Name"], callback["Id"]) == ("Callback", "callback", "callback")
    assert callback["CallbackStartedDetails"]["Timeout"] == 86_400
    begun = history(lam, waiting, IncludeExecutionData=True)[0]
    assert begun["ExecutionStartedDetails"]["Input"] == {"Payload": '{"order": 7}', "Truncated": False}


def test_the_history_comes_in_pages_and_backwards(lam, waiting):
    ask = lam.get_durable_execution_history
    first = ask(DurableExecutionArn=waiting, MaxItems=2)
    second = ask(DurableExecutionArn=waiting, MaxItems=2, Marker=first["NextMarker"])
    assert [event["EventId"] for event in first["Events"] + second["Events"]] == [1, 2, 3]
    assert "NextMarker" not in second
    backwards = ask(DurableExecutionArn=waiting, ReverseOrder=True)["Events"]
    assert [event["EventId"] for event in backwards] == [3, 2, 1]
    with pytest.raises(ClientError, match="Invalid Marker"):
        ask(DurableExecutionArn=waiting, Marker="nonsense")
    with pytest.raises(ClientError, match="'maxItems' failed to satisfy"):
        ask(DurableExecutionArn=waiting, MaxItems=1001)


def test_R34_a_list_has_the_newest_first(destmock, lam, waiting):
    destmock.advance(60)
    other = start(lam, DurableExecutionName="order-8")
    found = lam.list_durable_executions_by_function(FunctionName="orders")["DurableExecutions"]
    assert [each["DurableExecutionArn"] for each in found] == [other, waiting]
    assert set(found[0]) == {
        "DurableExecutionArn",
        "DurableExecutionName",
        "FunctionArn",
        "Status",
        "StartTimestamp",
    }


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"ReverseOrder": True}, ["order-7", "order-8"]),
        ({"DurableExecutionName": "order-7"}, ["order-7"]),
        ({"Statuses": ["STOPPED"]}, ["order-8"]),
        ({"Statuses": ["RUNNING"]}, ["order-7"]),
        ({"Qualifier": "$LATEST"}, ["order-8", "order-7"]),
        ({"MaxItems": 1}, ["order-8"]),
    ],
)
def test_a_list_is_filtered(destmock, lam, waiting, filters, names):
    lam.stop_durable_execution(DurableExecutionArn=start(lam, DurableExecutionName="order-8"))
    found = lam.list_durable_executions_by_function(FunctionName="orders", **filters)
    assert [each["DurableExecutionName"] for each in found["DurableExecutions"]] == names


def test_a_list_is_filtered_by_time(destmock, lam, waiting):
    begun = got(lam, waiting)["StartTimestamp"]
    ask = lam.list_durable_executions_by_function
    second = timedelta(seconds=1)
    assert ask(FunctionName="orders", StartedAfter=begun - second, StartedBefore=begun + second)[
        "DurableExecutions"
    ]
    assert ask(FunctionName="orders", StartedAfter=begun + second)["DurableExecutions"] == []
    assert ask(FunctionName="orders", StartedBefore=begun)["DurableExecutions"] == []


def test_a_list_asks_for_one_status_of_a_function_that_is_there(lam, waiting):
    ask = lam.list_durable_executions_by_function
    with pytest.raises(ClientError, match="Cannot filter by more than one status"):
        ask(FunctionName="orders", Statuses=["RUNNING", "FAILED"])
    with pytest.raises(ClientError, match=r"Value '\[BOGUS\]' at 'statuses' failed to satisfy"):
        ask(FunctionName="orders", Statuses=["BOGUS"])
    with pytest.raises(lam.exceptions.ResourceNotFoundException, match="Function not found"):
        ask(FunctionName="nobody")


def test_R34_an_execution_is_stopped_once(destmock, lam, waiting):
    destmock.advance(60)
    error = {"ErrorType": "Cancelled", "ErrorMessage": "by the customer"}
    stopped = lam.stop_durable_execution(DurableExecutionArn=waiting, Error=error)["StopTimestamp"]
    destmock.advance(60)
    assert lam.stop_durable_execution(DurableExecutionArn=waiting)["StopTimestamp"] == stopped
    found = got(lam, waiting)
    assert (found["Status"], found["EndTimestamp"], found["Error"]) == ("STOPPED", stopped, error)
    assert kinds(lam, waiting)[-1] == "ExecutionStopped"
    [callback] = [event for event in history(lam, waiting) if event["EventType"] == "CallbackStarted"]
    with pytest.raises(lam.exceptions.CallbackTimeoutException):
        lam.send_durable_execution_callback_success(
            CallbackId=callback["CallbackStartedDetails"]["CallbackId"]
        )
    destmock.advance(timedelta(days=400))
    assert got_kinds_ended(destmock) == ["RetriesExhausted"]


def got_kinds_ended(destmock):
    return [invocation.condition for invocation in destmock.invocations]


@pytest.mark.parametrize(
    "call", ["get_durable_execution", "get_durable_execution_history", "stop_durable_execution"]
)
def test_an_execution_that_is_not_there(lam, call):
    with pytest.raises(lam.exceptions.ResourceNotFoundException, match="Durable Execution does not exist"):
        getattr(lam, call)(DurableExecutionArn=NOBODY)
    with pytest.raises(ClientError, match="'durableExecutionArn' failed to satisfy constraint"):
        getattr(lam, call)(DurableExecutionArn="arn:aws:lambda:us-east-1:123456789012:function:orders")


def test_a_callback_that_is_not_there(lam):
    with pytest.raises(lam.exceptions.InvalidParameterValueException, match="Invalid callback id"):
        lam.send_durable_execution_callback_success(CallbackId="bm9ib2R5")


# What a handler says, and what Lambda checks

PARENT = {"ParentId": "nobody"}
RETRY = {"StepOptions": {"NextAttemptDelaySeconds": 1}}
STEP, WAIT, CHILD = ({"Id": kind.lower(), "Type": kind} for kind in ("STEP", "WAIT", "CONTEXT"))
CALL = {"Id": "call", "Type": "CHAINED_INVOKE", "Action": "START"}
END = {"Id": "end", "Type": "EXECUTION"}
SECOND = {"WaitOptions": {"WaitSeconds": 1}}
ELSEWHERE = "arn:aws:lambda:eu-west-1:123456789012:function:orders"


@pytest.mark.parametrize(
    ("updates", "text"),
    [
        ([{**END, "Action": "SUCCEED"}, {**END, "Action": "FAIL"}], "multiple EXECUTION updates"),
        ([{**END, "Action": "SUCCEED"}, {**STEP, "Action": "START"}], "must be the last update"),
        ([{**STEP, "Action": "START"}] * 2, "multiple operations with the same ID"),
        ([{**STEP, "Action": "START", **PARENT}], "Invalid parent operation id"),
        ([{**STEP, "Action": "CANCEL"}], "Invalid action for the given operation type"),
        ([{**STEP, "Action": "RETRY"}], "Invalid StepOptions for the given action"),
        ([{**STEP, "Action": "RETRY", **RETRY, "Error": {}, "Payload": "1"}], "both error and payload"),
        ([{**STEP, "Action": "SUCCEED", "Error": {}}], "an Error for SUCCEED action"),
        ([{**STEP, "Action": "FAIL", "Payload": "1"}], "a Payload for FAIL action"),
        ([{**WAIT, "Action": "CANCEL"}], "Cannot cancel a WAIT that does not exist"),
        ([{**WAIT, "Action": "START"}], "requires WaitOptions"),
        ([{**WAIT, "Action": "START", "WaitOptions": {"WaitSeconds": 31_622_401}}], "between 1 and"),
        ([{**STEP, "Action": "FAIL", "Error": {"ErrorData": "x" * 33_000}}], "less than 32768 bytes"),
        ([CALL], "requires ChainedInvokeOptions"),
        ([{**CALL, "ChainedInvokeOptions": {"FunctionName": "no name"}}], "Invalid function ARN"),
        ([{**CALL, "ChainedInvokeOptions": {"FunctionName": ELSEWHERE}}], "in another region"),
    ],
)
def test_a_batch_that_lambda_does_not_take_changes_nothing(destmock, lam, updates, text):
    def body(run):
        with pytest.raises(ClientError, match=text):
            run.checkpoint(*updates)
        assert run.checkpoint()["NewExecutionState"]["Operations"] == []
        return "done"

    destmock.handler("orders", durable(body), durable_config=CONFIG)
    assert kinds(lam, start(lam)) == ["ExecutionStarted", "InvocationCompleted", "ExecutionSucceeded"]


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        ({**WAIT, "Action": "START", **SECOND}, {**WAIT, "Action": "START", **SECOND}, "WAIT that already"),
        ({**CHILD, "Action": "START"}, {**CHILD, "Action": "START"}, "CONTEXT that already exist"),
        ({**STEP, "Action": "START"}, {**STEP, "Action": "START"}, "Invalid current STEP state to start"),
        ({**STEP, "Action": "SUCCEED"}, {**STEP, "Action": "FAIL"}, "Invalid current STEP state to close"),
        ({**STEP, "Action": "SUCCEED"}, {**STEP, "Action": "RETRY", **RETRY}, "state to re-attempt"),
        ({**CHILD, "Action": "SUCCEED"}, {**CHILD, "Action": "FAIL"}, "CONTEXT state to close"),
        ({**STEP, "Action": "START"}, {**CHILD, "Id": "step", "Action": "SUCCEED"}, "operation type"),
        ({**STEP, "Action": "START"}, {**STEP, "Action": "FAIL", "Name": "other"}, "operation name"),
        ({**STEP, "Action": "START"}, {**STEP, "Action": "FAIL", "SubType": "x"}, "operation subtype"),
    ],
)
def test_an_operation_goes_on_as_it_began(destmock, lam, first, second, text):
    def body(run):
        run.checkpoint(first)
        with pytest.raises(ClientError, match=text):
            run.checkpoint(second)
        return "done"

    destmock.handler("orders", durable(body), durable_config=CONFIG)
    assert lam.invoke(FunctionName=NAME)["Payload"].read() == b'"done"'


def test_a_checkpoint_shows_the_latest_token(destmock, lam):
    """So two invocations can't both go on; one that is sent twice gets the same answer."""
    stale = []

    def body(run):
        before = run.token
        once = run.checkpoint(update("pay", "STEP", "START"), ClientToken="one")
        run.token = before
        again = run.checkpoint(update("pay", "STEP", "START"), ClientToken="one")
        assert again["CheckpointToken"] == once["CheckpointToken"]
        run.token = before
        with pytest.raises(ClientError, match="Invalid checkpoint token"):
            run.checkpoint(update("pay", "STEP", "SUCCEED"))
        stale.append((run.arn, once["CheckpointToken"]))
        return "done"

    destmock.handler("orders", durable(body), durable_config=CONFIG)
    lam.invoke(FunctionName=NAME)
    [(arn, token)] = stale
    with pytest.raises(ClientError, match="Invalid checkpoint token"):
        lam.checkpoint_durable_execution(DurableExecutionArn=arn, CheckpointToken=token)


def test_a_handler_asks_for_the_operations_that_it_was_not_handed(destmock, lam):
    """It is handed a thousand of them."""
    counts = []

    def body(run):
        known = len(run.operations)
        if known == 1:
            for hundred in range(11):
                steps = [update(f"{hundred}-{number}", "STEP", "SUCCEED") for number in range(100)]
                run.checkpoint(*steps)
            run.wait(1)
            return None
        marker = run.event["InitialExecutionState"]["NextMarker"]
        rest = lam.get_durable_execution_state(
            DurableExecutionArn=run.arn, CheckpointToken=run.token, Marker=marker
        )
        counts.append((known, len(rest["Operations"]), rest["NextMarker"]))
        return "done"

    destmock.handler("orders", durable(body), timeout=900, durable_config=CONFIG)
    assert lam.invoke(FunctionName=NAME)["Payload"].read() == b'"done"'
    assert counts == [(1000, 102, "")]


def test_N7_an_execution_has_at_most_3000_operations(destmock, lam):
    def body(run):
        for thousand in range(3):
            steps = [update(f"{thousand}-{number}", "STEP", "START") for number in range(999)]
            run.checkpoint(*steps)
        run.checkpoint(*(update(f"last-{number}", "STEP", "START") for number in range(3)))
        with pytest.raises(ClientError, match="operation limit of 3000 exceeded"):
            run.checkpoint(update("one too many", "STEP", "START", Id="more"))
        return "done"

    destmock.handler("orders", durable(body), timeout=900, durable_config=CONFIG)
    assert lam.invoke(FunctionName=NAME)["Payload"].read() == b'"done"'


# How a function becomes durable


def test_N1_a_function_is_durable_from_its_creation(destmock, lam, role):
    settings = {"Runtime": "python3.13", "Role": role, "Handler": "app.handler", "Code": {"ZipFile": b"x"}}
    destmock.handler("orders", durable(lambda run: "done"))
    lam.create_function(FunctionName="orders", DurableConfig={"ExecutionTimeout": 60}, **settings)
    shown = {"ExecutionTimeout": 60, "RetentionPeriodInDays": 14}
    assert lam.get_function_configuration(FunctionName="orders")["DurableConfig"] == shown
    lam.update_function_configuration(FunctionName="orders", DurableConfig={"RetentionPeriodInDays": 3})
    changed = lam.get_function_configuration(FunctionName="orders")
    assert changed["DurableConfig"] == {**shown, "RetentionPeriodInDays": 3}
    assert changed["LoggingConfig"]["LogFormat"] == "JSON"  # R35
    assert lam.invoke(FunctionName=NAME)["Payload"].read() == b'"done"'


@pytest.mark.parametrize(
    ("config", "member"),
    [
        ({"ExecutionTimeout": 0}, "executionTimeout"),
        ({"ExecutionTimeout": 31_622_401}, "executionTimeout"),
        ({"RetentionPeriodInDays": 7}, "executionTimeout"),
        ({"ExecutionTimeout": 60, "RetentionPeriodInDays": 91}, "retentionPeriodInDays"),
    ],
)
def test_N1_a_durable_config_has_its_limits(destmock, lam, role, config, member):
    def past_botocore(params, **_):
        params["body"] = json.dumps({**json.loads(params["body"]), "DurableConfig": config}).encode()

    lam.meta.events.register_first("before-call.lambda.CreateFunction", past_botocore)
    with pytest.raises(ClientError, match=rf"'durableConfig.{member}' failed to satisfy"):
        lam.create_function(
            FunctionName="orders",
            Runtime="python3.13",
            Role=role,
            Handler="app.handler",
            Code={"ZipFile": b"x"},
        )
    with pytest.raises(ValueError, match=r"'orders': durable_config is DurableConfig as create_function"):
        destmock.handler("orders", durable(lambda run: 1), durable_config=config)


@pytest.mark.parametrize("config", [{}, {"Timeout": 60}, {"ExecutionTimeout": "60"}])
def test_a_handler_s_config_is_one(destmock, config):
    with pytest.raises(ValueError, match="durable_config is DurableConfig as create_function takes it"):
        destmock.handler("orders", durable(lambda run: 1), durable_config=config)
    with pytest.raises(TypeError, match=r"'orders': durable_config is a mapping, .*; not 3600"):
        destmock.handler("orders", lambda event, context: None, durable_config=3600)
