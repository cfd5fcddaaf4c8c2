"""Patterns look into arrays of objects, in rules as in a mapping's filters."""

import json

import boto3
import pytest

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
