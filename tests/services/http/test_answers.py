"""What functions' results are as answers to HTTP requests."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock._services.http.answers import MalformedError, http_answer, http_answer_1, rest_answer


def rest(result, accept=None, binary=()):
    return rest_answer(json.dumps(result).encode(), accept, binary)


def http(result):
    return http_answer(json.dumps(result).encode())


@pytest.mark.parametrize(
    "result",
    [
        {},
        None,
        "hello",
        [1],
        {"statusCode": 200, "other": 1},
        {"statusCode": "test"},
        {"statusCode": 99},
        {"multiValueHeaders": {"a": "b"}},
        {"headers": "a: b"},
        {"body": {"a": 1}},
    ],
    ids=repr,
)
def test_R52_what_a_rest_api_refuses(result):
    with pytest.raises(MalformedError):
        rest(result)


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ({"headers": {"a": "b"}}, 200),
        ({"statusCode": 204}, 204),
        ({"statusCode": "201", "headers": None}, 201),
        ({"body": "x"}, 200),
    ],
    ids=repr,
)
def test_R52_what_a_rest_api_takes(result, status):
    answer = rest(result)
    assert answer.status == status
    assert answer.body == result.get("body", "").encode()
    assert answer.header("content-type") == "application/json"


def test_R52_a_header_is_text_and_may_be_there_twice():
    answer = rest({"headers": {"a": True, "b": "1"}, "multiValueHeaders": {"b": ["2", "3"]}})
    assert answer.headers[:4] == (("b", "2"), ("b", "3"), ("a", "true"), ("b", "1"))


@pytest.mark.parametrize(
    ("accept", "binary", "decoded"),
    [
        ("image/png", ("image/png",), True),
        (None, ("*/*",), True),
        ("text/html,image/png", ("image/png",), False),
        ("image/png", (), False),
    ],
)
def test_a_rest_api_decodes_what_the_client_accepts_as_binary(accept, binary, decoded):
    answer = rest({"body": "iVBO", "isBase64Encoded": True}, accept, binary)
    assert answer.body == (b"\x89PN" if decoded else b"iVBO")


@pytest.mark.parametrize(
    ("result", "body"),
    [
        ("hello", b"hello"),
        (["hello", 3, True], b'["hello",3,true]'),
        (3.1, b"3.1"),
        ({"a": "é"}, '{"a":"é"}'.encode()),
    ],
    ids=repr,
)
def test_R49_a_result_without_a_status_is_json(result, body):
    answer = http(result)
    assert (answer.status, answer.body) == (200, body)
    assert answer.header("content-type") == "application/json"


def test_R49_a_status_may_be_text_and_a_body_an_object():
    answer = http({"statusCode": "418", "body": {"a": 1}})
    assert (answer.status, answer.body) == (418, b'{"a":1}')


def test_R49_base64_is_decoded_leniently():
    answer = http({"statusCode": 200, "body": "!!aGVsbG8?x", "isBase64Encoded": True})
    assert answer.body.startswith(b"hello")


def test_each_cookie_is_a_header_of_its_own():
    answer = http({"statusCode": 200, "cookies": ["a=1", "b=2"], "headers": {"Content-Type": "text/html"}})
    assert answer.headers == (("Content-Type", "text/html"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))


def test_version_1_0_needs_a_status():
    assert http_answer_1(b'{"statusCode":200,"body":"x"}').body == b"x"
    with pytest.raises(MalformedError):
        http_answer_1(b'{"body":"x"}')


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
members = st.sampled_from(
    ["statusCode", "headers", "body", "isBase64Encoded", "cookies", "multiValueHeaders"]
)
results = json_values | st.dictionaries(members, json_values | st.integers(90, 610))


@given(results)
def test_any_result_is_an_answer_or_malformed(result):
    payload = json.dumps(result).encode()
    for read in (http_answer, http_answer_1, lambda payload: rest_answer(payload, None, ("*/*",))):
        try:
            answer = read(payload)
        except MalformedError:
            continue
        assert 100 <= answer.status < 600
        assert isinstance(answer.body, bytes)
        assert all(isinstance(text, str) for pair in answer.headers for text in pair)


@given(st.binary(max_size=30))
def test_bytes_arrive_as_they_were(body):
    result = {"statusCode": 200, "body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    assert http(result).body == rest(result, None, ("*/*",)).body == body
