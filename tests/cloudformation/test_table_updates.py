"""Updates of DynamoDB's tables in stacks."""

import json

import boto3
import pytest

from tests.cloudformation.deployed import attribute, resource

KEY = [{"AttributeName": "id", "KeyType": "HASH"}]
DAY = [{"AttributeName": "day", "KeyType": "HASH"}]
BY_DAY = {"IndexName": "by-day", "KeySchema": DAY, "Projection": {"ProjectionType": "ALL"}}


def text(*names):
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def table(**properties):
    common = {"KeySchema": KEY, "AttributeDefinitions": text("id"), "BillingMode": "PAY_PER_REQUEST"}
    return resource("AWS::DynamoDB::Table", **{**common, **properties})


@pytest.fixture
def deploy(cloudformation):
    """Creates or updates the stack; answers its table as DynamoDB describes it, or all names of tables."""

    def make(resources, call="update_stack"):
        body = json.dumps({"Resources": resources})
        getattr(cloudformation, call)(StackName="shop", TemplateBody=body)
        [found] = [
            each["PhysicalResourceId"]
            for each in cloudformation.list_stack_resources(StackName="shop")["StackResourceSummaries"]
            if each["LogicalResourceId"] == "T"
        ]
        return boto3.client("dynamodb").describe_table(TableName=found)["Table"]

    return make


def item(made, put=False):
    dynamodb = boto3.client("dynamodb")
    if put:
        dynamodb.put_item(TableName=made["TableName"], Item={"id": {"S": "7"}})
    return dynamodb.get_item(TableName=made["TableName"], Key={"id": {"S": "7"}}).get("Item")


def test_a_table_gets_a_stream_that_a_function_reads(deploy, destmock):
    destmock.handler("read", lambda event, context: None)
    made = deploy({"T": table()}, "create_stack")
    item(made, put=True)
    mapping = resource(
        "AWS::Lambda::EventSourceMapping",
        FunctionName="read",
        StartingPosition="LATEST",
        EventSourceArn=attribute("T", "StreamArn"),
    )
    changed = deploy({"T": table(StreamSpecification={"StreamViewType": "NEW_IMAGE"}), "M": mapping})
    assert changed["TableName"] == made["TableName"]
    assert item(changed) == {"id": {"S": "7"}}
    item(changed, put=True)
    boto3.client("dynamodb").delete_item(TableName=made["TableName"], Key={"id": {"S": "7"}})
    assert [run.outcome for run in destmock.runs] == ["Success"]


def test_a_table_s_stream_changes_and_goes(deploy):
    deploy({"T": table(StreamSpecification={"StreamViewType": "NEW_IMAGE"})}, "create_stack")
    changed = deploy({"T": table(StreamSpecification={"StreamViewType": "KEYS_ONLY"})})
    assert changed["StreamSpecification"]["StreamViewType"] == "KEYS_ONLY"
    assert "StreamSpecification" not in deploy({"T": table()})


def test_a_table_s_indexes_and_settings_change(deploy):
    made = deploy({"T": table()}, "create_stack")
    item(made, put=True)
    attributes = text("id", "day")
    capacity = {"ReadCapacityUnits": "5", "WriteCapacityUnits": 6}
    indexed = deploy({"T": table(AttributeDefinitions=attributes, GlobalSecondaryIndexes=[BY_DAY])})
    assert [each["IndexName"] for each in indexed["GlobalSecondaryIndexes"]] == ["by-day"]
    assert indexed["AttributeDefinitions"] == attributes
    changed = deploy(
        {
            "T": table(
                BillingMode="PROVISIONED",
                ProvisionedThroughput=capacity,
                DeletionProtectionEnabled=True,
            )
        }
    )
    assert changed["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    assert changed["BillingModeSummary"]["BillingMode"] == "PROVISIONED"
    assert changed["DeletionProtectionEnabled"] is True
    assert changed.get("GlobalSecondaryIndexes", []) == []
    assert item(changed) == {"id": {"S": "7"}}


@pytest.mark.parametrize("kept", [False, True])
def test_a_table_with_another_key_is_another_table(deploy, kept):
    policy = {"UpdateReplacePolicy": "Retain"} if kept else {}
    made = deploy({"T": {**table(), **policy}}, "create_stack")
    changed = deploy({"T": {**table(KeySchema=DAY, AttributeDefinitions=text("day")), **policy}})
    assert changed["KeySchema"] == DAY
    names = boto3.client("dynamodb").list_tables()["TableNames"]
    assert names == ([made["TableName"]] if kept else []) + [changed["TableName"]]


def test_a_table_with_another_name_is_another_table(deploy):
    deploy({"T": table(TableName="orders")}, "create_stack")
    assert deploy({"T": table(TableName="sales")})["TableName"] == "sales"
    assert boto3.client("dynamodb").list_tables()["TableNames"] == ["sales"]


def test_a_table_has_its_time_to_live(deploy, destmock):
    def ttl(made):
        found = boto3.client("dynamodb").describe_time_to_live(TableName=made["TableName"])
        told = found["TimeToLiveDescription"]
        return told["TimeToLiveStatus"], told.get("AttributeName")

    def by(attribute, *, on):
        return {"TimeToLiveSpecification": {"AttributeName": attribute, "Enabled": on}}

    made = deploy({"T": table(**by("until", on="true"))}, "create_stack")
    assert ttl(made) == ("ENABLED", "until")
    soon = int(destmock.now.timestamp()) + 60
    key = {"id": {"S": "7"}}
    boto3.client("dynamodb").put_item(TableName=made["TableName"], Item={**key, "until": {"N": str(soon)}})
    assert item(deploy({"T": table(**by("until", on=True), BillingMode="PAY_PER_REQUEST")})) is not None
    destmock.advance(61)
    assert item(made) is None
    assert ttl(deploy({"T": table(**by("end", on=True))})) == ("ENABLED", "end")
    assert ttl(deploy({"T": table(**by("end", on=False))}))[0] == "DISABLED"
    assert ttl(deploy({"T": table(KeySchema=DAY, AttributeDefinitions=text("day"), **by("x", on=True))})) == (
        "ENABLED",
        "x",
    )
