"""Where the streams of DynamoDB are called, by boto3's older and newer versions."""

import boto3
import pytest


@pytest.mark.parametrize(
    "host", ["streams.dynamodb.us-east-1.amazonaws.com", "123456789012.streams-ddb.us-east-1.amazonaws.com"]
)
def test_a_stream_is_described_at_its_own_address_and_at_the_accounts(destmock, orders, host):
    arn = orders()
    streams = boto3.client("dynamodbstreams", endpoint_url=f"https://{host}")
    assert streams.describe_stream(StreamArn=arn)["StreamDescription"]["StreamStatus"] == "ENABLED"
