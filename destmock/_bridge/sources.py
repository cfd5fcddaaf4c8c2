"""SQS, Kinesis and DynamoDB: what arrives in a queue or a stream is read by event source mappings."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from moto.awslambda.models import LambdaBackend
from moto.dynamodb.models.table import StreamShard
from moto.kinesis.models import Stream
from moto.sqs.exceptions import SQSException
from moto.sqs.models import Queue

from destmock import _mappings as mappings
from destmock._hook import active
from destmock._targets.queue import has_trace, mark_traced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moto.awslambda.models import EventSourceMapping
    from moto.sqs.models import Message

#: AWS's error of a message that can't be text.
_INVALID = (
    "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | [#x20 to #xD7FF] | "
    "[#xE000 to #xFFFD] | [#x10000 to #x10FFFF]"
)


@contextlib.contextmanager
def bridged() -> Iterator[None]:
    """While entered, mappings read what arrives, as jobs of the clock; moto's own reading rests."""
    with _arrivals_noted(), _mappings_kept():
        yield


@contextlib.contextmanager
def _arrivals_noted() -> Iterator[None]:
    add_message, put_record, add = Queue.add_message, Stream.put_record, StreamShard.add

    def queue_add_message(self: Queue, message: Message) -> None:
        _check(message)
        simulation = active[-1]
        mappings.mark_arrival(message, simulation.now)
        handler = simulation.turns.mine
        if handler is not None and not has_trace(message):
            mark_traced(message, handler.trace, handler.header)
        with _resting(self):
            add_message(self, message)
        simulation.mappings.arrived(self.account_id, self.region, self.queue_arn)

    def stream_put_record(
        self: Stream, partition_key: str, explicit_hash_key: str, data: str
    ) -> tuple[str, str]:
        simulation = active[-1]
        with _resting(self):
            number, shard = put_record(self, partition_key, explicit_hash_key, data)
        mappings.mark_arrival(self.shards[shard].records[int(number)], simulation.now)
        simulation.mappings.arrived(self.account_id, self.region, self.arn)
        return number, shard

    def table_add(self: StreamShard, *images: Any) -> None:
        simulation, table = active[-1], self.table
        with _resting(table):
            add(self, *images)
        mappings.mark_arrival(self.items[-1], simulation.now)
        arn = f"{table.table_arn}/stream/{table.latest_stream_label}"
        simulation.mappings.arrived(self.account_id, table.region_name, arn)

    with (
        patch.object(Queue, "add_message", queue_add_message),
        patch.object(Stream, "put_record", stream_put_record),
        patch.object(StreamShard, "add", table_add),
    ):
        yield


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
        simulation.functions.create_registered(self.account_id, self.region_name)
        mappings.check(self, spec)
        mapping = create(self, spec)
        simulation.mappings.created(mapping)
        return mapping

    def updated(self: LambdaBackend, uuid: str, spec: dict[str, Any]) -> EventSourceMapping | None:
        mapping = self.get_event_source_mapping(uuid)
        if mapping is not None:
            mappings.check(self, {**spec, "EventSourceArn": mapping.event_source_arn}, updated=mapping)
        mapping = update(self, uuid, spec)
        if mapping is not None:
            mapping.function_name = spec.get("FunctionName") or mapping.function_name
            mapping.max_record_age = spec.get("MaximumRecordAgeInSeconds", mapping.max_record_age)
            active[-1].mappings.updated(mapping)
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
        if message.message_attributes:
            _ = message.attribute_md5  # moto's error for a name that can't be one
    except UnicodeEncodeError as error:
        code = "InvalidMessageContents"
        raise SQSException(code, _INVALID) from error
