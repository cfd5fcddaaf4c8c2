"""Nothing of the machine reaches into a mock, nothing leaves it, and time travels along."""

import os
import socket
import sys
from datetime import datetime, timedelta, timezone

import boto3
import pytest
import requests
import time_machine
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError, ProfileNotFound
from botocore.httpsession import URLLib3Session
from moto import settings as moto_settings

from destmock import (
    DestmockError,
    NetworkError,
    UnsupportedError,
    mock_destinations,
    outcomes,
)
from tests.promises.process import MACHINE, ok, process, send, use_everything

# Nothing of the machine reaches in


def test_no_setting_of_the_machine_is_used(machine, unchanged):
    """Neither credentials nor profile, endpoint or metadata service; but the region is the user's."""
    with mock_destinations({"orders": ok}) as destmock:
        session = boto3.Session()
        credentials = session.get_credentials()
        assert (credentials.access_key, credentials.secret_key) == ("FOOBARKEY", "FOOBARSECRET")
        assert credentials.token is None
        assert session.profile_name == "default"
        assert session.available_profiles == []
        assert session.region_name == "eu-west-1"
        assert boto3.client("sqs").meta.endpoint_url.endswith("amazonaws.com")
        assert use_everything() == ["Success"]
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders:$LATEST"
    assert destmock.invocations[0].function_arn == arn


def test_without_any_setting_the_region_is_us_east_1(bare_machine, unchanged):
    with mock_destinations({"orders": ok}):
        assert boto3.Session().region_name == "us-east-1"
        assert use_everything() == ["Success"]


CONFIG = """
[default]
region = eu-central-1
endpoint_url = http://localhost:4566
sso_session = corporate
sso_account_id = 111111111111
sso_role_name = developer

[profile process]
credential_process = {python} -c "open('{marker}', 'w')"

[profile assumed]
role_arn = arn:aws:iam::111111111111:role/other
source_profile = process

[sso-session corporate]
sso_region = eu-central-1
sso_start_url = https://corporate.awsapps.com/start
"""


@pytest.fixture
def config_file(tmp_path, bare_machine, monkeypatch):
    """A configuration with single sign-on, a credential process and a role to assume."""
    marker, path = tmp_path / "the process ran", tmp_path / "config"
    path.write_text(CONFIG.format(python=sys.executable, marker=marker))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    yield path
    assert not marker.exists()
    assert os.environ["AWS_CONFIG_FILE"] == str(path)


@pytest.mark.parametrize("profile", [None, "process", "assumed"])
def test_a_profile_of_the_config_file_is_not_used(config_file, monkeypatch, profile):
    if profile:
        monkeypatch.setenv("AWS_PROFILE", profile)
    before = process()
    with mock_destinations({"orders": ok}):
        assert boto3.Session().region_name == "us-east-1"
        assert use_everything() == ["Success"]
    assert process() == before


@pytest.mark.parametrize(
    ("profile", "region", "account"),
    [
        ("default", "eu-central-1", "123456789012"),
        ("process", "us-east-1", "123456789012"),
        ("assumed", "us-east-1", "111111111111"),
    ],
)
def test_a_profile_asked_for_by_name_has_nothing_but_its_region_and_its_role(
    config_file, profile, region, account
):
    """It is neither logged in to nor run, and its role is assumed in the mock."""
    with mock_destinations():
        session = boto3.Session(profile_name=profile)
        assert (session.profile_name, session.region_name) == (profile, region)
        assert session.client("sts").get_caller_identity()["Account"] == account
        assert session.client("sqs").meta.endpoint_url == f"https://sqs.{region}.amazonaws.com"


def test_a_profile_that_no_file_has_does_not_exist_inside(config_file):
    with mock_destinations(), pytest.raises(ProfileNotFound):
        boto3.Session(profile_name="staging")


@pytest.mark.parametrize("profile", ["default", "process", "assumed"])
def test_an_older_session_with_a_profile_works_without_its_credentials(config_file, profile):
    """Its profile is neither logged in to, run nor assumed; the session has it again afterwards."""
    session = boto3.Session(profile_name=profile, region_name="us-east-1")
    kept = {"endpoint_url": "https://lambda.us-east-1.amazonaws.com"}
    with mock_destinations({"orders": ok}) as destmock:
        session.client("lambda", **kept).invoke(FunctionName="orders", InvocationType="Event")
        sqs = session.client("sqs", endpoint_url="https://sqs.us-east-1.amazonaws.com")
        sqs.create_queue(QueueName="done")
    assert len(destmock.invocations) == 1
    assert session.profile_name == profile


