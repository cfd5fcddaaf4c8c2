"""A small program that sends events, for the tests of the forms of a mock."""

import boto3

#: Warnings are errors in the inner runs too; pytest-asyncio warns without its option.
STRICT = ("-W", "error", "-o", "asyncio_default_fixture_loop_scope=function")


def ok(event, context):
    return {"ok": event}


def send(name="orders", payload=b"{}", **kwargs):
    return boto3.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=payload, **kwargs)


def payloads(destmock):
    return [invocation.event for invocation in destmock.invocations]


def make_queue(name):
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def queues():
    urls = boto3.client("sqs").list_queues().get("QueueUrls", [])
    return [url.rsplit("/", 1)[-1] for url in urls]


def messages(name):
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    return sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])


def route(name, **destinations):
    config = {key: {"Destination": arn} for key, arn in destinations.items()}
    boto3.client("lambda").put_function_event_invoke_config(FunctionName=name, DestinationConfig=config)


def functions():
    found = boto3.client("lambda").list_functions()["Functions"]
    return [function["FunctionName"] for function in found]
