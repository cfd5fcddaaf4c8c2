"""moto's XML answers are written as without the mock."""

from collections import OrderedDict

import boto3
import pytest
import xmltodict
from hypothesis import example, given
from hypothesis import strategies as st

from destmock import mock_destinations
from tests.isolation.replaced import is_asked


class Word(str):
    """A text that is written as another one."""

    __slots__ = ()

    def __format__(self, _):
        return "other"


TEXTS = st.one_of(
    st.sampled_from(["", "a", "<&>\"'", "]]>", "é\n\t\r", "\U0001f600", "\x00"]), st.text(max_size=5)
)
NAMES = st.one_of(
    st.sampled_from(
        ["Topic", "member", "a.b-c_1", "@xmlns", "@id", "#text", "#comment", "a:b", "é", "", "1"]
    ),
    st.sampled_from(["@", "@é", "a b", "<", "@xmlns:a", b"a", 1, None, Word("Topic"), Word("@id")]),
)
LEAVES = st.one_of(TEXTS, st.none(), st.booleans(), st.integers(), st.just(b"bytes"), st.just(Word("word")))
VALUES = st.recursive(
    LEAVES,
    lambda inside: st.one_of(
        st.lists(inside, max_size=3),
        st.lists(inside, max_size=2).map(tuple),
        st.dictionaries(NAMES, inside, max_size=4),
        st.dictionaries(NAMES, inside, max_size=2).map(OrderedDict),
    ),
    max_leaves=8,
)
AS_MOTO = {"full_document": False, "short_empty_elements": True, "pretty": False}


def outcome(document, how):
    """The text, or how it is refused."""
    try:
        return xmltodict.unparse(document, **how)
    except Exception as error:  # whatever it is
        return type(error), str(error)


@given(
    st.one_of(st.dictionaries(NAMES, VALUES, max_size=2), VALUES),
    st.sampled_from([AS_MOTO, AS_MOTO, {**AS_MOTO, "pretty": True}, {"full_document": False}, {}]),
)
@example({"Answer": {"@xmlns": "http://x/?a&b", "A": {"b": ["1", None, {"c": "<"}], "d": []}}}, AS_MOTO)
@example({"Answer": {"A": {"Topic": "1"}, "B": {Word("Topic"): "1"}}}, AS_MOTO)
@example({"Answer": {"A": "text", "#text": "more"}}, AS_MOTO)
def test_an_answer_is_written_as_ever(document, how):
    without = outcome(document, how)
    with mock_destinations():
        assert outcome(document, how) == without


@pytest.mark.parametrize("inside", [False, True])
def test_whoever_writes_answers_in_another_way_is_asked(inside):
    assert is_asked(xmltodict, "unparse", lambda: boto3.client("sns").list_topics(), inside=inside)
