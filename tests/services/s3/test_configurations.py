"""What a bucket's notification configuration may say."""

import pytest
from botocore.exceptions import ClientError

from tests.services.places import START
from tests.services.triggers import ORDERS, below

pytestmark = pytest.mark.destmock(start=START, handlers={"orders": lambda event, context: event})
CREATED = ["s3:ObjectCreated:*"]


def configure(s3, *configurations, **others):
    found = [{"LambdaFunctionArn": ORDERS, "Events": CREATED, **one} for one in configurations]
    s3.put_bucket_notification_configuration(
        Bucket="uploads", NotificationConfiguration={"LambdaFunctionConfigurations": found, **others}
    )


@pytest.mark.parametrize(("name", "key"), [("Prefix", "in/a"), ("Suffix", "a/in/"), ("prefix", "in/a")])
def test_a_filter_s_name_is_taken_as_the_console_writes_it_too(destmock, s3, bucket, name, key):
    configure(s3, below("in/", name))
    s3.put_object(Bucket=bucket, Key=key, Body=b"")
    s3.put_object(Bucket=bucket, Key="out/a", Body=b"")
    assert [run.event["Records"][0]["s3"]["object"]["key"] for run in destmock.invocations] == [key]


@pytest.mark.parametrize("rules", [[], [{"Name": "prefix", "Value": ""}]])
def test_a_filter_without_a_value_lets_every_key_pass(destmock, s3, bucket, rules):
    configure(s3, {"Filter": {"Key": {"FilterRules": rules}}})
    s3.put_object(Bucket=bucket, Key="a", Body=b"")
    assert len(destmock.invocations) == 1


def test_a_filter_of_another_name_is_refused(s3, bucket):
    with pytest.raises(ClientError, match="filter rule name must be either prefix or suffix") as error:
        configure(s3, below("in/", "infix"))
    assert error.value.response["Error"]["Code"] == "InvalidArgument"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        (below("in/"), below("in/a")),
        (below("in/"), {"Events": ["s3:ObjectCreated:Put"]}),
        (below("in/"), below(".png", "suffix")),
        (below("a.png", "suffix"), below(".png", "suffix")),
    ],
)
def test_two_configurations_for_the_same_event_and_key_are_refused(s3, bucket, one, other):
    with pytest.raises(ClientError, match="Configuration is ambiguously defined") as error:
        configure(s3, one, other)
    assert error.value.response["Error"]["Code"] == "InvalidArgument"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (below("in/"), below("out/")),
        (below(".jpg", "suffix"), below(".png", "suffix")),
        ({}, {"Events": ["s3:ObjectRemoved:*"]}),
        ({"Events": ["s3:ObjectCreated:Copy"]}, {"Events": ["s3:ObjectCreated:Put"]}),
        ({"Events": ["s3:ObjectRemoved:Delete"]}, {"Events": ["s3:ObjectRemoved:DeleteMarkerCreated"]}),
    ],
)
def test_configurations_for_other_events_or_keys_stand_together(s3, bucket, one, other):
    configure(s3, one, other)
    found = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert len(found["LambdaFunctionConfigurations"]) == 2


@pytest.mark.parametrize("configurations", [[], [below("in/")]])
def test_the_answer_says_that_eventbridge_is_told(s3, bucket, configurations):
    configure(s3, *configurations, EventBridgeConfiguration={})
    found = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert found["EventBridgeConfiguration"] == {}
    assert len(found.get("LambdaFunctionConfigurations", [])) == len(configurations)
    configure(s3, *configurations)
    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(Bucket=bucket)
