"""What is sent to a destination, and what stands behind its ARN."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from destmock._aws.arn import FunctionRef
    from destmock._aws.ids import Trace
    from destmock._engine.event_invoke_config import Standing
    from destmock._observed.facts import Kind

#: Stands for the execution role in a message's SenderId (F3, F4).
ROLE_ID = "AROAEXAMPLEEXAMPLE123"


_NO_ATTRIBUTES: Mapping[str, tuple[str, str]] = MappingProxyType({})


class UndeliverableError(Exception):
    """The destination did not take the message; the text says why."""


class Origin(NamedTuple):
    """The function whose invocation has ended."""

    ref: FunctionRef
    succeeded: bool


class Message(NamedTuple):
    """A record, an event for a dead-letter queue, or an event that a service passes on.

    `trace_header` is as its receiver sees it, `sent_at` in milliseconds, `unique_id` an id of its own (not
    the request's). `origin` is where a record or a dead-letter message comes from.
    """

    body: bytes
    trace: Trace | None
    trace_header: str | None
    sent_at: int
    unique_id: str
    #: What the receiver is told it comes from, e.g. "OnFailure of orders".
    source: str
    origin: Origin | None = None
    #: Name -> data type and value: a dead-letter message has them, a record doesn't (F1, H2).
    attributes: Mapping[str, tuple[str, str]] = _NO_ATTRIBUTES
    #: Of another service's event: the SenderId and FIFO group in a queue, the subject of a notification.
    sender_id: str = ""
    group: str | None = None
    subject: str | None = None

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def size(self) -> int:
        """The size in bytes, as SQS and SNS count it: with the attributes."""
        attributes = self.attributes.items()
        return len(self.body) + sum(
            len(f"{name}{kind}{value}".encode()) for name, (kind, value) in attributes
        )


class Target(Protocol):
    """A queue, topic, function, bus or bucket that can take a record."""

    @property
    def kind(self) -> Kind:
        """The service, as a `Delivery` names it."""

    def standing(self) -> Standing:
        """Whether something that AWS accepts as a destination is behind the ARN now."""

    def deliver(self, message: Message) -> None:
        """Send a record or a dead-letter message of Lambda's.

        Raises `UndeliverableError` if the destination won't have it.
        """

    def prepare(self, message: Message) -> Callable[[], bool]:
        """What sends another service's event, and tells whether anything is there to take it.

        Raises `UndeliverableError` for what can't be sent at all.
        """
