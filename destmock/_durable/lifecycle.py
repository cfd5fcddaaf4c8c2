"""Moves an execution on: its invocations, the moments at which something is due, and its end.

How AWS spaces the invocations that follow a crash was not recorded: here they come after 1, 2, 4, 8 and 16
seconds, and the sixth failure in a row ends the execution.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from destmock._aws import lifecycle
from destmock._aws.ids import function_hash
from destmock._durable.ending import announce, as_chained, count, settle
from destmock._durable.output import NOTHING_PENDING, error_of, invalid, read_output
from destmock._durable.steps import Step
from destmock._engine.attempts import tried
from destmock._observed.entries import Note
from destmock._observed.xray import Run
from destmock._runtime.outcome import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from destmock._durable.execution import Execution
    from destmock._durable.operations import ErrorObject, Operation
    from destmock._engine.calls import FunctionRun
    from destmock._engine.event import Event
    from destmock._engine.simulation import Simulation
    from destmock._functions.functions import Function
    from destmock._runtime.outcome import Outcome
    from destmock._time.clock import Due
    from destmock._time.jobs import Job

_RETRY_DELAY = 1_000
_MOST_RETRIES = 5
#: The most operations that an invocation is handed at once; it asks for the others.
FIRST_PAGE = 1_000


class Lifecycle:
    """The executions of one simulation on their way; `begin_again` gets an event delivered twice."""

    def __init__(self, simulation: Simulation, begin_again: Callable[[Event], object]) -> None:
        self._simulation = simulation
        self._begin_again = begin_again
        #: The next invocation and the timeout of each execution that is not over.
        self._next: dict[Execution, Due[Job]] = {}
        self._timeouts: dict[Execution, Due[Job]] = {}
        #: The latest outcome of each execution's invocations, and what is to be done at its end.
        self.outcomes: dict[Execution, Outcome] = {}
        self.on_pause: Callable[[Execution], object]
        self.on_end: dict[Execution, list[Callable[[], object]]] = {}

    # What is due

    def begin(self, execution: Execution) -> None:
        """Have the execution time out."""
        self._simulation.metrics.execution_started(execution.event.ref, execution.started_at)
        announce(self._simulation, execution)
        self.time_out_later(execution)

    def time_out_later(self, execution: Execution) -> None:
        """Have the execution time out when it is to, which may have changed."""
        before = self._timeouts.pop(execution, None)
        if before is not None:
            before.cancel()
        self._timeouts[execution] = self._schedule(
            execution,
            execution.times_out_at,
            partial(self._time_out, execution),
            background=True,
            shown=False,
        )

    def hold(self, execution: Execution) -> None:
        """Take back the next invocation, which is owed once the execution is resumed."""
        following = self._next.pop(execution, None)
        if following is not None:
            following.cancel()
            execution.owed = True

    def arm(self, execution: Execution, operations: Iterable[Operation]) -> None:
        """Have the clock do what is due for operations that have changed."""
        for operation in operations:
            if operation.timer is not None:
                operation.timer.cancel()
                operation.timer = None
                execution.timed.pop(operation.id, None)
            at = None if execution.is_over else operation.wakes_at
            if at is not None:
                waits = operation.type == "CALLBACK"  # for somebody, who need not come
                run = partial(self._wake, execution, operation)
                operation.timer = self._schedule(execution, at, run, background=waits, shown=not waits)
                execution.timed[operation.id] = operation

    def due(self, execution: Execution, now: int) -> list[Operation]:
        """The operations that something has happened to by now, though the clock has not come to it."""
        return [each for each in execution.timed.values() if (each.wakes_at or now + 1) <= now]

    def wake_up(self, execution: Execution, at: int | None = None) -> None:
        """Have the execution invoked, unless it is being invoked or will be."""
        execution.owed = execution.owed or execution.is_paused
        execution.woken = execution.woken or execution.running
        if execution.is_over or execution.running or execution.is_paused or execution in self._next:
            return
        moment = self._simulation.clock.now if at is None else at
        self._next[execution] = self._schedule(execution, moment, partial(self.invoke, execution))

    def _schedule(
        self,
        execution: Execution,
        at: int,
        run: Callable[[], bool],
        *,
        background: bool = False,
        shown: bool = True,
    ) -> Due[Job]:
        background = background or execution.event.background

        def again() -> None:
            if not execution.is_over:
                self._simulation.schedule(at, step, background=background)

        step = Step(execution, run, again, background, shown)
        return self._simulation.schedule(at, step, background=background)

    def _wake(self, execution: Execution, operation: Operation) -> bool:
        execution.wake(operation, self._simulation.clock.now)
        self.arm(execution, [operation])
        self.wake_up(execution)
        return False

    def _time_out(self, execution: Execution) -> bool:
        if not execution.is_over:
            seconds = (execution.times_out_at - execution.started_at) // 1000
            text = f"Execution timed out after {seconds} seconds."
            execution.end("TIMED_OUT", self._simulation.clock.now, error={"ErrorMessage": text})
            self.ended(execution)
        return False

    # Invocations

    def invoke(self, execution: Execution) -> bool:
        """Invoke the function once; returns whether it came to that."""
        self._next.pop(execution, None)
        if execution.is_over or execution.running:
            return False
        simulation, event = self._simulation, execution.event
        function = simulation.functions.find(execution.ref)
        if function is None:
            text = f"Function not found: {execution.function_arn}"
            error = {"ErrorMessage": text, "ErrorType": "ResourceNotFoundException"}
            return self._end(execution, "FAILED", error=error)
        function = function._replace(ref=event.ref)
        if (event.tries or not execution.synchronous) and self._is_refused(execution, function):
            return False
        code, now = simulation.code.of(function), simulation.clock.now
        duration = code.duration_ms(event.entry.payload)
        request_id = simulation.ids.uuid() if event.tries else event.entry.request_id
        before = event.counts
        event.tries, event.throttles, event.ran, event.delayed = event.tries + 1, 0, True, False
        envelope, context = self._envelope(execution), execution.client_context
        call = Call(request_id, envelope, now, _header(event), context, duration, event.tenant_id)
        try:
            ran = simulation.attempts.run(
                function, code, call, event.trace, asynchronous=not execution.synchronous
            )
        except BaseException:
            execution.running, event.counts = False, before
            raise
        event.run = ran.number
        for at, text in ran.notes:
            self.note(event, execution.synchronous, text, at)
        self._complete(execution, request_id, now, ran)
        if ran.outcome.interrupt is not None:
            raise ran.outcome.interrupt
        return True

    def _is_refused(self, execution: Execution, function: Function) -> bool:
        """Whether the invocation does not come to pass now; it comes later, or the execution is over."""
        simulation, event = self._simulation, execution.event
        now = simulation.clock.now
        refusal = simulation.admission.refusal(event, function, now, self._begin_again)
        if refusal is None:
            return False
        if refusal.result == "Recursion":
            error = {"ErrorMessage": "recursive loop", "ErrorType": "RecursiveInvocationException"}
            self._end(execution, "FAILED", error=error)
            return True
        if refusal.result == "ZeroConcurrency":
            event.throttles += 1
        step = lifecycle.after(
            "Throttled" if refusal.result == "ZeroConcurrency" else refusal.result,
            tries=event.tries,
            throttles=event.throttles,
            delay=refusal.delay,
            accepted_at=now,
            now=now,
            policy=lifecycle.Policy(),
        )
        assert isinstance(step, lifecycle.Retry)  # as old as it may get: its own timeout ends it
        self.wake_up(execution, step.at)
        return True

    def _envelope(self, execution: Execution) -> bytes:
        """The event that a durable handler gets."""
        token, changed = execution.begin_invocation()
        operations = [*execution.operations.values()]
        more = len(operations) > FIRST_PAGE
        first = [operation.shown(int) for operation in operations[:FIRST_PAGE]]
        state = {"Operations": first, "NextMarker": str(FIRST_PAGE) if more else ""}
        envelope: dict[str, Any] = {
            "DurableExecutionArn": execution.arn,
            "CheckpointToken": token,
            "InitialExecutionState": state,
            "UpdatedOperationIds": [operation.id for operation in changed],
        }
        return json.dumps(envelope, separators=(",", ":")).encode()

    def _complete(self, execution: Execution, request_id: str, began_at: int, ran: FunctionRun) -> None:
        """Enter an invocation that has ended, and have follow what follows from it."""
        now, event, outcome = self._simulation.clock.now, execution.event, ran.outcome
        entry = event.entry
        execution.running, execution.tokens.current = False, None
        self.outcomes[execution] = outcome
        if entry.condition is None:
            attempt = tried(len(entry.tried) + 1, began_at, entry.accepted_at, ran)
            if execution.synchronous:
                entry.tried.append(attempt)
            else:
                self._simulation.ledger.attempted(entry, attempt)
        if event.trace.sampled:
            event.runs.append(Run(began_at, began_at + outcome.duration, outcome.result != "Success"))
        if outcome.result != "Success":
            error = error_of(outcome.payload)
            execution.history.invocation(began_at, now, request_id, error)
            self._failed(execution, error)
            return
        output = read_output(outcome.payload, execution.largest_result)
        waits = execution.waits_for_something
        in_order = execution.is_over or waits or execution.woken or execution.pause is not None
        if output.status == "PENDING" and not in_order:
            output = invalid(NOTHING_PENDING)
        execution.history.invocation(began_at, now, request_id, output.error)
        execution.failures = 0
        if execution.is_over:  # by a checkpoint, or from outside
            self.ended(execution)
        elif output.status == "PENDING":
            if execution.changed or not waits:
                self.wake_up(execution)
            if execution.pause is not None and not execution.is_paused:
                self.on_pause(execution)
        else:
            self._end(execution, output.status, result=output.result, error=output.error)

    def _failed(self, execution: Execution, error: ErrorObject) -> None:
        execution.failures += 1
        if execution.is_over:
            self.ended(execution)
        elif execution.failures > _MOST_RETRIES:
            self._end(execution, "FAILED", error=error)
        else:
            delay = _RETRY_DELAY << (execution.failures - 1)
            self.wake_up(execution, self._simulation.clock.now + delay)

    # The end

    def _end(
        self,
        execution: Execution,
        status: Any,
        *,
        result: str | None = None,
        error: ErrorObject | None = None,
    ) -> bool:
        execution.end(status, self._simulation.clock.now, result=result, error=error)
        self.ended(execution)
        return False

    def ended(self, execution: Execution) -> None:
        """Have everybody told that the execution has ended; whoever was told is not told again."""
        timeout = self._timeouts.pop(execution, None)
        if timeout is None:
            return
        timeout.cancel()
        following = self._next.pop(execution, None)
        if following is not None:
            following.cancel()
        self.arm(execution, [*execution.timed.values()])
        if execution.status in ("STOPPED", "TIMED_OUT"):  # of the others, an invocation tells
            ending = f"Execution{execution.ending}"
            self.note(execution.event, execution.synchronous, ending, self._simulation.clock.now)
        execution.end_told()
        count(self._simulation, execution)
        announce(self._simulation, execution)
        self._simulation.leave()
        try:
            settle(self._simulation, execution)
        finally:
            for each in self.on_end.pop(execution, ()):
                each()
            self._tell_parent(execution)

    def _tell_parent(self, execution: Execution) -> None:
        if execution.parent is None:
            return
        parent, operation = execution.parent
        if operation.is_over:
            return
        status, error = as_chained(execution)
        parent.end_chained(
            operation, status, self._simulation.clock.now, result=execution.result, error=error
        )
        self.wake_up(parent)

    def note(self, event: Event, synchronous: bool, text: str, now: int) -> None:  # noqa: FBT001
        """Enter in the ledger what has happened to an operation."""
        if event.entry.condition is not None:
            return
        if synchronous:
            event.entry.notes.append(Note(now, text))
        else:
            self._simulation.ledger.noted(event.entry, Note(now, text))


def _header(event: Event) -> str:
    return event.trace.header(function_hash(event.ref.unqualified_arn))
