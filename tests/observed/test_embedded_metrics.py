"""CloudWatch takes metrics out of what functions log in the embedded metric format."""

import json
import time
from datetime import datetime, timedelta, timezone

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock import mock_destinations
from destmock._aws.embedded_metrics import embedded_metrics

START = datetime(2026, 1, 1, 12, 0, 20, tzinfo=timezone.utc)


def line(*, dimensions=(("service",),), metrics=({"Name": "orders", "Unit": "Count"},), at=0, **members):
    directive = {"Namespace": "shop", "Dimensions": dimensions, "Metrics": metrics}
    root = {"_aws": {"Timestamp": at, "CloudWatchMetrics": [directive]}, "service": "till", "orders": 1}
    return json.dumps({**root, **members})


def counting(event, context):
    time.sleep(event["seconds"])
    print(line(at=int(time.time() * 1000), orders=event["orders"]))
    visits = {"metrics": [{"Name": "visits"}], "dimensions": [["service", "region"], []]}
    print(line(**visits, at=int(time.time() * 1000), region="north", visits=1))


@pytest.fixture
def statistics(destmock):
    def read(**dimensions):
        answer = boto3.client("cloudwatch").get_metric_statistics(
            Namespace="shop",
            MetricName="orders",
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=START.replace(second=0),
            EndTime=START + timedelta(hours=1),
            Period=60,
            Statistics=["Sum", "SampleCount"],
        )
        points = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
        return [(point["Timestamp"], point["Sum"], point["SampleCount"], point["Unit"]) for point in points]

    return read


@pytest.mark.destmock(start=START)
def test_a_metric_has_its_values_dimensions_and_unit_at_its_own_time(destmock, lam, statistics):
    destmock.handler("till", counting, timeout=90)
    lam.invoke(FunctionName="till", Payload=json.dumps({"seconds": 0, "orders": [2, 3.5]}))
    lam.invoke(FunctionName="till", InvocationType="Event", Payload=b'{"seconds": 60, "orders": 4}')
    assert statistics(service="till") == [
        (START, 5.5, 2.0, "Count"),
        (START + timedelta(minutes=1), 4.0, 1.0, "Count"),
    ]
    assert statistics(service="another") == []


@pytest.mark.destmock(handlers={"till": counting}, start=START)
def test_the_metrics_are_listed_and_the_lines_stay_in_the_log(lam):
    lam.invoke(FunctionName="till", Payload=b'{"seconds": 0, "orders": 1}')
    listed = boto3.client("cloudwatch").list_metrics(Namespace="shop")["Metrics"]
    named = {tuple(sorted(dimension["Name"] for dimension in metric["Dimensions"])) for metric in listed}
    assert named == {("service",), ("region", "service"), ()}
    logged = boto3.client("logs").filter_log_events(logGroupName="/aws/lambda/till")["events"]
    assert sum('"_aws"' in event["message"] for event in logged) == 2


def test_with_a_history_metrics_of_older_attempts_are_counted_too():
    with mock_destinations({"till": counting}, start=START, history=1):
        lam = boto3.client("lambda")
        for _ in range(3):
            lam.invoke(FunctionName="till", Payload=b'{"seconds": 0, "orders": 1}')
        data = boto3.client("cloudwatch").get_metric_data(
            MetricDataQueries=[
                {
                    "Id": "orders",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "shop",
                            "MetricName": "orders",
                            "Dimensions": [{"Name": "service", "Value": "till"}],
                        },
                        "Period": 60,
                        "Stat": "Sum",
                    },
                }
            ],
            StartTime=START - timedelta(minutes=1),
            EndTime=START + timedelta(minutes=1),
        )
    assert data["MetricDataResults"][0]["Values"] == [3.0]


def test_powertools_metrics_are_there(destmock, lam):
    powertools = pytest.importorskip("aws_lambda_powertools")
    metrics = powertools.Metrics(namespace="shop", service="till")

    @destmock.handler("sold")
    @metrics.log_metrics
    def sold(event, context):
        metrics.add_metric("sold", "Count", 7)

    lam.invoke(FunctionName="sold")
    [metric] = boto3.client("cloudwatch").list_metrics(Namespace="shop", MetricName="sold")["Metrics"]
    assert metric["Dimensions"] == [{"Name": "service", "Value": "till"}]


WRONG = {
    "no JSON": '"_aws" and more',
    "no object": '["_aws"]',
    "its metadata is no object": '{"_aws": 1}',
    "no timestamp": '{"_aws": {"CloudWatchMetrics": []}}',
    "a time after the year 9999": line(at=10**15),
    "a time that is no number": line(at="noon"),
    "a dimension that isn't there": line(dimensions=[["shelf"]]),
    "a dimension that is no text": line(service=7),
    "31 dimensions": line(dimensions=[[f"d{n}" for n in range(31)]], **{f"d{n}": "x" for n in range(31)}),
    "a value that is no number": line(orders="many"),
    "a value that is true": line(orders=True),
    "a value that is not finite": line(orders=float("nan")),
    "a value that isn't there": line(metrics=[{"Name": "sold"}]),
    "101 values": line(orders=[1] * 101),
    "101 metrics": line(metrics=[{"Name": "orders"}] * 101),
    "nested too deeply": '{"_aws": ' + "[" * 100_000,
}


@pytest.mark.parametrize("message", WRONG.values(), ids=list(WRONG))
def test_a_line_that_is_wrong_has_no_metrics(message):
    assert embedded_metrics(message) == []


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "_aws",
                    "Timestamp",
                    "CloudWatchMetrics",
                    "Namespace",
                    "Dimensions",
                    "Metrics",
                    "Name",
                    "Unit",
                ]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_line_is_read_or_left(root):
    assert isinstance(embedded_metrics(json.dumps({"_aws": root, "orders": 1})), list)
