"""The engine: accept -> attempt -> settle -> deliver. It owns the state of one mock and wires its parts."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, TypeVar

from destmock._aws import api_errors as errors
from destmock._aws import dead_letter
from destmock._aws.arn import parse_function_arn
from destmock._aws.ids import Ids, parse_trace
from destmock._engine.admission import Admission
from destmock._engine.attempts import Attempts
from destmock._engine.callers import given_header
from destmock._engine.calls import Calls
from destmock._engine.concurrency import Slots
from destmock._engine.delivery import Message
from destmock._engine.destinations import Destinations
from destmock._engine.event_invoke_config import EventInvokeConfigs
from destmock._engine.event_queue import EventQueue
from destmock._engine.injection import Injection
from destmock._engine.invoke_options import NO_OPTIONS, why_not_taken
from destmock._engine.process_changes import ProcessChanges
from destmock._engine.synchronous import Synchronous
from destmock._functions.code import Code
from destmock._functions.functions import Functions
from destmock._functions.handlers import Handlers
from destmock._observed.entries import Entry
from destmock._observed.facts import Pending
from destmock._observed.ledger import Ledger
from destmock._observed.logs import Logs
from destmock._observed.metrics import Metrics
from destmock._observed.xray import Segments
from destmock._runtime.environments import Runtime
from destmock._runtime.importing import Importer
from destmock._time.clock import Clock
from destmock._time.driver import Driver
from destmock._time.turns import Turns
from destmock._time.waiting import Waits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from destmock._aws.arn import FunctionRef
    from destmock._aws.ids import Trace
    from destmock._engine.delivery import Target
    from destmock._engine.durability import Announce, Durable
    from destmock._engine.event import Event
    from destmock._engine.invoke_options import InvokeOptions
    from destmock._engine.synchronous import Answered
    from destmock._isolation.network import Hosts
    from destmock._time.clock import Due
    from destmock._time.jobs import Job
    from destmock._time.wall import Wall

Part = TypeVar("Part")
#: How much two readings of the process's clock may differ, in milliseconds, that mean the same moment.
_JITTER = 1_000


class Simulation:
    """Everything that one mock knows. `now` and all times are virtual, in milliseconds.

    Once the mock has ended, what it has made at its start doesn't hold it: so it needs no garbage collector.
    """

    def __init__(
        self,
        *,
        wall: Wall,
        travels: bool,
        seed: int | None,
        autorun: bool,
        account_concurrency: int,
        hosts: Hosts,
        target_of: Callable[[str, Simulation], Target | None],
        durable: Callable[[Simulation], Durable],
        announce: Announce,
        history: int | None = None,
    ) -> None:
        self._target_of, self._durable, self._announce = target_of, durable, announce
        self.hosts = hosts
        self.travels = travels
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
        self.clock: Clock[Job] = Clock(wall)
        self.waits = Waits(self.clock, self.turns, virtual=travels)
        self._runtime = Runtime(self.ids, Importer(), self.waits, self.turns)
        self.leave = self._runtime.leave
        self.calls = Calls(self.clock, self.turns, self.faults)
        self.attempts = Attempts(
            self._runtime, self.turns, self.slots, self.logs, self.metrics, self.faults, self.calls
        )
        self._parts: dict[Callable[[Simulation], Any], Any] = {}
        self.destinations = Destinations(self.target_of, self.ids, self.ledger, self.metrics, self.faults)
        self.configs = EventInvokeConfigs(self.functions.identify, self.destinations.standing)
        self.admission = Admission(
            self.functions, self.slots, self.faults, self.ids, self.ledger, self.metrics
        )
        self.code = Code(self.handlers, self.functions)
        self._queue = self._event_queue()
        self._synchronous = Synchronous(
            self.code, self.admission, self.attempts, self.ids, self.ledger, self.segments
        )
        self.driver = Driver(self.clock, self.turns, self.waits, self.leave, autorun=autorun)
        self.changes = ProcessChanges(self.turns)

    def _event_queue(self) -> EventQueue:
        ledger, faults = self.ledger, self.faults
        return EventQueue(
            clock=self.clock,
            functions=self.functions,
            code=self.code,
            configs=self.configs,
            admission=self.admission,
            attempts=self.attempts,
            slots=self.slots,
            destinations=self.destinations,
            ids=self.ids,
            ledger=self.ledger,
            metrics=self.metrics,
            segments=self.segments,
            nobody_looks=lambda: not (ledger.watchers or faults.on),
            leave=self.leave,
        )

    @property
    def now(self) -> int:
        """The time; between two calls of a test it goes on by itself, unless it was given a start."""
        if self.turns.idle:
            self.clock.catch_up()
        return self.clock.now

    def moment(self, read: float) -> float:
        """The virtual time when the process's clock says `read`; both are in milliseconds.

        That is now, unless the test makes the process read another time.
        """
        now, expected = self.now, self.clock.wall.of_process
        return now if abs(read - expected) < _JITTER else read + now - expected

    @property
    def trace(self) -> Trace | None:
        """The trace of the handler that this thread works for, or that the caller of AWS has given."""
        return self.traced[0]

    @property
    def traced(self) -> tuple[Trace | None, str | None]:
        """The same trace, and its header."""
        mine = self.turns.mine
        if mine is not None:
            return mine.trace, mine.header
        header = given_header.get()
        trace = None if header is None else parse_trace(header)
        return (None, None) if trace is None else (trace, header)

    def message(self, body: bytes) -> Message:
        """A message that a service passes on now, in the trace of the handler that caused it."""
        trace, header = self.traced
        return Message(body, trace, header, self.now, unique_id="", source="")

    def carrier(self) -> Message:
        """An empty message with an id of its own, for an event on a bus or a notification of a topic."""
        return self.message(b"")._replace(unique_id=self.ids.uuid())

    @property
    def pending(self) -> list[Pending]:
        found = (job.pending(at) for at, job in self.clock.queued)
        return [fact for fact in found if isinstance(fact, Pending)]

    @property
    def awaited(self) -> list[Pending]:
        """What is pending that someone waits for."""
        return [fact for fact in self.pending if not fact.background]

    def target_of(self, arn: str) -> Target | None:
        """The target behind an ARN; `None` for a service that AWS has no destinations in."""
        return self._target_of(arn, self)

    def announce(self, ref: FunctionRef, detail_type: str, resource: str, detail: dict[str, Any]) -> None:
        """Tell the default bus what has become of something of a function's."""
        self._announce(self, ref, detail_type, resource, detail)

    def part(self, kind: Callable[[Simulation], Part]) -> Part:
        """The state that a service keeps for this mock, by its class; made at the first call."""
        found = self._parts.get(kind)
        if found is None:
            found = self._parts[kind] = kind(self)
        return found

    def adopt_configs(self) -> None:
        """Take over the EventInvokeConfigs of a `mock_aws` around this mock."""
        self.configs.adopt(self.functions.configured(), self.now)

    def close(self) -> None:
        self.changes.on_end(self.functions.registered.close)
        self.changes.on_end(self.code.close)
        self.changes.on_end(self._runtime.close)
        self.changes.on_end(self.waits.close)
        self.changes.on_end(self.logs.flush)
        self.changes.on_end(self.leave)
        self.changes.undo()
        self._parts.clear()

    def flush(self) -> None:
        """Hand moto the logs, metrics and traces that it does not have yet, before someone reads them."""
        with self.turns:
            self.logs.flush()
            self.metrics.flush()
            self.segments.flush()

    # Accepting

    def identify(self, ref: FunctionRef) -> object | None:
        return self.functions.identify(ref)

    def accept(
        self,
        ref: FunctionRef,
        payload: bytes,
        *,
        source: str,
        trace: Trace | None = None,
        options: InvokeOptions = NO_OPTIONS,
        now: int | None = None,
    ) -> Event:
        """Queue an event for a function, version or alias that exists; a durable one starts an execution.

        `now` is the time, if the caller has just asked for it. Raises AWS's error when the function doesn't
        exist, `NoHandlerError` when nothing could run it.
        """
        with self.turns:
            function = self.functions.find(ref)
            options.check(function)
            if function is None or function.durable is None:
                now = self.now if now is None else now
                event = self._queue.accept(ref, function, payload, source, trace, now, options.tenant_id)
            else:
                event = self._durable(self).accept(function, payload, source, trace, options)
            self.driver.queued()
            return event

    def notify(self, ref: FunctionRef, payload: bytes, *, source: str, trace: Trace | None) -> bool:
        """Queue the event of a service that knows the function by its ARN only; returns whether it exists.

        When it does not exist, nobody is told, as on AWS; the timeline notes it.
        """
        if not self.takes(ref):
            self.miss(ref.arn, source)
            return False
        self.accept(ref, payload, source=source, trace=trace)
        return True

    def takes(self, ref: FunctionRef) -> bool:
        """Whether a service can invoke the function: it exists, and isn't invoked for one tenant.

        Of a durable one, the reference has to name a version as well.
        """
        function = self.functions.find(ref)
        if function is None:
            return self.identify(ref) is not None
        return not function.per_tenant and (function.durable is None or ref.qualifier is not None)

    def miss(self, arn: str, source: str, why: str = "") -> None:
        """Note what a service was told to send to, and why that was not taken: or else a function tells."""
        ref = parse_function_arn(arn)
        why = why or why_not_taken(None if ref is None else self.functions.find(ref))
        self.ledger.over_at_once(Entry("", arn, source, b"", self.now, what="unanswered", why=why))

    def role(self, ref: FunctionRef) -> str:
        return self.functions.role(ref)

    def schedule(self, at: int, job: Job, *, background: bool = False) -> Due[Job]:
        """Have a service's job run at `at`; in the background, nobody waits for it."""
        with self.turns:
            self.driver.queued()
            return self.clock.schedule(at, job, background=background)

    @contextlib.contextmanager
    def in_background(self) -> Iterator[None]:
        """While entered, nobody waits for the events that are accepted."""
        self.clock.in_background = True
        try:
            yield
        finally:
            self.clock.in_background = False

    def check_code(self, ref: FunctionRef) -> None:
        """Raise `NoHandlerError` when nothing could run the function."""
        function = self.functions.find(ref)
        if function is not None:
            self.code.of(function)

    def run_synchronously(
        self,
        ref: FunctionRef,
        payload: bytes,
        *,
        client_context: str | None = None,
        trace: Trace | None = None,
        source: str = "Invoke",
        request_id: str | None = None,
        options: InvokeOptions = NO_OPTIONS,
    ) -> Answered:
        """A `RequestResponse` invocation: at once, without retries, destinations or queue (D17).

        `request_id` is that of a caller who has told it already. It waits for the whole execution of a
        durable function.
        """
        return self.driver.run_at_once(
            lambda: self._run_synchronously(ref, payload, client_context, trace, source, request_id, options)
        )

    def _run_synchronously(
        self,
        ref: FunctionRef,
        payload: bytes,
        client_context: str | None,
        trace: Trace | None,
        source: str,
        request_id: str | None,
        options: InvokeOptions,
    ) -> Answered:
        function = self.functions.find(ref)
        if function is None:
            raise errors.function_not_found(ref.unqualified_arn, ref.qualifier)
        options.check(function)
        if function.durable is not None:
            return self._durable(self).run(function, payload, source, trace, options, client_context)
        return self._synchronous.run(
            function, payload, self.now, client_context, trace, source, request_id, options.tenant_id
        )

    def check_dead_letter(self, arn: str, region: str) -> None:
        """Raise AWS's error for a dead-letter queue that AWS does not accept."""
        dead_letter.check(arn, region, exists=self.destinations.standing(arn) == "ok")
