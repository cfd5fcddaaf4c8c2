"""CloudWatch: what Lambda counts of its functions, in virtual time."""

from datetime import datetime, timedelta, timezone

import boto3
import pytest

from destmock import outcomes

START = datetime(2026, 1, 1, 12, 0, 20, tzinfo=timezone.utc)
MINUTE = START.replace(second=0)
NAMESPACE = "AWS/Lambda"


def ok(event, context):
    return event


def fail(event, context):
    raise ValueError("no stock")


pytestmark = pytest.mark.destmock(handlers={"orders": ok, "failing": fail}, start=START)


@pytest.fixture
def cloudwatch(destmock):
    return boto3.client("cloudwatch")


def named(**dimensions):
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]


@pytest.fixture
def samples(destmock, cloudwatch):
    """Sum and number of samples of each period, by its beginning in seconds after the first minute."""

    def read(metric, period=60, **dimensions):
        answer = cloudwatch.get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName=metric,
            Dimensions=named(**(dimensions or {"FunctionName": "orders"})),
            StartTime=START,
            EndTime=destmock.now + timedelta(minutes=1),
            Period=period,
            Statistics=["Sum", "SampleCount"],
        )
        points = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
        return {(p["Timestamp"] - MINUTE).total_seconds(): (p["Sum"], p["SampleCount"]) for p in points}

    return read


def send(lam, name="orders", **kwargs):
    return lam.invoke(FunctionName=name, InvocationType="Event", **kwargs)


def test_K7_an_event_that_succeeds(lam, samples):
    """Received once, dropped with a sample of 0, an attempt without error and throttle (K11)."""
    send(lam)
    assert samples("AsyncEventsReceived") == {0: (1, 1)}
    assert samples("AsyncEventsDropped") == {0: (0, 1)}
    assert samples("Invocations") == {0: (1, 1)}
    assert samples("Errors") == {0: (0, 1)}
    assert samples("Throttles") == {0: (0, 1)}
    assert samples("AsyncEventAge") == {0: (0, 1)}


def test_K7_an_event_that_fails_three_times(lam, samples):
    """Each attempt counts in the minute it started, the drop in the minute of the end (K9)."""
    send(lam, "failing")
    name = {"FunctionName": "failing"}
    assert samples("AsyncEventsReceived", **name) == {0: (1, 1)}
    assert samples("Invocations", **name) == {0: (1, 1), 60: (1, 1), 180: (1, 1)}
    assert samples("Errors", **name) == {0: (1, 1), 60: (1, 1), 180: (1, 1)}
    assert samples("Throttles", **name) == {0: (0, 1), 60: (0, 1), 180: (0, 1)}
    assert samples("AsyncEventsDropped", **name) == {180: (1, 1)}


def test_K11_the_age_of_an_event_grows_with_its_retries(lam, samples):
    send(lam, "failing")
    assert samples("AsyncEventAge", FunctionName="failing") == {0: (0, 1), 60: (60_000, 1), 180: (180_000, 1)}


def test_K9_an_attempt_counts_when_it_started_and_the_end_when_it_came(destmock, lam, samples):
    destmock.handler("orders", outcomes(None), duration=90, timeout=100)
    send(lam)
    assert samples("Invocations") == {0: (1, 1)}
    assert samples("Errors") == {0: (0, 1)}
    assert samples("Duration") == {0: (90_000, 1)}
    assert samples("AsyncEventsDropped") == {60: (0, 1)}


@pytest.mark.destmock(autorun=False)
def test_K7_throttles_until_the_age(destmock, lam, samples):
    """Two events, one throttled to its end: the sums and numbers of samples that AWS gave."""
    destmock.handler("orders", outcomes(None, None), duration=80, timeout=100)
    lam.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=1)
    lam.put_function_event_invoke_config(FunctionName="orders", MaximumEventAgeInSeconds=60)
    send(lam)
    send(lam)
    destmock.run_until_idle()
    hour = {"period": 3600, "FunctionName": "orders"}
    assert samples("AsyncEventsReceived", **hour) == {0: (2, 2)}
    assert samples("AsyncEventsDropped", **hour) == {0: (1, 2)}
    assert samples("Invocations", **hour) == {0: (1, 1)}
    assert samples("Errors", **hour) == {0: (0, 7)}
    assert samples("Throttles", **hour) == {0: (6, 7)}


