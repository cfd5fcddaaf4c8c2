"""What the state machine of `test_state_machine.py` acts on, and what has to be true after each step."""

import contextlib
import json
import sys
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import boto3
from botocore.exceptions import ClientError
from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from destmock import mock_destinations
from tests.promises import model_events as model
from tests.promises.model import World
from tests.promises.model_events import (
    LEAF,
    Notification,
    Original,
    Record,
    Script,
    Step,
    Upload,
    arn,
)

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
MS = int(START.timestamp() * 1000)
FUNCTIONS = ("front", "back", LEAF)
QUEUES = ("q-one", "q-two")
TOPIC, RECORDS, UPLOADS, JOBS, WORKER = "t-news", "b-records", "b-uploads", "q-jobs", "worker"
FULL = 10
YEAR = 365 * 24 * 60 * 60
METRICS = (
    "AsyncEventsReceived",
    "AsyncEventsDropped",
    "Invocations",
    "Errors",
    "Throttles",
    "DeadLetterErrors",
    "DestinationDeliveryFailures",
)

names = st.sampled_from(FUNCTIONS)
invoked = st.sampled_from(["front", "front", "front", "back", "back", LEAF])
qualifiers = st.sampled_from([None, None, "live", "live", "live", "$LATEST", "1", "2", "beta"])
versions = st.sampled_from(["$LATEST", "1", "2", "3"])
aliases = st.sampled_from(["live", "beta"])
payloads = st.sampled_from([b"{}", b' {"id": 7}\n', '{"snow": "雪🙂"}'.encode(), b"[1,  2]", b"null", b'"x"'])
steps = st.builds(
    Step,
    kind=st.just("return"),
    value=st.sampled_from([{"ok": 1}, None, [], "雪", b"", b"\x00no json\xff", b' {"raw": 1} ']),
    calls=st.booleans(),
) | st.builds(
    Step,
    kind=st.sampled_from(["raise", "raise", "raise", "exit"]),
    value=st.sampled_from(["no stock", "雪", "é" * 1100, ""]),
    calls=st.booleans(),
)
scripts = st.builds(
    Script,
    steps=st.lists(steps, min_size=1, max_size=4).map(tuple),
    duration=st.sampled_from([0, 0, 0, 1500, 15_000, 70_000]),
)
targets = {
    "front": st.sampled_from([*QUEUES, TOPIC, RECORDS, "back", "back:live", LEAF, "front", "q-none"]),
    "back": st.sampled_from([*QUEUES, TOPIC, RECORDS, "front", "front:live", LEAF, "nobody"]),
    LEAF: st.sampled_from([*QUEUES, RECORDS]),
}
#: Nor do failures go in circles: what recursion detection has refused would be passed on for ever.
failures = st.sampled_from([*QUEUES, TOPIC, RECORDS, LEAF, "nobody"])
scopes = st.sampled_from([*FUNCTIONS, "front:live", "back:$LATEST", f"{LEAF}:$LATEST"])
times = st.sampled_from([1, 1, 2, 7, None])
numbers = {
    "retries": st.sampled_from([0, 1, 2]),
    "age": st.sampled_from([60, 61, 90, 180, 181, 600, 21_600]),
}


class Handler:
    """What a script says, as Python code."""

    def __init__(self, lam, script):
        self.lam = lam
        self.script = Script(script.steps)

    def __call__(self, _event, _context):
        step = self.script.next()
        if step.calls:
            with contextlib.suppress(self.lam.exceptions.ResourceNotFoundException):
                self.lam.invoke(FunctionName=LEAF, InvocationType="Event", Payload=model.CALLED)
        if step.kind == "exit":
            sys.exit(1)
        if step.kind == "raise":
            raise ValueError(step.value)
        return step.value


