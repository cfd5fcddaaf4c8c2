"""What botocore finds of a request's checksum in a mock is what it finds without one."""

import copy

import boto3
import botocore.session
import pytest
from botocore import client, httpchecksum
from botocore.client import Config
from botocore.context import get_context, start_as_current_context

from destmock import mock_destinations
from tests.isolation.replaced import is_asked

SERVICES = ["lambda", "sqs", "s3", "s3control", "glacier", "dynamodb", "events", "transcribe", "opensearch"]
HEADERS = [
    {},
    {"Content-Type": "text", "User-Agent": "agent"},
    {"X-Amz-Checksum-CRC32": "AAAA"},
    {"x-amz-checksum-sha256": "A", "X-Amz-Checksum-Type": "t"},
]
CONTEXTS = [{}, {"is_presign_request": True}, {"checksum": {"request_algorithm": {"algorithm": "crc32"}}}]
PARAMS = [{}, {"ChecksumAlgorithm": "SHA1", "ChecksumMode": "ENABLED"}]


def found(service):
    """What is found for each operation, and which features are noted."""
    model = botocore.session.get_session().get_service_model(service)
    for name in model.operation_names:
        for headers in HEADERS:
            for context in CONTEXTS:
                for params in PARAMS:
                    request = {
                        "headers": headers.copy(),
                        "url": "https://localhost/",
                        "context": {"client_config": Config(), **copy.deepcopy(context)},
                    }
                    with start_as_current_context():
                        client.resolve_checksum_context(request, model.operation_model(name), params)
                        features = get_context().features
                    del request["context"]["client_config"]
                    yield name, request, features


@pytest.mark.parametrize("service", SERVICES)
def test_each_operation_has_the_checksum_that_it_has_without_the_mock(service):
    without = [*found(service)]
    with mock_destinations():
        assert [*found(service)] == without


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(
    ("owner", "step"),
    [
        (client, "resolve_checksum_context"),
        (httpchecksum, "resolve_request_checksum_algorithm"),
        (httpchecksum, "resolve_response_checksum_algorithms"),
        (httpchecksum, "has_checksum_header"),
    ],
)
def test_each_step_is_asked_where_a_test_has_put_its_own(owner, step, inside):
    assert is_asked(owner, step, lambda: boto3.client("sqs").list_queues(), inside=inside)


def test_a_checksum_that_a_handler_wants_is_sent(destmock):
    sqs, sent = boto3.client("sqs"), []

    def wants(context, **_):
        name = "x-amz-checksum-crc32"
        context["checksum"] = {"request_algorithm": {"algorithm": "crc32", "in": "header", "name": name}}

    sqs.meta.events.register("before-parameter-build.sqs.ListQueues", wants)
    sqs.meta.events.register("before-send.sqs", lambda request, **_: sent.append(request.headers))
    sqs.list_queues()
    assert sent[0]["x-amz-checksum-crc32"]