def test_K7_a_concurrency_of_zero_counts_a_drop_and_no_attempt(lam, samples):
    lam.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    send(lam)
    assert samples("AsyncEventsDropped") == {0: (1, 1)}
    for metric in ("Invocations", "Errors", "Throttles", "AsyncEventAge"):
        assert samples(metric) == {}


def test_a_synchronous_invocation_is_no_asynchronous_event(lam, samples):
    lam.invoke(FunctionName="orders")
    lam.invoke(FunctionName="failing")
    assert samples("Invocations") == {0: (1, 1)}
    assert samples("Errors", FunctionName="failing") == {0: (1, 1)}
    for metric in ("AsyncEventsReceived", "AsyncEventsDropped", "AsyncEventAge"):
        assert samples(metric) == {}


def test_a_synchronous_invocation_that_is_throttled(lam, samples):
    lam.put_function_concurrency(FunctionName="orders", ReservedConcurrentExecutions=0)
    with pytest.raises(lam.exceptions.TooManyRequestsException):
        lam.invoke(FunctionName="orders")
    assert samples("Throttles") == {0: (1, 1)}
    assert samples("Invocations") == {}


@pytest.mark.destmock(strict=False)
def test_G4_a_destination_and_a_dead_letter_queue_that_are_gone(lam, sqs, make_queue, samples):
    """Each failure counts for itself, the drop as ever (K8)."""
    destination, dead = make_queue("destination"), make_queue("dead")
    config = {"OnFailure": {"Destination": destination}}
    lam.put_function_event_invoke_config(FunctionName="failing", DestinationConfig=config)
    lam.update_function_configuration(FunctionName="failing", DeadLetterConfig={"TargetArn": dead})
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="destination")["QueueUrl"])
    send(lam, "failing")
    name = {"FunctionName": "failing"}
    assert samples("DestinationDeliveryFailures", **name) == {180: (1, 1)}
    assert samples("DeadLetterErrors", **name) == {}
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="dead")["QueueUrl"])
    send(lam, "failing")
    assert [point[0] for point in samples("DeadLetterErrors", **name).values()] == [1]
    assert [point[0] for point in samples("DestinationDeliveryFailures", **name).values()] == [1, 1]
    assert [point[0] for point in samples("AsyncEventsDropped", **name).values()] == [1, 1]


@pytest.mark.destmock(strict=False)
def test_G10_a_message_too_large_counts_for_its_route(lam, make_queue, samples):
    small = make_queue("small", MaximumMessageSize="1024")
    config = {"OnFailure": {"Destination": small}}
    lam.put_function_event_invoke_config(FunctionName="failing", DestinationConfig=config)
    lam.update_function_configuration(FunctionName="failing", DeadLetterConfig={"TargetArn": small})
    send(lam, "failing", Payload=b'"' + b"x" * 2000 + b'"')
    assert samples("DestinationDeliveryFailures", FunctionName="failing") == {180: (1, 1)}
    assert samples("DeadLetterErrors", FunctionName="failing") == {180: (1, 1)}


def test_K8_a_delivery_that_succeeds_leaves_no_samples(lam, make_queue, samples):
    config = {"OnSuccess": {"Destination": make_queue("done")}}
    lam.put_function_event_invoke_config(FunctionName="orders", DestinationConfig=config)
    send(lam)
    assert samples("DestinationDeliveryFailures") == {}
    assert samples("DeadLetterErrors") == {}


def test_J8_a_loop_that_was_stopped(destmock, lam, samples):
    def again(event, context):
        send(lam, "loop")

    destmock.handler("loop", again)
    send(lam, "loop")
    name = {"period": 3600, "FunctionName": "loop"}
    assert samples("Invocations", **name) == {0: (16, 16)}
    assert samples("RecursiveInvocationsDropped", **name) == {0: (1, 1)}
    assert samples("AsyncEventsDropped", **name) == {0: (1, 17)}


