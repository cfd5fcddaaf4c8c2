"""X-Ray: with active tracing, the segments show the branch from a function to its destination (K12)."""

import json
from datetime import datetime, timedelta, timezone

import boto3
import pytest

from destmock import outcomes

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:"
pytestmark = pytest.mark.destmock(
    handlers={"orders": outcomes(ValueError("no stock"), {"ok": 1}), "audit": outcomes(None)}, start=START
)


@pytest.fixture
def segments(destmock):
    """Every segment that X-Ray has, parsed."""

    def read():
        xray = boto3.client("xray")
        end = destmock.now + timedelta(days=1)
        found = xray.get_trace_summaries(StartTime=START - timedelta(days=1), EndTime=end)["TraceSummaries"]
        ids = [summary["Id"] for summary in found]
        traces = xray.batch_get_traces(TraceIds=ids)["Traces"] if ids else []
        return [json.loads(s["Document"]) for trace in traces for s in trace["Segments"]]

    return read


def activate(lam, name="orders"):
    lam.update_function_configuration(FunctionName=name, TracingConfig={"Mode": "Active"})


def names(segment):
    return [part["name"] for part in segment["subsegments"]]


def test_K12_the_segments_show_the_branch_to_the_destination_function(lam, segments):
    activate(lam)
    destination = {"OnSuccess": {"Destination": f"{FUNCTION}audit"}}
    lam.put_function_event_invoke_config(FunctionName="orders", DestinationConfig=destination)
    answer = lam.invoke(FunctionName="orders", InvocationType="Event")
    found = segments()
    services = {s["name"]: s for s in found if s["origin"] == "AWS::Lambda"}
    orders, audit = services["orders"], services["audit"]
    assert audit["parent_id"] == orders["id"]
    assert "parent_id" not in orders
    assert names(orders) == ["Dwell Time", "Attempt #1", "Attempt #2", "Lambda"]
    assert [part.get("fault") for part in orders["subsegments"]] == [None, True, None, None]
    assert orders["subsegments"][-1]["aws"]["resource_names"] == [f"{FUNCTION}audit"]
    assert orders["aws"]["request_id"] == answer["ResponseMetadata"]["RequestId"]
    assert orders["end_time"] - orders["start_time"] == 60
    header = answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-trace-id"]
    assert header.startswith(f"root={orders['trace_id']};")
    assert header.endswith(";sampled=1")
    attempts = {part["id"] for part in orders["subsegments"][1:3]}
    functions = [s for s in found if s["origin"] == "AWS::Lambda::Function" and s["name"] == "orders"]
    assert {s["parent_id"] for s in functions} == attempts
    assert {s["trace_id"] for s in found} == {orders["trace_id"]}


def test_a_queue_is_a_part_of_the_segment(lam, segments, make_queue):
    activate(lam)
    destination = {"OnSuccess": {"Destination": make_queue("done")}}
    lam.put_function_event_invoke_config(FunctionName="orders", DestinationConfig=destination)
    lam.invoke(FunctionName="orders", InvocationType="Event")
    [orders] = [s for s in segments() if s["origin"] == "AWS::Lambda"]
    assert names(orders)[-1] == "SQS"
    assert orders["subsegments"][-1]["namespace"] == "aws"


def test_a_synchronous_invocation_has_no_dwell_time(lam, segments):
    activate(lam, "audit")
    lam.invoke(FunctionName="audit")
    [audit] = [s for s in segments() if s["origin"] == "AWS::Lambda"]
    assert names(audit) == ["Attempt #1"]
    assert audit["http"]["response"]["status"] == 200


def test_the_handler_sees_that_its_trace_is_sampled(destmock, lam):
    import os

    seen = []
    destmock.handler("orders", lambda event, context: seen.append(os.environ["_X_AMZN_TRACE_ID"]))
    activate(lam)
    lam.invoke(FunctionName="orders", InvocationType="Event")
    assert ";Sampled=1;" in seen[0]


def test_K12_without_active_tracing_nothing_is_sampled(lam, segments):
    lam.invoke(FunctionName="orders", InvocationType="Event")
    assert segments() == []
