"""One durable execution: its state, and how checkpoints and time change it.

Nothing here knows the clock or runs anything: whoever changes an execution asks it what is due next.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from destmock._durable.checks import LARGEST_CHAINED, check_updates, size_of
from destmock._durable.history import History
from destmock._durable.operations import CALLBACK_TIMED_OUT, HEARTBEAT_MISSED, Operation, given
from destmock._durable.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from destmock._aws.arn import FunctionRef
    from destmock._aws.durable_config import DurableConfig
    from destmock._durable.operations import ErrorObject, OperationStatus
    from destmock._engine.event import Event

ExecutionStatus = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED"]
#: How each end is called in the history and in metrics, and what becomes of the operation.
_ENDINGS: dict[ExecutionStatus, tuple[str, OperationStatus]] = {
    "SUCCEEDED": ("Succeeded", "SUCCEEDED"),
    "FAILED": ("Failed", "FAILED"),
    "TIMED_OUT": ("TimedOut", "TIMED_OUT"),
    "STOPPED": ("Stopped", "STOPPED"),
}
#: How the end of a chained invocation is called in the history.
_CHAINED = {"SUCCEEDED": "Succeeded", "TIMED_OUT": "TimedOut", "STOPPED": "Stopped"}
#: The largest result of a synchronous invocation; others are limited like what a chained function answers.
_LARGEST_RESULT = 6_291_456


class Parent(NamedTuple):
    """The execution that waits for another one, and the operation by which it does."""

    execution: Execution
    operation: Operation


class Pause(NamedTuple):
    """A pause that was asked for; it begins when no invocation runs any more."""

    requested_at: int
    reason: str | None
    #: Whether the execution has more time for it.
    timeout_too: bool
    began_at: int | None = None


class Execution:
    """One durable execution. Times are virtual, in milliseconds.

    `ref` is the function with the version that runs all of it; `on_change` is told of each event of an
    operation.
    """

    def __init__(
        self,
        ref: FunctionRef,
        version: str,
        config: DurableConfig,
        name: str,
        execution_id: str,
        event: Event,
        *,
        synchronous: bool,
        parent: Parent | None = None,
        on_change: Callable[[str, int], object],
    ) -> None:
        now, payload = event.entry.accepted_at, event.entry.payload.decode()
        self.ref, self.version, self.config = ref, version, config
        self.name, self.id = name, execution_id
        self.function_arn = f"{ref.unqualified_arn}:{version}"
        self.arn = f"{self.function_arn}/durable-execution/{name}/{execution_id}"
        self.event = event
        self.client_context: str | None = None
        #: The pause that it is in, how long earlier ones took, and whether an invocation is due after it.
        self.pause: Pause | None = None
        self.paused_for = 0
        self.owed = False
        self.synchronous = synchronous
        self.parent = parent
        self.started_at = now
        self.ended_at: int | None = None
        self.times_out_at = self.planned_timeout
        self.status: ExecutionStatus = "RUNNING"
        self.result: str | None = None
        self.error: ErrorObject | None = None
        self.history = History()
        #: How much state was written, in bytes.
        self.written = len(event.entry.payload)
        self.input = payload
        root = Operation(execution_id, "EXECUTION", now, name=name, input=payload)
        self.operations: dict[str, Operation] = {execution_id: root}
        #: Those that the clock has something queued for.
        self.timed: dict[str, Operation] = {}
        #: The operations that have changed without the handler having been told.
        self.changed: dict[str, Operation] = {}
        #: Whether an invocation runs, whether something has come about meanwhile, and how many have failed
        #: in a row.
        self.running = self.woken = False
        self.failures = 0
        self.tokens = Tokens(execution_id)
        self._on_change = on_change
        details = {"Input": payload, "ExecutionTimeout": config.execution_timeout}
        self.history.execution("Started", now, execution_id, name, details)

    @property
    def is_over(self) -> bool:
        return self.status != "RUNNING"

    @property
    def ending(self) -> str:
        """How its end is called in the history and in metrics."""
        return _ENDINGS[self.status][0]

    @property
    def planned_timeout(self) -> int:
        """When it was to time out at first."""
        return self.started_at + self.config.execution_timeout * 1000

    @property
    def shown_status(self) -> str:
        if self.is_over or self.pause is None:
            return self.status
        return "PAUSING" if self.pause.began_at is None else "PAUSED"

    @property
    def is_paused(self) -> bool:
        return self.pause is not None and self.pause.began_at is not None

    @property
    def largest_result(self) -> int:
        return _LARGEST_RESULT if self.synchronous else LARGEST_CHAINED

    @property
    def waits_for_something(self) -> bool:
        """Whether something is to come that no handler does, or has come while one ran."""
        return bool(self.changed) or any(operation.is_pending for operation in self.operations.values())

    # What a handler sees and says

    def begin_invocation(self) -> tuple[str, list[Operation]]:
        """The token of a new invocation, and what has changed since the last one."""
        self.running, self.woken = True, False
        changed = [*self.changed.values()]
        self.changed.clear()
        return self.tokens.next(), changed

    def check(self, updates: Sequence[Mapping[str, Any]]) -> None:
        """Raise AWS's error for a batch of updates that Lambda does not take."""
        check_updates(updates, self.operations, self.ref, self.largest_result, self.written)

    def apply(self, updates: Sequence[Mapping[str, Any]], now: int) -> list[Operation]:
        """Take over a batch of updates that was checked; returns the operations that it concerns."""
        found: dict[str, Operation] = {}
        for update in updates:
            self.written += size_of(update)
            if update["Type"] == "EXECUTION":
                succeeded = update["Action"] == "SUCCEED"
                status: ExecutionStatus = "SUCCEEDED" if succeeded else "FAILED"
                self.end(status, now, result=update.get("Payload"), error=update.get("Error"))
            else:
                operation = self._updated(update, now)
                found[operation.id] = operation
        return [*found.values()]

    def answer(
        self, operations: Sequence[Operation], token: str, client_token: str | None, moment: Any
    ) -> dict[str, Any]:
        """The answer to a checkpoint: what it has changed, and what else has."""
        shown = {operation.id: operation for operation in operations} | self.changed
        self.changed.clear()
        state = {"Operations": [operation.shown(moment) for operation in shown.values()]}
        answer: dict[str, Any] = {"NewExecutionState": state}
        if not self.is_over and self.pause is None:
            answer["CheckpointToken"] = self.tokens.next()
            self.tokens.remember(token, client_token, answer)
        else:
            self.tokens.current = None
        return answer

    def _updated(self, update: Mapping[str, Any], now: int) -> Operation:
        operation = self.operations.get(update["Id"])
        if operation is None:
            operation = self.operations[update["Id"]] = Operation(
                update["Id"],
                update["Type"],
                now,
                update.get("Name"),
                update.get("SubType"),
                update.get("ParentId"),
            )
        action = update["Action"]
        if action == "START":
            self._start(operation, update, now)
        elif action == "RETRY":
            self._retry(operation, update, now)
        elif action == "CANCEL":
            operation.end("CANCELLED", now)
            self._told(operation, "Cancelled", now, given({"Error": update.get("Error")}))
        else:
            self._close(operation, update, now)
        return operation

    def _start(self, operation: Operation, update: Mapping[str, Any], now: int) -> None:
        operation.status, operation.due_at = "STARTED", None
        details: dict[str, Any] = {}
        if operation.type == "WAIT":
            seconds = operation.wait_seconds = update["WaitOptions"]["WaitSeconds"]
            operation.due_at = now + seconds * 1000
            details = {"Duration": seconds, "ScheduledEndTimestamp": operation.due_at}
        elif operation.type == "CALLBACK":
            details = self._start_callback(operation, update.get("CallbackOptions") or {}, now)
        elif operation.type == "CHAINED_INVOKE":
            operation.input = update.get("Payload")
            return  # its event tells what became of it
        self._told(operation, "Started", now, details)

    def _start_callback(self, operation: Operation, options: Mapping[str, Any], now: int) -> dict[str, Any]:
        operation.callback_id = base64.b64encode(f"{self.arn}#{operation.id}".encode()).decode()
        timeout, heartbeat = options.get("TimeoutSeconds"), options.get("HeartbeatTimeoutSeconds")
        if timeout:
            operation.times_out_at = now + timeout * 1000
        if heartbeat:
            operation.heartbeat_seconds = heartbeat
            operation.heartbeat_by = now + heartbeat * 1000
        details = {"CallbackId": operation.callback_id, "Timeout": timeout, "HeartbeatTimeout": heartbeat}
        return given(details)

    def _retry(self, operation: Operation, update: Mapping[str, Any], now: int) -> None:
        """A step is to be tried again, or a condition to be checked again."""
        seconds = update["StepOptions"].get("NextAttemptDelaySeconds") or 1
        operation.attempt += 1
        operation.status, operation.due_at = "PENDING", now + seconds * 1000
        operation.result, operation.error = update.get("Payload"), update.get("Error")
        retry = {"CurrentAttempt": operation.attempt, "NextAttemptDelaySeconds": seconds}
        self._step_ended(operation, now, retry)

    def _close(self, operation: Operation, update: Mapping[str, Any], now: int) -> None:
        operation.end("SUCCEEDED" if update["Action"] == "SUCCEED" else "FAILED", now)
        operation.result, operation.error = update.get("Payload"), update.get("Error")
        if operation.type == "STEP":
            operation.attempt += 1
            self._step_ended(operation, now, {"CurrentAttempt": operation.attempt})
            return
        operation.replay_children = bool((update.get("ContextOptions") or {}).get("ReplayChildren"))
        if operation.status == "SUCCEEDED":
            self._told(operation, "Succeeded", now, {"Result": operation.result})
        else:
            self._told(operation, "Failed", now, {"Error": operation.error})

    def _step_ended(self, operation: Operation, now: int, retry: dict[str, int]) -> None:
        failed = operation.status == "FAILED" or operation.error is not None
        details: dict[str, Any] = {"Error": operation.error} if failed else {"Result": operation.result}
        self._told(operation, "Failed" if failed else "Succeeded", now, {**details, "RetryDetails": retry})

    # What happens by itself, or from outside

    def wake(self, operation: Operation, now: int) -> None:
        """Take over what is due for an operation by now."""
        at = operation.wakes_at
        if at is None or at > now:
            return
        if operation.type == "WAIT":
            operation.end("SUCCEEDED", at)
            self._told(operation, "Succeeded", at, {"Duration": operation.wait_seconds})
        elif operation.type == "STEP":
            operation.status, operation.due_at = "READY", None
        elif operation.times_out_at is not None and operation.times_out_at <= at:
            self._time_out(operation, dict(CALLBACK_TIMED_OUT), at)
        else:
            self._time_out(operation, dict(HEARTBEAT_MISSED), at)
        self.changed[operation.id] = operation

    def _time_out(self, operation: Operation, error: ErrorObject, now: int) -> None:
        operation.error = error
        operation.end("TIMED_OUT", now)
        self._told(operation, "TimedOut", now, {"Error": {"ErrorType": error["ErrorType"]}})

    def complete_callback(
        self, operation: Operation, now: int, *, result: str | None = None, error: ErrorObject | None = None
    ) -> None:
        """Somebody has answered a callback: with an error, or else with a result."""
        operation.result, operation.error = result, error
        if error is None:
            operation.end("SUCCEEDED", now)
            self._told(operation, "Succeeded", now, {"Result": result})
        else:
            operation.end("FAILED", now)
            self._told(operation, "Failed", now, {"Error": error})
        self.changed[operation.id] = operation

    def beat(self, operation: Operation, now: int) -> None:
        """Somebody has said that a callback is still to come."""
        if operation.heartbeat_seconds:
            operation.heartbeat_by = now + operation.heartbeat_seconds * 1000

    def chained(self, operation: Operation, now: int, details: dict[str, Any]) -> None:
        """A chained invocation was started."""
        self._told(operation, "Started", now, details)

    def end_chained(
        self,
        operation: Operation,
        status: OperationStatus,
        now: int,
        *,
        result: str | None = None,
        error: ErrorObject | None = None,
    ) -> None:
        """A chained invocation has come to an end."""
        operation.result, operation.error = result, error
        operation.end(status, now)
        if self.is_over:
            return
        details = {"Result": result} if status == "SUCCEEDED" else {"Error": error}
        self._told(operation, _CHAINED.get(status, "Failed"), now, details)
        self.changed[operation.id] = operation

    def end(
        self,
        status: ExecutionStatus,
        now: int,
        *,
        result: str | None = None,
        error: ErrorObject | None = None,
    ) -> None:
        """End the execution; what an invocation still does has no effect any more."""
        self.status, self.ended_at = status, now
        self.result, self.error = result, error
        self.tokens.current = None
        self.operations[self.id].end(_ENDINGS[status][1], now)

    def end_told(self) -> None:
        """Write the end into the history: the last invocation is completed before it (N9)."""
        assert self.ended_at is not None
        details = {"Result": self.result} if self.status == "SUCCEEDED" else {"Error": self.error or {}}
        self.history.execution(self.ending, self.ended_at, self.id, self.name, details)

    def _told(self, operation: Operation, what: str, now: int, details: dict[str, Any]) -> None:
        event = self.history.operation(operation, what, now, details)
        named = "" if operation.name is None else f" {operation.name}"
        self._on_change(f"{event.kind}{named}", now)
