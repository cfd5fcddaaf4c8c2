"""The form of a query request is written and read as without the mock."""

import boto3
import pytest
from botocore import awsrequest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug import formparser

from destmock import mock_destinations
from tests.isolation.replaced import is_asked

TEXTS = st.one_of(
    st.sampled_from(
        ["Action", "a b", "a+b", "%41", "%C3%A9", "%ff", "%", "=", "&", "", "x" * 201, "é" * 150]
    ),
    st.text(max_size=10),
    st.text("aA0%+&= ~;/", max_size=12),
)
#: What botocore may be given to send, besides texts.
VALUES = st.one_of(
    TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from([1, True, None, 1.5, ["a", "b"], [b"a"], "text"]),
)
PAIRS = st.one_of(
    st.lists(st.tuples(TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")), VALUES), max_size=5),
    st.dictionaries(TEXTS, VALUES, max_size=3),
    st.sampled_from([[["a", "b"]], [[b"a", b"b"]], [(b"a", b"b", b"c")], [b"ab"], [], "text", 1]),
)


def outcome(function, *given, **named):
    """What comes of a call."""
    try:
        return function(*given, **named)
    except (TypeError, ValueError) as error:
        return type(error), str(error)


def same(call):
    """Whether it is the same without a mock, and in one for the first time and again."""
    without = call()
    with mock_destinations():
        return call() == call() == without


@given(PAIRS, st.sampled_from([{"doseq": True}, {}, {"doseq": True, "safe": "~"}]))
def test_a_form_is_written_as_ever(pairs, how):
    assert same(lambda: outcome(awsrequest.urlencode, pairs, **how))


@given(
    st.one_of(TEXTS, st.lists(TEXTS, max_size=5).map("&".join), st.just(b"a=%ff&b")),
    st.sampled_from([{"keep_blank_values": True, "errors": "werkzeug.url_quote"}, {"errors": "strict"}, {}]),
)
def test_a_form_is_read_as_ever(form, how):
    assert same(lambda: outcome(formparser.parse_qsl, form, **how))


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("step", [(awsrequest, "urlencode"), (formparser, "parse_qsl")])
def test_whoever_writes_or_reads_forms_in_another_way_is_asked(step, inside):
    assert is_asked(*step, lambda: boto3.client("sns").list_topics(), inside=inside)


@pytest.mark.parametrize("message", ["a b+c%41&=\u00e9\n", "\U0001f600" * 300, " " * 250])
def test_a_message_arrives_as_it_was_sent(destmock, message):
    sqs, sns = boto3.client("sqs"), boto3.client("sns")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    topic = sns.create_topic(Name="topic")["TopicArn"]
    queue = "arn:aws:sqs:us-east-1:123456789012:orders"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    for _ in range(2):
        sns.publish(TopicArn=topic, Message=message)
        [received] = sqs.receive_message(QueueUrl=url)["Messages"]
        assert received["Body"] == message
