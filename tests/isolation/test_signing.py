"""A request is signed, and sent, with the same headers and body as without the mock."""

import datetime as dt

import botocore.auth
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from destmock import mock_destinations
from tests.isolation.replaced import is_asked

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.timezone.utc)
needs_now = pytest.mark.skipif(
    not hasattr(botocore.auth, "get_current_datetime"), reason="botocore asks Python for the time"
)
NAMES = st.sampled_from(
    [
        *("Content-Type", "content-type", "X-Amz-Target", "x-b", "A", "Host", "User-Agent", "Expect", "Date"),
        *("1", "x-b ", " Expect"),
    ]
)
VALUES = st.sampled_from(["text", "  two   blanks ", "", "é", "1", "a\tb", b"bytes"])
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=6)
URLS = st.sampled_from(
    [
        "https://sqs.us-east-1.amazonaws.com/",
        "http://localhost:4566/b/k?x=1&a=b",
        "http://[::1]:80/",
        "https://h:443/",
    ]
)
BODIES = st.sampled_from([b"", b"{}", "text é", None, {"Action": "a", "é": "ö"}])


class OwnAuth(SigV4Auth):
    """A user's own way to sign."""

    def _header_value(self, value):
        return value.upper()


def prepared(kind, headers, url, body):
    """All of a signed request that can be seen."""
    request = AWSRequest("POST", url, data=body)
    for name, value in headers:
        request.headers[name] = value
    request.context["timestamp"] = "20260101T000000Z"
    signer = kind(Credentials("id", "key", "token"), "sqs", "us-east-1")
    try:
        canonical = signer.canonical_request(request)
        signer._inject_signature_to_request(request, signer.string_to_sign(request, canonical))
    except (AttributeError, TypeError) as error:  # of bytes among the headers
        return repr(error)
    chosen = signer.headers_to_sign(request)
    sent = request.prepare()
    everything = canonical, request.headers.items(), chosen.items(), sent.headers.items(), sent.body
    return [*map(repr, everything), request.body, type(chosen), type(sent.headers)]


@pytest.fixture(scope="module")
def inside():
    """Prepare a request while a mock is active."""

    def within(*request):
        with mock_destinations():
            return prepared(*request)

    return within


@given(st.sampled_from([SigV4Auth, S3SigV4Auth, SigV4QueryAuth, OwnAuth]), HEADERS, URLS, BODIES)
def test_a_request_is_signed_as_without_the_mock(inside, kind, headers, url, body):
    assert inside(kind, headers, url, body) == prepared(kind, headers, url, body)


def authorized(kind, headers, url, body, params, context):
    """The headers of a request that has been signed."""
    request = AWSRequest("POST", url, data=body, params=params)
    for name, value in headers:
        request.headers[name] = value
    request.context.update(context)
    signer = kind(Credentials("id", "key", "token"), "sqs", "us-east-1")
    try:
        signer.add_auth(request)
    except (AttributeError, TypeError) as error:  # of bytes among the headers
        return repr(error)
    return request.headers.items(), request.context


@pytest.fixture
def at_noon(monkeypatch):
    """Have botocore sign as if it was noon."""
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: NOON)


SIGNED_HEADERS = st.lists(
    st.tuples(NAMES | st.sampled_from(["X-Amz-Content-SHA256", "Authorization", "expect"]), VALUES),
    max_size=6,
)
CONTEXTS = st.sampled_from(
    [
        {},
        {"payload_signing_enabled": False},
        {"checksum": {"request_algorithm": {"in": "trailer"}}},
    ]
)


@needs_now
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([SigV4Auth, S3SigV4Auth, OwnAuth]),
    SIGNED_HEADERS,
    URLS | st.sampled_from(["https://h/a//b/../c d?b=2&a=1", "https://h", "no-host"]),
    BODIES,
    st.sampled_from([None, {}, {"b": "1", "a": "2"}]),
    CONTEXTS,
)
def test_the_signature_is_the_same_as_without_the_mock(at_noon, kind, headers, url, body, params, context):
    without = authorized(kind, headers, url, body, params, context)
    with mock_destinations():
        assert authorized(kind, headers, url, body, params, context) == without


@needs_now
def test_steps_that_a_test_replaces_are_gone_through(at_noon, monkeypatch):
    with mock_destinations():
        monkeypatch.setattr(SigV4Auth, "signed_headers", lambda *_: "none")
        headers, _ = authorized(SigV4Auth, [], "https://h/", b"", None, {})
        assert "SignedHeaders=none," in dict(headers)["Authorization"]


@pytest.mark.parametrize(
    "step",
    [
        *("add_auth", "headers_to_sign", "canonical_query_string", "canonical_headers", "_header_value"),
        *("signed_headers", "canonical_request", "_normalize_url_path", "string_to_sign", "signature"),
        *("payload", "scope", "_modify_request_before_signing", "_inject_signature_to_request"),
    ],
)
@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("of_one", [False, True])
def test_each_step_is_asked_wherever_a_test_has_put_its_own(step, inside, of_one):
    request, signer = AWSRequest("POST", "https://h/", data=b""), SigV4Auth(Credentials("i", "k"), "s", "r")
    assert is_asked(signer if of_one else SigV4Auth, step, lambda: signer.add_auth(request), inside=inside)


@needs_now
def test_the_time_is_asked_for_once_whatever_the_headers_are(monkeypatch):
    moments = iter([NOON])
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: next(moments))
    with mock_destinations():
        headers, _ = authorized(SigV4Auth, [("A", "\xe4")], "https://h/", b"", None, {})
    assert dict(headers)["X-Amz-Date"] == "20260101T120000Z"
