"""Regions that botocore doesn't know, as local set-ups have them."""

import boto3
import pytest
from botocore.exceptions import ClientError

from destmock import mock_destinations, outcomes

REGIONS = ["local", "us-east-7", "none", "eu-west-1"]


@pytest.mark.parametrize("region", REGIONS)
def test_any_name_is_a_region(region):
    with mock_destinations({"orders": outcomes(ValueError("no stock"))}) as destmock:
        lam, sqs = boto3.client("lambda", region), boto3.client("sqs", region)
        url = sqs.create_queue(QueueName="failed")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        assert arn == f"arn:aws:sqs:{region}:123456789012:failed"
        lam.invoke(FunctionName="orders", InvocationType="Event")
        assert len(lam.list_functions()["Functions"]) == 1
        assert boto3.client("events", region).list_rules()["Rules"] == []
        assert boto3.client("lambda", "us-east-1").list_functions()["Functions"] != []
    assert f":lambda:{region}:" in destmock.invocations[0].function_arn


@pytest.mark.parametrize("region", ["us-east-7", "eu-west-1"])
def test_a_record_reaches_a_queue_there(region):
    with mock_destinations({"orders": outcomes({"ok": 1})}) as destmock:
        lam, sqs = boto3.client("lambda", region), boto3.client("sqs", region)
        url = sqs.create_queue(QueueName="done")["QueueUrl"]
        lam.put_function_event_invoke_config(
            FunctionName="orders",
            DestinationConfig={"OnSuccess": {"Destination": f"arn:aws:sqs:{region}:123456789012:done"}},
        )
        lam.invoke(FunctionName="orders", InvocationType="Event")
        assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1
    assert [delivery.error for delivery in destmock.deliveries] == [None]


def test_an_arn_still_wants_a_region_of_aws_s_form():
    """AWS's own pattern of a destination."""
    with mock_destinations({"orders": outcomes({"ok": 1})}):
        lam = boto3.client("lambda", "local")
        destination = {"OnSuccess": {"Destination": "arn:aws:sqs:local:123456789012:done"}}
        with pytest.raises(ClientError, match="arn:aws:sqs:local:123456789012:done"):
            lam.put_function_event_invoke_config(FunctionName="orders", DestinationConfig=destination)


def test_whoever_wants_moto_to_refuse_it_says_so(monkeypatch):
    monkeypatch.setenv("MOTO_ALLOW_NONEXISTENT_REGION", "false")
    with mock_destinations(), pytest.raises(KeyError, match="us-east-7"):
        boto3.client("sqs", "us-east-7").list_queues()
