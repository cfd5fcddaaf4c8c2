"""Patterns look into arrays of objects, in rules as in a mapping's filters."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.services.places import ACCOUNT, REGION
from tests.services.triggers import ORDERS, put, rule

pytestmark = pytest.mark.destmock(handlers={"orders": lambda event, context: event})
ITEMS = {"items": [{"k": "v1", "n": 1}, {"k": "v2"}]}
PEOPLE = {
    "employees": [{"first": "Anna", "last": "Smith"}, {"first": "Peter", "last": "Jones"}],
    "teams": [{"members": [{"first": "Anna"}, {"last": "Jones"}]}, {"members": [{"first": "Eve"}]}],
}
CASES = [
    (ITEMS, {"items": {"k": ["v2"]}}, True),
    (ITEMS, {"items": {"k": ["v3"]}}, False),
    (ITEMS, {"items": {"n": [{"exists": True}]}}, True),
    (ITEMS, {"items": {"m": [{"exists": True}]}}, False),
    ({"items": [[{"k": "v1"}], [{"k": "v2"}]]}, {"items": {"k": [{"prefix": "v2"}]}}, True),
    ({"a": [{"b": [{"c": "x"}, {"c": "y"}]}]}, {"a": {"b": {"c": ["y"]}}}, True),
]
CONSISTENT = [
    (PEOPLE, {"employees": {"first": ["Anna"], "last": ["Jones"]}}, False),
    (PEOPLE, {"employees": {"first": ["Anna"], "last": ["Smith"]}}, True),
    (PEOPLE, {"employees": {"first": ["Anna"]}, "teams": {"members": {"first": ["Eve"]}}}, True),
    (PEOPLE, {"teams": {"members": {"first": ["Anna"], "last": ["Jones"]}}}, False),
    (PEOPLE, {"employees": {"$or": [{"first": ["Eve"]}, {"last": ["Jones"]}]}}, True),
    (PEOPLE, {"employees": {"first": ["Anna"], "$or": [{"last": ["Jones"]}, {"last": ["x"]}]}}, False),
    (ITEMS, {"items": {"k": ["v2"], "n": [{"exists": False}]}}, True),
    (ITEMS, {"items": {"k": ["v1"], "n": [{"exists": False}]}}, False),
    (ITEMS, {"items": {"n": [{"exists": False}]}}, False),
]
VALUES = [
    ({"k": ["a", "b"]}, {"k": ["b", "c"]}, True),
    ({"k": ["a", "b"]}, {"k": ["c"]}, False),
    ({"k": []}, {"k": [None]}, False),
    ({"k": []}, {"k": [{"exists": True}]}, False),
    ({"k": None}, {"k": [None]}, True),
    ({"k": [1, "x"]}, {"k": [True]}, False),
    ({"k": [3, "10.0.0.7"]}, {"k": [{"cidr": "10.0.0.5/24"}]}, True),
]


def matches(events, destmock, detail, pattern):
    rule(events, {"detail": pattern}, {"Arn": ORDERS})
    put(events, detail)
    return bool(destmock.invocations)


@pytest.mark.parametrize(("detail", "pattern", "found"), CASES)
def test_R1_a_pattern_looks_into_arrays_of_objects(destmock, events, detail, pattern, found):
    assert matches(events, destmock, detail, pattern) is found


@pytest.mark.parametrize(("detail", "pattern", "found"), CONSISTENT)
def test_R2_all_that_is_wanted_of_an_array_is_in_one_element(destmock, events, detail, pattern, found):
    assert matches(events, destmock, detail, pattern) is found


@pytest.mark.parametrize(("detail", "pattern", "found"), VALUES)
def test_R3_an_array_of_values_matches_by_any_of_them(destmock, events, detail, pattern, found):
    assert matches(events, destmock, detail, pattern) is found


@pytest.mark.parametrize(("detail", "pattern", "found"), CASES + CONSISTENT)
def test_R1_R2_a_mapping_s_filter_is_such_a_pattern(destmock, lam, make_queue, detail, pattern, found):
    source = make_queue("jobs")
    filters = [{"Pattern": json.dumps({"body": pattern})}]
    lam.create_event_source_mapping(
        EventSourceArn=source, FunctionName="orders", FilterCriteria={"Filters": filters}
    )
    url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/jobs"
    boto3.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(detail))
    assert ("invoked synchronously" in destmock.timeline()) is found


EVENT = {
    "id": "1",
    "source": "shop",
    "account": ACCOUNT,
    "time": "2026-01-01T00:00:00Z",
    "region": REGION,
    "resources": [],
    "detail-type": "Order",
    "detail": {"n": 7},
}


@pytest.mark.parametrize(
    ("pattern", "found"), [({"detail": {"n": [7]}}, True), ({"source": ["other"]}, False)]
)
def test_a_pattern_can_be_tried_on_an_event(events, pattern, found):
    answer = events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(EVENT))
    assert answer["Result"] is found


@pytest.mark.parametrize("event", ["no json", '"a text"', "[]", json.dumps(EVENT)[:-1]])
def test_what_is_no_event_is_refused(events, event):
    with pytest.raises(ClientError, match=r"^An error .* Parameter Event is not valid\.$") as error:
        events.test_event_pattern(EventPattern='{"source": ["shop"]}', Event=event)
    assert error.value.response["Error"]["Code"] == "ValidationException"
    without = json.dumps({name: value for name, value in EVENT.items() if name != "region"})
    with pytest.raises(ClientError, match=r"^An error .* Parameter Event is not valid\.$"):
        events.test_event_pattern(EventPattern='{"source": ["shop"]}', Event=without)


@pytest.mark.parametrize("call", ["test_event_pattern", "put_rule", "create_archive"])
def test_R4_a_bad_pattern_is_refused_with_its_reason_and_place(events, call):
    pattern = '{"detail": {"equal": [{"NUMERIC": ["=", 5]}]}}'
    others = {
        "test_event_pattern": {"Event": json.dumps(EVENT)},
        "put_rule": {"Name": "r"},
        "create_archive": {
            "ArchiveName": "a",
            "EventSourceArn": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default",
        },
    }
    with pytest.raises(ClientError) as error:
        getattr(events, call)(EventPattern=pattern, **others[call])
    answer = error.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert answer["Error"] == {
        "Code": "InvalidEventPatternException",
        "Message": "Event pattern is not valid. Reason: Unrecognized match type NUMERIC\n at "
        f'[Source: (String)"{pattern}"; line: 1, column: 36]',
    }
    assert events.list_rules()["Rules"] == []


@pytest.mark.parametrize("call", ["test_event_pattern", "put_rule"])
def test_too_many_wildcards_and_too_long_a_pattern_are_refused(events, call):
    others = {"test_event_pattern": {"Event": json.dumps(EVENT)}, "put_rule": {"Name": "r"}}[call]
    wildcards = [{"wildcard": f"*/in/*.{kind}"} for kind in ("bif", "tif", "tiff", "svs")]
    with pytest.raises(ClientError) as error:
        getattr(events, call)(EventPattern=json.dumps({"source": wildcards}), **others)
    assert error.value.response["Error"] == {
        "Code": "InvalidEventPatternException",
        "Message": "Event pattern is not valid. Reason: Rule is too complex - try using fewer wildcard "
        "characters or fewer repeating character sequences after a wildcard character",
    }
    long = json.dumps({"source": ["x" * 4096]})
    with pytest.raises(ClientError) as error:
        getattr(events, call)(EventPattern=long, **others)
    assert error.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": f"1 validation error detected: Value '{long}' at 'eventPattern' failed to satisfy "
        "constraint: Member must have length less than or equal to 4096",
    }
    assert events.list_rules()["Rules"] == []
