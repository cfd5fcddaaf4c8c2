"""How many bytes DynamoDB counts for an item."""

import pytest

from destmock._aws.item_size import item_size


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
