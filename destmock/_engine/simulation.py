"""The engine: accept -> attempt -> settle -> deliver. It owns the state of one mock and wires its parts."""

from __future__ import annotations

import contextlib
from sys import intern
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from destmock._aws import api_errors as errors
from destmock._aws import dead_letter, lifecycle
from destmock._aws.ids import Ids, function_hash
from destmock._aws.record import Response
from destmock._engine import event as queue
from destmock._engine.admission import Admission
from destmock._engine.attempts import Attempts, attempt_fact, entered
from destmock._engine.concurrency import Slots
from destmock._engine.delivery import Message
from destmock._engine.destinations import Outbox
from destmock._engine.event import Completion, Dispatch, Event
from destmock._engine.event_invoke_config import EventInvokeConfigs
from destmock._engine.faults import Injection
from destmock._functions.deployed_code import Packages
from destmock._functions.functions import Function, Functions
from destmock._functions.handlers import Handlers, Registration
from destmock._observed.facts import Entry, Pending, Synchronous, Unanswered
from destmock._observed.ledger import Ledger
from destmock._observed.logs import Logs
from destmock._observed.metrics import Metrics
from destmock._observed.xray import Run, Segments, Traced
from destmock._runtime.environments import Runtime
from destmock._runtime.importing import Importer
from destmock._runtime.outcome import Call
from destmock._time.clock import Clock
from destmock._time.driver import Driver
from destmock._time.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._aws.arn import FunctionRef
    from destmock._aws.ids import Trace
    from destmock._aws.lifecycle import Result
    from destmock._engine.delivery import Target
    from destmock._functions.deployed_code import Package
    from destmock._isolation.network import Hosts
    from destmock._observed.facts import AttemptOutcome
    from destmock._runtime.outcome import Outcome
    from destmock._time.clock import Due
    from destmock._time.jobs import Job

Part = TypeVar("Part")


class Answered(NamedTuple):
    """What a synchronous invocation came to."""

    request_id: str
    trace: Trace
    function: Function
    outcome: Outcome


