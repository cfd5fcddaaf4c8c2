"""Firehose streams and IoT rules of a template invoke its functions."""

import json

import boto3
import pytest

from tests.cloudformation.deployed import ROLE, attribute, function, resource

CODE = """
import base64

def handler(event, context):
    if "records" not in event:
        return event
    data = base64.b64encode(b"transformed").decode()
    made = {"result": "Ok", "data": data}
    return {"records": [{"recordId": each["recordId"], **made} for each in event["records"]]}
"""


def template(prefix, topics):
    parameters = {"LambdaArn": attribute("Work"), "NumberOfRetries": "1"}
    processor = {
        "Type": "Lambda",
        "Parameters": [{"ParameterName": name, "ParameterValue": to} for name, to in parameters.items()],
    }
    stream = {
        "BucketARN": attribute("Bucket"),
        "RoleARN": ROLE,
        "Prefix": prefix,
        "ProcessingConfiguration": {"Enabled": True, "Processors": [processor]},
    }
    rule = {
        "Sql": f"SELECT * FROM '{topics}'",
        "Actions": [{"Lambda": {"FunctionArn": attribute("Work")}}],
    }
    resources = {
        "Work": function(FunctionName="work", Code={"ZipFile": CODE}),
        "Bucket": resource("AWS::S3::Bucket", BucketName="landed"),
        "Stream": resource(
            "AWS::KinesisFirehose::DeliveryStream",
            DeliveryStreamName="clicks",
            ExtendedS3DestinationConfiguration=stream,
        ),
        "Rule": resource("AWS::IoT::TopicRule", RuleName="heat", TopicRulePayload=rule),
    }
    outputs = {
        "Stream": {"Value": attribute("Stream")},
        "Rule": {"Value": attribute("Rule")},
    }
    return json.dumps({"Resources": resources, "Outputs": outputs})


@pytest.fixture
def use(destmock):
    """Puts a record and publishes a message; answers who has invoked, and what has landed where."""
    firehose, data, s3 = boto3.client("firehose"), boto3.client("iot-data"), boto3.client("s3")

    def use(topic):
        firehose.put_record(DeliveryStreamName="clicks", Record={"Data": b"raw"})
        data.publish(topic=topic, payload=b"{}")
        [listed] = s3.list_objects_v2(Bucket="landed")["Contents"]
        body = s3.get_object(Bucket="landed", Key=listed["Key"])["Body"].read()
        s3.delete_object(Bucket="landed", Key=listed["Key"])
        return [run.source for run in destmock.runs], listed["Key"].partition("/")[0], body

    return use


def test_both_are_made_changed_and_deleted(destmock, use):
    stacks = boto3.client("cloudformation")
    stacks.create_stack(StackName="s", TemplateBody=template("in/", "rooms/+"))
    [stack] = stacks.describe_stacks(StackName="s")["Stacks"]
    assert {each["OutputValue"] for each in stack["Outputs"]} == {
        "arn:aws:firehose:us-east-1:123456789012:deliverystream/clicks",
        "arn:aws:iot:us-east-1:123456789012:rule/heat",
    }
    both = ["Firehose stream clicks", "IoT rule heat"]
    assert use("rooms/1") == (both, "in", b"transformed")
    stacks.update_stack(StackName="s", TemplateBody=template("out/", "halls/+"))
    assert use("halls/1") == (both * 2, "out", b"transformed")
    assert use("rooms/1") == ([*both * 2, "Firehose stream clicks"], "out", b"transformed")
    stacks.delete_stack(StackName="s")
    assert boto3.client("firehose").list_delivery_streams()["DeliveryStreamNames"] == []
    assert boto3.client("iot").list_topic_rules()["rules"] == []
