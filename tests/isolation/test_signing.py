"""A request is signed, and sent, with the same headers and body as without the mock."""

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest, HeadersDict
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from destmock import mock_destinations

NAMES = st.sampled_from(
    ["Content-Type", "content-type", "X-Amz-Target", "x-b", "A", "Host", "User-Agent", "Expect", "Date", "1"]
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


@given(HEADERS)
def test_headers_read_the_same(headers):
    made = HTTPHeaders()
    for name, value in headers:
        made[name] = value
    without = made.items(), [*HeadersDict(made.items()).items()], [*HeadersDict(dict(headers), x="y").items()]
    with mock_destinations():
        within = (
            made.items(),
            [*HeadersDict(made.items()).items()],
            [*HeadersDict(dict(headers), x="y").items()],
        )
    assert repr(within) == repr(without)
