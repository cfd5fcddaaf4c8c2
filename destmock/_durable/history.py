"""The history of an execution: what has happened, in order, each event written as it happens (R32)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from destmock._durable.operations import Operation, given

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._durable.operations import ErrorObject

#: What the events of each type of operation begin with.
_WORDS = {
    "CONTEXT": "Context",
    "STEP": "Step",
    "WAIT": "Wait",
    "CALLBACK": "Callback",
    "CHAINED_INVOKE": "ChainedInvoke",
}
#: The members of details that a payload stands in.
_PAYLOADS = ("Input", "Result", "Error", "Reason")


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One event. `details` has payloads in full, and moments under names that end in `Timestamp`."""

    number: int
    kind: str
    at: int
    details: dict[str, Any]
    id: str | None = None
    name: str | None = None
    sub_type: str | None = None
    parent_id: str | None = None

    def shown(self, moment: Callable[[int], object], *, with_payloads: bool) -> dict[str, Any]:
        """The event as Lambda's API has it."""
        details = dict(self.details)
        for member, value in self.details.items():
            if member in _PAYLOADS:
                details[member] = (
                    given({"Payload": value, "Truncated": False}) if with_payloads else {"Truncated": True}
                )
            elif member.endswith("Timestamp"):
                details[member] = moment(value)
        found = {
            "EventType": self.kind,
            "SubType": self.sub_type,
            "EventId": self.number,
            "Id": self.id,
            "Name": self.name,
            "EventTimestamp": moment(self.at),
            "ParentId": self.parent_id,
            f"{self.kind}Details": details,
        }
        return given(found)


class History:
    """The events of one execution."""

    def __init__(self) -> None:
        self.events: list[HistoryEvent] = []

    def execution(self, what: str, at: int, execution_id: str, name: str, details: dict[str, Any]) -> None:
        """The execution started or ended."""
        self._add(f"Execution{what}", at, details, id=execution_id, name=name)

    def invocation(self, started_at: int, at: int, request_id: str, error: ErrorObject | None) -> None:
        """An invocation was completed."""
        details = {"StartTimestamp": started_at, "EndTimestamp": at, "RequestId": request_id}
        self._add("InvocationCompleted", at, details if error is None else {**details, "Error": error})

    def operation(self, operation: Operation, what: str, at: int, details: dict[str, Any]) -> HistoryEvent:
        """Something has happened to an operation, such as `Started`."""
        return self._add(
            f"{_WORDS[operation.type]}{what}",
            at,
            details,
            id=operation.id,
            name=operation.name,
            sub_type=operation.sub_type,
            parent_id=operation.parent_id,
        )

    def _add(self, kind: str, at: int, details: dict[str, Any], **about: str | None) -> HistoryEvent:
        event = HistoryEvent(len(self.events) + 1, kind, at, details, **about)
        self.events.append(event)
        return event
