"""SQS: messages are read in batches, deleted when the function has succeeded, and left to the queue when not.

What fails is hidden for as long as the queue's visibility timeout or the function itself says, in virtual
time, and read again after it, until the queue's redrive policy moves it to the dead-letter queue. Without
such a policy nothing waits for the next read: time has to be advanced to it.
"""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any

from moto.sqs.models import sqs_backends

from destmock._services.mapping import (
    LARGEST_BATCH,
    Reading,
    arrival_of,
    matches,
    ref_of,
    run_batch,
    source_of,
)
from destmock._services.sqs import event
from destmock._services.sqs.delivery import find_queue, source_of_dead_letter, trace_of
from destmock._services.sqs.order import readable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from moto.awslambda.models import EventSourceMapping
    from moto.sqs.models import Message, Queue, SQSBackend

    from destmock._aws.arn import Arn
    from destmock._engine.simulation import Simulation

#: Failed messages are never read again at once: there would be no end to it.
_SHORTEST_WAIT = 1_000
#: About how many bytes a record has beside its body.
_RECORD_SIZE = 1_000


def due_of(message: Message) -> int:
    """When the message can be read, in virtual time."""
    return round(max(arrival_of(message, 0), message.visible_at, message.delayed_until))


class QueueReader:
    """Reads the queue of one mapping."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._first_received: dict[str, int] = {}
        self._running = 0

    def plan(self, mapping: EventSourceMapping, *, at_once: bool) -> list[Reading]:
        """Plans for the next readings: of messages that can be read now, if `at_once`, and of hidden ones."""
        queue, now = find_queue(source_of(mapping)), self._simulation.now
        if queue is None or self._simulation.identify(ref_of(mapping)) is None:
            return []
        plans = []
        ends = bool(queue.redrive_policy) and queue.dead_letter_queue is not None
        for message in queue._messages:  # noqa: SLF001 - the hidden ones, too
            due, tries = due_of(message), message.approximate_receive_count
            if due > now:
                plans.append(Reading(due, tries + 1, background=bool(tries) and not ends))
        ready = [message for message in readable(queue, now) if due_of(message) <= now]
        if ready and at_once and not self._is_full(mapping):
            window = int(mapping.max_batch_window or 0) * 1000
            first = min(due_of(message) for message in ready)
            at = now if len(ready) >= mapping.batch_size else max(now, first + window)
            plans.append(Reading(at, max(message.approximate_receive_count for message in ready) + 1))
        return plans

    def read(self, mapping: EventSourceMapping) -> bool:
        """Read one batch; returns whether there was one."""
        simulation, source = self._simulation, source_of(mapping)
        queue, ref = find_queue(source), ref_of(mapping)
        if queue is None or simulation.identify(ref) is None or self._is_full(mapping):
            return False
        simulation.check_code(ref)
        self._show_again(queue)
        backend = sqs_backends[source.account][source.region]
        timeout = int(queue.visibility_timeout)  # type: ignore[attr-defined]
        size = _batch_size(readable(queue, simulation.now), mapping.batch_size)
        received = backend.receive_message(queue.name, size, 0, timeout, ["All"])
        batch, records = self._filtered(mapping, source, queue, backend, received)
        if not batch:
            return bool(received)
        failed = frozenset(range(len(batch)))
        self._running += 1
        try:
            identifiers = [message.id for message in batch]
            failed = run_batch(simulation, mapping, records, identifiers, trace_of(batch[0])).failed
        finally:  # also when an exception that ends the test comes through
            self._running -= 1
            for position, message in enumerate(batch):
                if position not in failed:
                    self._delete(backend, queue, message)
            self._hide(queue, {batch[position].id for position in failed})
        return True

    def _is_full(self, mapping: EventSourceMapping) -> bool:
        """Whether as many batches run as the mapping's ScalingConfig allows; the end of one plans the next.

        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
        """
        most = (mapping.scaling_config or {}).get("MaximumConcurrency")
        return most is not None and self._running >= int(most)

    def _filtered(
        self,
        mapping: EventSourceMapping,
        source: Arn,
        queue: Queue,
        backend: SQSBackend,
        received: list[Message],
    ) -> tuple[list[Message], list[dict[str, Any]]]:
        """The messages that the filters let through; the others are deleted from the queue."""
        batch, records = [], []
        for message in received:
            record = self._record(source, queue, message, windowed=bool(mapping.max_batch_window))
            if matches(mapping, {**record, "body": _parsed(message.body)}):
                batch.append(message)
                records.append(record)
            else:
                self._delete(backend, queue, message)
        return batch, records

    def _hide(self, queue: Queue, failed: set[str]) -> None:
        """Note when failed messages can be read again, which the function may have changed."""
        now = self._simulation.now
        for message in queue._messages:  # noqa: SLF001 - the hidden ones, too
            if message.id in failed and due_of(message) <= now:
                message.change_visibility(_SHORTEST_WAIT // 1000)

    def _show_again(self, queue: Queue) -> None:
        """Show messages that were hidden or delayed long enough; drop those past their retention."""
        now = self._simulation.now
        kept = int(queue.message_retention_period) * 1000  # type: ignore[attr-defined]
        for message in list(queue._messages):  # noqa: SLF001 - the hidden ones, too
            if due_of(message) > now:
                continue
            if arrival_of(message, now) + kept <= now:
                queue._messages.remove(message)  # noqa: SLF001
            message.visible_at = message.delayed_until = 0
            del message._old_receipt_handles[:-1]  # noqa: SLF001 - moto copies them all each time

    def _delete(self, backend: SQSBackend, queue: Queue, message: Message) -> None:
        self._first_received.pop(message.id, None)
        held = any(found.id == message.id for found in queue._messages)  # noqa: SLF001
        if held and backend.queues.get(queue.name) is queue:  # the function may have deleted either itself
            backend.delete_message(queue.name, str(message.receipt_handle))

    def _record(self, source: Arn, queue: Queue, message: Message, *, windowed: bool) -> dict[str, Any]:
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
        dead_letter = source_of_dead_letter(message)
        if dead_letter is not None:
            attributes["DeadLetterQueueSourceArn"] = dead_letter
        if queue.fifo_queue:
            attributes["SequenceNumber"] = str(message.sequence_number)
            attributes["MessageGroupId"] = str(message.group_id)
            attributes["MessageDeduplicationId"] = str(message.deduplication_id)
        return event.queue_message(
            queue=source,
            message_id=message.id,
            receipt_handle=str(message.receipt_handle),
            body=message.body,
            body_md5=message.body_md5,
            attributes=attributes,
            message_attributes=message.message_attributes,
            attributes_md5=message.attribute_md5,
            windowed=windowed,
        )


def _batch_size(messages: Iterable[Message], most: int) -> int:
    """The number of messages that an event has room for, at least one."""
    room, count = LARGEST_BATCH, 0
    for message in islice(messages, most):
        room -= len(message.body.encode(errors="surrogatepass")) + _RECORD_SIZE
        if room < 0:
            break
        count += 1
    return max(count, 1)


def _parsed(body: str) -> Any:
    """The body as the pattern of a filter sees it."""
    try:
        return json.loads(body)
    except ValueError:
        return body
