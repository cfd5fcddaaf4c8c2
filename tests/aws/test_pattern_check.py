"""Event patterns that AWS refuses."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock._aws.pattern_check import check
from destmock._aws.pattern_tokens import PatternError

STRING = "{} match pattern must be a string"
IGNORE_CASE = "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
WANTED = "was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
VALUE = "Value of anything-but must be an array or single string/number value."
INSIDE = "prefix/suffix match pattern must be a string"
#: A pattern, the reason, and the column; a reason in a list of anything-but is told with its place twice.
RECORDED = [
    ('{"int": 42}', '"int" must be an object or an array', 11),
    ('{"string": "my-value"}', '"string" must be an object or an array', 13),
    ('["not", "a", "dict", "but valid json"]', "Filter is not an object", 2),
    ('{"resources": []}', "Empty arrays are not allowed", 17),
    ('{"detail": {"equal": [{"NUMERIC": ["=", 5]}]}}', "Unrecognized match type NUMERIC", 36),
    ('{"my_key": [{"EXISTS": true}]}', "Unrecognized match type EXISTS", 28),
    ('{"detail": {"c-count": [{"numeric": [">", 0, ">", 0]}]}}', "Bad numeric range operator: >", 49),
    ('{"detail": {"c-count": [{"numeric": [">", 0, "<"]}]}}', "Value of < must be numeric", 50),
    ('{"time": [{"prefix": ["2022-07-13"]}]}', STRING.format("prefix"), 23),
    ('{"time": [{"prefix": 123}]}', STRING.format("prefix"), 25),
    ('{"FileName": [{"suffix": 123}]}', STRING.format("suffix"), 29),
    ('{"FileName": [{"suffix": [".png"]}]}', STRING.format("suffix"), 27),
    ('{"detail-type": [{"equals-ignore-case": ["ec2"]}]}', STRING.format("equals-ignore-case"), 42),
    ('{"detail-type": [{"equals-ignore-case": {"prefix": "e"}}]}', STRING.format("equals-ignore-case"), 42),
    ('{"EventBusArn": [{"wildcard": 123}]}', STRING.format("wildcard"), 34),
    ('{"EventBusArn": [{"wildcard": ["a"]}]}', STRING.format("wildcard"), 32),
    (
        '{"EventBusArn": [{"wildcard": "arn:aws:events:us-east-1:**:event-bus/*"}]}',
        "Consecutive wildcard characters at pos 26",
        72,
    ),
    ('{"detail": {"state": [{"anything-but": {"equals-ignore-case": 123}}]}}', IGNORE_CASE, 66),
    ('{"detail": {"state": [{"anything-but": {"prefix": 123}}]}}', INSIDE, 54),
    ('{"detail": {"FileName": [{"anything-but": {"suffix": 123}}]}}', INSIDE, 57),
    ('{"detail": {"FilePath": [{"anything-but": {"wildcard": 123}}]}}', STRING.format("wildcard"), 59),
    ('{"detail": {"FileName": [{"anything-but": {"prefix": {"equals-ignore-case": "f"}}}]}}', VALUE, 55),
    ('{"detail": {"sourceIPAddress": [{"cidr": ["bad-type"]}]}}', STRING.format("prefix"), 43),
    ("this is valid json but not a dict", f"Unrecognized token 'this': {WANTED}", 5),
    (
        "{'bad': 'quotation'}",
        "Unexpected character (''' (code 39)): was expecting double-quote to start field name",
        2,
    ),
    ('{"not": closed mark"', f"Unrecognized token 'closed': {WANTED}", 15),
]
LISTED = [
    ('{"detail": {"state": [{"anything-but": {"equals-ignore-case": [123, 456]}}]}}', IGNORE_CASE, 67),
    (
        '{"detail": {"state": [{"anything-but": {"wildcard": [123, "*/dir/*"]}}]}}',
        STRING.format("wildcard"),
        57,
    ),
    ('{"detail": {"FileName": [{"anything-but": {"suffix": [123, ".txt"]}}]}}', INSIDE, 58),
    ('{"detail": {"state": [{"anything-but": {"prefix": [123, "test"]}}]}}', INSIDE, 55),
]
WITHOUT_PLACE = [
    ("bad", "Malformed CIDR, one '/' required"),
    ("10.0.0.0/xx", "Malformed CIDR, mask bits must be an integer"),
    ("xx.11.xx/8", "Nonstandard IP address: xx.11.xx"),
    ("xxxx:db8:1234:1a00::/64", "Nonstandard IP address: xxxx:db8:1234:1a00::"),
]
FURTHER = [
    ('{"n": [{"numeric": [">", 3, "<", 1]}]}', "Bottom must be less than top"),
    ('{"n": [{"numeric": [">=", 3, "<=", 3]}]}', "Bottom must be less than top"),
    ('{"n": [{"numeric": 5}]}', "Value of numeric must be an array."),
    ('{"n": [{"anything-but": {"prefix": ""}}]}', "Null prefix/suffix not allowed"),
    (
        '{"n": [{"anything-but": ["a", null]}]}',
        "Inside anything but list, start|null|boolean is not supported.",
    ),
]
GOOD = [
    {"source": ["shop"], "detail": {"a": {"b": [1, None, True, "x"]}}},
    {"a": [{"prefix": ""}, {"suffix": "x"}, {"prefix": {"equals-ignore-case": "x"}}, {"exists": False}]},
    {"a": [{"numeric": ["=", 5]}, {"numeric": [">", -1.5e2, "<=", 7]}, {"numeric": ["<", 1]}]},
    {"a": [{"anything-but": "x"}, {"anything-but": 5}, {"anything-but": [1, 2]}, {"anything-but": ["a"]}]},
    {"a": [{"anything-but": {"prefix": "x"}}, {"anything-but": {"suffix": ["x", "y"]}}]},
    {"a": [{"anything-but": {"wildcard": "*x"}}, {"anything-but": {"equals-ignore-case": ["x"]}}]},
    {"a": [{"wildcard": "a*b\\*\\\\c"}, {"cidr": "10.0.0.0/24"}, {"cidr": "2001:db8::/32"}]},
    {"$or": [{"a": ["b"]}, {"c": {"$or": [{"d": [1]}, {"e": [2]}]}}]},
]


def told(pattern):
    with pytest.raises(PatternError) as error:
        check(pattern)
    return str(error.value)


def place(pattern, column, line=1):
    return f'\n at [Source: (String)"{pattern}"; line: {line}, column: {column}]'


@pytest.mark.parametrize(("pattern", "reason", "column"), RECORDED)
def test_R4_the_reason_and_the_place_of_a_bad_pattern(pattern, reason, column):
    assert told(pattern) == reason + place(pattern, column)


@pytest.mark.parametrize(("pattern", "reason", "column"), LISTED)
def test_R4_a_value_in_a_list_of_anything_but_is_told_with_its_place_twice(pattern, reason, column):
    assert told(pattern) == reason + place(pattern, column) * 2


@pytest.mark.parametrize(("network", "reason"), WITHOUT_PLACE)
def test_R4_a_bad_network_is_told_without_a_place(network, reason):
    assert told(json.dumps({"ip": [{"cidr": network}]})) == reason


@pytest.mark.parametrize(("pattern", "reason"), FURTHER)
def test_R4_further_reasons(pattern, reason):
    assert told(pattern).startswith(f"{reason}\n at [")


@pytest.mark.parametrize("pattern", GOOD)
def test_a_pattern_with_every_operator_is_taken(pattern):
    check(json.dumps(pattern))
    check(json.dumps(pattern, indent=2))


def test_the_place_counts_lines_and_a_long_pattern_is_cut():
    pattern = '{\n  "a": 1\n}'
    assert told(pattern) == f'"a" must be an object or an array{place(pattern, 9, line=2)}'
    long = json.dumps({"a": ["x" * 600], "b": 1})
    assert f'{long[:500]}"[truncated {len(long) - 500} chars]; line: 1' in told(long)


@pytest.mark.parametrize("pattern", GOOD)
@given(data=st.data())
def test_a_pattern_that_is_cut_anywhere_is_refused(pattern, data):
    text = json.dumps(pattern)
    cut = text[: data.draw(st.integers(1, len(text) - 1))]
    assert re.search(r"\n at \[Source: \(String\)\".*\"; line: 1, column: \d+\]$", told(cut))
