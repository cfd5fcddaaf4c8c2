"""An interrupt, such as Ctrl-C or the signal of pytest-timeout, loses no event, whenever it comes."""

import gc
import json
import os
import sys
from itertools import count

import boto3
import pytest

from destmock import mock_destinations

#: What Python calls by itself: whatever is raised there is lost.
IGNORED = {"_remove", "__del__"}
KINDS = ["sqs", "sns", "lambda", "events", "s3"]


class Interrupt(BaseException):
    """Raised where nobody expects it."""


class Interrupter:
    """Raises an interrupt once, at a call that comes so many calls after a handler's end."""

    def __init__(self):
        self.left = None
        self.raised = False

    def __call__(self, frame, event, _argument):
        if event != "call" or self.left is None or is_ignored(frame):
            return
        self.left -= 1
        if self.left < 0:
            self.left, self.raised = None, True
            sys.setprofile(None)
            raise Interrupt


def is_ignored(frame):
    """Whether a call is one that Python makes by itself, or comes from one."""
    while frame is not None and frame.f_code.co_name not in IGNORED:
        frame = frame.f_back
    return frame is not None


def target(kind):
    """A place for records."""
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="arrived")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    if kind == "sns":
        sns = boto3.client("sns")
        arn = sns.create_topic(Name="arrived")["TopicArn"]
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)
        return arn
    if kind == "events":
        events = boto3.client("events")
        arn = events.create_event_bus(Name="arrived")["EventBusArn"]
        events.put_rule(Name="all", EventBusName="arrived", EventPattern=json.dumps({"source": ["lambda"]}))
        events.put_targets(Rule="all", EventBusName="arrived", Targets=[{"Id": "1", "Arn": queue}])
        return arn
    if kind == "s3":
        boto3.client("s3").create_bucket(Bucket="arrived")
        return "arn:aws:s3:::arrived"
    return "arn:aws:lambda:us-east-1:123456789012:function:arrived" if kind == "lambda" else queue


def interrupted_at(number, destmock, lam, *, fails):
    """Send an event, and interrupt it at a call; returns whether there was such a call."""
    interrupter = Interrupter()

    def orders(event, context):
        interrupter.left = number
        if fails:
            raise ValueError
        return "done"

    destmock.handler("orders", orders)
    sent = lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b"{}")
    sys.setprofile(interrupter)
    try:
        destmock.run_until_idle()
    except Interrupt:
        pass
    finally:
        interrupter.left = None
        sys.setprofile(None)
    if interrupter.raised:
        assert_nothing_is_lost(destmock, sent["ResponseMetadata"]["RequestId"], fails=fails)
    return interrupter.raised


def assert_nothing_is_lost(destmock, request_id, *, fails):
    """The event waits in the queue, or its delivery is entered; afterwards the mock works as ever."""
    invocation = destmock.invocations[-1 if destmock.invocations[-1].request_id == request_id else -2]
    deliveries = [sent for sent in destmock.deliveries if sent.invocation.request_id == request_id]
    if not deliveries:
        assert invocation.condition is None
        assert [waiting.request_id for waiting in destmock.pending] == [request_id]
    elif deliveries[0].error is not None:
        assert deliveries[0].error == "interrupted by Interrupt"
    destmock.run_until_idle()
    [invocation] = [one for one in destmock.invocations if one.request_id == request_id]
    assert invocation.condition == ("RetriesExhausted" if fails else "Success")
    *failed, _ = invocation.attempts  # before the handler's return has come out, the interrupt is its own
    assert all(isinstance(attempt.exception, Interrupt) for attempt in failed)
    deliveries = [sent for sent in destmock.deliveries if sent.invocation.request_id == request_id]
    assert len(deliveries) == 1
    assert destmock.pending == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_interrupt_at_any_call_after_the_handler_loses_no_event(kind, monkeypatch):
    """Records of a success, and to S3, which takes none of those, of a failure."""
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)  # of what was half made
    before = dict(os.environ)
    fails = kind == "s3"
    arrived = {"arrived": lambda event, context: None}
    with mock_destinations(handlers=arrived, autorun=False, strict=False, history=10) as destmock:
        lam = boto3.client("lambda")
        destmock.handler("orders", arrived["arrived"])
        lam.put_function_event_invoke_config(
            FunctionName="orders",
            MaximumRetryAttempts=0 if fails else 2,
            DestinationConfig={"OnFailure" if fails else "OnSuccess": {"Destination": target(kind)}},
        )
        calls = next(number for number in count() if not interrupted_at(number, destmock, lam, fails=fails))
        assert calls > 50
    gc.collect()  # an object of moto's whose making was interrupted complains, maybe in a later test
    assert os.environ == before
