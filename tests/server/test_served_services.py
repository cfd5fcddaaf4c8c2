"""Services that invoke functions, behind the endpoint."""

import pytest

pytestmark = pytest.mark.destmock(
    handlers={
        "work": lambda event, context: {"records": [{**each, "result": "Ok"} for each in event["records"]]},
        "heat": lambda event, context: None,
    }
)
WORK, HEAT = (f"arn:aws:lambda:us-east-1:123456789012:function:{name}" for name in ("work", "heat"))


def test_a_firehose_stream_s_function_runs(destmock_server, client):
    s3, firehose = client("s3"), client("firehose")
    s3.create_bucket(Bucket="landed")
    parameters = [{"ParameterName": "LambdaArn", "ParameterValue": WORK}]
    firehose.create_delivery_stream(
        DeliveryStreamName="clicks",
        ExtendedS3DestinationConfiguration={
            "BucketARN": "arn:aws:s3:::landed",
            "RoleARN": "arn:aws:iam::123456789012:role/any",
            "ProcessingConfiguration": {
                "Enabled": True,
                "Processors": [{"Type": "Lambda", "Parameters": parameters}],
            },
        },
    )
    firehose.put_record(DeliveryStreamName="clicks", Record={"Data": b"one"})
    [run] = destmock_server.runs
    assert run.source == "Firehose stream clicks"
    [listed] = s3.list_objects_v2(Bucket="landed")["Contents"]
    assert s3.get_object(Bucket="landed", Key=listed["Key"])["Body"].read() == b"one"


def test_an_iot_rule_s_function_runs(destmock_server, client):
    payload = {"sql": "SELECT * FROM 'rooms/+'", "actions": [{"lambda": {"functionArn": HEAT}}]}
    client("iot").create_topic_rule(ruleName="heat", topicRulePayload=payload)
    client("iot-data").publish(topic="rooms/1", payload=b"{}")
    [invocation] = destmock_server.invocations
    assert (invocation.source, invocation.payload) == ("IoT rule heat", b"{}")
