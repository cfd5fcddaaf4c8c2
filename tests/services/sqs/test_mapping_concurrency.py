"""How many batches of one queue run at once."""

import json
import time

import boto3
import pytest

from tests.services.places import START

pytestmark = pytest.mark.destmock(start=START, autorun=False)


@pytest.fixture
def jobs(sqs, make_queue):
    """A queue with four messages, whose function takes five seconds and tells when it began."""
    make_queue("begun")
    arn = make_queue("jobs")
    entries = [{"Id": str(n), "MessageBody": str(n)} for n in range(4)]
    sqs.send_message_batch(QueueUrl=url_of(sqs, "jobs"), Entries=entries)
    return arn


@pytest.fixture(autouse=True)
def handler(destmock):
    def work(event, context):
        sqs = boto3.client("sqs")
        begun = round(time.time() - START.timestamp())
        sqs.send_message(QueueUrl=url_of(sqs, "begun"), MessageBody=json.dumps(begun))
        time.sleep(5)

    destmock.handler("work", work, timeout=10)


def url_of(sqs, name):
    return sqs.get_queue_url(QueueName=name)["QueueUrl"]


def begun(sqs):
    found = sqs.receive_message(QueueUrl=url_of(sqs, "begun"), MaxNumberOfMessages=10)["Messages"]
    return [int(message["Body"]) for message in found]


def test_batches_run_at_once(destmock, sqs, connect, jobs):
    connect(jobs, BatchSize=1)
    destmock.run_until_idle()
    assert begun(sqs) == [0, 0, 0, 0]


def test_a_mapping_runs_no_more_batches_at_once_than_it_may(destmock, sqs, connect, jobs):
    connect(jobs, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
    destmock.run_until_idle()
    assert begun(sqs) == [0, 0, 5, 5]


def test_more_may_run_after_an_update(destmock, sqs, lam, connect, jobs):
    uuid = connect(jobs, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
    destmock.advance(1)
    lam.update_event_source_mapping(UUID=uuid, ScalingConfig={"MaximumConcurrency": 3})
    destmock.run_until_idle()
    assert begun(sqs) == [0, 0, 1, 5]


def test_a_message_that_has_to_wait_is_not_received(destmock, sqs, connect, jobs):
    connect(jobs, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
    destmock.advance(1)
    url = url_of(sqs, "jobs")
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])["Messages"]
    counts = [message["Attributes"]["ApproximateReceiveCount"] for message in found]
    assert counts == ["1", "1"]
    destmock.run_until_idle()
