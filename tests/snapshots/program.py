"""A program that has to do with everything: prints what happened, as JSON. test_determinism.py runs it.

Its arguments: what to pass on to `mock_destinations`, as JSON, and how often to run.
"""

import io
import json
import sys
import tempfile
import zipfile
from datetime import datetime
from pathlib import Path

import boto3

from destmock import mock_destinations, outcomes

ACCOUNT = "123456789012"
ARN = f"arn:aws:{{}}:us-east-1:{ACCOUNT}:{{}}"
DEPLOYED = """
import logging

def handle(event, context):
    logging.getLogger().warning("about to fail for %s", context.aws_request_id)
    return {"total": event["price"] * event["quantity"]}
"""
TEMPLATE = """
Resources:
  Stacked:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: index.handle
      Role: arn:aws:iam::123456789012:role/stacked
      Code:
        ZipFile: |
          def handle(event, context):
              return {"from": context.function_name}
  Failed:
    Type: AWS::SQS::Queue
  Config:
    Type: AWS::Lambda::EventInvokeConfig
    Properties:
      FunctionName: !Ref Stacked
      Qualifier: $LATEST
      DestinationConfig:
        OnSuccess:
          Destination: !GetAtt Failed.Arn
"""


#: What the function `echo` has got.
seen = []


def echo(event, context):
    seen.append(event)
    print("got", json.dumps(event))
    return {"got": event, "id": context.aws_request_id, "stream": context.log_stream_name}


def main(options):
    seen.clear()
    if "start" in options:
        options["start"] = datetime.fromisoformat(options["start"])
    handlers = {
        "echo": echo,
        "orders": outcomes(ValueError("out of stock")),
        "once": outcomes(TimeoutError("no answer"), {"ok": True}),
    }
    with mock_destinations(handlers=handlers, strict=False, **options) as destmock:
        for part in (invoke, publish, weigh, read, deploy):
            part(destmock)
        facts = {
            "timeline": destmock.timeline(),
            "payloads": [one.payload.decode() for one in destmock.invocations],
            "records": [one.record_body.decode() for one in destmock.invocations],
            "logs": [attempt.logs for one in destmock.invocations for attempt in one.attempts],
            "deliveries": [(one.destination, one.body.decode()) for one in destmock.deliveries],
            "drops": [repr(one) for one in destmock.drops],
            "seen": seen,
            "now": destmock.now.isoformat(),
        }
    print(json.dumps(facts))


def invoke(destmock):
    """Each way to invoke, and each kind of destination."""
    sqs, sns, events, lam = (boto3.client(name) for name in ("sqs", "sns", "events", "lambda"))
    boto3.client("s3").create_bucket(Bucket="records")
    sqs.create_queue(QueueName="failed")
    topic = sns.create_topic(Name="done")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ARN.format("lambda", "function:echo"))
    events.put_rule(Name="failures", EventPattern='{"source": ["lambda"]}')
    target = {"Id": "1", "Arn": ARN.format("lambda", "function:echo")}
    events.put_targets(Rule="failures", Targets=[target])
    for name, destinations in {
        "orders": [
            ARN.format("sqs", "failed"),
            ARN.format("events", "event-bus/default"),
            "arn:aws:s3:::records",
        ],
        "once": [topic, ARN.format("lambda", "function:echo")],
    }.items():
        for destination in destinations:
            config = {kind: {"Destination": destination} for kind in ("OnSuccess", "OnFailure")}
            if destination.startswith("arn:aws:s3"):
                del config["OnSuccess"]
            lam.put_function_event_invoke_config(FunctionName=name, DestinationConfig=config)
            lam.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"id": 7}')
            lam.invoke_async(FunctionName=name, InvokeArgs=b'{"id": 8}')
    lam.invoke(FunctionName="echo", Payload=b'"now"')
    destmock.advance(90.5)


