"""Whether a value passes the filters of an event pattern."""

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock._aws.event_filters import passes

BUT = "anything-but"
CASES = [
    ("a", ["b", "a"], True),
    ("a", ["A"], False),
    (300, [300.0], True),
    (1, [True], False),
    (True, [1], False),
    (True, [True], True),
    (None, [None], True),
    (None, ["null"], False),
    ("300", [300], False),
    ("x", [{"exists": True}], True),
    ("x", [{"exists": False}], False),
    ("file.png", [{"suffix": ".png"}], True),
    ("file.PNG", [{"suffix": {"equals-ignore-case": ".png"}}], True),
    ("eu-west-1", [{"prefix": "eu-"}], True),
    ("EU-west-1", [{"prefix": {"equals-ignore-case": "eu-"}}], True),
    (123, [{"prefix": "1"}], False),
    ("ALICE", [{"equals-ignore-case": "alice"}], True),
    ("x", [{"exactly": "x"}], True),
    ("y", [{"exactly": "x"}], False),
    (5, [{"numeric": [">", 0, "<=", 5]}], True),
    (0, [{"numeric": [">", 0, "<=", 5]}], False),
    (3.018e2, [{"numeric": ["=", 301.8]}], True),
    ("5", [{"numeric": ["=", 5]}], False),
    (True, [{"numeric": ["=", 1]}], False),
    (None, [{"numeric": ["=", 1]}], False),
    ("a", [{BUT: "a"}], False),
    ("b", [{BUT: ["a", "c"]}], True),
    (None, [{BUT: "a"}], True),
    (1, [{BUT: [1, 2]}], False),
    (123, [{BUT: {"prefix": "a"}}], True),
    ("abc", [{BUT: {"prefix": ["x", "a"]}}], False),
    ("abc", [{BUT: {"suffix": "x"}}], True),
    ("ABC", [{BUT: {"equals-ignore-case": ["abc"]}}], False),
    ("dir/a.txt", [{BUT: {"wildcard": "*/a.*"}}], False),
    ("10.0.0.7", [{"cidr": "10.0.0.0/24"}], True),
    ("10.0.1.7", [{"cidr": "10.0.0.5/24"}], False),
    ("10.0.0.7", [{"cidr": "10.0.0.5/24"}], True),
    ("2001:db8::1", [{"cidr": "2001:db8::/32"}], True),
    ("no address", [{"cidr": "10.0.0.0/24"}], False),
    ("a*b", [{"wildcard": "a\\*b"}], True),
    ("axb", [{"wildcard": "a\\*b"}], False),
    ("a\nb", [{"wildcard": "a*b"}], True),
    ("a\\b", [{"wildcard": "a\\\\b"}], True),
]


@pytest.mark.parametrize(("value", "filters", "passing"), CASES)
def test_a_value_passes_a_filter_as_on_aws(value, filters, passing):
    assert passes(value, filters) is passing


@given(st.text("ab*\n.", max_size=8), st.text("ab\n.*", max_size=6))
def test_a_wildcard_is_like_that_of_file_names(value, pattern):
    pattern = re.sub(r"\*+", "*", pattern)
    assert passes(value, [{"wildcard": pattern}]) is fnmatch.fnmatchcase(value, pattern)
