"""A call goes through moto as it does without the mock, in less time."""

import datetime as dt
import json
from email.utils import format_datetime

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto import backend_index, mock_aws
from moto.core import responses, utils
from moto.core.responses import BaseResponse
from moto.moto_api._internal.moto_random import MotoRandom
from moto.server import create_backend_app

from destmock import mock_destinations
from tests.isolation.replaced import is_asked

KEY, OTHER_KEY = "AKIA0123456789ABCDEF", "AKIAFEDCBA9876543210"


def test_the_services_for_a_url_are_those_whose_pattern_matches_it():
    everything = backend_index.backend_url_patterns
    with mock_destinations():
        routes = backend_index.backend_url_patterns
        assert routes is not everything
        known = list(routes)
        assert known[: len(everything)] == everything
        boto3.client("sqs").list_queues()
        assert list(routes) == known
        with mock_aws():  # which goes through all of them, for other ways than botocore's
            boto3.client("s3").list_buckets()
        assert list(routes) == known
    assert backend_index.backend_url_patterns is everything


def test_a_service_that_is_not_mocked_is_still_let_through_or_refused():
    with mock_destinations(config={"core": {"service_whitelist": ["sqs"]}}):
        boto3.client("sqs").list_queues()
        with pytest.raises(Exception, match="sns"):
            boto3.client("sns").list_topics()
        boto3.client("sqs").list_queues()
        assert len(list(backend_index.backend_url_patterns)) > 100


@pytest.mark.parametrize("options", [{}, {"length": 52}, {"include_digits": False}, {"lower_case": True}])
def test_the_same_random_numbers_make_the_same_texts(options):
    def texts():
        random = MotoRandom(7)
        return [random.get_random_string(**options) for _ in range(50)], random.random()

    without = texts()
    with mock_destinations():
        assert texts() == without


def test_the_signature_of_a_request_is_aws_s():
    def signed(service, key):
        request = AWSRequest("POST", "https://sqs.us-east-1.amazonaws.com/", {"A": "b"}, b"{}")
        request.context["timestamp"] = "20260101T000000Z"
        auth = SigV4Auth(Credentials("id", key), service, "us-east-1")
        canonical = auth.canonical_request(request)
        return auth.signature(auth.string_to_sign(request, canonical), request)

    cases = [("sqs", "secret"), ("sqs", "other"), ("sns", "secret"), ("sqs", "secret")]
    without = [signed(*case) for case in cases]
    assert len(set(without)) == 3
    with mock_destinations():
        assert [signed(*case) for case in cases] == without


def test_a_request_to_moto_s_own_application_that_names_no_operation(destmock):
    client = create_backend_app("dynamodb").test_client()
    assert client.get("/").status_code == 404
    answer = client.post("/", headers={"X-Amz-Target": "DynamoDB_20120810.ListTables"})
    assert json.loads(answer.data) == {"TableNames": []}


@pytest.mark.parametrize(
    "header",
    [
        f"AWS4-HMAC-SHA256 Credential={KEY}/20260101/us-east-1/sqs/aws4_request, Signed=a, Signature=0",
        f"AWS4-HMAC-SHA256 Credential=FOOBARKEY/20260101/{KEY}/sqs/aws4_request, Signed={OTHER_KEY}/",
        f"AWS4-HMAC-SHA256 Credential=FOOBARKEY/20260101/us-east-1/sqs/aws4_request, Signature={KEY}:",
        f"AWS4-HMAC-SHA256 Credential=FOOBARKEY/20260101/us-east-1/sqs/aws4_request, Signature={KEY}",
        f"AWS {KEY}:signature",
        "AWS FOOBARKEY:signature, and more",
        "Basic QVdT",
        "",
    ],
)
def test_the_access_key_of_a_request_is_moto_s(header):
    def found():
        match = BaseResponse.access_key_regex.search(header)
        return match and match.group(1)

    without = found()
    with mock_destinations():
        assert found() == without == found()


