"""Nothing is lost: whatever a test does, every accepted event ends exactly once, and as AWS has it.

A hypothesis state machine does it through boto3 and tells `tests.model`, an independent account of AWS's
rules. After every step destmock and the model have to agree on each event, each attempt, each delivery and
everything that is queued; at the end on each record's bytes, each queue's messages and each metric.

`DESTMOCK_EXAMPLES=2000 DESTMOCK_STEPS=60 pytest -n0 tests/test_state_machine.py --hypothesis-show-statistics`
looks further, at other examples each time.
"""

import contextlib
import io
import json
import os
import sys
import zipfile
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from destmock import mock_destinations
from tests import model
from tests.model import LEAF, Answer, Notification, Original, Record, Script, Step, Upload, World, arn

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


class Machine(RuleBasedStateMachine):
    """What one test does, and what has to be true after each of its steps."""

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

    @rule(name=names, script=scripts)
    def register(self, name, script):
        self._register(name, script)

    @rule(
        name=names,
        timeout=st.sampled_from([model.TIMEOUT, 60]),
        dead=st.sampled_from([None, "q-one", "q-none"]),
    )
    def create_function(self, name, timeout, dead):
        if self.role is None:
            made = boto3.client("iam").create_role(RoleName="work", AssumeRolePolicyDocument="{}")
            self.role = made["Role"]["Arn"]
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as file:
            file.writestr("app.py", "def handle(event, context): pass")
        self.call(
            self.world.create_function(name, timeout, dead),
            self.lam.create_function,
            FunctionName=name,
            Runtime="python3.13",
            Role=self.role,
            Handler="app.handle",
            Timeout=timeout,
            Code={"ZipFile": code.getvalue()},
            DeadLetterConfig=None if dead is None else {"TargetArn": arn(dead)},
        )

    @rule(name=names)
    def delete_function(self, name):
        self.call(self.world.delete_function(name), self.lam.delete_function, FunctionName=name)

    @rule(name=names, number=st.sampled_from(["1", "2"]))
    def delete_version(self, name, number):
        """But for one that an alias points to: AWS would refuse that."""
        function = self.world.functions.get(name)
        if function is None or number not in function.aliases.values():
            expected = self.world.delete_version(name, number)
            self.call(expected, self.lam.delete_function, FunctionName=name, Qualifier=number)

    @rule(name=names)
    def publish_version(self, name):
        expected = None if name in self.world.functions else "ResourceNotFoundException"
        answer = self.call(expected, self.lam.publish_version, FunctionName=name)
        if answer is not None:
            self.world.published(name, answer["Version"])

    @rule(name=names, alias=aliases, number=versions)
    def create_alias(self, name, alias, number):
        function = self.world.functions.get(name)
        if function is not None and alias in function.aliases:
            return
        self.call(
            self.world.create_alias(name, alias, number),
            self.lam.create_alias,
            FunctionName=name,
            Name=alias,
            FunctionVersion=number,
        )

    @rule(name=names, alias=aliases, number=versions)
    def move_alias(self, name, alias, number):
        function = self.world.functions.get(name)
        if function is not None and alias in function.aliases and self.world.version(name, number):
            function.aliases[alias] = number
            self.call(None, self.lam.update_alias, FunctionName=name, Name=alias, FunctionVersion=number)

    @rule(name=names, alias=aliases)
    def delete_alias(self, name, alias):
        function = self.world.functions.get(name)
        if function is not None and alias in function.aliases:
            del function.aliases[alias]
            self.call(None, self.lam.delete_alias, FunctionName=name, Name=alias)

    @rule(name=names, reserved=st.sampled_from([0, 1, 1, 2]))
    def reserve(self, name, reserved):
        self.call(
            self.world.reserve(name, reserved),
            self.lam.put_function_concurrency,
            FunctionName=name,
            ReservedConcurrentExecutions=reserved,
        )

    @rule(name=names)
    def unreserve(self, name):
        expected = self.world.reserve(name, None)
        self.call(expected, self.lam.delete_function_concurrency, FunctionName=name)

    @rule(name=names, where=st.sampled_from([*QUEUES, TOPIC, "", "q-none"]))
    def set_dead_letter(self, name, where):
        if name == LEAF and where == TOPIC:
            return  # it would tell itself of its own failures
        self._set_dead_letter(name, where)

    def _set_dead_letter(self, name, where):
        self.call(
            self.world.set_dead_letter(name, where),
            self.lam.update_function_configuration,
            FunctionName=name,
            DeadLetterConfig={"TargetArn": arn(where) if where else ""},
        )

    # Configurations

    @rule(data=st.data(), name=names, qualifier=qualifiers, update=st.booleans())
    def put_config(self, data, name, qualifier, update):
        routes = {"on_success": targets[name], "on_failure": failures if name == "back" else targets[name]}
        asked = data.draw(st.fixed_dictionaries({}, optional={**numbers, **routes})) or {"retries": 1}
        self._configure(name, qualifier, asked, update=update)

    def _configure(self, name, qualifier, asked, *, update=False):
        destinations = {
            key: {"Destination": arn(asked[route])}
            for key, route in (("OnSuccess", "on_success"), ("OnFailure", "on_failure"))
            if route in asked
        }
        lam = self.lam
        self.call(
            self.world.put_config(name, qualifier, asked, update=update),
            lam.update_function_event_invoke_config if update else lam.put_function_event_invoke_config,
            FunctionName=name,
            Qualifier=qualifier,
            MaximumRetryAttempts=asked.get("retries"),
            MaximumEventAgeInSeconds=asked.get("age"),
            DestinationConfig=destinations or None,
        )

    @rule(name=names, qualifier=qualifiers)
    def delete_config(self, name, qualifier):
        self.call(
            self.world.delete_config(name, qualifier),
            self.lam.delete_function_event_invoke_config,
            FunctionName=name,
            Qualifier=qualifier,
        )

    # Invoking

    @rule(name=invoked, qualifier=qualifiers, payload=payloads)
    def invoke(self, name, qualifier, payload):
        self._invoke(name, qualifier, payload)

    @rule(name=invoked, qualifier=qualifiers, times=st.integers(1, 3))
    def invoke_more(self, name, qualifier, times):
        """Again and again, until a slot is short."""
        for _ in range(times):
            self._invoke(name, qualifier, b"{}")

    def _invoke(self, name, qualifier, payload):
        accepted = self.world.invoke(name, qualifier, payload, "Invoke")
        answer = self.call(
            None if accepted else "ResourceNotFoundException",
            self.lam.invoke,
            FunctionName=name,
            Qualifier=qualifier,
            InvocationType="Event",
            Payload=payload,
        )
        if accepted:
            assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
            self.invocations[accepted] = answer["ResponseMetadata"]["RequestId"]

    @rule(name=names, payload=payloads)
    def invoke_async(self, name, payload):
        accepted = self.world.invoke(name, None, payload, "InvokeAsync")
        expected = None if accepted else "ResourceNotFoundException"
        self.call(expected, self.lam.invoke_async, FunctionName=name, InvokeArgs=payload)

    @rule(name=names, qualifier=qualifiers)
    def invoke_synchronously(self, name, qualifier):
        came_to = self.world.run_synchronously(name, qualifier)
        answer = self.call(
            None if isinstance(came_to, Answer) else came_to,
            self.lam.invoke,
            FunctionName=name,
            Qualifier=qualifier,
            Payload=b"{}",
        )
        if answer is not None:
            assert answer["ExecutedVersion"] == came_to.version
            assert ("FunctionError" in answer) == (came_to.outcome != "Success")
            request_id = answer["ResponseMetadata"]["RequestId"]
            check_payload(answer["Payload"].read(), came_to.payload(request_id))

    @rule(name=names, qualifier=qualifiers)
    def dry_run(self, name, qualifier):
        expected = None if self.world.version(name, qualifier) else "ResourceNotFoundException"
        self.call(expected, self.lam.invoke, FunctionName=name, Qualifier=qualifier, InvocationType="DryRun")

    @rule(text=st.sampled_from(["news", "雪🙂"]))
    def publish(self, text):
        expected = None if TOPIC in self.world.topics else "NotFound"
        if expected is None:
            self.world.publish(TOPIC, text.encode(), Counter())
        self.call(expected, self.sns.publish, TopicArn=arn(TOPIC), Message=text)

    @rule(key=st.sampled_from(["a.txt", "b.txt"]))
    def upload(self, key):
        self.world.upload(UPLOADS, key)
        self.call(None, self.s3.put_object, Bucket=UPLOADS, Key=key, Body=b"x")

    @rule(kind=st.sampled_from(["good", "bad"]))
    def send_job(self, kind):
        if self.mapping is None:
            self._connect_worker()
        body = f"{kind}-{len(self.jobs)}"
        self.jobs.append(body)
        self.call(None, self.sqs.send_message, QueueUrl=self.urls[JOBS], MessageBody=body)

    # Faults

    @rule(
        kind=st.sampled_from(["throttle", "system_error", "duplicate", "delay"]),
        function=scopes,
        times=times,
        seconds=st.sampled_from([0.5, 30, 60, 300]),
    )
    def hold_up(self, kind, function, times, seconds):
        """An event in its queue; a function is named, for what the worker runs is none of the model's."""
        self.agreed = False
        if kind == "duplicate":  # without end, a circle of functions would double with each round
            times = times or 3
        given = (seconds,) if kind == "delay" else ()
        getattr(self.destmock.faults, kind)(*given, function, times=times)
        delay = round(seconds * 1000) if given else 0
        self.world.faults.append(model.Fault(kind, function, times, delay=delay))
        event(f"fault {kind}")

    @rule(
        function=scopes | st.none(),
        where=st.sampled_from([None, None, *QUEUES, TOPIC, RECORDS, LEAF]),
        dead=st.sampled_from([None, False, True]),
        times=times,
    )
    def fail_delivery(self, function, where, dead, times):
        self.agreed = False
        destination = None if where is None else arn(where)
        self.destmock.faults.fail_delivery(destination, function=function, dead_letter=dead, times=times)
        self.world.faults.append(model.Fault("fail_delivery", function, times, where, dead))
        event("fault fail_delivery")

    @rule()
    def clear_faults(self):
        self.destmock.faults.clear()
        self.world.faults.clear()

    # Where things are sent to

    @rule(name=st.sampled_from(QUEUES))
    def delete_queue(self, name):
        if name in self.world.queues:
            del self.world.queues[name]
            self.call(None, self.sqs.delete_queue, QueueUrl=self.urls[name])

    @rule(name=st.sampled_from(QUEUES))
    def recreate_queue(self, name):
        if name not in self.world.queues:
            self.make_queue(name)

    @rule(name=st.sampled_from(QUEUES))
    def read_queue(self, name):
        """What has arrived so far, which is gone from the queue with that."""
        if name in self.world.queues:
            self.check_queue(name)

    @rule()
    def delete_topic(self):
        if self.world.topics.pop(TOPIC, None):
            self.call(None, self.sns.delete_topic, TopicArn=arn(TOPIC))

    @rule()
    def recreate_topic(self):
        if TOPIC not in self.world.topics:
            self._make_topic()

    # Time

    def _attempts(self):
        return sum(len(invocation.attempts) for invocation in self.destmock.invocations)

    @rule(seconds=st.sampled_from([0, 0.5, 1, 15, 59.999, 60, 61, 120, 181, 3600, 21_600]))
    def advance(self, seconds):
        self.agreed = False
        self.destmock.advance(seconds)
        self.world.advance(round(seconds * 1000))

    @precondition(lambda self: not self.autorun)
    @rule()
    def step(self):
        self.agreed = False
        found = self.destmock.step()
        if found is not None and found.request_id == self.mapping:
            self.world.now = max(self.world.now, to_ms(found.due_at))
            return
        stepped = self.world.step()
        assert (found is None) == (stepped is None)
        if found is not None:
            self.match()
            assert found.request_id == self.invocations[stepped]

    @precondition(lambda self: not self.autorun)
    @rule()
    def run_until_idle(self):
        self.agreed = False
        before = self._attempts()
        self.world.run_until_idle()
        ran = self.destmock.run_until_idle()
        assert self._attempts() - before <= ran  # mappings read, too
        self.world.now = max(self.world.now, to_ms(self.destmock.now))

    # What has to be true

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
            assert [
                (attempt.number, round(attempt.elapsed * 1000), attempt.outcome)
                for attempt in invocation.attempts
            ] == [
                (number, elapsed, answer.outcome)
                for number, (elapsed, answer) in enumerate(accepted.attempts, 1)
            ]
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
        dropped = Counter(key_of(drop.invocation) for drop in self.destmock.drops)
        sent = Counter((key_of(sent.invocation), sent.dead_letter) for sent in self.destmock.deliveries)
        assert all(times == 1 for times in (*pending.values(), *dropped.values(), *sent.values()))
        for accepted, invocation in zip(self.world.events, self.destmock.invocations, strict=True):
            one, routes = key_of(invocation), [delivery.dead_letter for delivery in accepted.routes]
            assert (one in pending) == (invocation.condition is None)
            assert (one in dropped) == accepted.dropped
            assert [dead for dead in (False, True) if sent[one, dead]] == routes

    def check_deliveries(self):
        found = self.destmock.deliveries
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


class Autorun(Machine):
    """The same where everything queued runs before the call returns."""

    autorun = True


EXAMPLES = int(os.environ.get("DESTMOCK_EXAMPLES", "40"))
SETTINGS = settings(
    max_examples=EXAMPLES,
    stateful_step_count=int(os.environ.get("DESTMOCK_STEPS", "60")),
    derandomize="DESTMOCK_EXAMPLES" not in os.environ,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
pytestmark = pytest.mark.slow
TestByHand = Machine.TestCase
TestByHand.settings = SETTINGS
TestAutorun = Autorun.TestCase
TestAutorun.settings = SETTINGS
