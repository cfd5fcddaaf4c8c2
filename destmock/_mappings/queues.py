"""SQS: messages are read in batches, deleted when the function has succeeded, and left to the queue when not.

What fails is hidden for the queue's visibility timeout, in virtual time, and read again after it, until the
queue's redrive policy moves it to the dead-letter queue. Without such a policy nothing waits for the next
read: time has to be advanced to it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.sqs.models import sqs_backends

from destmock import _triggers as triggers
from destmock._mappings.source import arrival_of, matches, ref_of, run_batch, source_of
from destmock._queue import Poll
from destmock._targets.queue import find_queue, trace_of

if TYPE_CHECKING:
    from moto.awslambda.models import EventSourceMapping
    from moto.sqs.models import Message, Queue, SQSBackend

    from destmock._arn import Arn
    from destmock._mappings.source import Simulation

#: A queue that hides nothing would be read without end.
_SHORTEST_WAIT = 1


class QueueReader:
    """Reads the queue of one mapping."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        #: Receipt handles of what has failed -> when it can be read again, in milliseconds.
        self._hidden: dict[str, int] = {}
        self._first_received: dict[str, int] = {}

    def ready(self, mapping: EventSourceMapping) -> int:
        """How many messages could be read now."""
        queue = find_queue(source_of(mapping))
        return 0 if queue is None else len(queue.messages)

    def read(self, mapping: EventSourceMapping) -> bool:
        """One batch. Answers whether there may be more."""
        simulation, source = self._simulation, source_of(mapping)
        queue, ref = find_queue(source), ref_of(mapping)
        if queue is None or simulation.identify(ref) is None:
            return False
        simulation.check_code(ref)
        self._show_again(queue)
        backend = sqs_backends[source.account][source.region]
        timeout = int(queue.visibility_timeout)  # type: ignore[attr-defined]
        received = backend.receive_message(queue.name, mapping.batch_size, 0, timeout, ["All"])
        batch, records = self._filtered(mapping, source, queue, backend, received)
        if not batch:
            return bool(received)
        failed = frozenset(range(len(batch)))
        try:
            identifiers = [message.id for message in batch]
            failed = run_batch(simulation, mapping, records, identifiers, trace_of(batch[0])).failed
        finally:  # also when an exception that ends the test comes through
            for position, message in enumerate(batch):
                if position not in failed:
                    self._delete(backend, queue, message)
            if failed:
                self._hide(mapping, queue, [batch[position] for position in failed])
        return True

    def _filtered(
        self,
        mapping: EventSourceMapping,
        source: Arn,
        queue: Queue,
        backend: SQSBackend,
        received: list[Message],
    ) -> tuple[list[Message], list[dict[str, Any]]]:
        """What the filters let through; SQS is rid of the rest."""
        batch, records = [], []
        for message in received:
            record = self._record(source, queue, message)
            if matches(mapping, {**record, "body": _parsed(message.body)}):
                batch.append(message)
                records.append(record)
            else:
                self._delete(backend, queue, message)
        return batch, records

    def _hide(self, mapping: EventSourceMapping, queue: Queue, batch: list[Message]) -> None:
        """What has failed is read again when the queue's visibility timeout is over."""
        timeout = max(int(queue.visibility_timeout), _SHORTEST_WAIT)  # type: ignore[attr-defined]
        again = self._simulation.now + timeout * 1000
        self._hidden.update(dict.fromkeys((str(message.receipt_handle) for message in batch), again))
        number = max(message.approximate_receive_count for message in batch) + 1
        poll = Poll(mapping.uuid, ref_of(mapping), attempt=number)
        ends = bool(queue.redrive_policy) and queue.dead_letter_queue is not None
        self._simulation.schedule_poll(again, poll, background=not ends)

    def _show_again(self, queue: Queue) -> None:
        """moto goes by the wall clock: what has been hidden long enough in virtual time is shown.

        What is older than the queue keeps it is gone.
        """
        now = self._simulation.now
        due = {handle for handle, at in self._hidden.items() if at <= now}
        kept = int(queue.message_retention_period) * 1000  # type: ignore[attr-defined]
        for message in list(queue._messages) if due else ():  # noqa: SLF001 - the hidden ones, too
            if not due.isdisjoint(message.all_receipt_handles):
                message.visible_at = 0
                del message._old_receipt_handles[:-1]  # noqa: SLF001 - moto copies them all each time
                if arrival_of(message, now) + kept <= now:
                    queue._messages.remove(message)  # noqa: SLF001
        for handle in due:
            del self._hidden[handle]

    def _delete(self, backend: SQSBackend, queue: Queue, message: Message) -> None:
        self._hidden.pop(str(message.receipt_handle), None)
        self._first_received.pop(message.id, None)
        held = any(found.had_receipt_handle(message.receipt_handle) for found in queue._messages)  # type: ignore[arg-type]  # noqa: SLF001
        if held:  # the function may have deleted it itself
            backend.delete_message(queue.name, str(message.receipt_handle))

    def _record(self, source: Arn, queue: Queue, message: Message) -> dict[str, Any]:
        now = self._simulation.now
        attributes = {
            "ApproximateReceiveCount": str(message.approximate_receive_count),
            "SentTimestamp": str(arrival_of(message, now)),
            "SenderId": message.sender_id,
            "ApproximateFirstReceiveTimestamp": str(self._first_received.setdefault(message.id, now)),
        }
        header = message.system_attributes.get("AWSTraceHeader", {}).get("StringValue")
        if header is not None:
            attributes["AWSTraceHeader"] = header
        if queue.fifo_queue:
            attributes["SequenceNumber"] = str(message.sequence_number)
            attributes["MessageGroupId"] = str(message.group_id)
            attributes["MessageDeduplicationId"] = str(message.deduplication_id)
        return triggers.queue_message(
            queue=source,
            message_id=message.id,
            receipt_handle=str(message.receipt_handle),
            body=message.body,
            body_md5=message.body_md5,
            attributes=attributes,
            message_attributes=message.message_attributes,
            attributes_md5=message.attribute_md5,
        )


def _parsed(body: str) -> Any:
    """What a filter's pattern sees of a body."""
    try:
        return json.loads(body)
    except ValueError:
        return body
