"""Mapping templates of API Gateway: VTL, `$input`, `$util`, `$context` and `$stageVariables`."""

import base64
import contextlib
import json
from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock._services.apigateway.expressions import Sources
from destmock._services.apigateway.mapping_templates import filled
from destmock.errors import UnsupportedError
from tests.services.apigateway.test_expressions import SOURCES


def text_of(template, sources=SOURCES):
    return filled(template, sources).text


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
    assert text_of(template) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("#set($a = 1 + 2)$a", "3"),
        ("#set($m = {})#set($n = $m.put('a', 1))$m.a", "1"),
        (
            "#foreach($tag in $input.path('$.tags'))$foreach.count:$tag#if($foreach.hasNext),#end#end",
            '1:x,2:{"k":"v"}',
        ),
        ("$input.path('$')", SOURCES.body),
        ("$input.path('$.tags').get(0)$input.path('$.tags')[0] $input.path('$.tags').size()", "xx 2"),
        ("#define($loop)<$k>#end#set($k = 1)$loop#set($k = 2)$loop", "<1><2>"),
        ("#macro(twice $x)$x$x#end#twice('ab')", "abab"),
        ("#if($input.params('id') == 'p')yes#{else}no#end", "yes"),
        ("#if($input.path('$.id') > 6 && $input.path('$.id') < 8)seven#end", "seven"),
        (
            "$input.params().header.get('x-a') $input.params().querystring.q $input.params().path.get('id')",
            "h 1 2 p",
        ),
        ("#foreach($e in $input.params().path.entrySet())$e.key=$e.getValue()#end", "id=p"),
        ("#foreach($k in $input.params().header.keySet())$k#end", "X-A"),
        ("$util.parseJson($input.body).tags[1].k", "v"),
        ("$util.base64Decode($util.base64Encode('a'))$util.urlDecode('%20')b", "a b"),
        ("$stageVariables.get('color') $context.get('stage')", "red prod"),
        ("$input.path('$.name').toUpperCase().concat('c').replace('\"', '-')", "A-Bc"),
        ("$input.params('q').split(' ').get(1) $input.params('q').indexOf('2')", "2 2"),
        ("$input.params('q').replaceAll('([0-9])', '<$1>')", "<1> <2>"),
        ("$input.params('q').matches('[0-9] [0-9]') $input.params('q').isEmpty()", "true false"),
        ("[$nothing][$input.path('$.none')][$context.none.more]", "[][][]"),
        ("a#* a comment *#b", "ab"),
    ],
)
def test_templates_are_programs(template, text):
    assert text_of(template) == text


def test_a_condition_on_nothing_holds_as_on_AWS():
    """Source: the recordings of API Gateway that airspeed-ext's own tests are compared with."""
    assert text_of("#if($nothing)yes#end") == "yes"


def test_a_template_may_change_the_request_and_the_answer():
    made = filled(
        "#set($context.requestOverride.header.a = 'x')"
        "#set($context.requestOverride.querystring.q = $input.path('$.id'))"
        "#set($context.responseOverride.status = 418)"
        "#set($context.responseOverride.header['X-B'] = 'y')tea",
        SOURCES,
    )
    assert made.text == "tea"
    assert made.request_override == {"header": {"a": "x"}, "path": {}, "querystring": {"q": 7}}
    assert made.response_override == {"header": {"X-B": "y"}, "status": 418}


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("#set($a = ", "expected expression in assignment"),
        ("#if(true)a", "expected #else, #elseif or #end"),
        ("$util.parse('x')", r"there is no \$util\.parse"),
        ("$input.json($other)", "the mapping template"),
        ("$input.path('$..a')", "JSONPath '\\$..a'"),
    ],
)
def test_a_wrong_template_is_refused_with_the_reason(template, why):
    with pytest.raises(UnsupportedError, match=why):
        filled(template, SOURCES)


def test_a_template_is_the_same_however_often_it_is_filled_in():
    template = "#set($n = $input.path('$.id') + 1)$n#set($context.responseOverride.status = $n)"
    assert [filled(template, SOURCES) for _ in range(2)] == [filled(template, SOURCES)] * 2
    assert "responseOverride" not in SOURCES.context


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(texts)
def test_any_body_can_be_put_into_a_form_base64_and_a_string(body):
    sources = Sources(body)
    assert unquote_plus(text_of("$util.urlEncode($input.body)", sources)) == body
    assert base64.b64decode(text_of("$util.base64Encode($input.body)", sources)).decode() == body
    escaped = text_of('"$util.escapeJavaScript($input.body)"', sources)
    assert json.loads(escaped.replace("\\'", "'")) == body


values = st.recursive(
    st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@given(values)
def test_json_is_the_value_that_stands_at_the_path(value):
    sources = Sources(json.dumps({"a": [value]}))
    assert json.loads(text_of("$input.json('$.a[0]')", sources)) == value


@given(texts)
def test_no_template_ends_in_another_error(template):
    with contextlib.suppress(UnsupportedError):
        filled(template, SOURCES)
