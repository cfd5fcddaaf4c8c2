"""The filter patterns of CloudWatch Logs that subscriptions understand."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock._aws.filter_pattern import NotSimulatedError, parse

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


LINE = '127.0.0.1 - frank [10/Oct/2026:13:25:15 -0700] "GET /index.html?temp=0 HTTP/1.0" 404 1534'


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("[]", True),
        ("[...]", True),
        ("[ip, id, user, time, request, status, bytes]", True),
        ("[ip, user]", False),
        ("[ip, user, ...]", True),
        ("[..., bytes]", True),
        ("[a, b, c, d, e, f, g, ...]", True),
        ("[a, b, c, d, e, f, g, h, ...]", False),
        ("[ip, id, user = frank, ...]", True),
        ("[ip, id, user != frank, ...]", False),
        ("[ip = 127.0.0.*, ...]", True),
        ("[..., status = 4*, bytes]", True),
        ("[..., status = 5*, bytes]", False),
        ("[..., status = 404.0, bytes > 1000]", True),
        ("[..., bytes > 1534]", False),
        ("[..., bytes >= 1534]", True),
        ("[..., user < 5, time, request, status, bytes]", False),
        ('[..., request = "GET /index.html?temp=0 HTTP/1.0", status, bytes]', True),
        ('[..., request = "GET *", status, bytes]', True),
        ('[..., request = "POST *, *", status, bytes]', False),
        ("[..., status = 4* && status != 403, bytes]", True),
        ("[..., status = 5* || status = 404, bytes]", True),
        ("[..., (status = 5* || status = 403), bytes]", False),
    ],
)
def test_fields_that_spaces_part(pattern, wanted):
    assert parse(pattern)(LINE) is wanted


@pytest.mark.parametrize(
    "pattern",
    [
        "[ip, user",
        "[..., ip, ...]",
        "[status > many]",
        "[status = 1 || ]",
        "{ $.a = 1",
        '"ERROR',
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
    with pytest.raises(
        ValueError, match=r"understood|expected|missing|number|more than one|must end"
    ) as caught:
        parse(pattern)
    assert not isinstance(caught.value, NotSimulatedError)


@pytest.mark.parametrize(
    "pattern",
    [
        "%ERR.*%",
        "a -%b% c",
        "[ip, user = %a.*%]",
        "{ $.a = %^(re|x).*% }",
        "{ $.['a.b'] = 1 }",
        "{ $.a[*] = 1 }",
    ],
)
def test_what_aws_has_and_these_filters_have_not(pattern):
    with pytest.raises(NotSimulatedError, match="are not understood"):
        parse(pattern)


def test_a_percent_sign_in_quotes_is_a_character():
    assert parse('"100% done"')("it is 100% done")
    assert parse('{ $.done = "100%" }')('{"done": "100%"}')


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
