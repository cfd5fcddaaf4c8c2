"""A call goes through moto as it does without the mock, in less time."""

import json
from io import BytesIO

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, HeadersDict
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st
from moto import backend_index, mock_aws
from moto.core import utils
from moto.core.request import Request
from moto.core.responses import BaseResponse
from moto.moto_api._internal.moto_random import MotoRandom
from moto.server import create_backend_app

from destmock import mock_destinations
from destmock._isolation.moto_calls import environ_of
from tests.versions import since_moto

KEY, OTHER_KEY = "AKIA0123456789ABCDEF", "AKIAFEDCBA9876543210"
HOSTS = ["sqs.us-east-1.amazonaws.com", "bucket.s3.amazonaws.com", "localhost:4566", "10.0.0.1:80"]
PATH = st.text("abcXYZ019/-._~%:@!$&'()*+,= ;?#[]é\"", max_size=12).map(lambda text: f"/{text}")
HEADER_NAMES = [
    *("Content-Type", "Content-Length", "Host", "X-Amz-Target", "x-amz-meta-my_key", "User-Agent"),
    *("transfer-encoding", "Authorization", "x-amz-meta-My-Key", "Accept"),
]
VALUES = st.one_of(
    st.sampled_from(["application/json", "application/x-www-form-urlencoded; charset=utf-8", "7", ""]),
    st.sampled_from(["text", "é", "line\nbreak", "Application/X-WWW-Form-URLencoded"]),
    st.sampled_from([b"bytes", b"12"]),
)
BODIES = st.one_of(st.none(), st.sampled_from(["", "text é", b"", b"{}", b"Action=a&b=c"]))


def told(environ):
    """What is in an environment, in its order."""
    environ = {**environ, "wsgi.input": environ["wsgi.input"].getvalue()}
    mine = {"werkzeug.request", "moto.preserved_header_names"}
    return [(name, value) for name, value in environ.items() if name not in mine]


@since_moto("5.2.4", "makes no requests of its own")
@given(
    st.sampled_from(["GET", "POST", "PUT"]),
    st.sampled_from(["http", "https"]),
    st.sampled_from(HOSTS),
    PATH,
    st.dictionaries(st.sampled_from(HEADER_NAMES), VALUES),
    BODIES,
)
def test_a_request_is_the_one_that_werkzeug_makes(method, scheme, host, path, headers, body):
    url, headers = f"{scheme}://{host}{path}", HeadersDict(headers)
    quick = environ_of(method, url, headers, body)
    if quick is not None:
        quick.setdefault("CONTENT_LENGTH", "0")
        assert told(quick) == told(Request.from_primitives(method, url, headers, body).environ)


@since_moto("5.2.4", "makes no requests of its own")
@pytest.mark.parametrize(
    ("method", "url", "headers", "body"),
    [
        ("POST", "https://sqs.us-east-1.amazonaws.com/", {"X-Amz-Target": "t"}, b"{}"),
        ("GET", "https://b.s3.amazonaws.com/a%2Fb%20c?list-type=2&prefix=%C3%A9", {"Host": "h"}, None),
        ("PUT", "http://localhost:4566/bucket/key", {"x-amz-meta-my_key": "é"}, "text"),
    ],
)
def test_what_boto3_sends_is_made_without_werkzeug_s_classes(method, url, headers, body):
    headers = HeadersDict(headers)
    without = Request.from_primitives(method, url, headers, body)
    assert environ_of(method, url, headers, body) is not None
    with mock_destinations():
        within = Request.from_primitives(method, url, headers, body)
    assert type(within) is type(without)
    assert told(within.environ) == told(without.environ)
    assert list(within.headers) == list(without.headers)
    assert (within.raw_url, within.data) == (without.raw_url, without.data)


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


@since_moto("5.2.5", "renames metadata with underscores")
def test_metadata_keeps_its_underscores(destmock):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="a", Metadata={"my_key": "value"})
    assert s3.head_object(Bucket="bucket", Key="a")["Metadata"] == {"my_key": "value"}


def test_a_body_that_is_a_stream_or_a_form_arrives(destmock):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="a b/ö;x=1", Body=BytesIO(b"stream"), Metadata={"my-key": "value"})
    answer = s3.get_object(Bucket="bucket", Key="a b/ö;x=1")
    assert answer["Body"].read() == b"stream"
    assert answer["Metadata"] == {"my-key": "value"}
    assert boto3.client("sns").create_topic(Name="topic")["TopicArn"].endswith(":topic")


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
