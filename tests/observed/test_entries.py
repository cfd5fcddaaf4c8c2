"""What the ledger enters, and the facts that are made of it when a test looks."""

from destmock import outcomes
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
