"""The shards of a stream in parts that are read at the same time: `ParallelizationFactor`.

All records of one partition key, or of one item, are in one part, in their order.
https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
"""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Iterator

    from destmock._services.streams.shards import Record, Stream

#: What comes between the name of a shard and the number of its part.
_PART = "#"


def shard_of(part: str) -> str:
    """The name of the shard that a part belongs to."""
    return part.partition(_PART)[0]


@dataclass
class _Shard:
    """For each part, the numbers that its records have in the shard, as far as the shard has been read."""

    parts: list[list[int]]
    read: int = field(default=0)


class Lanes:
    """How the shards of one stream are divided, which is found out once for each record."""

    def __init__(self, factor: int) -> None:
        self.factor = factor
        self._shards: dict[str, _Shard] = {}

    def divided(self, stream: Stream) -> Stream:
        """The stream with each part in the place of a shard, if there is more than one."""
        return stream if self.factor == 1 else _Divided(stream, self)

    def parts(self, stream: Stream, shard: str, last: int) -> list[list[int]]:
        """For each part of a shard, the numbers of its records."""
        found = self._shards.setdefault(shard, _Shard([[] for _ in range(self.factor)]))
        if found.read < last:
            for record in stream.read(shard, found.read, last - found.read, 0):
                found.parts[crc32(_key(record).encode()) % self.factor].append(record.number)
            found.read = last
        return found.parts

    def begun(self, stream: Stream, after: dict[str, int]) -> Iterator[tuple[str, int]]:
        """How far each part has been read, where each shard has been read so far."""
        for shard, last in stream.ends().items():
            if self.factor == 1:
                yield shard, after.get(shard, 0)
                continue
            for part, numbers in enumerate(self.parts(stream, shard, last)):
                yield f"{shard}{_PART}{part}", bisect_right(numbers, after.get(shard, 0))

    def read_so_far(self, stream: Stream, after: dict[str, int]) -> dict[str, int]:
        """How far each shard has been read, up to the first record that one of its parts has not."""
        if self.factor == 1:
            return after
        found = {}
        for shard, last in stream.ends().items():
            unread = [
                numbers[after.get(f"{shard}{_PART}{part}", 0) :][:1]
                for part, numbers in enumerate(self.parts(stream, shard, last))
            ]
            found[shard] = min((first[0] - 1 for first in unread if first), default=last)
        return found


def _key(record: Record) -> str:
    """What the order of records holds for: the partition key, or the key of the item."""
    if "kinesis" in record.event:
        return str(record.event["kinesis"]["partitionKey"])
    return json.dumps(record.event["dynamodb"]["Keys"], sort_keys=True, default=str)


class _Divided:
    """A stream whose shards are parts; the records of a part are counted anew."""

    def __init__(self, stream: Stream, lanes: Lanes) -> None:
        self._stream, self._lanes = stream, lanes

    @property
    def identity(self) -> object:
        return self._stream.identity

    def ends(self) -> dict[str, int]:
        return {
            f"{shard}{_PART}{part}": len(numbers)
            for shard, last in self._stream.ends().items()
            for part, numbers in enumerate(self._lanes.parts(self._stream, shard, last))
        }

    def read(self, shard: str, after: int, size: int, now: int) -> list[Record]:
        name, _, part = shard.partition(_PART)
        last = self._stream.ends()[name]
        numbers = self._lanes.parts(self._stream, name, last)[int(part)][after : after + size]
        found = [self._stream.read(name, number - 1, 1, now)[0] for number in numbers]
        return [record._replace(number=count) for count, record in enumerate(found, after + 1)]
