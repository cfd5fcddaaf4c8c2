"""What AWS does with asynchronous events, told a second time and without destmock, to hold destmock against.

A `World` has functions, queues, topics and buckets, a virtual clock and a queue of events. It is told what a
test does through boto3, and predicts the error code or what follows. Names are short; `arn` spells them out.
What goes out is kept as what it is made of (`Record`, `Original`, `Notification`), for only destmock knows
the bytes of a stack trace.
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from tests.promises.model_events import (
    CALLED,
    LEAF,
    RECURSION_LIMIT,
    TIMEOUT,
    Answer,
    Config,
    Delivery,
    Event,
    Fault,
    Function,
    Message,
    Notification,
    Original,
    Record,
    Script,
    Upload,
    Version,
    error_message,
    key,
)


@dataclass
class World:
    now: int
    autorun: bool
    functions: dict[str, Function] = field(default_factory=dict)
    scripts: dict[str, Script] = field(default_factory=dict)
    configs: dict[tuple[str, str | None], Config] = field(default_factory=dict)
    #: How often each function and each alias has been made.
    generations: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    highest: Counter[str] = field(default_factory=Counter)
    queues: dict[str, list[Message]] = field(default_factory=dict)
    topics: dict[str, list[str]] = field(default_factory=dict)
    buckets: dict[str, list[Record]] = field(default_factory=dict)
    busy: Counter[str] = field(default_factory=Counter)
    events: list[Event] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    jobs: list[tuple[int, bool, int, Event, Answer | None]] = field(default_factory=list)
    serial: count[int] = field(default_factory=count)

    # What there is

    def version(self, name: str, qualifier: str | None) -> tuple[str, Version] | None:
        """The number of the version that runs now, and it."""
        function = self.functions.get(name)
        if function is None:
            return None
        number = function.aliases.get(qualifier, qualifier or "$LATEST")
        found = function.latest if number == "$LATEST" else function.versions.get(number)
        return None if found is None else (number, found)

    def exists(self, target: str) -> bool:
        if "-" in target:
            return target in {**self.queues, **self.topics, **self.buckets}
        name, _, qualifier = target.partition(":")
        return self.version(name, qualifier or None) is not None

    # Functions

    def register(self, name: str, script: Script) -> None:
        """A function that isn't there comes back with it."""
        self.scripts[name] = script
        if name not in self.functions:
            self._make(name, by_program=False, timeout=TIMEOUT)

    def create_function(self, name: str, timeout: int, dead_letter: str | None) -> str | None:
        if dead_letter is not None and not self.exists(dead_letter):
            return "InvalidParameterValueException"
        found = self.functions.get(name)
        if found is not None and found.by_program:
            return "ResourceConflictException"
        self._make(name, by_program=True, timeout=timeout, dead_letter=dead_letter)
        return None

    def _make(self, name: str, *, by_program: bool, timeout: int, dead_letter: str | None = None) -> None:
        self.functions[name] = Function(Version(timeout, dead_letter), by_program)
        self.generations[name, None] += 1

    def delete_function(self, name: str) -> str | None:
        return None if self.functions.pop(name, None) else "ResourceNotFoundException"

    def delete_version(self, name: str, number: str) -> str | None:
        function = self.functions.get(name)
        if function is None or number not in function.versions:
            return "ResourceNotFoundException"
        del function.versions[number]
        return None

    def published(self, name: str, number: str) -> None:
        """A new version has the next number; without a change AWS answers the one there is."""
        function = self.functions[name]
        if number not in function.versions:
            self.highest[name] += 1
            assert number == str(self.highest[name])
            function.versions[number] = Version(function.latest.timeout, function.latest.dead_letter)

    def create_alias(self, name: str, alias: str, number: str) -> str | None:
        if self.version(name, number) is None:
            return "ResourceNotFoundException"
        self.functions[name].aliases[alias] = number
        self.generations[name, alias] += 1
        return None

    def set_dead_letter(self, name: str, target: str) -> str | None:
        if target and not self.exists(target):
            return "InvalidParameterValueException"
        if name not in self.functions:
            return "ResourceNotFoundException"
        self.functions[name].latest.dead_letter = target or None
        return None

    def reserve(self, name: str, reserved: int | None) -> str | None:
        if name not in self.functions:
            return "ResourceNotFoundException"
        self.functions[name].reserved = reserved
        return None

    # Configurations

    def config(self, name: str, qualifier: str | None) -> Config | None:
        """It outlives what it belongs to, but not into a namesake that is made later."""
        found = self.configs.get(key(name, qualifier))
        stale = found is not None and found.generation != self.generations[key(name, qualifier)]
        return None if stale and self.version(name, qualifier) else found

    def put_config(
        self, name: str, qualifier: str | None, asked: dict[str, Any], *, update: bool = False
    ) -> str | None:
        before = self.config(name, qualifier) if update else Config()
        if self.version(name, qualifier) is None or before is None:
            return "ResourceNotFoundException"
        for route in ("on_success", "on_failure"):
            target = asked.get(route)
            if target is None:
                continue
            bucket_for_success = route == "on_success" and target.startswith("b-")
            itself = target.partition(":")[0] == name
            if bucket_for_success or itself or not self.exists(target):
                return "InvalidParameterValueException"
        generation = self.generations[key(name, qualifier)]
        self.configs[key(name, qualifier)] = replace(before, **asked, generation=generation)
        return None

    def delete_config(self, name: str, qualifier: str | None) -> str | None:
        if self.version(name, qualifier) is None or self.config(name, qualifier) is None:
            return "ResourceNotFoundException"
        del self.configs[key(name, qualifier)]
        return None

    # Invoking

    def invoke(self, name: str, qualifier: str | None, payload: bytes, source: str) -> Event | None:
        if self.version(name, qualifier) is None:
            return None
        return self._accept(name, qualifier, payload, source, Counter())

    def run_synchronously(self, name: str, qualifier: str | None) -> Answer | str:
        found = self.version(name, qualifier)
        if found is None:
            return "ResourceNotFoundException"
        reserved = self.functions[name].reserved
        if reserved is not None and self.busy[name] >= reserved:
            self.counted[name, "Throttles"] += 1
            return "TooManyRequestsException"
        fault = self._befalls({"throttle", "system_error"}, name, qualifier)
        if fault is not None and fault.kind == "system_error":
            return "ServiceException"
        if fault is not None:
            self.counted[name, "Throttles"] += 1
            return "TooManyRequestsException"
        answer, _ = self._try(name, found, Counter({name: 1}))
        return self._ended(answer, name, qualifier)

    def publish(self, topic: str, body: Any, chain: Counter[str], dead: Event | None = None) -> None:
        for subscriber in self.topics[topic]:
            if subscriber in self.queues:
                self.queues[subscriber].append(Message(body, dead))
            elif self.exists(subscriber):
                notification = Notification(topic, body)
                self._accept(subscriber, None, notification, f"SNS topic {topic}", chain)

    def upload(self, bucket: str, key: str) -> None:
        if self.exists(LEAF):
            self._accept(LEAF, None, Upload(key), f"S3 bucket {bucket}", Counter())

    def _accept(
        self, name: str, qualifier: str | None, payload: Any, source: str, chain: Counter[str]
    ) -> Event:
        _, version = self.version(name, qualifier)
        if self.config(name, qualifier) is None:
            self.configs.pop(key(name, qualifier), None)
        event = Event(
            name, qualifier, source, payload, self.now, version.dead_letter, chain + Counter({name: 1})
        )
        self.events.append(event)
        self.counted[name, "AsyncEventsReceived"] += 1
        self._queue(self.now, event)
        return event

    # Time

    def _queue(self, at: int, event: Event, answer: Answer | None = None) -> None:
        """What ends an attempt frees its slot before anything else that is due then."""
        heapq.heappush(self.jobs, (max(at, self.now), answer is None, next(self.serial), event, answer))

    def step(self) -> Event | None:
        if not self.jobs:
            return None
        at, _, _, event, answer = heapq.heappop(self.jobs)
        self.now = max(self.now, at)
        if answer is None:
            self._dispatch(event)
        else:
            self.busy[event.name] -= 1
            self._end(event, answer)
        return event

    def advance(self, milliseconds: int) -> None:
        until = self.now + milliseconds
        while self.jobs and self.jobs[0][0] <= until:
            self.step()
        self.now = until

    def run_until_idle(self) -> int:
        attempts = 0
        while self.jobs:
            attempts += self.jobs[0][-1] is None
            self.step()
        return attempts

    # One attempt

    def _dispatch(self, event: Event) -> None:
        found = self.version(event.name, event.qualifier)
        if found is None:
            self._look_in_vain(event)
            return
        function, event.dead_letter = self.functions[event.name], found[1].dead_letter
        if function.reserved == 0:
            self._settle(event, "ZeroReservedConcurrency", 0, None)
        elif function.reserved is not None and self.busy[event.name] >= function.reserved:
            self._throttle(event, Answer(429))
        elif event.chain[event.name] > RECURSION_LIMIT:
            self._settle(event, "RecursiveInvocation", event.tries, Answer(400))
        elif not self._is_held_up(event):
            event.tries, event.throttles, event.ran = event.tries + 1, 0, True
            event.began = self.now
            answer, duration = self._try(event.name, found, event.chain)
            if duration:
                self.busy[event.name] += 1
                self._queue(self.now + duration, event, answer)
            else:
                self._end(event, answer)

    def _end(self, event: Event, answer: Answer) -> None:
        """An attempt is told once it has ended, in whichever way."""
        answer = self._ended(answer, event.name, event.qualifier)
        event.attempts.append((event.began - event.at, answer))
        self._come_to(event, answer)

    def _ended(self, answer: Answer, name: str, qualifier: str | None) -> Answer:
        """How it ends: a handler that has returned may die before anybody learns of it."""
        if answer.outcome == "Success" and self._befalls({"crash"}, name, qualifier):
            answer = replace(answer, step=replace(answer.step, kind="killed"))
        self.counted[name, "Errors"] += answer.outcome != "Success"
        return answer

    def _try(self, name: str, found: tuple[str, Version], chain: Counter[str]) -> tuple[Answer, int]:
        number, version = found
        script = self.scripts[name]
        step = script.next()
        if step.calls and self.exists(LEAF):
            self._accept(LEAF, None, CALLED, "Invoke", chain)
        limit = version.timeout * 1000
        timed_out = version.timeout if script.duration > limit else None
        answer = Answer(200, number, step, timed_out)
        self.counted[name, "Invocations"] += 1
        return answer, min(script.duration, limit)

    def _policy(self, event: Event) -> tuple[int, int]:
        """Retries, and when its age is over."""
        config = self._config(event)
        age = 21_600 if config.age is None else config.age
        return 2 if config.retries is None else config.retries, event.at + age * 1000

    def _config(self, event: Event) -> Config:
        return self.config(event.name, event.qualifier) or Config()

    def _throttle(self, event: Event, answer: Answer) -> None:
        self.counted[event.name, "Throttles"] += answer.status == 429
        event.throttles += 1
        self._queue_untried(event, min(2 ** (event.throttles - 1), 300) * 1000, answer)

    def _queue_untried(self, event: Event, delay: int, answer: Answer) -> None:
        if self.now + delay >= self._policy(event)[1]:
            self._settle(event, "EventAgeExceeded", event.tries, answer)
        else:
            self._queue(self.now + delay, event)

    # Faults

    def _befalls(self, kinds: set[str], name: str, qualifier: str | None) -> Fault | None:
        """The first fault that was asked for; once used up, it is gone."""
        found = (fault for fault in self.faults if fault.kind in kinds and fault.befalls(name, qualifier))
        return self._spent(next(found, None))

    def _spent(self, fault: Fault | None) -> Fault | None:
        if fault is not None and fault.left is not None:
            fault.left -= 1
            if not fault.left:
                self.faults.remove(fault)
        return fault

    def _is_held_up(self, event: Event) -> bool:
        if event.duplicable and not event.tries and self.faults:
            event.duplicable = False
            if self._befalls({"duplicate"}, event.name, event.qualifier):
                again = replace(event, throttles=0, delayed=False, duplicate=True, attempts=[], routes=[])
                self.events.append(again)
                self._queue(self.now, again)
        kinds = {"throttle", "system_error"} | ({"delay"} if not event.delayed else set())
        fault = self._befalls(kinds, event.name, event.qualifier)
        if self.faults or fault:
            event.delayed = fault is not None and fault.kind == "delay"
        if fault is None:
            return False
        if fault.kind == "delay":
            self._queue_untried(event, fault.delay, Answer(429))
        else:
            self._throttle(event, Answer(429 if fault.kind == "throttle" else 500))
        return True

    def _is_lost(self, event: Event, target: str, *, dead_letter: bool) -> bool:
        found = (
            fault
            for fault in self.faults
            if fault.kind == "fail_delivery"
            and fault.befalls(event.name, event.qualifier)
            and fault.target in (None, target)
            and fault.dead_letter in (None, dead_letter)
        )
        return self._spent(next(found, None)) is not None

    def _look_in_vain(self, event: Event) -> None:
        event.tries += 1
        answer = Answer(404)
        event.attempts.append((self.now - event.at, answer))
        function = self.functions.get(event.name)
        retries, deadline = self._policy(event)
        if function is None and event.ran:
            self._settle(event, "RetriesExhausted", event.tries, answer, told=False)
        elif function is None or event.ran or (event.qualifier or "1").isdigit():
            self._come_to(event, answer)
        elif self.now >= deadline:
            self._settle(event, "EventAgeExceeded", 0, answer, told=False)
        elif event.tries > retries:
            self._settle(event, "RetriesExhausted", event.tries, answer)
        else:  # its alias has gone: it waits until its age is over
            self._queue(deadline, event)

    def _come_to(self, event: Event, answer: Answer) -> None:
        retries, deadline = self._policy(event)
        again = self.now + 60_000 * event.tries
        if answer.outcome == "Success":
            self._settle(event, "Success", 1, answer)
        elif event.tries > retries:
            self._settle(event, "RetriesExhausted", event.tries, answer)
        elif again >= deadline:
            self._settle(event, "EventAgeExceeded", event.tries, answer)
        else:
            self._queue(again, event)

    # The end

    def _settle(
        self, event: Event, condition: str, number: int, answer: Answer | None, *, told: bool = True
    ) -> None:
        event.condition, event.count, event.answer, event.settled_at = condition, number, answer, self.now
        failed, config = condition != "Success", self._config(event)
        self.counted[event.name, "AsyncEventsDropped"] += failed
        route = config.on_failure if failed else config.on_success
        dead_letter = event.dead_letter if failed else None
        if route and told:
            self._send(event, route, Record(event))
        if dead_letter and told:
            self._send(event, dead_letter, Original(event))
        event.dropped = failed and not event.routes

    def _send(self, event: Event, target: str, body: Record | Original) -> None:
        dead = event if isinstance(body, Original) else None
        lost = dead and target.startswith("t-") and max(error_message(event, ""), default="") > "\uffff"
        injected = self._is_lost(event, target, dead_letter=dead is not None)
        arrived = self.exists(target) and not lost and not injected
        name, _, qualifier = target.partition(":")
        if not arrived:
            metric = "DeadLetterErrors" if dead else "DestinationDeliveryFailures"
            self.counted[event.name, metric] += 1
        elif target in self.queues:
            self.queues[target].append(Message(body, dead))
        elif target in self.topics:
            self.publish(target, body, event.chain, dead)
        elif target in self.buckets:
            self.buckets[target].append(body)
        else:
            route = "OnFailure" if event.condition != "Success" else "OnSuccess"
            self._accept(name, qualifier or None, body, f"{route} of {event.name}", event.chain)
        delivery = Delivery(event, target, body, arrived, self.now, injected)
        event.routes.append(delivery)
        self.deliveries.append(delivery)