def publish(destmock):
    """What services invoke."""
    s3, sns, events, logs = (boto3.client(name) for name in ("s3", "sns", "events", "logs"))
    echo_arn = ARN.format("lambda", "function:echo")
    s3.create_bucket(Bucket="uploads")
    s3.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
    rule = {"LambdaFunctionArn": echo_arn, "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="uploads", NotificationConfiguration={"LambdaFunctionConfigurations": [rule]}
    )
    s3.put_object(Bucket="uploads", Key="a b.txt", Body=b"x")
    s3.delete_object(Bucket="uploads", Key="a b.txt")
    topic = ARN.format("sns", "done")
    attributes = {"size": {"DataType": "Number", "StringValue": "2"}}
    sns.publish(TopicArn=topic, Subject="hello", Message="world", MessageAttributes=attributes)
    entry = {"Source": "lambda", "DetailType": "test", "Detail": '{"a": 1}'}
    events.put_events(Entries=[entry])
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="one")
    logs.put_subscription_filter(
        logGroupName="/app", filterName="all", filterPattern="", destinationArn=echo_arn
    )
    at = round(destmock.now.timestamp() * 1000)
    logs.put_log_events(
        logGroupName="/app", logStreamName="one", logEvents=[{"timestamp": at, "message": "hello"}]
    )


def weigh(destmock):
    """An alias that chooses between two versions."""
    lam = boto3.client("lambda")
    for _ in range(2):
        lam.publish_version(FunctionName="echo")
        lam.update_function_configuration(FunctionName="echo", Description="changed")
    weights = {"AdditionalVersionWeights": {"2": 0.5}}
    lam.create_alias(FunctionName="echo", Name="live", FunctionVersion="1", RoutingConfig=weights)
    for number in range(8):
        payload = json.dumps({"number": number})
        lam.invoke(FunctionName="echo", Qualifier="live", InvocationType="Event", Payload=payload)


def read(destmock):
    """What mappings read."""
    sqs, kinesis, dynamodb, lam = (boto3.client(name) for name in ("sqs", "kinesis", "dynamodb", "lambda"))
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    kinesis.create_stream(StreamName="clicks", ShardCount=2)
    key = [{"AttributeName": "id", "KeyType": "HASH"}]
    table = dynamodb.create_table(
        TableName="items",
        KeySchema=key,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]
    for arn, position in (
        (ARN.format("sqs", "jobs"), {}),
        (ARN.format("kinesis", "stream/clicks"), {"StartingPosition": "TRIM_HORIZON"}),
        (table["LatestStreamArn"], {"StartingPosition": "LATEST"}),
    ):
        lam.create_event_source_mapping(EventSourceArn=arn, FunctionName="echo", **position)
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": str(n)} for n in range(3)])
    for name in "abc":
        kinesis.put_record(StreamName="clicks", Data=name.encode(), PartitionKey=name)
        dynamodb.put_item(TableName="items", Item={"id": {"S": name}, "tags": {"SS": ["x", "y", "z"]}})


def deploy(destmock):
    """Code in a zip, and in a template."""
    iam, lam = boto3.client("iam"), boto3.client("lambda")
    role = iam.create_role(RoleName="zipped", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("handler.py", DEPLOYED)
    lam.create_function(
        FunctionName="zipped",
        Runtime="python3.13",
        Handler="handler.handle",
        Role=role,
        Code={"ZipFile": archive.getvalue()},
    )
    lam.invoke(FunctionName="zipped", InvocationType="Event", Payload=b'{"price": 2, "quantity": 3}')
    lam.invoke(FunctionName="zipped", InvocationType="Event", Payload=b'{"price": 2}')
    with tempfile.TemporaryDirectory() as directory:
        template = Path(directory, "template.yaml")
        template.write_text(TEMPLATE, "utf-8")
        stack = destmock.deploy(template, stack_name="shop")
    lam.invoke(FunctionName=stack.resources["Stacked"], InvocationType="Event", Payload=b"{}")


if __name__ == "__main__":
    for _ in range(int(sys.argv[2])):
        main(json.loads(sys.argv[1]))
