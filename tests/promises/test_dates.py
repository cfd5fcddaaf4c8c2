"""With a start, every date that any service tells is the same on every run."""

import json
import time
from datetime import datetime, timedelta, timezone

import boto3
import pytest

from destmock import mock_destinations, outcomes
from destmock._time.wall import real_ns

START = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
#: The years of the run and around it, in seconds and in milliseconds.
EPOCH = START.timestamp()
ROLE = "arn:aws:iam::123456789012:role/mine"
TABLE = {
    "TableName": "orders",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
}
SCHEDULE = {
    "Name": "once",
    "ScheduleExpression": "at(2026-03-01T13:00:00)",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": {"Arn": "arn:aws:lambda:us-east-1:123456789012:function:slow", "RoleArn": ROLE},
}


def is_date(value):
    """Whether it looks like a moment of this decade, however it is written."""
    if isinstance(value, datetime):
        return True
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return any(abs(value / unit - EPOCH) < 10 * 365 * 86_400 for unit in (1, 1000))
    if isinstance(value, str):
        return value[:5] in {f"{year}-" for year in range(2020, 2040)} or (
            value.isdigit() and is_date(int(value))
        )
    return False


def dates(value, path=""):
    """Every date in an answer, with where it stands."""
    if isinstance(value, dict):
        for name, part in value.items():
            if name not in {"HTTPHeaders", "RetryAttempts"}:
                yield from dates(part, f"{path}.{name}")
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from dates(part, f"{path}[{number}]")
    elif is_date(value):
        yield path, value


class Broad:
    """Calls of sixteen services; keeps every date that they tell."""

    def __init__(self):
        self.found = []

    def __call__(self, service, operation, **parameters):
        answer = getattr(boto3.client(service), operation)(**parameters)
        self.found += [(f"{service}.{operation}{path}", value) for path, value in dates(answer)]
        return answer

    def make(self):
        url = self("sqs", "create_queue", QueueName="jobs")["QueueUrl"]
        self("s3", "create_bucket", Bucket="files")
        self("iam", "create_role", RoleName="mine", AssumeRolePolicyDocument="{}")
        self("sts", "assume_role", RoleArn=ROLE, RoleSessionName="me")
        self("secretsmanager", "create_secret", Name="password", SecretString="1")
        self("ssm", "put_parameter", Name="setting", Value="1", Type="String")
        self("kms", "create_key")
        self("sns", "create_topic", Name="told")
        self("dynamodb", "create_table", **TABLE)
        self("kinesis", "create_stream", StreamName="clicks", ShardCount=1)
        self("kinesis", "put_record", StreamName="clicks", PartitionKey="1", Data=b"1")
        self("events", "put_rule", Name="often", ScheduleExpression="rate(1 hour)")
        self("scheduler", "create_schedule", **SCHEDULE)
        body = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
        self("cloudformation", "create_stack", StackName="stack", TemplateBody=body)
        return url

    def run(self, destmock, url):
        def slow(event, context):
            time.sleep(5)
            self("sqs", "send_message", QueueUrl=url, MessageBody="slept", DelaySeconds=30)
            self("s3", "put_object", Bucket="files", Key="slept", Body=b"1")
            return {"at": datetime.now(timezone.utc).isoformat()}

        destmock.handler("slow", slow, timeout=60)
        destmock.handler("failing", outcomes(ValueError("no")))
        self("lambda", "invoke", FunctionName="slow")
        self("lambda", "invoke", FunctionName="failing", InvocationType="Event")
        destmock.advance(timedelta(hours=2))
        self("dynamodb", "put_item", TableName="orders", Item={"id": {"S": "1"}})
        self.found += dates([tried.response for one in destmock.invocations for tried in one.attempts])
        self.found += dates([one.accepted_at for one in destmock.invocations])

    def look(self, url):
        self("sqs", "receive_message", QueueUrl=url, AttributeNames=["All"])
        self("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"])
        self("s3", "list_objects_v2", Bucket="files")
        self("s3", "head_object", Bucket="files", Key="slept")
        self("s3", "list_buckets")
        self("iam", "get_role", RoleName="mine")
        self("secretsmanager", "describe_secret", SecretId="password")
        self("ssm", "get_parameter", Name="setting")
        self("dynamodb", "describe_table", TableName="orders")
        self("scheduler", "get_schedule", Name="once")
        self("cloudformation", "describe_stacks")
        self("cloudformation", "describe_stack_events", StackName="stack")
        self("lambda", "list_functions")
        self("logs", "describe_log_groups")
        self("logs", "describe_log_streams", logGroupName="/aws/lambda/slow")
        self("logs", "filter_log_events", logGroupName="/aws/lambda/slow")
        times = {"StartTime": START, "EndTime": START + timedelta(hours=3)}
        self("xray", "get_trace_summaries", **times)
        counted = {"Namespace": "AWS/Lambda", "MetricName": "Errors", "Period": 60, "Statistics": ["Sum"]}
        self("cloudwatch", "get_metric_statistics", **counted, **times)

    def read(self):
        arn = self("dynamodbstreams", "list_streams")["Streams"][0]["StreamArn"]
        [shard] = self("dynamodbstreams", "describe_stream", StreamArn=arn)["StreamDescription"]["Shards"]
        place = {"ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = self("dynamodbstreams", "get_shard_iterator", StreamArn=arn, **place)["ShardIterator"]
        self("dynamodbstreams", "get_records", ShardIterator=iterator)
        self("kinesis", "describe_stream", StreamName="clicks")
        place["ShardId"] = "shardId-000000000000"
        iterator = self("kinesis", "get_shard_iterator", StreamName="clicks", **place)["ShardIterator"]
        self("kinesis", "get_records", ShardIterator=iterator)


def broad():
    calls = Broad()
    with mock_destinations(start=START, strict=False) as destmock:
        url = calls.make()
        calls.run(destmock, url)
        calls.look(url)
        calls.read()
    return calls.found


def test_every_date_is_the_same_in_two_runs():
    first = broad()
    until = real_ns() + 1_100_000_000  # a second later, by all clocks but the mock's
    while real_ns() < until:
        pass
    assert broad() == first
    assert len(first) > 50
    assert {name.partition(".")[0] for name, _ in first} >= {
        "s3",
        "iam",
        "sts",
        "dynamodb",
        "kinesis",
        "logs",
    }


@pytest.mark.parametrize("value", ["2026-03-01T12:00:00Z", START, int(EPOCH), EPOCH * 1000, str(int(EPOCH))])
def test_what_counts_as_a_date(value):
    assert list(dates({"a": [value]})) == [(".a[0]", value)]
