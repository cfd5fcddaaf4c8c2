"""Three templates of real size, each with its own code: S3 -> function -> failure -> function -> queue."""

import json
from pathlib import Path

import boto3
import pytest

TEMPLATES = Path(__file__).parents[1] / "templates"


def upload(bucket, key, body):
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=body)


def received(url):
    messages = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    return [json.loads(message["Body"]) for message in messages]


def conditions(destmock):
    return [(each.function_arn.split(":")[6], each.condition) for each in destmock.invocations]


def test_cloudformation_orders_are_followed_up(destmock):
    stack = destmock.deploy(TEMPLATES / "orders.yaml", parameters={"Owners": "linus@example.com"})
    upload(stack.outputs["Bucket"], "incoming/1.txt", b"lamp chair")
    upload(stack.outputs["Bucket"], "incoming/2.txt", b"lamp sofa")
    upload(stack.outputs["Bucket"], "outgoing/3.txt", b"nobody looks here")
    [record] = received(stack.outputs["FollowUpsUrl"])
    assert record["responsePayload"] == {
        "ask": "linus@example.com",
        "about": "incoming/2.txt",
        "because": "'sofa'",
    }
    assert conditions(destmock) == [
        ("place-order-dev", "Success"),
        ("place-order-dev", "RetriesExhausted"),
        (stack.resources["FollowUp"], "Success"),
    ]
    [placed] = [each for each in destmock.invocations if each.condition == "RetriesExhausted"]
    assert [attempt.elapsed for attempt in placed.attempts] == [0, 60]


def test_sam_reports_what_could_not_be_resized(destmock):
    stack = destmock.deploy(TEMPLATES / "thumbnails" / "template.yaml")
    upload(stack.outputs["Bucket"], "uploads/cat.png", b"...")
    upload(stack.outputs["Bucket"], "uploads/notes.txt", b"...")
    [record] = received(stack.outputs["Reports"])
    assert record["responsePayload"] == {"failed": "uploads/notes.txt"}
    assert conditions(destmock) == [
        ("resize-test", "Success"),
        ("resize-test", "RetriesExhausted"),
        (stack.resources["Report"], "Success"),
    ]


def test_cdk_rejects_invoices(destmock):
    stack = destmock.deploy(TEMPLATES / "cdk.out" / "InvoiceStack.template.json")
    upload(stack.outputs["BucketName"], "good.json", b'{"net": 100, "tax": 19}')
    upload(stack.outputs["BucketName"], "bad.json", b'{"net": 100}')
    [record] = received(stack.outputs["RejectedUrl"])
    assert record["responsePayload"] == {"rejected": "bad.json", "error": "KeyError"}
    parsed = destmock.invocations.for_function(stack.outputs["ParseFunction"])
    assert [each.condition for each in parsed] == ["Success", "RetriesExhausted"]
    assert [attempt.elapsed for attempt in parsed[1].attempts] == [0, 60]


@pytest.mark.parametrize(
    "template", ["orders.yaml", "thumbnails/template.yaml", "cdk.out/InvoiceStack.template.json"]
)
def test_handlers_stand_in_for_all_code(destmock, template):
    from destmock import outcomes
    from destmock._cloudformation import templates

    functions = templates.load(TEMPLATES / template).functions
    stack = destmock.deploy(TEMPLATES / template, handlers=dict.fromkeys(functions, outcomes(OSError("no"))))
    bucket = stack.outputs.get("Bucket") or stack.outputs["BucketName"]
    for key in ("incoming/1.txt", "uploads/1.png", "1.json"):
        upload(bucket, key, b"")
    assert [each.condition for each in destmock.invocations] == ["RetriesExhausted"] * 2


def test_sam_s_other_events_invoke_their_functions(destmock):
    """A topic with a filter, a FIFO queue, a rule whose target is an alias, and a log group."""
    stack = destmock.deploy(TEMPLATES / "thumbnails" / "template.yaml")
    sns, jobs = boto3.client("sns"), stack.resources["Jobs"]
    for audience in ("all", "staff"):
        attributes = {"audience": {"DataType": "String", "StringValue": audience}}
        topic = stack.resources["Announcements"]
        sns.publish(TopicArn=topic, Message=f"to {audience}", MessageAttributes=attributes)
    boto3.client("sqs").send_message(QueueUrl=jobs, MessageBody="resize all", MessageGroupId="g")
    entry = {"Source": "shop.images", "DetailType": "TidyRequested", "Detail": '{"bucket": "images"}'}
    boto3.client("events").put_events(Entries=[entry])
    told = [(each.function_arn.split(":")[6], each.attempts[0].response) for each in destmock.invocations]
    assert told == [
        (stack.resources["Notify"], ["to all"]),
        (stack.resources["Tidy"], {"tidied": "images"}),
    ]
    assert "resize all" in destmock.timeline()  # a mapping invokes synchronously
