"""The events by which front doors tell functions of requests."""

import base64
import json
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock._services.http.events import http_event, http_event_1, rest_event, url_event
from destmock._services.http.exchange import HttpRequest, Moment, Place, request_to

MOMENT = Moment("0aa0a7c2-5cd9-4a80-a2f4-ee65ad7a4a80", 1_789_473_218_380)
ORDERS = Place("123456789012", "abc", "prod", "/orders/{id}", {"id": "a%20b"}, resource_id="r1")
ROUTE = Place("123456789012", "abc", "prod", "GET /orders/{id}", {"id": "a b"})
URL = Place("123456789012", "abc", "$default", "$default")


def asked(**changes):
    given = {
        "method": "GET",
        "host": "abc.execute-api.eu-west-1.amazonaws.com",
        "path": "/orders/a%20b",
        "query": "q=1&q=2&empty=&x=a+b",
        "headers": (("Accept", "a/b"), ("X-Two", "1"), ("X-Two", "2"), ("Cookie", "a=1; b=2")),
    }
    return HttpRequest(**{**given, **changes})


def test_R54_a_rest_api_tells_everything_once_and_in_all_its_values():
    event = rest_event(asked(), ORDERS, MOMENT)
    assert list(event) == [
        "resource",
        "path",
        "httpMethod",
        "headers",
        "multiValueHeaders",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "pathParameters",
        "stageVariables",
        "requestContext",
        "body",
        "isBase64Encoded",
    ]
    assert event["path"] == "/orders/a%20b"
    assert event["headers"]["X-Two"] == "2"
    assert event["multiValueHeaders"]["X-Two"] == ["1", "2"]
    assert event["queryStringParameters"] == {"q": "2", "empty": "", "x": "a b"}
    assert event["multiValueQueryStringParameters"]["q"] == ["1", "2"]
    assert event["pathParameters"] == {"id": "a%20b"}
    assert event["requestContext"]["path"] == "/prod/orders/a%20b"
    assert event["requestContext"]["resourceId"] == "r1"
    assert event["requestContext"]["identity"]["sourceIp"]


def test_R54_what_is_not_there_is_null():
    place = Place("123456789012", "abc", "prod", "/")
    event = rest_event(asked(path="/", query="", headers=()), place, MOMENT)
    nothing = ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables")
    assert {event[name] for name in (*nothing, "body")} == {None}
    assert event["isBase64Encoded"] is False


def test_an_http_api_decodes_the_path_and_joins_values():
    event = http_event(asked(), ROUTE, MOMENT)
    assert (event["version"], event["routeKey"]) == ("2.0", "GET /orders/{id}")
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == "/prod/orders/a b"
    assert event["rawQueryString"] == "q=1&q=2&empty=&x=a+b"
    assert event["queryStringParameters"]["q"] == "1,2"
    assert event["headers"] == {"accept": "a/b", "x-two": "1,2"}
    assert event["cookies"] == ["a=1", "b=2"]
    assert event["pathParameters"] == {"id": "a b"}
    assert not {"body", "stageVariables"} & set(event)


def test_an_http_api_knows_version_1_0_as_well():
    event = http_event_1(asked(), ROUTE, MOMENT)
    assert (event["version"], event["resource"]) == ("1.0", "/orders/{id}")
    assert event["path"] == "/prod/orders/a b"
    assert event["multiValueQueryStringParameters"]["q"] == ["1", "2"]
    assert event["requestContext"]["resourceId"] == "GET /orders/{id}"
    assert event["requestContext"]["resourcePath"] == "/orders/{id}"


def test_R50_a_function_url_tells_of_its_default_route():
    event = url_event(asked(path="/a%20b", headers=(("User-Agent", "me"),)), URL, MOMENT)
    context = event.pop("requestContext")
    assert event == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/a%20b",
        "rawQueryString": "q=1&q=2&empty=&x=a+b",
        "headers": {"user-agent": "me"},
        "queryStringParameters": {"q": "1,2", "empty": "", "x": "a b"},
        "isBase64Encoded": False,
    }
    assert context["accountId"] == "anonymous"
    assert context["time"] == "15/Sep/2026:11:53:38 +0000"
    assert context["http"]["protocol"] == "HTTP/1.1"
    assert (context["routeKey"], context["stage"]) == ("$default", "$default")


@pytest.mark.parametrize(
    ("kind", "text"),
    [(None, True), ("text/csv", True), ("application/json; charset=utf-8", True), ("image/png", False)],
)
def test_a_body_of_another_type_than_text_is_base64_in_version_2_0(kind, text):
    headers = () if kind is None else (("Content-Type", kind),)
    event = http_event(asked(body=b"abc", headers=headers), ROUTE, MOMENT)
    assert event["body"] == ("abc" if text else "YWJj")
    assert event["isBase64Encoded"] is not text


@pytest.mark.parametrize(
    ("types", "binary"), [((), False), (("image/png",), True), (("image/*",), True), (("*/*",), True)]
)
def test_a_rest_api_says_which_types_are_binary(types, binary):
    place = Place("123456789012", "abc", "prod", "/", binary_media_types=types)
    request = asked(body=b"abc", headers=(("content-type", "image/png"),))
    event = rest_event(request, place, MOMENT)
    assert (event["body"], event["isBase64Encoded"]) == (("YWJj", True) if binary else ("abc", False))


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
pairs = st.lists(st.tuples(texts.filter(bool), texts), max_size=4)


@given(path=texts, query=pairs, body=st.binary(max_size=20))
def test_no_version_loses_anything(path, query, body):
    """From each event the request can be made again."""
    raw = "/" + quote(path, safe="")
    headers = [("Content-Type", "application/octet-stream")]
    request = request_to(f"https://x.example{raw}?{urlencode(query)}", "put", headers, body)
    place = Place("123456789012", "abc", "$default", "$default", binary_media_types=("*/*",))
    for make in (rest_event, http_event_1, http_event, url_event):
        event = json.loads(json.dumps(make(request, place, MOMENT)))
        assert event.get("rawPath", event.get("path")) in (raw, "/" + path)
        assert (base64.b64decode(event["body"]) if event.get("body") else b"") == body
        if "rawQueryString" in event:
            assert parse_qsl(event["rawQueryString"], keep_blank_values=True) == query
        else:
            listed = event["multiValueQueryStringParameters"] or {}
            assert [(key, each) for key in listed for each in listed[key]] == sorted(
                query, key=lambda pair: [key for key, _ in query].index(pair[0])
            )
