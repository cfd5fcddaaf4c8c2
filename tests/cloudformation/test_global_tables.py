"""Global tables, as CDK's TableV2 writes them."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.cloudformation.deployed import attribute, resource

TABLE = {
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("id", "kind")],
    "BillingMode": "PAY_PER_REQUEST",
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-kind",
            "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "Replicas": [{"Region": {"Ref": "AWS::Region"}, "Tags": [{"Key": "a", "Value": "b"}]}],
    "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
    "TimeToLiveSpecification": {"AttributeName": "until", "Enabled": True},
}


def deploy(call="create_stack", **properties):
    cloudformation = boto3.client("cloudformation")
    outputs = {name: {"Value": attribute("T", name)} for name in ("Arn", "StreamArn")}
    template = {
        "Resources": {"T": resource("AWS::DynamoDB::GlobalTable", **{**TABLE, **properties})},
        "Outputs": outputs,
    }
    getattr(cloudformation, call)(StackName="shop", TemplateBody=json.dumps(template))
    [stack] = cloudformation.describe_stacks(StackName="shop")["Stacks"]
    found = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    return found["Arn"].split("/")[-1], found


def test_the_table_of_the_stack_s_region_is_made_and_goes(destmock):
    dynamodb = boto3.client("dynamodb")
    name, outputs = deploy()
    table = dynamodb.describe_table(TableName=name)["Table"]
    assert table["LatestStreamArn"] == outputs["StreamArn"]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    assert [each["IndexName"] for each in table["GlobalSecondaryIndexes"]] == ["by-kind"]
    expires = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert (expires["AttributeName"], expires["TimeToLiveStatus"]) == ("until", "ENABLED")
    assert dynamodb.list_tags_of_resource(ResourceArn=outputs["Arn"])["Tags"] == [{"Key": "a", "Value": "b"}]
    boto3.client("cloudformation").delete_stack(StackName="shop")
    assert dynamodb.list_tables()["TableNames"] == []


def test_scaled_capacity_begins_with_its_least(destmock):
    scaled = {"MinCapacity": 3, "MaxCapacity": 9}
    reads = {"ReadProvisionedThroughputSettings": {"ReadCapacityUnits": 2}}
    name, _ = deploy(
        BillingMode="PROVISIONED",
        GlobalSecondaryIndexes=[],
        AttributeDefinitions=TABLE["AttributeDefinitions"][:1],
        WriteProvisionedThroughputSettings={"WriteCapacityAutoScalingSettings": scaled},
        Replicas=[{"Region": "us-east-1", **reads}],
    )
    found = boto3.client("dynamodb").describe_table(TableName=name)["Table"]["ProvisionedThroughput"]
    assert (found["ReadCapacityUnits"], found["WriteCapacityUnits"]) == (2, 3)


def test_replicas_elsewhere_are_named(destmock):
    with pytest.warns(UserWarning, match="the replicas in eu-west-1 are left out"):
        deploy(Replicas=[{"Region": "us-east-1"}, {"Region": "eu-west-1"}])
    with pytest.raises(ClientError, match="needs a replica in the stack's region, us-east-1"):
        deploy("update_stack", Replicas=[{"Region": "eu-west-1"}])


def test_what_cannot_change_here_is_refused(destmock):
    name, _ = deploy()
    deploy("update_stack", TimeToLiveSpecification={"AttributeName": "until", "Enabled": False})
    found = boto3.client("dynamodb").describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert found["TimeToLiveStatus"] == "DISABLED"
    with pytest.raises(ClientError, match="not BillingMode"):
        deploy("update_stack", BillingMode="PROVISIONED")