def test_an_older_client_with_the_machine_s_credentials_works(machine, monkeypatch):
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", *[n for n in MACHINE if "ENDPOINT" in n]):
        monkeypatch.delenv(name)
    client = boto3.Session().client("lambda")
    queues = boto3.Session().client("sqs")
    with mock_destinations({"orders": ok}) as destmock:
        client.invoke(FunctionName="orders", InvocationType="Event")
        queues.create_queue(QueueName="done")
    assert len(destmock.invocations) == 1


def test_moto_s_server_mode_is_refused(monkeypatch, unchanged):
    monkeypatch.setattr(moto_settings, "TEST_SERVER_MODE", True)
    with pytest.raises(UnsupportedError, match=r"^destmock works on moto in this process, not on moto's"):
        mock_destinations().start()


# Nothing leaves the process


@pytest.fixture
def no_socket(monkeypatch):
    opened = []

    def refuse(*arguments, **options):
        opened.append(arguments)
        raise AssertionError(f"a socket was opened: {arguments}")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    yield
    assert opened == []


@pytest.mark.parametrize("where", ["machine", "bare_machine", "config_file"])
def test_no_socket_is_opened(request, where, no_socket):
    request.getfixturevalue(where)
    with mock_destinations({"orders": outcomes(ValueError("no stock"))}):
        assert use_everything() == ["RetriesExhausted"]
        topic = boto3.client("sns").create_topic(Name="orders")["TopicArn"]
        boto3.client("sns").publish(TopicArn=topic, Message="hello")
        boto3.client("s3").create_bucket(
            Bucket="orders", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        boto3.client("sts").get_caller_identity()


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "request_line"),
    [
        ("sqs", "list_queues", {}, "POST http://localstack:4566/"),
        ("sns", "list_topics", {}, "POST http://localstack:4566/"),
        ("lambda", "list_functions", {}, "GET http://localstack:4566/2015-03-31/functions"),
        (
            "lambda",
            "invoke",
            {"FunctionName": "orders", "InvocationType": "Event"},
            "POST http://localstack:4566/2015-03-31/functions/orders/invocations",
        ),
        ("s3", "list_objects_v2", {"Bucket": "orders"}, "GET http://localstack:4566/orders?"),
        ("dynamodb", "list_tables", {}, "POST http://localstack:4566/"),
    ],
)
def test_a_client_with_an_endpoint_of_its_own_is_refused(
    no_socket, unchanged, service, operation, arguments, request_line
):
    """The refusal names the URL, at the first try."""
    with mock_destinations({"orders": ok}) as destmock:
        client = boto3.client(service, endpoint_url="http://localstack:4566")
        with pytest.raises(NetworkError) as caught:
            getattr(client, operation)(**arguments)
    text = str(caught.value)
    assert text.startswith(request_line)
    assert text.endswith(
        " would have left the process: neither moto nor destmock answers it (is an endpoint_url set?; "
        "to allow it: mock_destinations(allow_hosts=['localstack']))"
    )
    assert destmock.invocations == ()


def test_a_refused_call_leaves_the_mock_as_it_was(no_socket):
    with mock_destinations({"orders": ok}) as destmock:
        for _ in range(2):
            with pytest.raises(NetworkError):
                boto3.client("sqs", endpoint_url="http://elasticmq:9324").list_queues()
            send()
    assert len(destmock.invocations) == 2
    assert isinstance(NetworkError(), DestmockError)


def test_a_handler_that_calls_out_fails_with_the_refusal(no_socket):
    def handler(event, context):
        boto3.client("sqs", endpoint_url="http://elasticmq:9324").list_queues()

    with mock_destinations({"orders": handler}) as destmock:
        send()
    attempt = destmock.invocations[0].attempts[0]
    assert isinstance(attempt.exception, NetworkError)
    assert "allow_hosts=['elasticmq']" in attempt.response["errorMessage"]


