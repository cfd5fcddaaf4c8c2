"""SQS: the record is the message body, with a trace header and nothing else (F1, F2).

As a dead-letter queue it gets the original event, with three message attributes (H1, H2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.moto_api._internal import mock_random
from moto.sqs.models import Message as QueuedMessage
from moto.sqs.models import Queue, sqs_backends

from destmock._clock import to_datetime
from destmock._targets.target import ROLE_ID, UndeliverableError

if TYPE_CHECKING:
    from destmock._arn import Arn
    from destmock._config import Standing
    from destmock._ledger import Kind
    from destmock._targets.target import Message


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
        moment = f"{to_datetime(message.sent_at):%Y%m%d%H%M%S}{message.sent_at % 1000:03d}"
        attributes = {
            name: {"DataType": data_type, "StringValue": value}
            for name, (data_type, value) in message.attributes.items()
        }
        sender = f"{ROLE_ID}:awslambda_1_{moment}"
        enqueue(queue, message.text, message.trace_header, sender, attributes)


def find_queue(arn: Arn) -> Queue | None:
    """moto's own queue; `None` too for a region that moto doesn't know."""
    try:
        return sqs_backends[arn.account][arn.region].queues.get(arn.resource)
    except KeyError:
        return None


def enqueue(
    queue: Queue,
    body: str,
    trace_header: str,
    sender: str,
    attributes: dict[str, Any] | None = None,
) -> None:
    """What moto's `send_message` stores, past its computing of every queue attribute for each message."""
    size = len(body.encode()) + sum(
        len(f"{name}{attribute['DataType']}{attribute['StringValue']}".encode())
        for name, attribute in (attributes or {}).items()
    )
    limit = int(queue.maximum_message_size)  # type: ignore[attr-defined]
    if size > limit:
        text = f"the message has {size} bytes; the queue {queue.queue_arn} takes {limit}"
        raise UndeliverableError(text)
    system = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace_header}}
    message = QueuedMessage(str(mock_random.uuid4()), body, system)
    message.sender_id = sender
    message.message_attributes = attributes or {}
    message.mark_sent(int(queue.delay_seconds))  # type: ignore[attr-defined]
    queue.add_message(message)
