"""The pytest test of failed_orders.py, with the plugin's fixture and marker."""

import json

import boto3
import pytest
from failed_orders import deploy, failed_orders, place_order

pytestmark = pytest.mark.destmock(handlers={"orders": place_order})


def order(**changes):
    payload = {"id": 7, "sku": "lamp", "quantity": 1, "stock": 3, **changes}
    boto3.client("lambda").invoke(FunctionName="orders", InvocationType="Event", Payload=json.dumps(payload))


def test_an_order_that_fails_is_tried_twice_and_ends_up_in_the_queue(destmock):
    url = deploy("failed-orders")
    order(quantity=20)
    assert list(failed_orders(url)) == ["order 7: RetriesExhausted after 2 attempts: only 3 left of lamp"]
    [invocation] = destmock.invocations
    assert [attempt.elapsed for attempt in invocation.attempts] == [0, 60]


def test_an_order_that_succeeds_tells_nobody(destmock):
    url = deploy("failed-orders")
    order()
    assert list(failed_orders(url)) == []
    assert destmock.invocations[0].condition == "Success"
