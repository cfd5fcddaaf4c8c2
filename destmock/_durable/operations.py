"""The operations of a durable execution, and the moments at which something happens to them by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._time.clock import Due
    from destmock._time.jobs import Job

OperationType = Literal["EXECUTION", "CONTEXT", "STEP", "WAIT", "CALLBACK", "CHAINED_INVOKE"]
OperationStatus = Literal[
    "STARTED", "PENDING", "READY", "SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT", "STOPPED"
]
#: An error as Lambda's API has it: ErrorMessage, ErrorType, ErrorData, StackTrace, each if it is known.
ErrorObject: TypeAlias = "dict[str, Any]"

#: The statuses that nothing follows on.
OVER: frozenset[OperationStatus] = frozenset({"SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT", "STOPPED"})
#: The errors of callbacks that nobody has answered in time.
CALLBACK_TIMED_OUT = {"ErrorMessage": "Callback timed out", "ErrorType": "Callback.Timeout"}
HEARTBEAT_MISSED = {"ErrorMessage": "Callback timed out on heartbeat", "ErrorType": "Callback.Heartbeat"}
_DETAILS: dict[OperationType, str] = {
    "EXECUTION": "ExecutionDetails",
    "CONTEXT": "ContextDetails",
    "STEP": "StepDetails",
    "WAIT": "WaitDetails",
    "CALLBACK": "CallbackDetails",
    "CHAINED_INVOKE": "ChainedInvokeDetails",
}


@dataclass(slots=True, eq=False)
class Operation:
    """One operation, as it stands. Times are virtual, in milliseconds.

    `options` are those that it was started with, by the names of the API.
    """

    id: str
    type: OperationType
    started_at: int
    name: str | None = None
    sub_type: str | None = None
    parent_id: str | None = None
    status: OperationStatus = "STARTED"
    ended_at: int | None = None
    #: What was given to the execution, or to the function that it invokes.
    input: str | None = None
    result: str | None = None
    error: ErrorObject | None = None
    #: Of a step: how many attempts have ended.
    attempt: int = 0
    #: When a wait ends, or a step is tried again.
    due_at: int | None = None
    replay_children: bool = False
    callback_id: str | None = None
    #: When a callback is too late, and when its next heartbeat is.
    times_out_at: int | None = None
    heartbeat_by: int | None = None
    wait_seconds: int = 0
    heartbeat_seconds: int = 0
    #: What the clock has queued for it.
    timer: Due[Job] | None = None

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    @property
    def is_pending(self) -> bool:
        """Whether something is to come that no handler does: an execution may wait for it."""
        if self.type in ("WAIT", "CALLBACK", "CHAINED_INVOKE"):
            return not self.is_over
        return self.type == "STEP" and self.status == "PENDING"

    @property
    def wakes_at(self) -> int | None:
        """When something happens to it by itself."""
        if self.is_over or self.status == "READY":
            return None
        moments = (self.due_at, self.times_out_at, self.heartbeat_by)
        return min((at for at in moments if at is not None), default=None)

    def end(self, status: OperationStatus, now: int) -> None:
        self.status, self.ended_at, self.due_at = status, now, None

    def shown(self, moment: Callable[[int], object]) -> dict[str, Any]:
        """The operation as Lambda's API has it; `moment` writes a time."""
        found: dict[str, Any] = {
            "Id": self.id,
            "ParentId": self.parent_id,
            "Name": self.name,
            "Type": self.type,
            "SubType": self.sub_type,
            "StartTimestamp": moment(self.started_at),
            "EndTimestamp": None if self.ended_at is None else moment(self.ended_at),
            "Status": self.status,
            _DETAILS[self.type]: given(self._details(moment)),
        }
        return given(found)

    def _details(self, moment: Callable[[int], object]) -> dict[str, Any]:
        due = None if self.due_at is None else moment(self.due_at)
        result = {"Result": self.result, "Error": self.error}
        if self.type == "EXECUTION":
            return {"InputPayload": self.input}
        if self.type == "CONTEXT":
            return {**result, "ReplayChildren": self.replay_children or None}
        if self.type == "STEP":
            return {**result, "Attempt": self.attempt, "NextAttemptTimestamp": due}
        if self.type == "WAIT":
            return {"ScheduledEndTimestamp": moment(self.started_at + self.wait_seconds * 1000)}
        if self.type == "CALLBACK":
            return {**result, "CallbackId": self.callback_id}
        return result


def given(members: dict[str, Any]) -> dict[str, Any]:
    """The members that have a value."""
    return {name: value for name, value in members.items() if value is not None}