def test_K6_the_dimensions_name_what_was_asked_for_and_what_ran(lam, samples, cloudwatch):
    version = lam.publish_version(FunctionName="orders")["Version"]
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion=version)
    for qualifier in ("$LATEST", version, "live"):
        send(lam, Qualifier=qualifier)
    send(lam)
    found = cloudwatch.list_metrics(Namespace=NAMESPACE, MetricName="Invocations")["Metrics"]
    assert sorted(tuple(d["Value"] for d in metric["Dimensions"]) for metric in found) == [
        ("orders",),
        ("orders", "orders"),
        ("orders", "orders:$LATEST"),
        ("orders", "orders:$LATEST", "$LATEST"),
        ("orders", "orders:1"),
        ("orders", "orders:live"),
        ("orders", "orders:live", "1"),
    ]
    assert {tuple(d["Name"] for d in metric["Dimensions"]) for metric in found} == {
        ("FunctionName",),
        ("FunctionName", "Resource"),
        ("FunctionName", "Resource", "ExecutedVersion"),
    }
    assert samples("Invocations") == {0: (4, 4)}
    assert samples("Invocations", Resource="orders:live", FunctionName="orders") == {0: (1, 1)}
    assert samples("Invocations", FunctionName="orders", Resource="orders") == {0: (1, 1)}
    dropped = cloudwatch.list_metrics(
        Namespace=NAMESPACE, MetricName="AsyncEventsDropped", Dimensions=named(ExecutedVersion="1")
    )
    assert dropped["Metrics"] == []


@pytest.mark.parametrize(
    ("metric", "unit"),
    [("Invocations", "Count"), ("Duration", "Milliseconds"), ("AsyncEventAge", "Milliseconds")],
)
def test_K6_units(lam, cloudwatch, metric, unit):
    send(lam)
    answer = cloudwatch.get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName=metric,
        Dimensions=named(FunctionName="orders"),
        StartTime=START,
        EndTime=START + timedelta(hours=1),
        Period=60,
        Statistics=["Maximum"],
        Unit=unit,
    )
    assert [point["Unit"] for point in answer["Datapoints"]] == [unit]


def query(name, **dimensions):
    metric = {"Namespace": NAMESPACE, "MetricName": name, "Dimensions": named(**dimensions)}
    return {"Id": name.lower(), "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}


def values(cloudwatch, *queries):
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=list(queries),
        StartTime=START,
        EndTime=START + timedelta(hours=1),
        ScanBy="TimestampAscending",
    )
    return [result["Values"] for result in answer["MetricDataResults"]]


def test_get_metric_data_takes_dimensions_in_any_order(lam, cloudwatch):
    send(lam, "failing")
    found = values(
        cloudwatch,
        query("Errors", FunctionName="failing"),
        query("Invocations", FunctionName="failing", Resource="failing"),
        query("Throttles", Resource="failing", FunctionName="failing"),
        query("Duration", Other="x", FunctionName="failing"),
    )
    assert found == [[1, 1, 1], [1, 1, 1], [0, 0, 0], []]


def test_without_dimensions_both_calls_add_up_all_functions_once(lam, cloudwatch):
    send(lam)
    lam.invoke(FunctionName="failing", Qualifier="$LATEST")
    assert values(cloudwatch, query("Invocations")) == [[2]]
    answer = cloudwatch.get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName="Invocations",
        StartTime=START,
        EndTime=START + timedelta(hours=1),
        Period=60,
        Statistics=["Sum"],
    )
    assert [point["Sum"] for point in answer["Datapoints"]] == [2]


def test_periods_begin_at_multiples_of_their_length(lam, destmock, samples):
    destmock.advance(240)
    send(lam)
    destmock.advance(120)
    send(lam)
    assert samples("Invocations", period=300, FunctionName="orders") == {0: (1, 1), 300: (1, 1)}


def test_a_metric_of_one_s_own_stays_apart(lam, cloudwatch):
    own = {
        "MetricName": "Errors",
        "Dimensions": named(FunctionName="failing"),
        "Value": 7,
        "Timestamp": START,
    }
    send(lam, "failing")
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[own])
    errors = query("Errors", FunctionName="failing")
    assert values(cloudwatch, errors) == [[1, 1, 1]]
    errors["MetricStat"]["Metric"]["Namespace"] = "Shop"
    assert values(cloudwatch, errors) == [[7]]
    answer = cloudwatch.get_metric_statistics(
        Namespace="Shop",
        MetricName="Errors",
        StartTime=START,
        EndTime=START + timedelta(hours=1),
        Period=60,
        Statistics=["Sum"],
    )
    assert [point["Sum"] for point in answer["Datapoints"]] == [7]


def test_each_region_has_its_own_metrics(lam, samples):
    boto3.client("lambda", region_name="eu-west-1").invoke(FunctionName="orders", InvocationType="Event")
    assert samples("Invocations") == {}