def test_moto_looks_through_its_models_of_services_once(monkeypatch):
    with mock_destinations():
        assert utils.create_loader() is utils.create_loader()
        assert boto3.client("ssm").describe_parameters()["Parameters"] == []
    assert utils.create_loader() is not utils.create_loader()
    monkeypatch.setattr(utils, "create_loader", list)
    with mock_destinations():
        assert utils.create_loader() == []


@pytest.mark.parametrize(
    "start", ["2026-01-01T12:00:00Z", "1969-12-31T23:59:58.250Z", "2096-02-29T00:00:00.001Z"]
)
def test_moto_counts_seconds_and_dates_its_answers_as_ever(start):
    moment = dt.datetime.fromisoformat(start.replace("Z", "+00:00"))
    naive = moment.replace(tzinfo=None)
    counted = utils.unix_time(naive)
    with mock_destinations(start=moment):
        assert utils.unix_time() == counted == utils.unix_time(naive)
        assert utils.unix_time_millis() == utils.unix_time_millis(naive)
        headers = boto3.client("sqs").list_queues()["ResponseMetadata"]["HTTPHeaders"]
    assert headers["date"] == format_datetime(moment, usegmt=True)


def test_each_answer_has_the_date_of_its_second():
    dates = []
    with mock_destinations(start=dt.datetime(2026, 2, 28, 23, 59, 58, 900_000, dt.timezone.utc)) as destmock:
        sqs = boto3.client("sqs")
        for seconds in (0, 0.05, 0.05, 1):
            destmock.advance(seconds)
            dates.append(sqs.list_queues()["ResponseMetadata"]["HTTPHeaders"]["date"][-12:])
    assert dates == ["23:59:58 GMT", "23:59:58 GMT", "23:59:59 GMT", "00:00:00 GMT"]


@pytest.mark.parametrize("inside", [False, True])
def test_whoever_dates_answers_in_another_way_is_asked(inside):
    assert is_asked(responses, "http_date", lambda: boto3.client("sqs").list_queues(), inside=inside)


def test_a_test_s_own_time_of_moto_is_what_moto_counts(monkeypatch):
    with mock_destinations():
        monkeypatch.setattr(utils, "utcnow", lambda: dt.datetime(2019, 1, 1))  # noqa: DTZ001 - as moto's
        assert utils.unix_time() == 1546300800


class OfDefaults(dict):
    """Parameters that answer for a name which they don't have."""

    def __missing__(self, key):
        if key == "odd":
            raise TypeError(key)
        return f"default of {key}"


def looked_up(params, uri_match, name, *, automated):
    """What a call finds of a parameter, with a default and without."""
    response = BaseResponse.__new__(BaseResponse)
    response.automated_parameter_parsing = automated
    response.params, response.uri_match = params, uri_match
    response.querystring, response.body = {"A": ["of the query"]}, '{"B": "of the body"}'
    try:
        return response._get_param(name), response._get_param(name, if_none="none")
    except Exception as error:  # whatever it is
        return type(error), str(error)


@pytest.mark.parametrize("automated", [True, False])
@pytest.mark.parametrize("uri_match", [None, {}, {"A": "of the path", "C": "of the path"}])
@pytest.mark.parametrize("params", [{"A": 1, "B": {"C": 2}, "N": None}, OfDefaults(A=1), {}, None, ["a"]])
def test_a_parameter_is_the_one_that_moto_finds(params, uri_match, automated):
    def found():
        names = ("A", "B", "B.C", "A.C", "C", "N", "missing", "odd", "", 0, None)
        return [looked_up(params, uri_match, name, automated=automated) for name in names]

    without = found()
    with mock_destinations():
        assert found() == without


@pytest.mark.parametrize("inside", [False, True])
def test_whoever_looks_parameters_up_in_another_way_is_asked(inside):
    call = lambda: boto3.client("sqs").create_queue(QueueName="orders")  # noqa: E731
    assert is_asked(BaseResponse, "_get_param", call, inside=inside)
