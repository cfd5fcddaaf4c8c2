"""The points of a run at which faults happen: values, and texts that name them."""

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock import mock_destinations, outcomes
from destmock._aws.arn import FunctionRef
from destmock._engine.faults import Point

ORDERS = "arn:aws:lambda:us-east-1:123456789012:function:orders:$LATEST"

points = st.builds(
    Point,
    st.builds(
        FunctionRef,
        st.just("aws"),
        st.just("123456789012"),
        st.sampled_from(["us-east-1", "eu-central-1"]),
        st.from_regex(r"[a-zA-Z0-9_-]{1,20}", fullmatch=True),
        st.sampled_from(["$LATEST", "7", "live"]),
    ),
    st.integers(1, 100),
    st.none() | st.sampled_from(["arn:aws:sqs:us-east-1:123456789012:failed", ORDERS]),
)


@given(point=points)
def test_a_point_s_text_names_exactly_that_point(point):
    assert Point.parse(str(point)) == point


@pytest.mark.parametrize(
    "text", ["", "orders before attempt 1", f"{ORDERS} after attempt 1", f"{ORDERS} before attempt 1 to x"]
)
def test_a_text_that_names_no_point_is_refused(text):
    with pytest.raises(ValueError, match="is not a point of a run"):
        Point.parse(text)


@mock_destinations(handlers={"orders": outcomes(ValueError("no"), "done")})
def test_a_fault_says_at_which_point_it_happened(destmock):
    sqs, lam = boto3.client("sqs"), boto3.client("lambda")
    url = sqs.create_queue(QueueName="done")["QueueUrl"]
    done = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    lam.put_function_event_invoke_config(
        FunctionName="orders", DestinationConfig={"OnSuccess": {"Destination": done}}
    )
    destmock.faults.throttle("orders", times=1)
    destmock.faults.fail_delivery(done)
    lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b"{}")
    assert [str(fault.point) for fault in destmock.faults.injected] == [
        f"{ORDERS} before attempt 1",
        f"{ORDERS} after attempt 2 to {done}",
    ]
