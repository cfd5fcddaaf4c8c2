"""The streams of Kinesis and DynamoDB as moto keeps them: shards, and numbered records in each."""

from __future__ import annotations

import base64
import json
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from moto.dynamodb.models import dynamodb_backends
from moto.kinesis.models import kinesis_backends

from destmock._aws.items import item_size
from destmock._services.mapping import arrival_of
from destmock._services.streams.event import stream_record, table_record

if TYPE_CHECKING:
    from moto.dynamodb.models.table import StreamShard
    from moto.kinesis.models import Stream as MotoStream

    from destmock._aws.arn import Arn


#: What comes between the name of a stream and that of its consumer.
CONSUMER = "/consumer/"


class Record(NamedTuple):
    """One record: the `number`th of its shard, counted from 1, and its arrival in milliseconds.

    `event` is what the function gets, `filtered` what a mapping's filters see.
    """

    number: int
    sequence_number: str
    at: int
    event: dict[str, Any]
    filtered: dict[str, Any]


class Stream(Protocol):
    """What a mapping reads."""

    @property
    def identity(self) -> object:
        """moto's own object: another one after the stream was made anew."""

    def ends(self) -> dict[str, int]:
        """Each shard, and the number of its last record; 0 if it has none."""

    def read(self, shard: str, after: int, size: int, now: int) -> list[Record]:
        """The next records of a shard; `now` is the arrival of those that came before the mock did."""


def open_stream(arn: Arn, role: str) -> Stream | None:
    """A stream, also by one of its consumers, whom it sends the same records to.

    `role` is the execution role of the function, which Kinesis's records name.
    """
    kind, _, rest = arn.resource.partition("/")
    if kind == "stream":
        stream_name, _, consumer = rest.partition(CONSUMER)
        stream = kinesis_backends[arn.account][arn.region].streams.get(stream_name)
        if stream is None or (consumer and str(arn) not in [one.consumer_arn for one in stream.consumers]):
            return None
        return _KinesisStream(stream, arn, role)
    name, _, label = rest.partition("/stream/")
    table = dynamodb_backends[arn.account][arn.region].tables.get(name)
    if table is None or table.stream_shard is None or table.latest_stream_label != label:
        return None
    return _TableStream(table.stream_shard, arn)


class _KinesisStream:
    def __init__(self, stream: MotoStream, arn: Arn, role: str) -> None:
        self._stream, self._arn, self._role = stream, arn, role

    @property
    def identity(self) -> object:
        return self._stream

    def ends(self) -> dict[str, int]:
        return {name: len(shard.records) for name, shard in self._stream.shards.items()}

    def read(self, shard: str, after: int, size: int, now: int) -> list[Record]:
        found = islice(self._stream.shards[shard].records.values(), after, after + size)
        return [self._record(shard, number, record, now) for number, record in enumerate(found, after + 1)]

    def _record(self, shard: str, number: int, record: Any, now: int) -> Record:
        at, sequence_number = arrival_of(record, now), str(record.sequence_number)
        event = stream_record(
            stream=self._arn,
            role=self._role,
            shard=shard,
            number=sequence_number,
            partition_key=record.partition_key,
            data=record.data,
            at=at,
        )
        try:
            data = json.loads(base64.b64decode(record.data))
        except ValueError:
            data = record.data
        return Record(number, sequence_number, at, event, {**event["kinesis"], "data": data})


class _TableStream:
    def __init__(self, shard: StreamShard, arn: Arn) -> None:
        self._shard, self._arn = shard, arn

    @property
    def identity(self) -> object:
        return self._shard

    def ends(self) -> dict[str, int]:
        return {self._shard.id: len(self._shard.items)}

    def read(self, shard: str, after: int, size: int, now: int) -> list[Record]:  # noqa: ARG002 - a table has one
        found = self._shard.items[after : after + size]
        return [self._record(number, item, now) for number, item in enumerate(found, after + 1)]

    def _record(self, number: int, item: Any, now: int) -> Record:
        at, change = arrival_of(item, now), item.record
        change = {**change, "dynamodb": _sized(change["dynamodb"])}
        event = table_record(
            stream=self._arn,
            event_id=change["eventID"],
            event_name=change["eventName"],
            change=change["dynamodb"],
            at=at,
            changed_by=change.get("userIdentity"),
        )
        return Record(number, change["dynamodb"]["SequenceNumber"], at, event, event)


def _sized(change: dict[str, Any]) -> dict[str, Any]:
    """The change with its size by DynamoDB's rules; moto's is the length of its own notation."""
    images = [change[name] for name in ("Keys", "NewImage", "OldImage") if name in change]
    return {**change, "SizeBytes": sum(item_size(image) for image in images)}
