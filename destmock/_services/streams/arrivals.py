"""What arrives in a stream is told to the event source mappings that read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.dynamodb.models.table import StreamShard, Table
from moto.kinesis.models import Stream

from destmock._aws.items import same_items
from destmock._aws.record import timestamp
from destmock._engine.active import active
from destmock._isolation.patching import Patch
from destmock._services.mapping import mark_arrival, resting
from destmock._services.mappings import Mappings

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.dynamodb.models.dynamo_type import Item
    from moto.dynamodb.models.table import StreamRecord

    from destmock._engine.simulation import Simulation


def _put_record(put_record: Callable[..., tuple[str, str]]) -> Callable[..., tuple[str, str]]:
    """Mappings hear of each record of Kinesis; moto's own reading rests."""

    def noted(self: Stream, partition_key: str, explicit_hash_key: str, data: str) -> tuple[str, str]:
        simulation = active[-1]
        with resting(self):
            number, shard = put_record(self, partition_key, explicit_hash_key, data)
        mark_arrival(self.shards[shard].records[int(number)], simulation.now)
        simulation.part(Mappings).arrived(self.account_id, self.region, self.arn)
        return number, shard

    return noted


def _add(add: Callable[..., None]) -> Callable[..., None]:
    """Mappings hear of each change of a table; moto's own reading rests. No change is no record."""

    def noted(self: StreamShard, old: Item | None, new: Item | None) -> None:
        simulation, table = active[-1], self.table
        if old is not None and new is not None and same_items(_attributes(old), _attributes(new)):
            return
        if old is None and new is not None and self.items and _is_begun(self.items[-1], new, table):
            self.items.pop()
        with resting(table):
            add(self, old, new)
        mark_arrival(self.items[-1], simulation.now)
        arn = f"{table.table_arn}/stream/{table.latest_stream_label}"
        simulation.part(Mappings).arrived(self.account_id, table.region_name, arn)

    return noted


def _attributes(item: Item) -> dict[str, Any]:
    found: dict[str, Any] = item.to_json()["Attributes"]
    return found


def _is_begun(record: StreamRecord, item: Item, table: Table) -> bool:
    """Whether a record is of the same new item: moto updates one by putting its keys first."""
    attributes, change = _attributes(item), record.record
    keys = {name: attributes[name] for name in (table.hash_key_attr, table.range_key_attr) if name}
    return bool(change["eventName"] == "INSERT" and change["dynamodb"]["Keys"] == keys)


class _StreamsMade:
    """When a table's newest stream was made, by the table's ARN, in virtual milliseconds."""

    def __init__(self, _: Simulation) -> None:
        self.at: dict[str, int] = {}


def _set_stream_specification(set_stream: Callable[..., None]) -> Callable[..., None]:
    """The stream's ARN, which each event names, has the time in it; a table made anew has a later one."""

    def noted(self: Table, streams: dict[str, Any] | None) -> None:
        shard = self.stream_shard
        set_stream(self, streams)
        if self.stream_shard is not shard:
            made = active[-1].part(_StreamsMade).at
            at = made[self.table_arn] = max(active[-1].now, made.get(self.table_arn, -1) + 1)
            self.latest_stream_label = timestamp(at)[:-1]

    return noted


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


PATCHES = (
    Patch(Table, "set_stream_specification", _set_stream_specification),
    Patch(Stream, "put_record", _put_record),
    Patch(StreamShard, "add", _add),
    Patch(Stream, "split_shard", _resharding),
    Patch(Stream, "merge_shards", _resharding),
    Patch(Stream, "update_shard_count", _resharding),
)
