"""Topic filters of MQTT."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destmock._aws.topic_filter import matches

LEVELS = st.sampled_from(["", "a", "b", "$aws", "a.b"])
TOPICS = st.lists(LEVELS, min_size=1, max_size=4).map("/".join)
LAST = LEVELS | st.sampled_from("+#")
FILTERS = st.tuples(
    st.lists(LEVELS | st.just("+"), max_size=3),
    LAST.map(lambda level: [level]),
).map(lambda parts: "/".join([*parts[0], *parts[1]]))


@pytest.mark.parametrize(
    ("topic_filter", "topic", "wanted"),
    [
        ("heat", "heat", True),
        ("heat", "Heat", False),
        ("+", "heat", True),
        ("+", "heat/1", False),
        ("+/1", "/1", True),
        ("heat/+", "heat", False),
        ("heat/#", "heat/1", True),
        ("heat/#", "heat/1/2", True),
        ("heat/#", "heat/", True),
        ("heat/#", "heat", False),
        ("heat/#", "heats/1", False),
        ("+/1/#", "a/1/b/c", True),
        ("#", "a/b", True),
        ("#", "$aws/things/lamp/shadow/update", False),
        ("+/things/#", "$aws/things/lamp", False),
        ("$aws/things/+/shadow/update", "$aws/things/lamp/shadow/update", True),
    ],
)
def test_wildcards_as_aws_documents_them(topic_filter, topic, wanted):
    assert matches(topic_filter, topic) == wanted


@given(FILTERS, TOPICS)
def test_a_filter_matches_what_its_regular_expression_does(topic_filter, topic):
    written = re.escape(topic_filter).replace(r"\+", "[^/]*").replace(r"\#", ".*")
    reserved = topic.startswith("$") and topic_filter[:1] in ("+", "#")
    assert matches(topic_filter, topic) == (re.fullmatch(written, topic) is not None and not reserved)
