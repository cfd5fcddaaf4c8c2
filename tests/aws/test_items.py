"""How many bytes DynamoDB counts for an item, and which items are the same."""

import pytest

from destmock._aws.items import item_size, same_items


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": ""}, 0),
        ({"S": "text"}, 4),
        ({"S": "雪"}, 3),
        ({"B": b"\x00\xff"}, 2),
        ({"BOOL": False}, 1),
        ({"NULL": True}, 1),
        ({"N": "0"}, 1),
        ({"N": "7"}, 2),
        ({"N": "700"}, 2),
        ({"N": "123"}, 3),
        ({"N": "-123"}, 4),
        ({"N": "0.0012"}, 2),
        ({"SS": ["a", "bc"]}, 3),
        ({"NS": ["1", "200"]}, 4),
        ({"BS": [b"a"]}, 1),
        ({"L": []}, 3),
        ({"L": [{"S": "ab"}, {"NULL": True}]}, 3 + 3 + 2),
        ({"M": {"key": {"S": "ab"}}}, 3 + 3 + 2 + 1),
    ],
)
def test_a_value_has_a_size_beside_its_name(value, size):
    assert item_size({"name": value}) == len("name") + size


def test_an_item_is_as_large_as_its_attributes():
    assert item_size({}) == 0
    assert item_size({"id": {"S": "7"}, "n": {"N": "1"}}) == 3 + 3


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"S": "a"}, {"S": "a"}, True),
        ({"S": "1"}, {"N": "1"}, False),
        ({"N": "1"}, {"N": "1.0"}, True),
        ({"N": "1"}, {"BOOL": True}, False),
        ({"SS": ["a", "b"]}, {"SS": ["b", "a"]}, True),
        ({"NS": ["1", "2"]}, {"NS": ["2.0", "1"]}, True),
        ({"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"S": "b"}, {"S": "a"}]}, False),
        ({"L": [{"N": "1"}]}, {"L": [{"BOOL": True}]}, False),
        ({"M": {"a": {"N": "1"}, "b": {"S": "x"}}}, {"M": {"b": {"S": "x"}, "a": {"N": "1.00"}}}, True),
    ],
)
def test_items_are_compared_by_value(one, other, same):
    assert same_items({"v": one}, {"v": other}) is same
    assert not same_items({"v": one}, {"v": one, "w": one})
