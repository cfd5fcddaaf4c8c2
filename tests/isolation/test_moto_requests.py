"""A call becomes the request that moto makes of it without the mock, in less time."""

from io import BytesIO

import boto3
import pytest
from botocore.awsrequest import HeadersDict
from hypothesis import given
from hypothesis import strategies as st
from moto.core import request as motos
from moto.core import responses, utils
from moto.core.request import Request
from moto.core.utils import get_service_model
from moto.moto_api import recorder
from werkzeug.routing import Rule

from destmock import mock_destinations
from destmock._isolation.moto_requests import environ_of
from tests.isolation.replaced import is_asked
from tests.versions import since_moto

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


#: All that werkzeug keeps of a request once it has been asked.
KEPT = ("data", "form", "files", "args", "values", "content_length", "url_root", "root_url", "host", "url")
NAMES = ["Content-Type", "content-length", "HOST", "x-amz-meta-my_key", "Accept", "missing"]


def all_of(request):
    """What moto can find out of a request, and what the environment has afterwards."""
    told_of = {name: repr(getattr(request, name)) for name in KEPT}
    told_of |= {name: request.headers.get(name, "none") for name in NAMES}
    told_of["in"] = [name in request.headers for name in NAMES]
    told_of["as a number"] = request.headers.get("Content-Length", type=int)
    told_of["headers"], told_of["raw"] = list(request.headers), (request.raw_url, request.raw_path)
    told_of["left"], told_of["again"] = request.stream.read(), request.get_data()
    return told_of, told(request.environ)


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
    def read():
        url = f"{scheme}://{host}{path}"
        try:
            return all_of(Request.from_primitives(method, url, HeadersDict(headers), body))
        except Exception as error:  # of a host that isn't one
            return repr(error)

    without = read()
    with mock_destinations():
        assert read() == without


@since_moto("5.2.4", "makes no requests of its own")
@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("https://h.com:0443/", {}),
        ("https://h.com:99999/", {}),
        ("https://h.com:65535/", {}),
        ("https://a..com/", {}),
        (f"https://{'a' * 64}.com/", {}),
        ("https://h.com/", {"Content_Type": "application/x-www-form-urlencoded"}),
        ("https://h.com/", {"transfer_encoding": "chunked"}),
        ("https://h.com/", {"content_length": "3"}),
    ],
)
def test_odd_ports_hosts_and_headers_are_read_as_werkzeug_reads_them(url, headers):
    def read():
        try:
            return all_of(Request.from_primitives("POST", url, HeadersDict(headers), b"a=1"))
        except Exception as error:  # of a host that isn't one
            return repr(error)

    without = read()
    with mock_destinations():
        assert read() == without


@since_moto("5.2.4", "makes no requests of its own")
def test_a_form_that_is_taken_apart_leaves_the_same_stream():
    def read():
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        made = Request.from_primitives("POST", "https://h.com/", kind, b"a=1")
        return made.get_data(), [*made.form.items()], made.stream.read(), made.stream.read()

    without = read()
    with mock_destinations():
        assert read() == without


@since_moto("5.2.4", "makes no requests of its own")
@pytest.mark.parametrize("first", ["stream", "data", "form", "files", "args"])
def test_a_body_is_read_once_whatever_is_asked_first(first):
    def read():
        made = Request.from_primitives("POST", "https://h.com/?a=1", {"Content-Type": "text/plain"}, b"body")
        found = getattr(made, first)
        return found.read(2) if first == "stream" else found, made.stream.read(), made.get_data()

    without = read()
    with mock_destinations():
        assert read() == without


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
    assert environ_of(method, url, [*headers.items()], body) is not None
    with mock_destinations():
        within = Request.from_primitives(method, url, headers, body)
    assert type(within) is type(without)
    assert told(within.environ) == told(without.environ)
    assert list(within.headers) == list(without.headers)
    assert all_of(within) == all_of(without)


@since_moto("5.2.4", "makes no requests of its own")
@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(
    ("owner", "step"),
    [
        *((motos, "urlparse"), (responses, "urlparse"), (utils, "urlparse"), (motos.EnvironHeaders, "get")),
        (motos.EnvironHeaders, "__contains__"),
    ]
    if hasattr(motos, "EnvironHeaders")
    else [],
)
def test_whoever_reads_requests_in_another_way_is_asked(owner, step, inside):
    assert is_asked(owner, step, lambda: boto3.client("sqs").list_queues(), inside=inside)


@since_moto("5.2.4", "makes no requests of its own")
def test_what_moto_records_arrives_and_can_be_replayed(tmp_path, monkeypatch, destmock):
    monkeypatch.setattr(recorder, "_location", str(tmp_path / "recording"))
    s3 = boto3.client("s3")
    recorder.start_recording()
    try:
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="a", Body=b"body")
    finally:
        recorder.stop_recording()
    assert s3.get_object(Bucket="bucket", Key="a")["Body"].read() == b"body"
    s3.delete_object(Bucket="bucket", Key="a")
    recorder.replay_recording()
    assert s3.get_object(Bucket="bucket", Key="a")["Body"].read() == b"body"


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


def paths_of(service):
    routing = pytest.importorskip("moto.core.routing", reason="moto has it since 5.2.5")
    return routing.RestRouter(get_service_model(service))._map


@pytest.mark.parametrize("service", ["lambda", "s3"])
def test_the_url_of_a_path_is_as_without_the_mock_when_somebody_asks(service):
    plain = [*paths_of(service).iter_rules()]
    with mock_destinations():
        within = [*paths_of(service).iter_rules()]
    for rule, known in zip(within, plain, strict=True):
        values = dict.fromkeys(known.arguments, "a b/c")
        for more in (values, {**values, "more": "1&2"}):
            for append_unknown in (True, False):
                assert rule.build(more, append_unknown) == known.build(more, append_unknown)


def test_a_path_is_found_without_a_way_to_build_its_url(monkeypatch):
    with mock_destinations():
        monkeypatch.setattr(Rule, "_get_func_code", lambda *_: pytest.fail("moto builds none"))
        found = paths_of("lambda").bind("host").match("/2015-03-31/functions/f", "GET", return_rule=True)
    assert found[1] == {"FunctionName": "f"}