class Simulation:
    """Everything that one mock knows. `now` and all times are virtual, in milliseconds."""

    def __init__(
        self,
        *,
        start: int,
        seed: int | None,
        autorun: bool,
        account_concurrency: int,
        hosts: Hosts,
        target_of: Callable[[str, Simulation], Target | None],
        history: int | None = None,
    ) -> None:
        self._target_of = target_of
        self.hosts = hosts
        self.handlers = Handlers()
        self.ledger = Ledger(history)
        self.ids = Ids(seed)
        self.functions = Functions(self.handlers, self.ids)
        self.turns = Turns()
        self.slots = Slots(self.functions, account_concurrency)
        self.faults = Injection()
        self.logs = Logs(history)
        self.metrics = Metrics()
        self.segments = Segments(self.ids, history)
        self._runtime = Runtime(self.ids, Importer())
        self.attempts = Attempts(self._runtime, self.turns, self.slots, self.logs, self.metrics)
        self._parts: dict[Callable[[Simulation], Any], Any] = {}
        self._outbox = Outbox(self.target_of, self.ids, self.ledger, self.metrics, self.faults)
        self.configs = EventInvokeConfigs(self.functions.identify, self._outbox.standing)
        self.clock: Clock[Job] = Clock(start)
        self._admission = Admission(
            self.functions, self.slots, self.faults, self.ids, self.ledger, self.metrics, self._requeue
        )
        self._packages = Packages()
        self.driver = Driver(self.clock, self.turns, self.leave, autorun=autorun)
        self._closing = contextlib.ExitStack()

    @property
    def now(self) -> int:
        return self.clock.now

    @property
    def trace(self) -> Trace | None:
        """The trace of the handler that this thread works for; `None` outside of handlers."""
        mine = self.turns.mine
        return None if mine is None else mine.trace

    def carrier(self, body: bytes = b"") -> Message:
        """What a service passes on now, as part of the trace of the handler that had it do so."""
        mine = self.turns.mine
        trace, header = (None, None) if mine is None else (mine.trace, mine.header)
        return Message(body, trace, header, self.now, self.ids.uuid(), source="")

    @property
    def pending(self) -> list[Pending]:
        found = (job.pending(at) for at, job in self.clock.queued)
        return [fact for fact in found if isinstance(fact, Pending)]

    def target_of(self, arn: str) -> Target | None:
        """Whatever takes records behind an ARN; `None` for a service that AWS has no destinations in."""
        return self._target_of(arn, self)

    def part(self, kind: Callable[[Simulation], Part]) -> Part:
        """The state that a service keeps for this mock, by its class; made at the first call."""
        found = self._parts.get(kind)
        if found is None:
            found = self._parts[kind] = kind(self)
        return found

    def on_close(self, undo: Callable[[], object]) -> None:
        """Has something put back when the mock ends."""
        self._closing.callback(undo)

    def close(self) -> None:
        self._closing.callback(self.functions.registered.close)
        self._closing.callback(self._packages.close)
        self._closing.callback(self._runtime.close)
        self._closing.callback(self.logs.flush)
        self._closing.callback(self.leave)
        self._closing.close()

    def flush(self) -> None:
        """Hands moto what it has not been told yet: someone may be about to read it."""
        with self.turns.held:
            self.logs.flush()
            self.metrics.flush()
            self.segments.flush()

    # Accepting

    def identify(self, ref: FunctionRef) -> object | None:
        return self.functions.identify(ref)

    def accept(self, ref: FunctionRef, payload: bytes, *, source: str, trace: Trace | None = None) -> Event:
        """Queues an event for a function, version or alias that is there.

        Raises AWS's error when it isn't, `NoHandlerError` when nothing could run it.
        """
        with self.turns.held:
            return self._accept(ref, payload, source, trace)

    def _accept(self, ref: FunctionRef, payload: bytes, source: str, trace: Trace | None) -> Event:
        now, function = self.now, self.functions.find(ref)
        if function is not None:
            self._code(function)
        elif self.identify(ref) is None:
            raise errors.function_not_found(ref.unqualified_arn, ref.qualifier)
        entry = Entry(self.ids.uuid(), intern(ref.qualified_arn), source, payload, now)
        caller = None if trace is None else trace.segment
        traced = function is not None and function.traced
        event = Event(
            ref,
            entered(self.ids, ref, trace, now, traced=traced),
            entry,
            None if function is None else function.dead_letter,
            caller,
        )
        self.ledger.accepted(entry)
        self.configs.accepted(ref, None if function is None else function.identity)
        self.metrics.received(ref, now)
        self.clock.schedule(now, Dispatch(self, event))
        self.driver.queued()
        return event

    def notify(self, ref: FunctionRef, payload: bytes, *, source: str, trace: Trace | None) -> bool:
        """Queues the event of a service that knows the function by name only.

        When the function isn't there, nobody is told, as on AWS; the timeline notes it.
        """
        if self.identify(ref) is None:
            self.ledger.unanswered(Unanswered(source, ref.arn, self.now))
            return False
        self.accept(ref, payload, source=source, trace=trace)
        return True

    def role(self, ref: FunctionRef) -> str:
        return self.functions.role(ref)

    def schedule(self, at: int, job: Job, *, background: bool = False) -> Due[Job]:
        """Have a service's job run at `at`; in the background, nobody waits for it."""
        with self.turns.held:
            self.driver.queued()
            return self.clock.schedule(at, job, background=background)

    def leave(self) -> None:
        """Put back what has stayed of a function's surroundings, before others look at the process."""
        if self._runtime.staying is not None:
            with self.turns.held:
                self._runtime.leave()

    def check_code(self, ref: FunctionRef) -> None:
        """Raises `NoHandlerError` when nothing could run the function."""
        function = self.functions.find(ref)
        if function is not None:
            self._code(function)

    def _code(self, function: Function) -> Registration | Package:
        """What an invocation runs: the registered handler, else what was deployed."""
        registration = self.handlers.find(function.ref)
        return registration or self._packages.package(self.functions.deployment(function))

    def run_synchronously(
        self,
        ref: FunctionRef,
        payload: bytes,
        *,
        client_context: str | None = None,
        trace: Trace | None = None,
        source: str = "Invoke",
    ) -> Answered:
        """A `RequestResponse` invocation: at once, without retries, destinations or queue (D17)."""
        return self.driver.run_at_once(
            lambda: self._run_synchronously(ref, payload, client_context, trace, source)
        )

    def _run_synchronously(
        self, ref: FunctionRef, payload: bytes, client_context: str | None, trace: Trace | None, source: str
    ) -> Answered:
        now, function = self.now, self.functions.find(ref)
        if function is None:
            raise errors.function_not_found(ref.unqualified_arn, ref.qualifier)
        code = self._code(function)
        duration = code.duration_ms(payload)
        caller = None if trace is None else trace.segment
        trace = entered(self.ids, ref, trace, now, traced=function.traced)
        self._admission.check(function, payload, trace, now, source)
        request_id = self.ids.uuid()
        header = trace.header(function_hash(ref.unqualified_arn))
        outcome = self.attempts.run(
            function, code, Call(request_id, payload, now, header, client_context, duration), trace
        )
        attempt = attempt_fact(1, now, now, outcome.result, outcome)
        fact = Synchronous(request_id, ref.qualified_arn, source, payload, now, attempt)
        self.ledger.ran_synchronously(fact)
        if trace.sampled:
            run = Run(now, now + outcome.duration, outcome.result != "Success")
            self.segments.write(
                Traced(ref, request_id, trace, caller, now, run.ended_at, (run,), asynchronous=False)
            )
        if outcome.interrupt is not None:
            raise outcome.interrupt
        return Answered(request_id, trace, function, outcome)

    # One event

    def dispatch(self, event: Event) -> bool:
        """Make the event's next attempt; returns whether it came to one."""
        function = self.functions.find(event.ref)
        if function is None:
            event.tries, event.delayed = event.tries + 1, False
            self._note(event, "NotFound", None)
            self._complete(event, self.functions.missing(event.ref, ran=event.ran), Response(404))
            return True
        event.dead_letter = function.dead_letter
        refusal = self._admission.refusal(event, function, self.now)
        if refusal is None:
            self._run(event, function)
            return True
        self._complete(event, *refusal)
        return refusal.result not in lifecycle.UNTRIED  # their age puts an end to those

    def _run(self, event: Event, function: Function) -> None:
        now, entry = self.now, event.entry
        try:
            code = self._code(function)
            duration = code.duration_ms(entry.payload)
        except BaseException:  # it has no code that can run, or no such duration: the event waits for one
            self.clock.schedule(now, Dispatch(self, event), first=True)
            raise
        event.tries, event.throttles, event.ran, event.delayed = event.tries + 1, 0, True, False
        self.metrics.aged(event.ref, now, entry.accepted_at)
        call = Call(entry.request_id, entry.payload, now, event.trace_header, duration=duration)
        stay = self._nobody_looks(code)
        outcome = self.attempts.run(function, code, call, event.trace, stay=stay)
        self._note(event, outcome.result, outcome)
        if event.trace.sampled:
            event.runs.append(Run(now, now + outcome.duration, outcome.result != "Success"))
        response = Response(200, function.version, outcome.function_error, outcome.payload)
        if outcome.duration:
            self.slots.occupy(event.ref)
            completion = Completion(self, event, outcome.result, response)
            self.clock.schedule(now + outcome.duration, completion, first=True)  # frees a slot
        else:
            self._complete(event, outcome.result, response)
        if outcome.interrupt is not None:
            raise outcome.interrupt

    def _nobody_looks(self, code: Registration | Package) -> bool:
        """Whether nothing of the user's runs between the tries of an event, such as a callable duration."""
        if self.ledger.watchers or self.faults.on:
            return False
        return isinstance(code, Registration) and not callable(code.duration)

    def _note(self, event: Event, result: AttemptOutcome, outcome: Outcome | None) -> None:
        entry = event.entry
        attempt = attempt_fact(event.tries, self.now, entry.accepted_at, result, outcome)
        self.ledger.attempted(entry, attempt)

    def _requeue(self, event: Event) -> None:
        self.clock.schedule(self.now, Dispatch(self, event))

    def complete(self, event: Event, result: Result, response: Response) -> None:
        """End an attempt that has taken its time."""
        self.slots.release(event.ref)
        self._complete(event, result, response)

    def _complete(self, event: Event, result: Result, response: Response | None, delay: int = 0) -> None:
        config = self.configs.at_dispatch(event.ref)
        step = lifecycle.after(
            result,
            tries=event.tries,
            throttles=event.throttles,
            delay=delay,
            accepted_at=event.entry.accepted_at,
            now=self.now,
            policy=lifecycle.Policy() if config is None else config.policy,
        )
        if isinstance(step, lifecycle.Retry):
            self.clock.schedule(step.at, Dispatch(self, event))
        else:
            self.leave()
            self._outbox.settle(event, step, response, config, self.now)
            if event.trace.sampled:
                self.segments.write(queue.traced(event, self.now))
            self.ledger.settled(event.entry)

    def check_dead_letter(self, arn: str, region: str) -> None:
        """Raises the error that AWS answers to a dead-letter queue it won't have."""
        dead_letter.check(arn, region, exists=self._outbox.standing(arn) == "ok")
