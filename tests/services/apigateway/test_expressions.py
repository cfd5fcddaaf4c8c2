"""Mappings of parameters: what they take from a request, a context and stage variables."""

import pytest

from destmock._services.apigateway.expressions import Sources, mapped, selected
from destmock.errors import UnsupportedError

SOURCES = Sources(
    body='{"id":7,"name":"a\\"b","tags":["x",{"k":"v"}]}',
    path={"id": "p"},
    query={"q": "1 2"},
    headers={"X-A": "h"},
    context={"stage": "prod", "identity": {"sourceIp": "203.0.113.10"}},
    stage_variables={"color": "red"},
)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'text'", "text"),
        ("method.request.header.x-a", "h"),
        ("method.request.path.id", "p"),
        ("method.request.querystring.q", "1 2"),
        ("method.request.body", SOURCES.body),
        ("method.request.body.id", "7"),
        ("integration.response.header.X-A", "h"),
        ("context.stage", "prod"),
        ("stageVariables.color", "red"),
        ("method.request.path.none", None),
    ],
)
def test_mappings_of_a_rest_api(expression, value):
    assert mapped(expression, SOURCES) == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("text", "text"),
        ("$request.body.tags", ["x", {"k": "v"}]),
        ("$request.body", SOURCES.body),
        ("${request.header.X-A}-${context.stage}", "h-prod"),
        ("$request.querystring.q", "1 2"),
        ("$stageVariables.color", "red"),
    ],
)
def test_mappings_of_an_http_api(expression, value):
    assert selected(expression, SOURCES) == value


def test_other_mappings_are_refused():
    with pytest.raises(UnsupportedError, match="strange"):
        mapped("strange.thing", SOURCES)
    with pytest.raises(UnsupportedError, match="strange"):
        selected("$request.strange.thing", SOURCES)
