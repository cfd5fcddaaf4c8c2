"""Entries of PutEvents that EventBridge refuses: the call succeeds, and its answer counts them.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
"""

import json

import pytest
from botocore.exceptions import ClientError

from tests.services.triggers import ORDERS, rule

pytestmark = pytest.mark.destmock(handlers={"orders": lambda event, context: None})
GOOD = {"Source": "shop", "DetailType": "Order", "Detail": "{}"}
LARGEST = 1_048_576


def required(member):
    return "InvalidArgument", f"Parameter {member} is not valid. Reason: {member} is a required argument."


MALFORMED = ("MalformedDetail", "Detail is malformed.")
NOT_AUTHORIZED = ("NotAuthorizedForSourceException", "Not authorized for the source.")


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ({"Source": "aws.s3"}, NOT_AUTHORIZED),
        ({"Source": "aws."}, NOT_AUTHORIZED),
        ({"Source": ""}, required("Source")),
        ({"DetailType": ""}, required("DetailType")),
        ({"Detail": ""}, required("Detail")),
        ({"Source": "aws.s3", "Detail": ""}, required("Detail")),
        ({"Detail": "{"}, MALFORMED),
        ({"Detail": "order 7"}, MALFORMED),
        ({"Detail": "[1]"}, MALFORMED),
        ({"Detail": '"order"'}, MALFORMED),
        ({"Detail": '{"price": NaN}'}, MALFORMED),
    ],
)
def test_an_entry_is_refused_and_the_others_go_on(destmock, events, entry, error):
    rule(events, {"source": [{"exists": True}]}, {"Arn": ORDERS})
    answer = events.put_events(Entries=[GOOD, {**GOOD, **entry}, GOOD])
    assert answer["FailedEntryCount"] == 1
    first, refused, last = answer["Entries"]
    assert (refused["ErrorCode"], refused["ErrorMessage"]) == error
    assert [one.event["id"] for one in destmock.invocations] == [first["EventId"], last["EventId"]]


@pytest.mark.parametrize("entry", [{"Source": "aws"}, {"Source": "my.aws.s3"}, {"Detail": ' {"a": 1}\n'}])
def test_what_only_looks_like_it_is_taken(destmock, events, entry):
    assert events.put_events(Entries=[{**GOOD, **entry}])["FailedEntryCount"] == 0


def test_a_service_s_own_events_have_its_source(destmock, events, s3):
    rule(events, {"source": ["aws.s3"]}, {"Arn": ORDERS})
    s3.create_bucket(Bucket="uploads")
    s3.put_bucket_notification_configuration(
        Bucket="uploads", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    s3.put_object(Bucket="uploads", Key="a", Body=b"x")
    [invocation] = destmock.invocations
    assert invocation.event["source"] == "aws.s3"


def of_size(size, **others):
    """An entry of so many bytes."""
    frame = len("shopOrder") + len(json.dumps({"a": ""}))
    return {**GOOD, "Detail": json.dumps({"a": "x" * (size - frame)}), **others}


def test_all_entries_together_have_a_limit(destmock, events):
    half = LARGEST // 2
    assert events.put_events(Entries=[of_size(half), of_size(half)])["FailedEntryCount"] == 0
    for entries in (
        [of_size(half), of_size(half + 1)],
        [of_size(LARGEST, Resources=["a"])],
        [of_size(LARGEST, Time=0)],
    ):
        with pytest.raises(ClientError) as caught:
            events.put_events(Entries=entries)
        assert caught.value.response["Error"] == {
            "Code": "ValidationException",
            "Message": "Total size of the entries in the request is over the limit.",
        }
