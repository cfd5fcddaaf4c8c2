"""The durable executions of one simulation: started once for each name, checkpointed, waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from destmock._aws import api_errors as errors
from destmock._aws.durable_config import LONGEST_SYNCHRONOUS
from destmock._durable import sdk
from destmock._durable.chained import Chained
from destmock._durable.ending import payload_of
from destmock._durable.execution import Execution, Parent
from destmock._durable.lifecycle import Lifecycle
from destmock._durable.pausing import Pausing
from destmock._engine.attempts import entered
from destmock._engine.event import Event
from destmock._engine.synchronous import Answered
from destmock._observed.entries import Entry
from destmock._runtime.outcome import Outcome
from destmock._time.pause import Pause
from destmock._time.running import Running
from destmock._time.stacks import in_background
from destmock._time.turns import Handling
from destmock.errors import DestmockError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from destmock._aws.arn import FunctionRef
    from destmock._aws.ids import Trace
    from destmock._durable.operations import ErrorObject, Operation
    from destmock._engine.invoke_options import InvokeOptions
    from destmock._engine.simulation import Simulation
    from destmock._functions.functions import Function

_TOO_LONG = (
    "You cannot synchronously invoke a durable function with an executionTimeout greater than 15 minutes."
)
#: What a caller of Lambda's own API is the source of.
_INVOKE = "Invoke"
_ALREADY_STARTED = "Execution already started: {arn}"
_BAD_TOKEN, _BAD_CALLBACK = "Invalid checkpoint token", "Invalid callback id"
_NOT_OVER = "The durable execution can't be deleted before it has ended."
#: Of an execution that was stopped before its first invocation.
_NOTHING_RAN = Outcome("Error", b"", 0, "", ())
_DAY = 86_400_000


class Executions:
    """A simulation asks for it as one of its parts."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.lifecycle = Lifecycle(simulation, self._begin_again)
        self._chained = Chained(simulation, self.lifecycle, self._begin_child)
        self.pausing = Pausing(simulation, self.lifecycle)
        self.lifecycle.on_pause = self.pausing.begin
        self._by_arn: dict[str, Execution] = {}
        self._by_name: dict[tuple[FunctionRef, str], Execution] = {}
        self._callbacks: dict[str, Parent] = {}

    # Starting

    def accept(
        self, function: Function, payload: bytes, source: str, trace: Trace | None, options: InvokeOptions
    ) -> Event:
        """Start an execution that nobody waits for, or find the one that has the name (R30)."""
        _check_qualified(function)
        sdk.follow()
        simulation, ref, name = self._simulation, function.ref, options.execution_name
        existing = self._named(ref, name)
        if existing is not None:
            event = existing.event
            again = Entry(simulation.ids.uuid(), ref.qualified_arn, source, payload, simulation.now)
            return Event(ref, event.trace, again, None, execution_arn=existing.arn)
        simulation.code.of(function)
        event = self._event(function, payload, source, trace, options.tenant_id)
        event.duplicable = name is None  # for a name starts once
        simulation.ledger.accepted(event.entry)
        simulation.configs.accepted(ref, function.identity)
        simulation.metrics.received(ref, event.entry.accepted_at)
        execution = self._begin(function, event, synchronous=False, name=name)
        self.lifecycle.wake_up(execution)
        return event

    def run(
        self,
        function: Function,
        payload: bytes,
        source: str,
        trace: Trace | None,
        options: InvokeOptions,
        client_context: str | None,
    ) -> Answered:
        """Start an execution, or find the one that has the name, and wait for its end (N2, N5)."""
        _check_qualified(function)
        config, simulation, name = function.durable, self._simulation, options.execution_name
        assert config is not None
        sdk.follow()
        if config.execution_timeout > LONGEST_SYNCHRONOUS and source == _INVOKE:
            raise errors.invalid_parameter(_TOO_LONG)
        execution = self._named(function.ref, name)
        if execution is None:
            simulation.code.of(function)
            event = self._event(function, payload, source, trace, options.tenant_id)
            event.background = event.background or in_background()  # as its caller is
            simulation.admission.check(function, payload, event.trace, event.entry.accepted_at, source)
            execution = self._begin(function, event, synchronous=True, name=name)
            execution.client_context = client_context
            if config.execution_timeout > LONGEST_SYNCHRONOUS:  # of a mapping, which does not wait longer
                execution.times_out_at = execution.started_at + LONGEST_SYNCHRONOUS * 1000
                self.lifecycle.time_out_later(execution)
            self.lifecycle.invoke(execution)
        elif execution.version != function.version or execution.event.entry.payload != payload:
            text = _ALREADY_STARTED.format(arn=execution.arn)
            raise errors.already_started(text)
        self._wait_for(execution)
        return self._answered(execution, function)

    def _event(
        self, function: Function, payload: bytes, source: str, trace: Trace | None, tenant_id: str | None
    ) -> Event:
        simulation, ref = self._simulation, function.ref
        now = simulation.now
        entry = Entry(simulation.ids.uuid(), ref.qualified_arn, source, payload, now)
        caller = None if trace is None else trace.segment
        trace = entered(simulation.ids, ref, trace, now, traced=function.traced)
        background = simulation.clock.in_background
        return Event(
            ref, trace, entry, function.dead_letter, caller, background=background, tenant_id=tenant_id
        )

    def _begin(
        self,
        function: Function,
        event: Event,
        *,
        synchronous: bool,
        name: str | None = None,
        parent: Parent | None = None,
    ) -> Execution:
        assert function.durable is not None
        ids, lifecycle = self._simulation.ids, self.lifecycle
        if synchronous:
            event.entry.what = "synchronous"
        execution = Execution(
            function.ref._replace(qualifier=function.version),
            function.version,
            function.durable,
            name or ids.uuid(),
            ids.uuid(),
            event,
            synchronous=synchronous,
            parent=parent,
            on_change=lambda text, now: lifecycle.note(event, synchronous, text, now),
        )
        event.execution_arn = execution.arn
        self._by_arn[execution.arn] = execution
        self._by_name[function.ref.unqualified, execution.name] = execution
        lifecycle.begin(execution)
        return execution

    def _begin_again(self, event: Event) -> None:
        """Start an execution of its own for an event that is delivered twice."""
        function = self._simulation.functions.find(event.ref)
        if function is not None and function.durable is not None:
            self.lifecycle.wake_up(self._begin(function, event, synchronous=False))

    def _begin_child(
        self, function: Function, parent: Parent, payload: bytes, tenant_id: str | None
    ) -> Execution:
        """Start an execution that another one waits for."""
        source = f"durable execution {parent.execution.name}"
        event = self._event(function, payload, source, parent.execution.event.trace, tenant_id)
        event.background = parent.execution.event.background
        execution = self._begin(function, event, synchronous=True, parent=parent)
        self.lifecycle.wake_up(execution)
        return execution

    def _wait_for(self, execution: Execution) -> None:
        if execution.is_over:
            return
        simulation, event = self._simulation, execution.event
        running = Running(event.ref.unqualified_arn, event.trace, event.trace_header)
        pause = Pause(simulation.waits, Handling(simulation.turns, running))
        self.lifecycle.on_end.setdefault(execution, []).append(pause.end)
        if not pause.wait((execution.times_out_at - simulation.clock.now) / 1000 + 1):
            message = (
                f"the durable function {event.ref.name} can't be waited for from here: time can't pass in an "
                "import or in a branch of a durable function; invoke it with InvocationType='Event', or by "
                "context.invoke"
            )
            raise DestmockError(message)

    def _answered(self, execution: Execution, function: Function) -> Answered:
        entry = execution.event.entry
        outcome = self.lifecycle.outcomes.get(execution, _NOTHING_RAN)
        succeeded = execution.status == "SUCCEEDED"
        assert execution.ended_at is not None
        outcome = outcome._replace(
            result="Success" if succeeded else "Error",
            payload=payload_of(execution),
            duration=execution.ended_at - execution.started_at,
            interrupt=None,
        )
        return Answered(entry.request_id, execution.event.trace, function, outcome, execution.arn)

    # Finding

    def _named(self, ref: FunctionRef, name: str | None) -> Execution | None:
        found = None if name is None else self._by_name.get((ref.unqualified, name))
        return None if found is None or not self._is_kept(found) else found

    def _is_kept(self, execution: Execution) -> bool:
        """Whether an execution can be asked for: it runs, or it is over within its retention."""
        if execution.ended_at is None:
            return True
        return self._simulation.now < execution.ended_at + execution.config.retention_period_in_days * _DAY

    def find(self, arn: str) -> Execution | None:
        found = self._by_arn.get(arn)
        return None if found is None or not self._is_kept(found) else found

    def of(self, ref: FunctionRef) -> list[Execution]:
        """The executions of a function, the oldest first."""
        of_function = (each for each in self._by_arn.values() if each.ref.unqualified == ref.unqualified)
        return [each for each in of_function if self._is_kept(each)]

    def callback(self, callback_id: str) -> Parent | None:
        """The execution and the operation of a callback."""
        return self._callbacks.get(callback_id)

    # What a handler says and asks

    def checkpoint(
        self,
        arn: str,
        token: str,
        updates: Sequence[Mapping[str, Any]],
        client_token: str | None,
        moment: Any,
    ) -> dict[str, Any]:
        """Take over what a handler has done, and answer what has changed."""
        execution = self._by_arn.get(arn)
        if execution is not None:
            before = execution.tokens.answered_before(token, client_token)
            if before is not None and execution.running:
                return before
        execution = self._with_token(arn, token)
        now = self._simulation.clock.now
        self._take_over_what_is_due(execution, now)
        execution.check(updates)
        targets = self._chained.targets(execution, updates)
        operations = execution.apply(updates, now)
        for operation in operations:
            if operation.callback_id is not None:
                self._callbacks[operation.callback_id] = Parent(execution, operation)
            if operation.id in targets:
                self._chained.start(Parent(execution, operation), targets[operation.id], now)
        self.lifecycle.arm(execution, operations)
        answer = execution.answer(operations, token, client_token, moment)
        if execution.pause is not None and not execution.is_over:  # the handler has to stop here
            execution.owed = True
            self.pausing.begin(execution)
        return answer

    def state(self, arn: str, token: str) -> list[Operation]:
        """All operations, for a handler that has got only some."""
        return [*self._with_token(arn, token).operations.values()]

    def _with_token(self, arn: str, token: str) -> Execution:
        execution = self._by_arn.get(arn)
        if execution is None or execution.tokens.current != token:
            raise errors.invalid_parameter(_BAD_TOKEN)
        return execution

    def _take_over_what_is_due(self, execution: Execution, now: int) -> None:
        for operation in self.lifecycle.due(execution, now):
            execution.wake(operation, now)
            self.lifecycle.arm(execution, [operation])

    # What others say

    def stop(self, execution: Execution, error: ErrorObject | None) -> int:
        """Stop an execution, unless it is over; returns when it ended (R34)."""
        if not execution.is_over:
            execution.end("STOPPED", self._simulation.clock.now, error=error or {})
            self.lifecycle.ended(execution)
        assert execution.ended_at is not None
        return execution.ended_at

    def delete(self, execution: Execution) -> None:
        """Forget an execution that is over."""
        if not execution.is_over:
            raise errors.conflict(_NOT_OVER)
        del self._by_arn[execution.arn]
        named = execution.ref.unqualified, execution.name
        if self._by_name.get(named) is execution:
            del self._by_name[named]

    def answer_callback(
        self, callback_id: str, *, result: str | None = None, error: ErrorObject | None = None
    ) -> None:
        """Complete a callback: with an error, or else with a result."""
        execution, operation = self._open_callback(callback_id)
        execution.complete_callback(operation, self._simulation.now, result=result, error=error)
        self.lifecycle.arm(execution, [operation])
        self.lifecycle.wake_up(execution)

    def beat(self, callback_id: str) -> None:
        """Take note that a callback is still to come."""
        execution, operation = self._open_callback(callback_id)
        execution.beat(operation, self._simulation.now)
        self.lifecycle.arm(execution, [operation])

    def _open_callback(self, callback_id: str) -> Parent:
        found = self.callback(callback_id)
        if found is None:
            raise errors.invalid_parameter(_BAD_CALLBACK)
        if found.execution.is_over or found.operation.is_over:
            raise errors.callback_over()
        return found


def _check_qualified(function: Function) -> None:
    if function.ref.qualifier is None:
        raise errors.invalid_parameter(errors.UNQUALIFIED)
