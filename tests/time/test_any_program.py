"""Random programs of sleeps, delays, schedules and retries happen when the model says."""

import json
import time
from datetime import datetime, timezone

import boto3
from hypothesis import given, settings
from hypothesis import strategies as st

from destmock import mock_destinations
from tests.time.model_of_time import Script, World

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
HORIZON = 1800
NAMES = ("a", "b", "c")

sleeps = st.lists(st.integers(1, 100), max_size=3).map(tuple)
scripts = st.builds(Script, sleeps, st.integers(0, 3), st.none() | st.integers(0, 90))


class Program:
    """The same world in destmock; what happens is noted as the model notes it."""

    def __init__(self, world):
        self.world = world
        self.log = []
        self.tries = {}

    def handler(self, name):
        script = self.world.worker if name == "worker" else self.world.scripts[name]

        def handle(event, context):
            attempt = self.tries[context.aws_request_id] = self.tries.get(context.aws_request_id, 0) + 1
            for slept, length in enumerate((0, *script.sleeps)):
                if length:
                    time.sleep(length)
                self.log.append((round(time.time() - START.timestamp()), name, attempt, slept))
            if attempt <= script.failures:
                raise ValueError(attempt)
            if script.delay is not None:
                message = {"QueueUrl": self.url, "MessageBody": name, "DelaySeconds": script.delay}
                boto3.client("sqs").send_message(**message)

        return handle

    def set_up(self, destmock, interval):
        lam, sqs, events = (boto3.client(service) for service in ("lambda", "sqs", "events"))
        for name in (*NAMES, "worker"):
            destmock.handler(name, self.handler(name), timeout=900)
        attributes = {"VisibilityTimeout": "900"}
        self.url = sqs.create_queue(QueueName="jobs", Attributes=attributes)["QueueUrl"]
        arn = "arn:aws:sqs:us-east-1:123456789012:jobs"
        lam.create_event_source_mapping(EventSourceArn=arn, FunctionName="worker", BatchSize=1)
        if interval:
            events.put_rule(Name="often", ScheduleExpression=f"rate({interval // 60} minutes)")
            target = "arn:aws:lambda:us-east-1:123456789012:function:a"
            events.put_targets(Rule="often", Targets=[{"Id": "one", "Arn": target}])
        return lam


@settings(max_examples=30, deadline=None)
@given(
    made=st.lists(scripts, min_size=3, max_size=3),
    worker=st.builds(Script, sleeps),
    invocations=st.lists(st.tuples(st.integers(0, 120), st.sampled_from(NAMES)), max_size=6),
    interval=st.none() | st.sampled_from([120, 300, 600]),
)
def test_everything_happens_when_the_model_says(made, worker, invocations, interval):
    world = World(dict(zip(NAMES, made, strict=True)), worker, HORIZON)
    program = Program(world)
    with mock_destinations(start=START, autorun=False, strict=False) as destmock:
        lam = program.set_up(destmock, interval)
        if interval:
            world.schedule("a", interval)
        passed = 0
        for wait, name in invocations:
            passed += wait
            destmock.advance(wait)
            world.invoke(passed, name)
            payload = json.dumps({"at": passed}).encode()
            lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload)
        destmock.advance(HORIZON - passed)
    assert sorted(program.log) == world.run()
