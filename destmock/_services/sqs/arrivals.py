"""Tells event source mappings what arrives in a queue, or can be read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.sqs.exceptions import SQSException
from moto.sqs.models import Queue, SQSBackend

from destmock._engine.active import active
from destmock._isolation.patching import Patch
from destmock._services.mapping import mark_arrival, resting
from destmock._services.mappings import Mappings
from destmock._services.sqs.delivery import has_trace, mark_traced

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.sqs.models import Message

    from destmock._engine.simulation import Simulation

#: Where a FIFO queue keeps which messages it has had, and when, in virtual milliseconds.
_SEEN = "_destmock_seen"
_DEDUPLICATION_TIME = 300_000
#: AWS's error of a message that can't be text.
_INVALID = (
    "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | [#x20 to #xD7FF] | "
    "[#xE000 to #xFFFD] | [#x10000 to #x10FFFF]"
)


def arrived(queue: Queue) -> None:
    """Tell mappings that something is in the queue, or can be read again later."""
    active[-1].part(Mappings).arrived(queue.account_id, queue.region, queue.queue_arn)


def _add_message(add_message: Callable[[Queue, Message], None]) -> Callable[[Queue, Message], None]:
    """Mappings hear of each message; moto's own reading rests."""

    def noted(self: Queue, message: Message) -> None:
        _check(message)
        simulation = active[-1]
        mark_arrival(message, simulation.now)
        if self.fifo_queue and not _is_first(self, message, simulation):
            return
        trace, header = simulation.traced
        if trace is not None and not has_trace(message):
            mark_traced(message, trace, header)
        if self.lambda_event_source_mappings:
            with resting(self):
                add_message(self, message)
        else:
            add_message(self, message)
        arrived(self)

    return noted


def _change_message_visibility(change: Callable[..., None]) -> Callable[..., None]:
    """Mappings hear when a message can be read again."""

    def noted(self: SQSBackend, queue_name: str, *args: Any, **kwargs: Any) -> None:
        change(self, queue_name, *args, **kwargs)
        arrived(self.get_queue(queue_name))

    return noted


def _is_first(queue: Queue, message: Message, simulation: Simulation) -> bool:
    """Whether a FIFO queue takes the message: not if it had the same in the last five minutes, read or not.

    moto forgets what has been deleted, which a mapping does at once.
    """
    if message.sequence_number is None:
        message.sequence_number = simulation.ids.sequence_number()
    if message.deduplication_id is None or not queue.lambda_event_source_mappings:
        return True
    seen: dict[str, int] = queue.__dict__.setdefault(_SEEN, {})
    before = seen.get(message.deduplication_id)
    if before is not None and simulation.now - before < _DEDUPLICATION_TIME:
        return False
    seen[message.deduplication_id] = simulation.now
    return True


def _check(message: Message) -> None:
    """Refuse a message that moto could not read: it would be in the queue, and break each reading."""
    try:
        message.body.encode()
        for name in message.message_attributes:
            message.validate_attribute_name(name)
    except UnicodeEncodeError as error:
        code = "InvalidMessageContents"
        raise SQSException(code, _INVALID) from error


PATCHES = (
    Patch(Queue, "add_message", _add_message),
    Patch(SQSBackend, "change_message_visibility", _change_message_visibility),
)
