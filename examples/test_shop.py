"""The tests of shop.py, each with a stack of its own."""

import json
from datetime import datetime, timezone

import boto3
import pytest
from shop import TEMPLATE, post, unpacked

ACCEPTED = 202


@pytest.fixture
def stack(destmock):
    return destmock.deploy(TEMPLATE)


def test_an_order_is_taken_and_packed(destmock, stack):
    assert post(stack, sku="lamp", quantity=2).status == ACCEPTED
    [accepted] = [run for run in destmock.runs if not run.asynchronous]
    assert accepted.source == "api POST /orders"
    [packed] = destmock.invocations
    assert packed.attempts[0].response == {"packed": "lamp"}
    assert unpacked(stack) == []


def test_an_order_that_can_t_be_packed_is_kept(destmock, stack):
    assert post(stack, sku="lamp", quantity=20).status == ACCEPTED
    [record] = unpacked(stack)
    assert record["requestPayload"] == {"sku": "lamp", "quantity": 20}
    assert record["responsePayload"]["errorMessage"] == "only 3 left of lamp"
    assert [attempt.elapsed for attempt in destmock.invocations[0].attempts] == [0, 60, 180]


def test_an_order_of_nothing_is_refused(destmock, stack):
    answer = post(stack, quantity=2)
    assert (answer.status, answer.json()) == (400, {"error": "which sku?"})
    assert not destmock.invocations


def test_a_delivery_fills_the_shelf(destmock, stack):
    delivery = json.dumps({"sku": "chair", "quantity": 4})
    boto3.client("sns").publish(TopicArn=stack.outputs["Delivered"], Message=delivery)
    [filled] = destmock.runs
    assert filled.response == {"lamp": 3, "chair": 4}


@pytest.mark.destmock(start=datetime(2026, 11, 28, 20, tzinfo=timezone.utc))
def test_the_shelves_are_counted_every_night(destmock, stack):
    destmock.advance(2 * 24 * 60 * 60)
    assert [run.response for run in destmock.runs] == [
        {"counted": 3, "at": "2026-11-29T02:00:00Z"},
        {"counted": 3, "at": "2026-11-30T02:00:00Z"},
    ]
