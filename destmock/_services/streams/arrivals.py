"""What arrives in a stream is told to the event source mappings that read it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from moto.dynamodb.models.table import StreamShard, Table
from moto.kinesis.models import Stream

from destmock._aws.record import timestamp
from destmock._engine.active import active
from destmock._services.mapping import mark_arrival, resting
from destmock._services.mappings import Mappings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def bridged() -> Iterator[None]:
    """While entered, mappings hear of each record; moto's own reading rests."""
    put_record, add = Stream.put_record, StreamShard.add
    set_stream = Table.set_stream_specification
    streams_made: dict[str, int] = {}

    def noted_record(self: Stream, partition_key: str, explicit_hash_key: str, data: str) -> tuple[str, str]:
        simulation = active[-1]
        with resting(self):
            number, shard = put_record(self, partition_key, explicit_hash_key, data)
        mark_arrival(self.shards[shard].records[int(number)], simulation.now)
        simulation.part(Mappings).arrived(self.account_id, self.region, self.arn)
        return number, shard

    def noted_change(self: StreamShard, *images: Any) -> None:
        simulation, table = active[-1], self.table
        with resting(table):
            add(self, *images)
        mark_arrival(self.items[-1], simulation.now)
        arn = f"{table.table_arn}/stream/{table.latest_stream_label}"
        simulation.part(Mappings).arrived(self.account_id, table.region_name, arn)

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
        known = active[-1].part(Mappings)
        done = known.all_read(self.account_id, self.region, self.arn)
        try:
            return function(self, *args, **kwargs)
        finally:
            known.skip(done)

    return wrapper
