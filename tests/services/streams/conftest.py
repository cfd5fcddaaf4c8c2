"""What the tests of this folder share: a stream that is written to, and a table that has one."""

import json

import boto3
import pytest


@pytest.fixture
def click(kinesis):
    """Puts records with these values into the stream `clicks`."""

    def click(*values):
        records = [{"Data": json.dumps(value), "PartitionKey": "p"} for value in values]
        return kinesis.put_records(StreamName="clicks", Records=records)["Records"]

    return click


@pytest.fixture
def dynamodb(destmock):
    return boto3.client("dynamodb")


@pytest.fixture
def orders(dynamodb):
    """Makes the table `orders` with a stream of that view; answers the stream's ARN."""

    def orders(view="NEW_AND_OLD_IMAGES"):
        table = dynamodb.create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": view},
        )
        return table["TableDescription"]["LatestStreamArn"]

    return orders
