"""Where the time of a small test goes, under `mock_aws` and under `mock_destinations`, in one run.

python tests/benchmarks/small_tests_time.py      # some ten seconds on a machine that does nothing else
python tests/benchmarks/small_tests_time.py 100  # with so many rounds instead of 30

The two take turns, and each time is the smallest of all rounds: what another process takes is in the others.
"""

import asyncio
import sys
from functools import partial
from time import perf_counter

import boto3
from aiobotocore.session import get_session
from moto import mock_aws

from destmock import mock_destinations

MOCKS = {"mock_aws": mock_aws, "mock_destinations": mock_destinations}
KINDS = ["sqs", "sns", "dynamodb", "lambda", "s3", "events", "ec2"]
TABLE = {
    "TableName": "table",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


class Watch:
    """The smallest time of each step, by mock."""

    def __init__(self):
        self.times = {}

    def step(self, mock, what, function):
        begun = perf_counter()
        result = function()
        self.note(mock, what, perf_counter() - begun)
        return result

    def note(self, mock, what, seconds):
        before = self.times.setdefault(what, {}).get(mock, seconds)
        self.times[what][mock] = min(before, seconds)


def asynchronous_client():
    async def make():
        async with get_session().create_client("sqs", region_name="us-east-1"):
            pass

    asyncio.run(make())


def clients(watch, mock):
    boto3.DEFAULT_SESSION = None
    watch.step(mock, "a session", boto3.session.Session)
    for kind in KINDS:
        watch.step(mock, f"the first client of a mock: {kind}", partial(fresh, kind))
        boto3.client(kind, region_name="us-east-1")
        again = partial(boto3.client, kind, region_name="us-east-1")
        watch.step(mock, f"one more in its session: {kind}", again)
    if mock == "mock_destinations":  # moto knows nothing of it
        watch.step(mock, "a client of aiobotocore, its session and its loop: sqs", asynchronous_client)


def fresh(kind):
    """With the session that it needs."""
    boto3.DEFAULT_SESSION = None
    return boto3.client(kind, region_name="us-east-1")


def calls(watch, mock):
    sqs, sns, dynamodb, s3 = (
        boto3.client(kind, region_name="us-east-1") for kind in ("sqs", "sns", "dynamodb", "s3")
    )
    step = watch.step
    step(mock, "the first `create_queue`, with moto's backend", lambda: sqs.create_queue(QueueName="first"))
    queue = step(mock, "`create_queue`", lambda: sqs.create_queue(QueueName="queue"))["QueueUrl"]
    step(mock, "`send_message`", lambda: sqs.send_message(QueueUrl=queue, MessageBody="text"))
    step(mock, "`receive_message`", lambda: sqs.receive_message(QueueUrl=queue))
    names = {"QueueUrl": queue, "AttributeNames": ["All"]}
    step(mock, "`get_queue_attributes`", lambda: sqs.get_queue_attributes(**names))
    topic = step(mock, "the first `create_topic`", lambda: sns.create_topic(Name="topic"))["TopicArn"]
    step(mock, "`publish`", lambda: sns.publish(TopicArn=topic, Message="text"))
    step(mock, "the first `create_table`", lambda: dynamodb.create_table(**TABLE))
    item = {"id": {"S": "1"}}
    step(mock, "`put_item`", lambda: dynamodb.put_item(TableName="table", Item=item))
    step(mock, "`get_item`", lambda: dynamodb.get_item(TableName="table", Key=item))
    step(mock, "the first `create_bucket`", lambda: s3.create_bucket(Bucket="bucket"))
    step(mock, "`put_object`", lambda: s3.put_object(Bucket="bucket", Key="key", Body=b"text"))
    step(mock, "`get_object`", lambda: s3.get_object(Bucket="bucket", Key="key"))


def measured(rounds):
    """The watch after so many rounds."""
    watch = Watch()
    for _ in range(rounds):
        for name, mock in MOCKS.items():
            begun = perf_counter()
            with mock():
                pass
            watch.note(name, "the mock's start and stop", perf_counter() - begun)
            with mock():
                clients(watch, name)
            with mock():
                calls(watch, name)
    return watch


def main():
    watch = measured(int(sys.argv[1]) if sys.argv[1:] else 30)
    print("| what | `mock_aws` | `mock_destinations` | ratio |\n| --- | --- | --- | --- |")
    for what, times in watch.times.items():
        alone, here = (times.get(name) for name in MOCKS)
        told = ["", ""] if alone is None else [f"{alone * 1e3:.2f} ms", f"{here / alone:.2f}"]
        print(f"| {what} | {told[0]} | {here * 1e3:.2f} ms | {told[1]} |")


if __name__ == "__main__":
    main()
