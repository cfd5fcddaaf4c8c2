"""The event of a queue, where it depends on how the queue is read."""

import pytest

from tests.services.places import START

pytestmark = pytest.mark.destmock(start=START)
SOME = {"kind": {"DataType": "String", "StringValue": "x"}}


@pytest.fixture
def got(destmock):
    found = []
    destmock.handler("work", lambda event, context: found.extend(event["Records"]))
    return found


def test_a_batching_window_leaves_a_null_where_there_are_no_attributes(
    destmock, sqs, make_queue, connect, got
):
    connect(make_queue("jobs"), BatchSize=20, MaximumBatchingWindowInSeconds=2)
    url = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="plain")
    sent = sqs.send_message(QueueUrl=url, MessageBody="described", MessageAttributes=SOME)
    destmock.advance(2)
    assert [one["md5OfMessageAttributes"] for one in got] == [None, sent["MD5OfMessageAttributes"]]


def test_without_a_window_there_is_no_digest_of_no_attributes(sqs, make_queue, connect, got):
    connect(make_queue("jobs"))
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="jobs")["QueueUrl"], MessageBody="plain")
    assert "md5OfMessageAttributes" not in got[0]