def test_botocore_s_own_session_is_refused_too(no_socket):
    request = AWSPreparedRequest("GET", "http://169.254.169.254/latest/meta-data/", {}, None, False)
    with mock_destinations(), pytest.raises(NetworkError, match=r"^GET http://169\.254\.169\.254/latest/"):
        URLLib3Session().send(request)


def test_requests_to_aws_are_answered_by_moto(no_socket):
    """Such as those of a presigned URL."""
    with mock_destinations():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="orders")
        s3.put_object(Bucket="orders", Key="7", Body=b"one book")
        url = s3.generate_presigned_url("get_object", Params={"Bucket": "orders", "Key": "7"})
        assert requests.get(url, timeout=5).content == b"one book"


def test_after_the_mock_a_client_is_no_longer_held_back(monkeypatch):
    """The call goes where botocore sends it: to the socket, which this test refuses."""
    reached = []

    def refuse(*arguments, **options):
        reached.append(arguments[:2])
        raise OSError("no network in this test")

    with mock_destinations():
        client = boto3.client(
            "sqs", endpoint_url="http://elasticmq:9", config=Config(retries={"total_max_attempts": 1})
        )
        with pytest.raises(NetworkError):
            client.list_queues()
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(EndpointConnectionError):
        client.list_queues()
    assert reached[0] == ("elasticmq", 9)


# Tests that travel in time


@pytest.mark.parametrize("year", [1990, 2019, 2040])
def test_a_mock_begins_at_the_time_travelled_to(year):
    mock = mock_destinations({"orders": outcomes(ValueError("no stock"), {"ok": 1})})
    with time_machine.travel(datetime(year, 1, 1, tzinfo=timezone.utc), tick=False), mock as destmock:
        assert destmock.now == datetime(year, 1, 1, tzinfo=timezone.utc)
        assert use_everything() == ["Success"]
    [invocation] = destmock.invocations
    assert [attempt.elapsed for attempt in invocation.attempts] == [0, 60]
    assert destmock.now == datetime(year, 1, 1, 0, 1, tzinfo=timezone.utc)


def test_travelling_inside_a_mock_does_not_move_its_clock():
    start = datetime(2024, 2, 29, tzinfo=timezone.utc)
    with mock_destinations({"orders": outcomes(ValueError("no stock"))}, start=start) as destmock:
        with time_machine.travel(datetime(2030, 1, 1, tzinfo=timezone.utc)) as traveller:
            send()
            traveller.shift(timedelta(days=-5000))
            send()
        assert destmock.now == start + timedelta(seconds=360)
    assert [[a.elapsed for a in i.attempts] for i in destmock.invocations] == [[0, 60, 180]] * 2


def test_a_handler_that_travels_does_not_time_out():
    """What a handler takes in real time has nothing to do with the time it has travelled to."""

    def handler(event, context):
        with time_machine.travel(datetime(2040, 1, 1, tzinfo=timezone.utc)) as traveller:
            traveller.shift(timedelta(hours=1))
        return datetime.now(timezone.utc).year

    with mock_destinations({"orders": handler}) as destmock:
        send()
    assert destmock.invocations[0].condition == "Success"


def test_a_frozen_clock_does_not_stop_the_virtual_one():
    with time_machine.travel(0, tick=False), mock_destinations(autorun=False) as destmock:
        destmock.handler("orders", outcomes(ValueError("no stock")), duration=2)
        send()
        destmock.advance(timedelta(minutes=10))
        assert destmock.now == datetime(1970, 1, 1, 0, 10, tzinfo=timezone.utc)
    assert [attempt.elapsed for attempt in destmock.invocations[0].attempts] == [0, 62, 184]


@time_machine.travel(datetime(2024, 2, 29, tzinfo=timezone.utc), tick=False)
@mock_destinations({"orders": ok})
def test_time_machine_s_decorator_goes_above(destmock):
    assert destmock.now == datetime(2024, 2, 29, tzinfo=timezone.utc)
    send()


@mock_destinations({"orders": ok})
@time_machine.travel(datetime(2024, 2, 29, tzinfo=timezone.utc), tick=False)
def test_time_machine_s_decorator_goes_below(destmock):
    assert use_everything() == ["Success"]
