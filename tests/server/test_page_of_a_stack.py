"""The page of a whole application: its sources and front doors, used or not, and what can get lost of it."""

import json
import re
import urllib.request
from html import unescape

import boto3
import moto.core
import pytest
from moto import settings
from werkzeug.test import Client

from destmock import mock_destinations, outcomes
from destmock._server.page.application import application
from destmock._services.front_doors.door_names import leads
from tests.services.apigateway.apis import Http, Rest

ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"


@pytest.fixture
def text(destmock):
    """The overview's words."""
    client = Client(application(destmock, token=""))
    return lambda: unescape(client.get("/_destmock").text)


def ways(text):
    """What goes where, in the words of the drawing for people who can't see it."""
    return re.findall("<desc>(.*?)</desc>", text)[0].split("; ")


@pytest.fixture
def topic(destmock, lam):
    destmock.handler("f", lambda event, context: None)
    sns = boto3.client("sns")
    arn = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="lambda", Endpoint=ARN)
    return arn


def test_a_source_is_there_before_it_has_sent_anything(topic, text):
    assert ways(text()) == ["SNS topic news to f, invokes: 0"]
    boto3.client("sns").publish(TopicArn=topic, Message="now")
    assert ways(text()) == ["SNS topic news to f, invokes: 1"]


def test_what_sends_to_a_queue_is_there_without_a_count(topic, text, make_queue):
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=make_queue("inbox"))
    assert "SNS topic news to inbox, invokes: " in ways(text())


def test_front_doors_are_there_until_a_request_has_come_by_them(destmock, lam, text):
    destmock.handler("f", lambda event, context: {"statusCode": 200, "body": ""})
    url = lam.create_function_url_config(FunctionName="f", AuthType="NONE")["FunctionUrl"]
    rest = Rest().proxy("GET", "/orders/{id}").proxy("POST", "/orders")
    http = Http().route("ANY /{proxy+}")
    stage = rest.deploy()
    assert ways(text()) == [
        "api ANY /{proxy+} to f, invokes: 0",
        "api GET /orders/{id} to f, invokes: 0",
        "api POST /orders to f, invokes: 0",
        "function URL to f, invokes: 0",
    ]
    for asked in (url, f"{stage}/orders/7", f"{http.url}/a/b"):
        urllib.request.urlopen(asked).close()
    assert ways(text()) == [
        "api GET /a/b to f, invokes: 1",
        "api GET /orders/7 to f, invokes: 1",
        "api POST /orders to f, invokes: 0",
        "url GET / to f, invokes: 1",
    ]


@pytest.mark.parametrize(
    ("door", "source", "led"),
    [
        ("api GET /a/{id}", "api GET /a/1", True),
        ("api GET /a/{id}", "api GET /a/1/2", False),
        ("api GET /a/{id}", "api POST /a/1", False),
        ("api ANY /a/{rest+}/z", "api DELETE /a/1/2/z", True),
        ("api GET /a.b", "api GET /axb", False),
        ("api GET /", "api GET /", True),
        ("api $default", "api GET /x", True),
        ("api $connect", "api $connect", True),
        ("api $connect", "api GET /", False),
        ("function URL", "url GET /x", True),
        ("function URL", "api GET /x", False),
        ("SNS topic a", "SNS topic b", False),
        ("EventBridge rule a", "EventBridge rule a", True),
    ],
)
def test_which_door_a_request_came_by(door, source, led):
    assert leads(door, source) is led


def test_it_says_what_can_get_lost(topic, text, lam, make_queue):
    assert "f is invoked asynchronously (topic news); an event that still fails" in text()
    lam.add_permission(
        FunctionName="f",
        StatementId="s",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    lam.put_function_event_invoke_config(
        FunctionName="f", DestinationConfig={"OnFailure": {"Destination": make_queue("dead")}}
    )
    assert "is invoked asynchronously" not in text()
    assert "nobody reads dead" in text()  # a remark


def test_an_application_without_faults_is_told_so(destmock, text):
    assert "A check of what is set up finds nothing." in text()


def test_the_page_is_another_once_a_client_has_changed_what_is_set_up(destmock_server, client):
    """A page that is open asks each second, and what is set up is read again after others' requests only."""
    destmock_server.handler("f", outcomes(None))

    def state():
        with urllib.request.urlopen(f"{destmock_server.page}/state?since=") as answer:
            return json.load(answer)["version"]

    before = state()
    assert state() == before
    topic = client("sns").create_topic(Name="news")["TopicArn"]
    assert state() == before  # nobody has subscribed
    client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ARN)
    assert state() != before


def test_it_shows_what_there_was_once_the_mock_has_ended():
    with mock_destinations() as destmock:
        client = Client(application(destmock, token=""))
        client.get("/_destmock")
    assert "What can get lost" in client.get("/_destmock").text


def test_looking_is_no_action_that_moto_counts(topic, text, monkeypatch):
    """Where a test has turned IAM's authorisation on, what is set up isn't read."""
    monkeypatch.setattr(settings, "INITIAL_NO_AUTH_ACTION_COUNT", 1)
    counted = moto.core.responses.ActionAuthenticatorMixin.request_count
    assert "SNS topic news" not in text()
    assert moto.core.responses.ActionAuthenticatorMixin.request_count == counted
