"""Which writes to a table make a record in its stream."""

import pytest

from tests.services.places import START

pytestmark = pytest.mark.destmock(start=START)
KEY = {"id": {"S": "7"}}
ITEM = {**KEY, "n": {"N": "1"}, "tags": {"SS": ["a", "b"]}, "in": {"M": {"x": {"L": [{"BOOL": True}]}}}}


@pytest.fixture(params=["KEYS_ONLY", "NEW_AND_OLD_IMAGES"])
def changes(request, destmock, dynamodb, orders, connect):
    """What a function reads from the stream of the table `orders`, in which the item is already."""
    found = []
    destmock.handler("work", lambda event, context: found.extend(event["Records"]))
    arn = orders(request.param)
    dynamodb.put_item(TableName="orders", Item=ITEM)
    connect(arn, StartingPosition="LATEST")
    return found


def names(changes):
    return [change["eventName"] for change in changes]


def put(dynamodb, item):
    dynamodb.put_item(TableName="orders", Item=item)


def put_in_batch(dynamodb, item):
    dynamodb.batch_write_item(RequestItems={"orders": [{"PutRequest": {"Item": item}}]})


def put_in_transaction(dynamodb, item):
    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "orders", "Item": item}}])


def update(dynamodb, item):
    dynamodb.update_item(
        TableName="orders",
        Key=KEY,
        UpdateExpression="SET n = :n",
        ExpressionAttributeValues={":n": item["n"]},
    )


def update_in_the_old_way(dynamodb, item):
    updates = {"n": {"Action": "PUT", "Value": item["n"]}}
    dynamodb.update_item(TableName="orders", Key=KEY, AttributeUpdates=updates)


def update_in_transaction(dynamodb, item):
    change = {
        "TableName": "orders",
        "Key": KEY,
        "UpdateExpression": "SET n = :n",
        "ExpressionAttributeValues": {":n": item["n"]},
    }
    dynamodb.transact_write_items(TransactItems=[{"Update": change}])


WAYS = [put, put_in_batch, put_in_transaction, update, update_in_the_old_way, update_in_transaction]


@pytest.mark.parametrize("way", WAYS)
def test_R7_a_write_that_changes_nothing_makes_no_record(dynamodb, changes, way):
    way(dynamodb, ITEM)
    assert changes == []
    way(dynamodb, {**ITEM, "n": {"N": "2"}})
    assert names(changes) == ["MODIFY"]


def test_R7_the_same_value_written_otherwise_changes_nothing(dynamodb, changes):
    put(dynamodb, {**ITEM, "n": {"N": "1.0"}, "tags": {"SS": ["b", "a"]}})
    assert changes == []


def test_R7_another_type_is_a_change(dynamodb, changes):
    put(dynamodb, {**ITEM, "in": {"M": {"x": {"L": [{"N": "1"}]}}}})
    assert names(changes) == ["MODIFY"]


def test_R7_nothing_is_removed_where_nothing_is(dynamodb, changes):
    dynamodb.delete_item(TableName="orders", Key={"id": {"S": "nobody"}})
    assert changes == []


def test_an_update_of_a_new_item_is_one_record(dynamodb, changes):
    dynamodb.update_item(
        TableName="orders",
        Key={"id": {"S": "8"}},
        UpdateExpression="SET n = :n",
        ExpressionAttributeValues={":n": {"N": "1"}},
    )
    dynamodb.delete_item(TableName="orders", Key={"id": {"S": "8"}})
    assert names(changes) == ["INSERT", "REMOVE"]
    image = changes[0]["dynamodb"].get("NewImage")
    assert image in (None, {"id": {"S": "8"}, "n": {"N": "1"}})


def test_an_item_that_is_put_again_after_it_was_removed_is_new(dynamodb, changes):
    dynamodb.delete_item(TableName="orders", Key=KEY)
    put(dynamodb, ITEM)
    assert names(changes) == ["REMOVE", "INSERT"]
