"""The references of mapping templates, and mappings of parameters."""

import base64
import contextlib
import json
from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock._services.apigateway.expressions import Sources, filled, mapped, selected
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
    ("template", "text"),
    [
        ("plain, with $ and $5", "plain, with $ and $5"),
        ("$input.body", SOURCES.body),
        ("$input.json('$.tags')", '["x",{"k":"v"}]'),
        ("$input.json('$.none')", '""'),
        ("$input.path('$.tags[1].k')-$input.path(\"$['name']\")", 'v-a"b'),
        ("$input.params('id'),$input.params('q'),$input.params('x-a')", "p,1 2,h"),
        ("$!input.params('none').", "."),
        ("$util.urlEncode($input.params('q'))", "1+2"),
        ("$util.urlEncode(\"$input.params('q') $context.stage\")", "1+2+prod"),
        ("$util.escapeJavaScript($input.path('$.name'))", 'a\\"b'),
        ("$context.stage/$context.identity.sourceIp", "prod/203.0.113.10"),
        ("${stageVariables.color}ish", "redish"),
        ("## a comment\n$stageVariables.color", "red"),
    ],
)
def test_references_are_replaced(template, text):
    assert filled(template, SOURCES) == text


@pytest.mark.parametrize(
    "template",
    [
        "#set($a = 1)",
        "#foreach($a in $b)x#end",
        "$input.params()",
        "$input.path('$.a').size()",
        "$util.parse('x')",
        "$input.json($other)",
        "$input.path('$..a')",
    ],
)
def test_the_rest_of_the_language_is_refused(template):
    with pytest.raises(UnsupportedError):
        filled(template, SOURCES)


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


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(texts)
def test_any_body_can_be_put_into_a_form_base64_and_a_string(body):
    sources = Sources(body)
    assert unquote_plus(filled("$util.urlEncode($input.body)", sources)) == body
    assert base64.b64decode(filled("$util.base64Encode($input.body)", sources)).decode() == body
    escaped = filled('"$util.escapeJavaScript($input.body)"', sources)
    assert json.loads(escaped.replace("\\'", "'")) == body


values = st.recursive(
    st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@given(values)
def test_json_is_the_value_that_stands_at_the_path(value):
    sources = Sources(json.dumps({"a": [value]}))
    assert json.loads(filled("$input.json('$.a[0]')", sources)) == value


@given(texts)
def test_no_template_ends_in_another_error(template):
    with contextlib.suppress(UnsupportedError):
        filled(template, SOURCES)
