"""The headers of what is sent and answered are kept, and read, as without the mock."""

from email.message import Message

import boto3
import pytest
from botocore import awsrequest, parsers
from botocore.awsrequest import HeadersDict
from botocore.compat import HTTPHeaders
from botocore.endpoint import Endpoint
from hypothesis import given
from hypothesis import strategies as st

from destmock import mock_destinations
from tests.isolation.replaced import is_asked
from tests.programs import printed

SPELT = st.sampled_from(
    [
        *("Host", "host", "HOST", "X-Amz-Date", "x-amz-date", "User-Agent", "É"),
        *(
            "Content-Type",
            "content-type",
            "X-Amz-Target",
            "x-b",
            "x-b ",
            " Expect",
            "Expect",
            "Date",
            "A",
            "1",
        ),
    ]
)
TEXTS = st.one_of(
    st.text(max_size=3),
    st.binary(max_size=3),
    st.sampled_from(["text", "  two   blanks ", "", "é", "1", "a\tb", b"bytes"]),
)
PAIRS = st.lists(st.tuples(SPELT, TEXTS), max_size=8)


def sent(pairs):
    headers = HTTPHeaders()
    for name, value in pairs:
        headers[name] = value
    return headers


@given(PAIRS)
def test_headers_read_the_same(pairs):
    def read():
        made = sent(pairs)
        of_sent = HeadersDict(made.items())
        return made.items(), [*of_sent.items()], [*HeadersDict(dict(pairs), x="y").items()]

    without = repr(read())
    with mock_destinations():
        assert repr(read()) == without


@given(PAIRS)
def test_headers_are_kept_in_the_same_way(pairs):
    def kept():
        headers = HeadersDict([*pairs])
        headers["x-amz-date"] = "now"
        return [*sent(pairs).raw_items()], [*headers.items()], len(headers), headers.get("HOST")

    without = kept()
    with mock_destinations():
        assert kept() == without


@given(PAIRS)
def test_the_headers_of_an_answer_read_the_same(pairs):
    def read():
        headers = HeadersDict(dict(pairs))
        found = [name in headers for name in ("HOST", "x-amz-date", "user-agent", "é", "other")]
        return (
            found,
            parsers.lowercase_dict(headers),
            parsers.lowercase_dict(dict(pairs)),
            headers.copy().items(),
        )

    without = repr(read())
    with mock_destinations():
        assert repr(read()) == without


@given(PAIRS)
def test_headers_become_bytes_in_the_same_way(pairs):
    def encoded():
        headers = sent(pairs)
        try:
            Endpoint._encode_headers(None, headers)
        except UnicodeEncodeError as error:  # half of a character
            return repr(error)
        return [*headers.raw_items()]

    without = encoded()
    with mock_destinations():
        assert encoded() == without


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(
    ("owner", "step"),
    [
        *((owner, "__setitem__") for owner in (HTTPHeaders, Message, HeadersDict)),
        *((HeadersDict, step) for step in ("__init__", "__contains__", "__iter__")),
        *((awsrequest._HeaderKey, "__init__"), (Endpoint, "_encode_headers")),
        (parsers, "lowercase_dict"),
    ],
)
def test_whoever_keeps_headers_in_another_way_is_asked(owner, step, inside):
    assert is_asked(owner, step, lambda: boto3.client("sqs").list_queues(), inside=inside)


def test_whoever_looks_headers_up_in_another_way_is_asked():
    """Python 3.13 asks an earlier `__getitem__` once a class has been changed a thousand times."""
    program = """
        import boto3
        from botocore.awsrequest import HeadersDict
        from tests.isolation.replaced import is_asked

        for inside in (False, True):
            call = lambda: boto3.client("sqs").list_queues()
            print(is_asked(HeadersDict, "__getitem__", call, inside=inside))
    """
    assert printed(program).split() == ["True", "True"]
