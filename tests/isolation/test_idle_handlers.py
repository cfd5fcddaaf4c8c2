"""botocore's own handlers that are not called where they have nothing to do, and called where they have."""

import os
import types

import boto3
import botocore.session
import pytest
from botocore import handlers
from botocore.client import Config

from destmock import mock_destinations
from destmock._isolation.idle_handlers import IDLE

SERVICES = ["lambda", "sqs", "s3", "dynamodb", "timestream-query", "ec2", "events", "ecs"]
EVENTS = {"emit": "before-parameter-build", "emit_until_response": "before-call"}


def emitted():
    """What all operations' handlers of the two events answer, and make of a call's parameters."""
    for service in SERVICES:
        session = botocore.session.Session()
        model = session.get_service_model(service)
        events = session.get_component("event_emitter")
        for name in model.operation_names:
            operation = model.operation_model(name)
            for emit, event in EVENTS.items():
                params = {"headers": {}, "url": "http://localhost/", "ClientToken": "a", "clientToken": "b"}
                for _ in range(2):
                    answered = getattr(events, emit)(
                        f"{event}.other.{name}",
                        params=params,
                        model=operation,
                        context={"client_config": Config(response_checksum_validation="when_supported")},
                        request_signer=None,
                    )
                made = {key: len(str(value)) for key, value in params.items()}
                yield service, name, made, answered if emit == "emit" else None


def test_they_make_of_each_operation_what_they_make_without_the_mock():
    without = [*emitted()]
    with mock_destinations():
        within = [*emitted()]
    assert within == without
    assert any(each[2].get("ChecksumMode") for each in within)
    assert any(each[2]["headers"] > 2 for each in within)


def trace_of(headers):
    """The trace, which older versions of moto decode."""
    trace = headers.get("X-Amzn-Trace-Id")
    return trace.decode() if isinstance(trace, bytes) else trace


@pytest.mark.parametrize("environ", [None, dict], ids=["variables", "dictionary"])
@pytest.mark.parametrize("trace", ["", "Root=1-2-3;Sampled=1"])
def test_in_lambda_a_call_passes_its_trace_on(destmock, monkeypatch, environ, trace):
    sqs, sent = boto3.client("sqs"), []
    sqs.meta.events.register("before-send.sqs", lambda request, **_: sent.append(request.headers))
    sqs.list_queues()
    with monkeypatch.context() as changed:  # which ends before the mock does
        if environ:
            changed.setattr(os, "environ", environ(os.environ))
        changed.setitem(os.environ, "_X_AMZN_TRACE_ID", trace)
        sqs.list_queues()
        changed.setitem(os.environ, "AWS_LAMBDA_FUNCTION_NAME", "f")
        sqs.list_queues()
    assert [trace_of(headers) for headers in sent] == [None, None, trace or None]


def test_variables_of_botocore_s_module_alone_are_read(destmock, monkeypatch):
    variables = {"AWS_LAMBDA_FUNCTION_NAME": "f", "_X_AMZN_TRACE_ID": "Root=1"}
    sqs, sent = boto3.client("sqs"), []
    sqs.meta.events.register("before-send.sqs", lambda request, **_: sent.append(request.headers))
    sqs.list_queues()
    monkeypatch.setattr(handlers, "os", types.SimpleNamespace(environ=variables))
    sqs.list_queues()
    assert trace_of(sent[1]) == "Root=1"


@pytest.mark.parametrize("emit", [*EVENTS])
def test_one_that_lacks_an_argument_is_called_and_refuses(destmock, emit):
    events = botocore.session.Session().get_component("event_emitter")
    for given in ({"params": {}}, {"params": {}, "model": None}):
        errors = []
        for _ in range(2):
            with pytest.raises((TypeError, AttributeError)) as error:
                getattr(events, emit)(f"{EVENTS[emit]}.other.Operation", **given)
            errors.append(str(error.value))
        assert errors[0] == errors[1]


def test_this_version_of_botocore_has_all_of_them():
    assert all(handler in vars(handlers).values() for pair in IDLE.values() for handler, _ in pair)
