"""What takes answers apart is botocore's own, whether or not it has taken others apart before."""

from datetime import datetime, timezone

import boto3
import pytest
from botocore import parsers
from botocore.parsers import JSONParser, QueryParser, ResponseParserFactory

from destmock import mock_destinations
from tests.isolation.replaced import is_asked

DATE = datetime(2020, 1, 1, tzinfo=timezone.utc)


def session():
    return boto3.Session(region_name="us-east-1")


def queues(session):
    """Make a queue, and answer what SQS says of all."""
    sqs = session.client("sqs")
    sqs.create_queue(QueueName="inbox")
    return sqs.list_queues()


def test_answers_are_taken_apart_as_without_a_mock(sessions_factory):
    for protocol, kind in parsers.PROTOCOL_PARSERS.items():
        made, again = (sessions_factory.create_parser(protocol) for _ in range(2))
        plain = kind()
        assert type(made) is kind
        assert made is again
        assert {*vars(made)} == {*vars(plain)}
        assert made._timestamp_parser is plain._timestamp_parser


@pytest.fixture
def sessions_factory(destmock):
    return session()._session.get_component("response_parser_factory")


def test_each_session_has_its_own(destmock):
    one, other = (session()._session.get_component("response_parser_factory") for _ in range(2))
    assert one.create_parser("json") is not other.create_parser("json")


def test_what_a_client_keeps_is_no_other_client_s(destmock):
    one, other = (session().client("sqs") for _ in range(2))
    assert one._response_parser is not other._response_parser
    assert parsers.create_parser("json") is not parsers.create_parser("json")


def test_a_session_s_own_defaults_count(destmock):
    asked = []

    def read(value):
        asked.append(value)
        return DATE

    own = session()
    own.client("dynamodb").list_tables()
    factory = own._session.get_component("response_parser_factory")
    factory.set_parser_defaults(timestamp_parser=read)
    table = own.client("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )["TableDescription"]
    assert table["CreationDateTime"] == DATE
    assert asked


def test_another_way_of_reading_times_is_asked_in_the_middle_of_a_mock(destmock, monkeypatch):
    factory = session()._session.get_component("response_parser_factory")
    before = factory.create_parser("json")
    monkeypatch.setattr(parsers, "DEFAULT_TIMESTAMP_PARSER", str)
    assert factory.create_parser("json")._timestamp_parser is str
    monkeypatch.undo()
    assert factory.create_parser("json") is before


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (JSONParser, "__init__"),
        (JSONParser, "parse"),
        (ResponseParserFactory, "create_parser"),
        (ResponseParserFactory, "__init__"),
    ],
)
def test_whoever_takes_answers_apart_in_another_way_is_asked(owner, name, inside):
    assert is_asked(owner, name, lambda: queues(session()), inside=inside)


def test_a_protocol_s_own_class_is_asked(destmock, monkeypatch):
    class Own(JSONParser):
        def parse(self, response, shape):
            return super().parse(response, shape) | {"QueueUrls": ["mine"]}

    mine = session()
    queues(mine)
    monkeypatch.setitem(parsers.PROTOCOL_PARSERS, "json", Own)
    assert queues(mine)["QueueUrls"] == ["mine"]


def test_a_session_s_answers_are_taken_apart_as_ever_after_the_mock():
    with mock_destinations():
        mine = session()
        queues(mine)
        factory = mine._session.get_component("response_parser_factory")
        kept = factory.create_parser("query")
    made = factory.create_parser("query")
    assert type(made) is QueryParser
    assert made is not kept
