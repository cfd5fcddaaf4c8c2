"""The filter patterns of CloudWatch Logs that subscriptions understand."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock._aws.filter_pattern import parse

EVENT = json.dumps(
    {
        "level": "ERROR",
        "status": 503,
        "path": "/a/b.png",
        "ok": False,
        "gone": None,
        "user": {"name": "Ann", "tags": ["x", "y"]},
    }
)


@pytest.mark.parametrize(
    ("pattern", "message", "wanted"),
    [
        ("", "anything", True),
        ('""', "anything", True),
        ("ERROR", "an ERROR", True),
        ("ERROR", "an error", False),
        ("ERROR Exception", "ERROR: Exception", True),
        ("ERROR Exception", "ERROR", False),
        ("?ERROR ?WARN", "WARN", True),
        ("?ERROR ?WARN", "INFO", False),
        ("ERROR -expected", "ERROR expected", False),
        ("ERROR -expected", "ERROR real", True),
        ('"exit code" 1', "exit code 1", True),
        ('"exit code"', "code exit", False),
        (r'"say \"hi\""', 'say "hi"', True),
    ],
)
def test_terms(pattern, message, wanted):
    assert parse(pattern)(message) is wanted


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ('{ $.level = "ERROR" }', True),
        ("{ $.level = ERROR }", True),
        ('{ $.level != "ERROR" }', False),
        ('{ $.missing != "x" }', False),
        ("{ $.status = 503 }", True),
        ("{ $.status >= 500 }", True),
        ("{ $.status < 500 }", False),
        ('{ $.path = "*.png" }', True),
        ('{ $.path = "*.[jp]ng" }', False),
        ("{ $.ok IS FALSE }", True),
        ("{ $.ok IS TRUE }", False),
        ("{ $.gone IS NULL }", True),
        ("{ $.gone EXISTS }", True),
        ("{ $.missing NOT EXISTS }", True),
        ("{ $.missing IS NULL }", False),
        ('{ $.user.name = "Ann" }', True),
        ('{ $.user.tags[1] = "y" }', True),
        ('{ $.level = "INFO" || $.status > 500 && $.ok IS FALSE }', True),
        ('{ ($.level = "INFO" || $.status > 500) && $.ok IS TRUE }', False),
    ],
)
def test_json(pattern, wanted):
    assert parse(pattern)(EVENT) is wanted


def test_a_json_pattern_wants_no_text():
    assert not parse("{ $.level EXISTS }")("plain")
    assert not parse("{ $.level EXISTS }")("[1]")


@pytest.mark.parametrize(
    "pattern",
    [
        "[ip, user]",
        "%ERR.*%",
        "{ $.a = 1",
        "{ $.a = %^re.*% }",
        "{ }",
        "{ $.a }",
        "{ $.a = }",
        "{ $.a > x }",
        "{ ($.a = 1 }",
        "{ $.a = 1 $.b = 2 }",
        "{ a = 1 }",
    ],
)
def test_what_is_not_understood_is_refused(pattern):
    with pytest.raises(ValueError, match=r"understood|expected|missing|number"):
        parse(pattern)


@given(st.text(max_size=30), st.text(max_size=60))
def test_any_text_is_a_filter_or_is_refused(pattern, message):
    try:
        wanted = parse(pattern)
    except ValueError:
        return
    assert wanted(message) in (True, False)


@given(st.text("abc ", min_size=1, max_size=20), st.text("abc ", max_size=20))
def test_words_are_all_wanted(pattern, message):
    assert parse(pattern)(message) == all(word in message for word in pattern.split())
