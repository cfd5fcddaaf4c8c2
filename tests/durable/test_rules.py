"""The rules of executions from within: whatever batches come, the state is whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destmock._aws.api_errors import AWSError
from destmock._aws.arn import FunctionRef
from destmock._aws.durable_config import DurableConfig
from destmock._aws.ids import Trace
from destmock._durable.execution import Execution
from destmock._durable.operations import OVER
from destmock._engine.event import Event
from destmock._observed.entries import Entry

REF = FunctionRef("aws", "123456789012", "us-east-1", "orders", "1")
OPTIONS = {
    "StepOptions": {"NextAttemptDelaySeconds": 5},
    "WaitOptions": {"WaitSeconds": 10},
    "CallbackOptions": {"TimeoutSeconds": 20, "HeartbeatTimeoutSeconds": 7},
    "ChainedInvokeOptions": {"FunctionName": "target"},
}
UPDATES = st.fixed_dictionaries(
    {
        "Id": st.sampled_from("abcd"),
        "Type": st.sampled_from(["CONTEXT", "STEP", "WAIT", "CALLBACK", "CHAINED_INVOKE", "EXECUTION"]),
        "Action": st.sampled_from(["START", "SUCCEED", "FAIL", "RETRY", "CANCEL"]),
    },
    optional={
        "ParentId": st.sampled_from("abcd"),
        "Payload": st.just('"x"'),
        "Error": st.just({"ErrorType": "E"}),
    },
)
#: A batch, and how many seconds pass after it.
STEPS = st.lists(st.tuples(st.lists(UPDATES, max_size=4), st.integers(0, 12)), max_size=12)


def execution():
    entry = Entry("id", REF.qualified_arn, "Invoke", b'{"n": 1}', 0)
    event = Event(REF, Trace("root", "parent"), entry, None)
    return Execution(
        REF, "1", DurableConfig(900), "name", "execution", event, synchronous=True, on_change=lambda *_: None
    )


def state(found):
    return [operation.shown(int) for operation in found.operations.values()], len(found.history.events)


@settings(max_examples=50)
@given(STEPS)
def test_batches_are_taken_as_a_whole_and_what_is_over_stays_over(steps):
    found, now, over = execution(), 0, {}
    for updates, seconds in steps:
        if found.is_over:
            break
        batch = [{**update, **OPTIONS} for update in updates]
        before = state(found)
        try:
            found.check(batch)
        except AWSError:
            assert state(found) == before
            continue
        found.apply(batch, now)
        now += seconds * 1000
        for operation in found.operations.values():
            found.wake(operation, now)
            assert operation.wakes_at is None or operation.wakes_at > now
        for name, status in over.items():
            assert found.operations[name].status == status
        over = {name: each.status for name, each in found.operations.items() if each.status in OVER}
    assert [event.number for event in found.history.events] == [*range(1, len(found.history.events) + 1)]
    for operation in found.operations.values():
        assert (operation.ended_at is not None) == (operation.status in OVER)
        assert operation.parent_id is None or found.operations[operation.parent_id].type == "CONTEXT"


def test_what_is_told_of_an_operation_has_the_shape_of_lambda_s_model():
    """botocore would drop a member that is written in another way, and nobody would notice."""
    from botocore.loaders import create_loader
    from botocore.model import ServiceModel

    model = ServiceModel(create_loader().load_service_model("lambda", "service-2"), "lambda")
    found = execution()
    for number, (kind, action) in enumerate(
        [
            ("CONTEXT", "START"),
            ("STEP", "START"),
            ("WAIT", "START"),
            ("CALLBACK", "START"),
            ("CHAINED_INVOKE", "START"),
            ("STEP", "SUCCEED"),
            ("STEP", "FAIL"),
            ("STEP", "RETRY"),
        ]
    ):
        update = {"Id": str(number), "Type": kind, "Action": action, "Name": "n", "SubType": "s", **OPTIONS}
        if action == "SUCCEED":
            update["Payload"] = "1"
        if action in ("FAIL", "RETRY"):
            update["Error"] = {"ErrorType": "E"}
        found.check([update])
        found.apply([update], 1000)
    found.end("FAILED", 2000, error={"ErrorType": "E"})
    found.end_told()
    shape = model.shape_for("Operation")
    for operation in found.operations.values():
        _fits(shape, operation.shown(float))
    shape = model.shape_for("Event")
    for event in found.history.events:
        _fits(shape, event.shown(float, with_payloads=True))


def _fits(shape, value):
    if shape.type_name == "structure":
        unknown = set(value) - set(shape.members)
        missing = set(shape.required_members) - set(value)
        assert (unknown, missing) == (set(), set()), (shape.name, value)
        for name, each in value.items():
            _fits(shape.members[name], each)
    elif shape.type_name == "timestamp":
        assert isinstance(value, float)
    elif shape.type_name in ("integer", "long"):
        assert type(value) is int
    elif getattr(shape, "enum", None):
        assert value in shape.enum


@pytest.mark.parametrize("updates", [[], [{"Id": "a", "Type": "STEP", "Action": "START"}]])
def test_a_batch_that_lambda_takes(updates):
    execution().check(updates)


def test_N7_an_execution_writes_at_most_100_MB():
    found, large = execution(), "x" * 20_000_000
    for number in range(5):
        step = {"Id": str(number), "Type": "STEP"}
        batch = [{**step, "Action": "START"}, {**step, "Action": "SUCCEED", "Payload": large}]
        found.check(batch)
        found.apply(batch, 0)
    step = {"Id": "last", "Type": "STEP", "Action": "START"}
    found.apply([step], 0)
    left = 104_857_600 - found.written
    assert left == 4_857_600 - len('{"n": 1}')
    found.check([{**step, "Action": "SUCCEED", "Payload": "x" * left}])
    with pytest.raises(AWSError, match="storage limit of 104857600 bytes exceeded"):
        found.check([{**step, "Action": "SUCCEED", "Payload": "x" * (left + 1)}])
    assert found.operations["last"].status == "STARTED"
