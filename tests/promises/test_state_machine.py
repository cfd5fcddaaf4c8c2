"""Nothing is lost: whatever a test does, every accepted event ends exactly once, and as AWS has it.

A hypothesis state machine does it through boto3 and tells `model.py`, an independent account of AWS's
rules. After every step destmock and the model have to agree on each event, each attempt, each delivery and
everything that is queued; at the end on each record's bytes, each queue's messages and each metric.

`DESTMOCK_EXAMPLES=2000 DESTMOCK_STEPS=60 pytest -n0 tests/promises/test_state_machine.py`
looks further, at other examples each time.
"""

import io
import os
import zipfile
from collections import Counter

import boto3
import pytest
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.promises import model_events as model
from tests.promises.comparison import (
    JOBS,
    QUEUES,
    RECORDS,
    TOPIC,
    UPLOADS,
    Comparison,
    aliases,
    check_payload,
    failures,
    invoked,
    names,
    numbers,
    payloads,
    qualifiers,
    scopes,
    scripts,
    targets,
    times,
    to_ms,
    versions,
)
from tests.promises.model_events import (
    LEAF,
    Answer,
    arn,
)


class Machine(Comparison):
    """What one test does, and what has to be true after each of its steps."""

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

    @rule(function=scopes, times=times)
    def crash(self, function, times):
        """The handler has returned, and nobody learns of it."""
        self.agreed = False
        self.destmock.faults.crash(function, at_end=True, times=times)
        self.world.faults.append(model.Fault("crash", function, times))
        event("fault crash")

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


class Autorun(Machine):
    """The same where everything queued runs before the call returns."""

    autorun = True


EXAMPLES = int(os.environ.get("DESTMOCK_EXAMPLES", "20"))
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
