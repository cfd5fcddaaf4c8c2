"""Powertools finds a cold start once in each execution environment, whatever ran before in the process."""

import logging

import boto3
import pytest

from destmock import mock_destinations


@pytest.fixture
def cold():
    """A handler, and what each of its invocations found."""
    powertools = pytest.importorskip("aws_lambda_powertools")
    logger = powertools.Logger(service="cold-starts")
    metrics = powertools.Metrics(namespace="shop", service="cold-starts")
    found = []

    @logger.inject_lambda_context
    @metrics.log_metrics(capture_cold_start_metric=True)
    def handler(event, context):
        metrics.add_metric(name="Orders", unit="Count", value=1)
        found.append(logger.get_current_keys()["cold_start"])

    yield handler, found
    # Python keeps loggers for good, and Powertools gives its own a level and a handler.
    logging.root.manager.loggerDict.pop("cold-starts")


def test_the_first_invocation_of_a_function_is_cold(cold):
    handler, found = cold
    for _ in range(2):
        with mock_destinations({"a": handler, "b": handler}):
            for name in ("a", "a", "b", "a", "b"):
                boto3.client("lambda").invoke(FunctionName=name)
        assert found == [True, False, True, False, False]
        found.clear()


def test_its_metric_is_told_once(cold):
    handler, _ = cold
    with mock_destinations({"a": handler}) as destmock:
        for _ in range(2):
            boto3.client("lambda").invoke(FunctionName="a")
    assert ["ColdStart" in run.logs for run in destmock.runs] == [True, False]
