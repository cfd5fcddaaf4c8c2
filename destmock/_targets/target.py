"""What a target is handed, and what it has to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from destmock._config import Standing
    from destmock._ids import Trace
    from destmock._ledger import Kind

#: Stands for the execution role in a message's SenderId (F3, F4).
ROLE_ID = "AROAEXAMPLEEXAMPLE123"


class UndeliverableError(Exception):
    """The destination did not take the record; the message says why."""


@dataclass(frozen=True, slots=True)
class Message:
    """A record on its way: `trace_header` as its receiver sees it, `sent_at` in milliseconds."""

    body: bytes
    trace: Trace
    trace_header: str
    sent_at: int
    #: What the receiver is told it comes from, e.g. "OnFailure of orders".
    source: str

    @property
    def text(self) -> str:
        return self.body.decode()


class Target(Protocol):
    """Where a record can go."""

    @property
    def kind(self) -> Kind:
        """The service, as a `Delivery` names it."""

    def standing(self) -> Standing:
        """What is behind the ARN now."""

    def deliver(self, message: Message) -> None:
        """Sends the record; raises `UndeliverableError` if the destination won't have it."""
