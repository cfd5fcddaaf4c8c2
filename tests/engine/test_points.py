"""The points of a run at which faults happen, and faults that are planned there: values, and their texts."""

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock import mock_destinations, outcomes
from destmock._engine.points import PlannedFault, Point, ordinal

DONE = "arn:aws:sqs:us-east-1:123456789012:done"

functions = st.from_regex(r"[a-zA-Z0-9_-]{1,20}", fullmatch=True)
counts = st.integers(1, 100)
operations = st.sampled_from(["dynamodb.PutItem", "cognito-idp.AdminGetUser", "sqs.SendMessage"])
begins = st.builds(Point, functions, counts, st.just("begin"), st.just(""), st.just(0))
ends = st.builds(Point, functions, counts, st.just("end"), st.just(""), st.just(0))
befores = st.builds(Point, functions, counts, st.just("before"), operations, counts)
afters = st.builds(Point, functions, counts, st.just("after"), operations, counts)
sendings = st.builds(Point, functions, counts, st.just("delivery"), st.just(DONE), st.just(0))
planned = st.one_of(
    st.builds(PlannedFault, st.sampled_from(["throttle", "system_error", "duplicate", "delay"]), begins),
    st.builds(PlannedFault, st.sampled_from(["crash", "timeout", "switch"]), befores),
    st.builds(PlannedFault, st.just("crash"), afters | ends),
    st.builds(PlannedFault, st.just("fail_delivery"), sendings),
)


@given(point=begins | ends | befores | afters | sendings)
def test_a_point_s_text_names_exactly_that_point(point):
    assert Point.parse(str(point)) == point


@given(fault=planned)
def test_a_planned_fault_s_text_names_exactly_that_fault(fault):
    assert PlannedFault.parse(str(fault)) == fault


@pytest.mark.parametrize("text", ["", "orders", "orders#1", "orders#1/before", "orders#1/delivery/done"])
def test_a_text_that_names_no_point_is_refused(text):
    with pytest.raises(ValueError, match="is not a point of a run"):
        Point.parse(text)


@pytest.mark.parametrize("text", ["", "orders#1", "orders#1/burn", "orders/crash-end", 7])
def test_a_text_that_names_no_fault_is_refused(text):
    with pytest.raises(ValueError, match="is not"):
        PlannedFault.parse(text)


def test_a_planned_fault_reads_as_a_sentence():
    sentences = [
        PlannedFault.parse(text).sentence
        for text in (
            "charge#1/crash-after/dynamodb.PutItem#2",
            "charge#2/timeout/sqs.SendMessage#11",
            "charge#3/crash-end",
            "charge#1/throttle",
            f"charge#1/fail-delivery/{DONE}",
        )
    ]
    assert sentences == [
        "charge, attempt 1, dies after dynamodb.PutItem (2nd AWS call)",
        "charge, attempt 2, hangs until its timeout before sqs.SendMessage (11th AWS call)",
        "charge, attempt 3, dies after its handler has returned",
        "charge, attempt 1, is throttled before it begins",
        f"what charge, attempt 1, leads to can't be sent to {DONE}",
    ]


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (112, "112th"), (22, "22nd")],
)
def test_ordinals(number, text):
    assert ordinal(number) == text


@mock_destinations(handlers={"orders": outcomes(ValueError("no"), "done")})
def test_a_fault_says_at_which_point_it_happened(destmock):
    sqs, lam = boto3.client("sqs"), boto3.client("lambda")
    sqs.create_queue(QueueName="done")
    lam.put_function_event_invoke_config(
        FunctionName="orders", DestinationConfig={"OnSuccess": {"Destination": DONE}}
    )
    destmock.faults.throttle("orders", times=1)
    destmock.faults.crash("orders", at_end=True)
    destmock.faults.fail_delivery(DONE)
    lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b"{}")
    assert [str(fault.point) for fault in destmock.faults.injected] == [
        "orders#1/begin",
        "orders#2/end",
        f"orders#3/delivery/{DONE}",
    ]
