"""Tells event source mappings what arrives in a queue, or can be read again."""

from __future__ import annotations

import contextlib
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from moto.sqs.exceptions import SQSException
from moto.sqs.models import Queue, SQSBackend

from destmock._engine.active import active
from destmock._isolation.patching import Patch
from destmock._services import duplicates
from destmock._services.mapping import mark_arrival
from destmock._services.mappings import Mappings
from destmock._services.sqs.delivery import has_trace, mark_traced

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.sqs.models import Message

    from destmock._engine.simulation import Simulation

#: AWS's error of a message that can't be text.
_INVALID = (
    "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | [#x20 to #xD7FF] | "
    "[#xE000 to #xFFFD] | [#x10000 to #x10FFFF]"
)

_OUT_OF_RANGE = "Message (user) attribute '{name}' number value [{value}] must be between 10^-128 and 10^126."
_NO_NUMBER = "Can't cast the value of message (user) attribute '{name}' to a number."
#: AWS refuses the larger of the two itself.
_SMALLEST, _LARGEST = Decimal("1e-128"), Decimal("1e126")


def arrived(queue: Queue) -> None:
    """Tell mappings that something is in the queue, or can be read again later."""
    active[-1].part(Mappings).arrived(queue.account_id, queue.region, queue.queue_arn)


def put(queue: Queue, message: Message) -> None:
    """Store a message, whatever the queue has had before; mappings hear of it."""
    with queue._messages_lock:  # noqa: SLF001 - as moto does
        queue._messages.append(message)  # noqa: SLF001
        queue._messages_lock.notify_all()  # noqa: SLF001
    arrived(queue)


def _add_message(queue: Queue, message: Message) -> None:
    """Store a message as it is sent. moto would forget what a FIFO queue has had, and read for mappings."""
    _check(message)
    simulation = active[-1]
    mark_arrival(message, simulation.now)
    if queue.fifo_queue and not _is_first(queue, message, simulation):
        return
    if not has_trace(message):
        trace, header = simulation.traced
        if trace is not None:
            mark_traced(message, trace, header)
    put(queue, message)


def _change_message_visibility(change: Callable[..., None]) -> Callable[..., None]:
    """Mappings hear when a message can be read again."""

    def noted(self: SQSBackend, queue_name: str, *args: Any, **kwargs: Any) -> None:
        change(self, queue_name, *args, **kwargs)
        arrived(self.get_queue(queue_name))

    return noted


def _is_first(queue: Queue, message: Message, simulation: Simulation) -> bool:
    """Whether a FIFO queue takes the message: not if it had the same in the last five minutes.

    What has been read and deleted counts, too.
    """
    message.sequence_number = simulation.ids.sequence_number()  # moto's own are in no order
    if message.deduplication_id is None:
        return True
    group = message.group_id if queue.deduplication_scope == "messageGroup" else None  # type: ignore[attr-defined]
    return duplicates.is_first(queue, (group, message.deduplication_id), simulation.now)


def _check(message: Message) -> None:
    """Refuse what AWS refuses. What moto could not read would be in the queue, and break each reading."""
    for name, attribute in message.message_attributes.items():
        text = attribute.get("StringValue") or ""
        if attribute.get("DataType", "").startswith("Number"):
            _check_number(name, text)
    try:
        if not message.body.isascii():
            message.body.encode()
        for name in message.message_attributes:
            message.validate_attribute_name(name)
    except UnicodeEncodeError as error:
        code = "InvalidMessageContents"
        raise SQSException(code, _INVALID) from error


def _check_number(name: str, text: str) -> None:
    code, size = "InvalidParameterValue", Decimal("NaN")
    with contextlib.suppress(InvalidOperation):
        size = abs(Decimal(text))
    if not size.is_finite():
        raise SQSException(code, _NO_NUMBER.format(name=name))
    if size and not _SMALLEST <= size < _LARGEST:
        raise SQSException(code, _OUT_OF_RANGE.format(name=name, value=text))


PATCHES = (
    Patch(Queue, "add_message", lambda _: _add_message),
    Patch(SQSBackend, "change_message_visibility", _change_message_visibility),
)
