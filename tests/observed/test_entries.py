"""What the ledger enters, and the facts that are made of it when a test looks."""

import gc

import pytest

from destmock import outcomes
from destmock._engine.event import Event
from destmock._observed.entries import Delivered, Entry

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:orders:$LATEST"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:done"


def test_a_delivery_tells_of_the_end_that_the_event_had_then():
    """An interrupt takes back the end of an event after its record has gone out."""
    entry = Entry("id", FUNCTION, "Invoke", b"{}", 0, condition="Success", record=b"1")
    entry.delivered.append(Delivered(entry, QUEUE, "sqs", b"1", None, 0))
    entry.reopen()
    [delivery] = entry.deliveries
    assert (delivery.invocation.condition, delivery.invocation.record_body) == ("Success", b"1")
    assert (entry.fact.condition, entry.fact.record_body) == (None, None)


def test_facts_are_the_same_objects_whenever_they_are_asked_for(destmock, lam):
    destmock.handler("orders", outcomes(ValueError("no stock"), 1))
    lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b"{}")
    destmock.run_until_idle()
    first, second = destmock.invocations[0].attempts
    assert destmock.runs[0].attempt is first
    assert destmock.invocations[0].attempts[1] is second


@pytest.mark.parametrize("how", [1, ValueError("no stock")])
def test_an_event_that_is_over_is_gone_without_a_collection(destmock, lam, how):
    """Thousands of events would have the collector look at all of a test's objects again and again."""
    destmock.handler("orders", outcomes(how))
    gc.collect()
    gc.disable()
    try:
        lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b"{}")
        destmock.run_until_idle()
        events = [one.entry.request_id for one in gc.get_objects() if type(one) is Event]
        assert destmock.invocations[0].request_id not in events
    finally:
        gc.enable()
