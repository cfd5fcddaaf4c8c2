"""SQS, Kinesis and DynamoDB: what arrives in a queue or a stream is read by event source mappings."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from moto.awslambda.models import LambdaBackend
from moto.dynamodb.models.table import StreamShard, Table
from moto.kinesis.models import Stream
from moto.sqs.exceptions import SQSException
from moto.sqs.models import Queue, SQSBackend

from destmock import _mappings as mappings
from destmock._aws.record import timestamp
from destmock._engine.active import active
from destmock._targets.queue import has_trace, mark_traced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moto.awslambda.models import EventSourceMapping
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


@contextlib.contextmanager
def bridged() -> Iterator[None]:
    """While entered, mappings read what arrives, as jobs of the clock; moto's own reading rests."""
    with _messages_noted(), _records_noted(), _mappings_kept():
        yield


@contextlib.contextmanager
def _messages_noted() -> Iterator[None]:
    add_message = Queue.add_message
    receive, change = SQSBackend.receive_message, SQSBackend.change_message_visibility

    def arrived(queue: Queue) -> None:
        active[-1].part(mappings.Mappings).arrived(queue.account_id, queue.region, queue.queue_arn)

    def noted_message(self: Queue, message: Message) -> None:
        _check(message)
        simulation = active[-1]
        mappings.mark_arrival(message, simulation.now)
        if self.fifo_queue and not _is_first(self, message, simulation):
            return
        handler = simulation.turns.mine
        if handler is not None and not has_trace(message):
            mark_traced(message, handler.trace, handler.header)
        if self.lambda_event_source_mappings:
            with _resting(self):
                add_message(self, message)
        else:
            add_message(self, message)
        arrived(self)

    def noted_receipt(self: SQSBackend, queue_name: str, *args: Any, **kwargs: Any) -> list[Message]:
        found = receive(self, queue_name, *args, **kwargs)
        arrived(self.get_queue(queue_name))  # what is hidden now will be visible again
        return found

    def noted_change(self: SQSBackend, queue_name: str, *args: Any, **kwargs: Any) -> None:
        change(self, queue_name, *args, **kwargs)
        arrived(self.get_queue(queue_name))

    with (
        patch.object(Queue, "add_message", noted_message),
        patch.object(SQSBackend, "receive_message", noted_receipt),
        patch.object(SQSBackend, "change_message_visibility", noted_change),
    ):
        yield


def _is_first(queue: Queue, message: Message, simulation: Simulation) -> bool:
    """Whether a FIFO queue takes the message; one it had in the last five minutes it doesn't, read or not.

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


@contextlib.contextmanager
def _records_noted() -> Iterator[None]:
    put_record, add = Stream.put_record, StreamShard.add
    set_stream = Table.set_stream_specification
    streams_made: dict[str, int] = {}

    def noted_record(self: Stream, partition_key: str, explicit_hash_key: str, data: str) -> tuple[str, str]:
        simulation = active[-1]
        with _resting(self):
            number, shard = put_record(self, partition_key, explicit_hash_key, data)
        mappings.mark_arrival(self.shards[shard].records[int(number)], simulation.now)
        simulation.part(mappings.Mappings).arrived(self.account_id, self.region, self.arn)
        return number, shard

    def noted_change(self: StreamShard, *images: Any) -> None:
        simulation, table = active[-1], self.table
        with _resting(table):
            add(self, *images)
        mappings.mark_arrival(self.items[-1], simulation.now)
        arn = f"{table.table_arn}/stream/{table.latest_stream_label}"
        simulation.part(mappings.Mappings).arrived(self.account_id, table.region_name, arn)

    def noted_stream(self: Table, streams: dict[str, Any] | None) -> None:
        """The stream's ARN, which each event names, has the time in it; a table made anew has a later one."""
        shard = self.stream_shard
        set_stream(self, streams)
        if self.stream_shard is not shard:
            at = streams_made[self.table_arn] = max(active[-1].now, streams_made.get(self.table_arn, -1) + 1)
            self.latest_stream_label = timestamp(at)[:-1]

    with contextlib.ExitStack() as stack:
        stack.enter_context(patch.object(Table, "set_stream_specification", noted_stream))
        stack.enter_context(patch.object(Stream, "put_record", noted_record))
        stack.enter_context(patch.object(StreamShard, "add", noted_change))
        for name in ("split_shard", "merge_shards", "update_shard_count"):
            stack.enter_context(patch.object(Stream, name, _resharding(getattr(Stream, name))))
        yield


def _resharding(function: Callable[..., Any]) -> Callable[..., Any]:
    """moto puts the records of a shard into others anew; who has read all of them isn't told again."""

    def wrapper(self: Stream, *args: Any, **kwargs: Any) -> Any:
        known = active[-1].part(mappings.Mappings)
        done = known.all_read(self.account_id, self.region, self.arn)
        try:
            return function(self, *args, **kwargs)
        finally:
            known.skip(done)

    return wrapper


@contextlib.contextmanager
def _resting(source: Any) -> Iterator[None]:
    """moto runs the mappings that a queue, stream or table knows of at once, one record at a time."""
    kept, source.lambda_event_source_mappings = source.lambda_event_source_mappings, {}
    try:
        yield
    finally:
        source.lambda_event_source_mappings = kept


@contextlib.contextmanager
def _mappings_kept() -> Iterator[None]:
    """AWS's checks, and the alias that moto forgets."""
    create = LambdaBackend.create_event_source_mapping
    update = LambdaBackend.update_event_source_mapping

    def created(self: LambdaBackend, spec: dict[str, Any]) -> EventSourceMapping:
        simulation = active[-1]
        simulation.functions.registered.create(self.account_id, self.region_name)
        mappings.check(self, spec)
        mapping = create(self, spec)
        simulation.part(mappings.Mappings).created(mapping)
        return mapping

    def updated(self: LambdaBackend, uuid: str, spec: dict[str, Any]) -> EventSourceMapping | None:
        mapping = self.get_event_source_mapping(uuid)
        if mapping is not None:
            mappings.check(self, {**spec, "EventSourceArn": mapping.event_source_arn}, updated=mapping)
        mapping = update(self, uuid, spec)
        if mapping is not None:
            mapping.function_name = spec.get("FunctionName") or mapping.function_name
            mapping.max_record_age = spec.get("MaximumRecordAgeInSeconds", mapping.max_record_age)
            active[-1].part(mappings.Mappings).updated(mapping)
        return mapping

    with (
        patch.object(LambdaBackend, "create_event_source_mapping", created),
        patch.object(LambdaBackend, "update_event_source_mapping", updated),
    ):
        yield


def _check(message: Message) -> None:
    """moto would find out when it answers, with the message in the queue, where it breaks each read."""
    try:
        message.body.encode()
        for name in message.message_attributes:
            message.validate_attribute_name(name)
    except UnicodeEncodeError as error:
        code = "InvalidMessageContents"
        raise SQSException(code, _INVALID) from error
