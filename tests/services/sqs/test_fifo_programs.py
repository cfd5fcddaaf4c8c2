"""Any program of readers and any failures of a function, against a FIFO queue's groups as plain lists."""

import json
import math
from datetime import datetime, timezone

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destmock import mock_destinations
from tests.services.places import ACCOUNT, REGION, REPORTS

START = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"


def put(sqs, url, body, group):
    sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=body)


def bodies_of(messages):
    return [message["Body"] for message in messages]


groups, numbers, seconds = st.sampled_from("gh"), st.integers(0, 5), st.sampled_from([0, 1, 4, 9])
steps = st.one_of(
    st.tuples(st.just("send"), groups),
    st.tuples(st.just("receive"), st.integers(1, 4), seconds),
    st.tuples(st.just("delete"), numbers),
    st.tuples(st.just("hide"), numbers, seconds),
    st.tuples(st.just("wait"), seconds),
)


class Groups:
    """What is left in each group, in order: `[body, until when it is hidden, how often it was received]`."""

    def __init__(self, most):
        self.most, self.now, self.left, self.dead = most, 0, {"g": [], "h": []}, []

    def find(self, body):
        return next((group, one) for group in self.left.values() for one in group if one[0] == body)

    def next_of(self, group):
        """What a reader may get of a group: everything, or nothing while some of it is hidden."""
        return [] if any(hidden > self.now for _, hidden, _ in group) else [*group]

    def receive(self, bodies, count, timeout):
        """Check what was received, and note it."""
        offered = 0
        for group in self.left.values():
            free = self.next_of(group)
            worn = [one for one in free if one[2] >= self.most]
            fresh = [one for one in free if one not in worn]
            of_group = [body for body in bodies if body in [one[0] for one in group]]
            assert of_group == [one[0] for one in fresh][: len(of_group)]
            offered += len(fresh)
            for one in fresh[: len(of_group)]:
                one[1:] = [self.now + timeout, one[2] + 1]
            end = (
                int(bodies[-1]) if len(bodies) == count else math.inf
            )  # as far as the queue was looked through
            gone = [one for one in worn if int(one[0]) < end]
            self.dead += [one[0] for one in gone]
            group[:] = [one for one in group if one not in gone]
        assert len(bodies) == min(count, offered)


@pytest.mark.slow
@settings(max_examples=60)
@given(program=st.lists(steps, min_size=10, max_size=40), most=st.sampled_from([2, 1000]))
def test_any_program_reads_each_group_in_its_order(program, most):
    model, handles = Groups(most), {}
    with mock_destinations(start=START) as destmock:
        sqs = boto3.client("sqs", REGION)
        dead = sqs.create_queue(QueueName="dead.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        policy = json.dumps({"deadLetterTargetArn": ARN + "dead.fifo", "maxReceiveCount": most})
        url = sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true", "RedrivePolicy": policy})[
            "QueueUrl"
        ]
        for number, (name, *given) in enumerate(program):
            if name == "send":
                put(sqs, url, str(number), given[0])
                model.left[given[0]].append([str(number), 0, 0])
            elif name == "wait":
                destmock.advance(given[0])
                model.now += given[0]
            elif name == "receive":
                count, timeout = given
                found = sqs.receive_message(
                    QueueUrl=url, MaxNumberOfMessages=count, VisibilityTimeout=timeout
                )
                messages = found.get("Messages", [])
                handles.update((message["Body"], message["ReceiptHandle"]) for message in messages)
                model.receive(bodies_of(messages), count, timeout)
            else:
                known = [one[0] for group in model.left.values() for one in group if one[2]]
                for body in known[given[0] : given[0] + 1]:
                    group, one = model.find(body)
                    if name == "delete":
                        sqs.delete_message(QueueUrl=url, ReceiptHandle=handles[body])
                        group.remove(one)
                    else:
                        sqs.change_message_visibility(
                            QueueUrl=url, ReceiptHandle=handles[body], VisibilityTimeout=given[1]
                        )
                        one[1] = model.now + given[1]
        held = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["ApproximateNumberOfMessages"])
        assert held["Attributes"]["ApproximateNumberOfMessages"] == str(len(model.dead))


@pytest.mark.slow
@settings(max_examples=40)
@given(
    sent=st.lists(groups, min_size=1, max_size=12),
    failures=st.lists(st.sampled_from(["none", "raise", "first", "last"]), max_size=8),
    size=st.integers(1, 10),
)
def test_whatever_fails_a_mapping_works_through_each_group_in_its_order(sent, failures, size):
    order = {group: [str(n) for n, one in enumerate(sent) if one == group] for group in "gh"}
    worked, failures = {"g": [], "h": []}, iter(failures)

    def work(event, context):
        records, fails = event["Records"], next(failures, "none")
        if fails == "raise":
            raise ValueError
        bad = {"none": len(records), "first": 0, "last": len(records) - 1}[fails]
        for record in records[:bad]:
            worked[record["attributes"]["MessageGroupId"]].append(record["body"])
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in records[bad:]]}

    with mock_destinations(handlers={"work": work}, start=START, strict=False) as destmock:
        sqs = boto3.client("sqs", REGION)
        url = sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        for number, group in enumerate(sent):
            put(sqs, url, str(number), group)
        boto3.client("lambda", REGION).create_event_source_mapping(
            EventSourceArn=ARN + "q.fifo", FunctionName="work", BatchSize=size, **REPORTS
        )
        destmock.advance(3600)
    assert worked == order