class Comparison(RuleBasedStateMachine):
    """destmock beside the model: what is there at first, one call to both, and what has to be true."""

    autorun = False

    def __init__(self):
        super().__init__()
        self.mock = mock_destinations(autorun=self.autorun, strict=False, start=START)
        self.destmock = self.mock.start()
        self.world = World(MS, self.autorun)
        self.lam, self.sqs, self.sns, self.s3 = map(boto3.client, ("lambda", "sqs", "sns", "s3"))
        self.role = None
        #: The model's events -> their request ids, and these -> what destmock says of them.
        self.invocations, self.facts = {}, {}
        self.seen_deliveries = 0
        #: What a handler of the worker has got, message by message.
        self.worked = Counter()
        self.jobs, self.mapping, self.urls = [], None, {}
        self.agreed = True
        self._furnish()

    def _furnish(self):
        for queue in QUEUES:
            self.make_queue(queue)
        self._make_topic()
        for bucket in (RECORDS, UPLOADS):
            self.s3.create_bucket(Bucket=bucket)
            self.world.buckets[bucket] = []
        for name in FUNCTIONS:
            first = Step("raise", "no stock") if name == "front" else Step("return", {"ok": 1})
            self._register(name, Script((first,)))
            number = self.lam.publish_version(FunctionName=name)["Version"]
            self.world.published(name, number)
            self.lam.create_alias(FunctionName=name, Name="live", FunctionVersion="$LATEST")
            assert self.world.create_alias(name, "live", "$LATEST") is None
        self._configure("front", None, {"retries": 1, "on_success": "back", "on_failure": "q-one"})
        self._configure("front", "live", {"age": 60, "on_failure": "back"})
        self._configure("back", None, {"on_success": "front", "on_failure": TOPIC})
        self._configure(LEAF, None, {"on_failure": RECORDS})
        self._set_dead_letter("front", "q-two")
        self.s3.put_bucket_notification_configuration(
            Bucket=UPLOADS,
            NotificationConfiguration={
                "LambdaFunctionConfigurations": [
                    {"LambdaFunctionArn": arn(LEAF), "Events": ["s3:ObjectCreated:*"]}
                ]
            },
        )

    def _connect_worker(self):
        """A mapping reads the queue of jobs for a function of its own; what fails twice is a dead letter."""
        self.destmock.handler(WORKER, self._work, timeout=model.TIMEOUT)
        self.make_queue("q-dead")
        redrive = json.dumps({"deadLetterTargetArn": arn("q-dead"), "maxReceiveCount": 2})
        self.make_queue(JOBS, RedrivePolicy=redrive)
        mapping = {"EventSourceArn": arn(JOBS), "FunctionName": WORKER, "BatchSize": 1}
        self.mapping = self.lam.create_event_source_mapping(**mapping)["UUID"]

    def _work(self, received, _context):
        for message in received["Records"]:
            self.worked[message["body"]] += 1
        if any(message["body"].startswith("bad") for message in received["Records"]):
            raise ValueError("bad job")

    def make_queue(self, name, **attributes):
        self.urls[name] = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        self.world.queues[name] = []

    def _make_topic(self):
        topic = self.sns.create_topic(Name=TOPIC)["TopicArn"]
        raw = {"RawMessageDelivery": "true"}
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn("q-two"), Attributes=raw)
        self.sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn(LEAF))
        self.world.topics[TOPIC] = ["q-two", LEAF]

    def _register(self, name, script):
        if name == LEAF:  # which would call itself, more often each time
            script = Script(tuple(replace(step, calls=False) for step in script.steps), script.duration)
        handler, duration = Handler(self.lam, script), script.duration / 1000
        self.destmock.handler(name, handler, timeout=model.TIMEOUT, duration=duration)
        self.world.register(name, Script(script.steps, script.duration))

    def call(self, expected, operation, **parameters):
        """A boto3 call, whose error has to be the one that the model expects."""
        self.agreed = False
        code = answer = None
        try:
            answer = operation(**{name: value for name, value in parameters.items() if value is not None})
        except ClientError as error:
            code = error.response["Error"]["Code"]
        assert code == expected
        if self.autorun:
            self.world.run_until_idle()
        if code is not None:
            event(f"error {code}")
        return answer

    # What a test does: functions

    @invariant()
    def destmock_and_the_model_agree(self):
        self.match()
        if self.autorun:  # a job that has failed is read again, and time goes on until it has been
            self.world.now = max(self.world.now, to_ms(self.destmock.now))
        assert to_ms(self.destmock.now) == self.world.now
        self.check_pending()
        self.check_promise_1()
        self.check_deliveries()
        self.agreed = True

    def match(self):
        """The accepted events are those of the model, in the same order."""
        found = self.destmock.invocations
        self.facts = {key_of(invocation): invocation for invocation in found}
        assert len(found) == len(self.facts) == len(self.world.events)
        for accepted, invocation in zip(self.world.events, found, strict=True):
            assert self.invocations.setdefault(accepted, invocation.request_id) == invocation.request_id
            assert invocation.duplicate == accepted.duplicate
            assert invocation.function_arn == accepted.function_arn
            assert invocation.source == accepted.source
            assert to_ms(invocation.accepted_at) == accepted.at
            mine = [
                (attempt.number, round(attempt.elapsed * 1000), attempt.outcome)
                for attempt in invocation.attempts
            ]
            theirs = [
                (number, elapsed, answer.outcome)
                for number, (elapsed, answer) in enumerate(accepted.attempts, 1)
            ]
            assert mine == theirs, (accepted.name, mine, theirs)
            assert invocation.condition == accepted.condition

    def check_pending(self):
        found = [
            (*key_of(pending), pending.attempt, to_ms(pending.due_at), pending.running)
            for pending in self.destmock.pending
            if pending.request_id != self.mapping
        ]
        expected = [
            (
                self.invocations[waiting],
                waiting.duplicate,
                waiting.tries + (answer is None),
                at,
                answer is not None,
            )
            for at, _, _, waiting, answer in sorted(self.world.jobs, key=lambda job: job[:3])
        ]
        assert found == expected

    def check_promise_1(self):
        """Every accepted event is pending, or has been sent to each of its routes once, or was dropped."""
        pending = Counter(key_of(job) for job in self.destmock.pending if job.request_id != self.mapping)
        dropped = Counter(key_of(drop.invocation) for drop in of_events(self.destmock.drops))
        sent = Counter(
            (key_of(sent.invocation), sent.dead_letter) for sent in of_events(self.destmock.deliveries)
        )
        assert all(times == 1 for times in (*pending.values(), *dropped.values(), *sent.values()))
        for accepted, invocation in zip(self.world.events, self.destmock.invocations, strict=True):
            one, routes = key_of(invocation), [delivery.dead_letter for delivery in accepted.routes]
            assert (one in pending) == (invocation.condition is None)
            assert (one in dropped) == accepted.dropped
            assert [dead for dead in (False, True) if sent[one, dead]] == routes

    def check_deliveries(self):
        found = of_events(self.destmock.deliveries)
        assert len(found) == len(self.world.deliveries)
        for delivery, expected in list(zip(found, self.world.deliveries, strict=True))[
            self.seen_deliveries :
        ]:
            assert key_of(delivery.invocation) == (self.invocations[expected.event], expected.event.duplicate)
            assert delivery.injected == expected.injected
            assert delivery.destination == arn(expected.target)
            assert delivery.dead_letter == expected.dead_letter
            assert (delivery.error is None) == expected.arrived
            assert to_ms(delivery.at) == expected.at
            assert delivery.body == self.bytes_of(expected.body)
        self.seen_deliveries = len(found)

    # The end

    def teardown(self):
        try:
            if self.agreed:
                if not self.autorun:
                    self.run_until_idle()
                self.destmock_and_the_model_agree()
                self.check_everything()
        finally:
            self.mock.stop()

    def check_everything(self):
        assert not self.world.jobs
        for accepted, invocation in zip(self.world.events, self.destmock.invocations, strict=True):
            self.check_payloads(accepted, invocation)
            assert invocation.record_body == self.bytes_of(Record(accepted))
            event(f"condition {accepted.condition}")
        for name in QUEUES:
            if name in self.world.queues:
                self.check_queue(name)
        self.check_bucket()
        self.check_metrics()
        if self.jobs:
            self.check_jobs()

    def check_payloads(self, accepted, invocation):
        payload = accepted.payload
        if isinstance(payload, Notification):
            [notified] = invocation.event["Records"]
            assert notified["Sns"]["TopicArn"] == arn(payload.topic)
            assert notified["Sns"]["Message"].encode() == self.bytes_of(payload.message)
        elif isinstance(payload, Upload):
            [uploaded] = invocation.event["Records"]
            assert uploaded["s3"]["object"]["key"] == payload.key
        else:
            assert invocation.payload == self.bytes_of(payload)
        for (_, answer), attempt in zip(accepted.attempts, invocation.attempts, strict=True):
            check_payload(attempt.payload, answer.payload(invocation.request_id))

    def bytes_of(self, body):
        """What the model has as what it is made of."""
        if isinstance(body, bytes):
            return body
        invocation = self.facts[self.invocations[body.event], body.event.duplicate]
        if isinstance(body, Original):
            return invocation.payload
        answer = body.event.answer
        response = b"" if answer is None or answer.step is None else invocation.attempts[-1].payload
        return model.record(body.event, invocation.request_id, invocation.payload, response)

    def check_queue(self, name):
        """What boto3 receives from a queue is what the model has sent there, attributes included."""
        expected = sorted(
            (
                self.bytes_of(message.body),
                sorted(model.attributes(message.event, self.invocations[message.event]).items())
                if message.event
                else [],
            )
            for message in self.world.queues[name]
        )
        assert sorted(self.receive(name)) == expected
        self.world.queues[name] = []

    def receive(self, name):
        url, found = self.urls[name], []
        batch = [None] * FULL
        while len(batch) == FULL:
            batch = self.sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=FULL, MessageAttributeNames=["All"]
            ).get("Messages", [])
            for message in batch:
                given = message.get("MessageAttributes", {}).items()
                carried = sorted((key, (one["DataType"], one["StringValue"])) for key, one in given)
                found.append((message["Body"].encode(), carried))
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def check_bucket(self):
        listed = self.s3.list_objects_v2(Bucket=RECORDS).get("Contents", [])
        found = [self.s3.get_object(Bucket=RECORDS, Key=one["Key"])["Body"].read() for one in listed]
        assert sorted(found) == sorted(map(self.bytes_of, self.world.buckets[RECORDS]))

    def check_metrics(self):
        wanted = [(name, metric) for name in FUNCTIONS for metric in METRICS]
        answer = boto3.client("cloudwatch").get_metric_data(
            MetricDataQueries=[
                {
                    "Id": f"m{number}",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "AWS/Lambda",
                            "MetricName": metric,
                            "Dimensions": [{"Name": "FunctionName", "Value": name}],
                        },
                        "Period": YEAR,
                        "Stat": "Sum",
                    },
                }
                for number, (name, metric) in enumerate(wanted)
            ],
            StartTime=START,
            EndTime=START + timedelta(seconds=YEAR),
        )
        found = {
            key: sum(one["Values"]) for key, one in zip(wanted, answer["MetricDataResults"], strict=True)
        }
        assert found == {key: self.world.counted[key] for key in wanted}

    def check_jobs(self):
        """A good job was done once; a bad one was tried twice, and is in the dead-letter queue."""
        assert self.worked == {body: 1 if body.startswith("good") else 2 for body in self.jobs}
        dead = sorted(body.decode() for body, _ in self.receive("q-dead"))
        assert dead == sorted(body for body in self.jobs if body.startswith("bad"))


def of_events(facts):
    """Those of accepted events: what a topic could not send to a function that has gone is another story."""
    return [fact for fact in facts if fact.invocation.request_id]


def key_of(fact):
    """Of an invocation, or of what is pending: an injected fault delivers an event twice."""
    return fact.request_id, fact.duplicate


def to_ms(moment):
    return round((moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) / timedelta(milliseconds=1))


def check_payload(payload, expected):
    if isinstance(expected, bytes):
        assert payload == expected
        return
    found = json.loads(payload)
    assert list(found) == list(expected)
    assert {**found, "stackTrace": None} == expected
