"""Whether a call is tried again is what botocore finds, also where nothing is looked at."""

import io

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ConnectTimeoutError
from botocore.retries import special, standard

from destmock import mock_destinations

STANDARD = Config(retries={"mode": "standard", "max_attempts": 3})
STATUSES = (200, 201, 301, 400, 404, 429, 500, 503)
PARSED = (
    {},
    {"Error": {}},
    {"Error": {"Code": "Throttling"}},
    {"Error": {"Code": "RequestTimeout"}},
    {"Error": {"Code": "IDPCommunicationError"}},
    {"Error": {"Code": "ProvisionedThroughputExceededException"}},
    {"Error": {"Code": "Own"}},
)


def client(service):
    keys = {"aws_access_key_id": "AKIA", "aws_secret_access_key": "secret"}
    return boto3.Session(region_name="us-east-1", **keys).client(service, config=STANDARD)


def answer(status, headers=()):
    return AWSResponse("https://aws", status, dict(headers), io.BytesIO(b""))


def contexts():
    """Whatever may come back: no answer, one with or without an error, a wrong checksum."""
    for service, operation in (("sqs", "SendMessage"), ("dynamodb", "PutItem"), ("sts", "GetCallerIdentity")):
        model = client(service).meta.service_model.operation_model(operation)
        for attempt in (1, 3):
            for error in (None, ConnectTimeoutError(endpoint_url="https://aws"), ValueError()):
                yield {"attempt_number": attempt, "operation_model": model, "caught_exception": error}
            for status in STATUSES:
                for parsed in PARSED:
                    for headers in ({}, {"x-amz-crc32": "7"}):
                        made = answer(status, headers)
                        made._content = b"{}"
                        yield {
                            "attempt_number": attempt,
                            "operation_model": model,
                            "http_response": made,
                            "parsed_response": parsed,
                        }


def decided():
    conditions = standard.StandardRetryConditions(max_attempts=3)
    return [conditions.is_retryable(standard.RetryContext(**each)) for each in contexts()]


def test_a_call_is_tried_again_when_botocore_would_try_it_again():
    plain = decided()
    with mock_destinations():
        assert decided() == plain
    assert {True, False} == {*plain}


def test_only_an_answer_with_an_error_is_looked_at():
    def looks(parsed):
        seen = []
        model = client("sqs").meta.service_model.operation_model("SendMessage")
        context = standard.RetryContext(1, model, parsed, answer(200))
        context.get_error_code = lambda: seen.append(1)
        assert not standard.StandardRetryConditions().is_retryable(context)
        return len(seen)

    with mock_destinations():
        assert looks({}) == 0 < looks({"Error": {}})


@pytest.mark.parametrize("kind", [standard.ThrottledRetryableChecker, special.RetryIDPCommunicationError])
def test_a_check_that_a_test_puts_in_the_place_of_one_is_asked(monkeypatch, kind):
    asked = []
    with mock_destinations():
        monkeypatch.setattr(kind, "is_retryable", lambda *_: bool(asked.append(1)))
        client("sqs").create_queue(QueueName="orders")
    assert asked == [1]


def test_a_check_that_a_test_adds_is_asked(monkeypatch):
    asked = []
    added = type("Added", (), {"is_retryable": lambda *_: bool(asked.append(1))})
    own = standard.StandardRetryConditions.__init__

    def init(conditions, *given, **named):
        own(conditions, *given, **named)
        conditions._additional_checkers._checkers.append(added())

    monkeypatch.setattr(standard.StandardRetryConditions, "__init__", init)
    with mock_destinations():
        client("sqs").create_queue(QueueName="orders")
    assert asked == [1]


@pytest.mark.parametrize(
    ("owner", "name", "value"),
    [
        (standard.TransientRetryableChecker, "_TRANSIENT_STATUS_CODES", [200]),
        (standard.RetryContext, "get_error_code", lambda _: "RequestTimeout"),
    ],
)
def test_what_a_test_has_botocore_take_for_a_failure_is_tried_again(monkeypatch, owner, name, value):
    monkeypatch.setattr(owner, name, value)
    with mock_destinations():
        answered = client("sqs").create_queue(QueueName="orders")
    assert answered["ResponseMetadata"]["RetryAttempts"] == 3
