"""SQS: the record is the message body, with a trace header and nothing else (F1, F2).

As a dead-letter queue it gets the original event, with three message attributes (H1, H2).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from moto.moto_api._internal import mock_random
from moto.sqs.models import Message as QueuedMessage
from moto.sqs.models import Queue, sqs_backends

from destmock._aws.times import to_datetime
from destmock._engine.delivery import ROLE_ID, UndeliverableError
from destmock._functions.backends import existing

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._aws.arn import Arn
    from destmock._aws.ids import Trace
    from destmock._engine.delivery import Message
    from destmock._engine.event_invoke_config import Standing
    from destmock._observed.facts import Kind


#: Where a message of moto's keeps its trace.
_TRACE = "_destmock_trace"
#: Where a dead letter keeps the ARN of the queue whose redrive policy moved it.
_SOURCE = "_destmock_dead_letter_source"
#: SQS's words for what a FIFO queue wants of each message.
_NO_GROUP = "The request must contain the parameter MessageGroupId."
_NO_DEDUPLICATION = (
    "The queue should either have ContentBasedDeduplication enabled "
    "or MessageDeduplicationId provided explicitly"
)
_ONLY_DIGITS = str.maketrans("", "", "-T:")


class QueueTarget:
    """A queue, by its ARN."""

    kind: Kind = "sqs"

    def __init__(self, arn: Arn) -> None:
        self._arn = arn

    def standing(self) -> Standing:
        if self._arn.resource.endswith(".fifo"):
            return "unsupported"
        return "missing" if find_queue(self._arn) is None else "ok"

    def deliver(self, message: Message) -> None:
        queue = find_queue(self._arn)
        if queue is None:
            text = f"the queue {self._arn} does not exist"
            raise UndeliverableError(text)
        seconds, rest = divmod(message.sent_at, 1000)
        attributes = _message_attributes(message)
        sender = f"{ROLE_ID}:awslambda_1_{_to_the_second(seconds)}{str(rest).zfill(3)}"
        enqueue(queue, message.text, message, sender, attributes, message.unique_id)

    def prepare(self, message: Message) -> Callable[[], bool]:
        return lambda: self._take(message)

    def _take(self, message: Message) -> bool:
        queue = find_queue(self._arn)
        if queue is None:
            return False
        if message.group is None or not queue.fifo_queue:
            attributes = _message_attributes(message)
            enqueue(queue, message.text, message, message.sender_id, attributes)
            return True
        if not message.group:
            raise UndeliverableError(_NO_GROUP)
        if queue.attributes.get("ContentBasedDeduplication") != "true":
            raise UndeliverableError(_NO_DEDUPLICATION)
        backend = sqs_backends[self._arn.account][self._arn.region]
        backend.send_message(queue.name, message.text, group_id=message.group)
        return True


def _message_attributes(message: Message) -> dict[str, Any]:
    if not message.attributes:  # as of each record
        return {}
    return {
        name: {"DataType": data_type, "StringValue": value}
        for name, (data_type, value) in message.attributes.items()
    }


@lru_cache(maxsize=100)
def _to_the_second(seconds: int) -> str:
    return to_datetime(seconds * 1000).isoformat()[:19].translate(_ONLY_DIGITS)


def find_queue(arn: Arn) -> Queue | None:
    """moto's own queue, if there is one."""
    backend = existing(sqs_backends, arn.account, arn.region)
    return None if backend is None else backend.queues.get(arn.resource)


def mark_traced(message: QueuedMessage, trace: Trace | None, header: str | None) -> None:
    """Give the message a trace, which its receiver carries on, and the header that the receiver sees."""
    if header is not None:
        value = {"DataType": "String", "StringValue": header}
        message.system_attributes = {**message.system_attributes, "AWSTraceHeader": value}
    setattr(message, _TRACE, trace)


def has_trace(message: QueuedMessage) -> bool:
    """Whether the message has been sent before, or comes from a function's record."""
    return hasattr(message, _TRACE)


def trace_of(message: QueuedMessage) -> Trace | None:
    """The trace that the message was sent in, if it was in one."""
    found: Trace | None = getattr(message, _TRACE, None)
    return found


def mark_dead_letter(message: QueuedMessage, source: str) -> None:
    """Note from which queue a message came into its dead-letter queue."""
    setattr(message, _SOURCE, source)


def source_of_dead_letter(message: QueuedMessage) -> str | None:
    """The ARN of the queue that moved the message into its dead-letter queue, if one did."""
    found: str | None = getattr(message, _SOURCE, None)
    return found


def enqueue(
    queue: Queue,
    body: str,
    carrier: Message,
    sender: str,
    attributes: dict[str, Any] | None = None,
    message_id: str | None = None,
) -> None:
    """Store a message as moto's `send_message` does, without computing every attribute of the queue.

    The message has the trace of `carrier`.
    """
    attributes = attributes or {}
    size = len(body if body.isascii() else body.encode())
    for name, attribute in attributes.items():
        size += len(f"{name}{attribute['DataType']}{attribute['StringValue']}".encode())
    limit = int(queue.maximum_message_size)  # type: ignore[attr-defined]
    if size > limit:
        text = f"the message has {size} bytes; the queue {queue.queue_arn} takes {limit}"
        raise UndeliverableError(text)
    message = QueuedMessage(message_id or str(mock_random.uuid4()), body)
    mark_traced(message, carrier.trace, carrier.trace_header)
    message.sender_id = sender
    message.message_attributes = attributes
    message.sent_timestamp = carrier.sent_at  # type: ignore[assignment]
    delay = int(queue.delay_seconds)  # type: ignore[attr-defined]
    if delay:
        message.delay(delay)
    queue.add_message(message)
