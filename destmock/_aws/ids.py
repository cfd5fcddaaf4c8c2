"""Pure: the identifiers that AWS makes up, from one seeded source, so that a run can be repeated.

The X-Ray trace header is here too: AWS passes it on from an event to everything that the event causes.
"""

from __future__ import annotations

import re
import zlib
from binascii import hexlify
from functools import lru_cache
from itertools import count
from random import Random
from struct import Struct
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The bits of a UUID that are free, and those that tell its version and variant.
_UUID_BITS = ~(0xC000 << 48 | 0xF000 << 64)
_UUID_VERSION = 0x8000 << 48 | 4 << 76
#: The groups of its digits.
_GROUPS = Struct("8s4s4s4s12s")
_NO_COUNTS: Mapping[str, int] = MappingProxyType({})


class Trace(NamedTuple):
    """An X-Ray trace header: the same root and parent all along a chain of invocations (A11, F8, J3).

    `hops` counts the functions the chain has passed through; `counts` how often the chain came back to each
    (by `function_hash`) *after* the first time. `sampled` traces have segments in X-Ray; `segment` is the id
    of the segment of the function that the trace passes through.
    """

    root: str
    parent: str
    hops: int = 0
    counts: Mapping[str, int] = _NO_COUNTS
    sampled: bool = False
    segment: str | None = None

    def __deepcopy__(self, _memo: object) -> Trace:
        return self  # moto copies each message that it hands out, with what we have attached to it

    def entering(self, function_hash: str) -> Trace:
        """The trace as the next function of the chain sees it."""
        if self.counts:
            seen = self.counts.get(function_hash, -1) + 1
            counts: Mapping[str, int] = MappingProxyType({**self.counts, function_hash: seen})
        else:
            counts = _first_pass(function_hash)
        return Trace(self.root, self.parent, self.hops + 1, counts, self.sampled, self.segment)

    def header(self, function_hash: str | None = None) -> str:
        """`Root=...;Parent=...;Sampled=0`, with the lineage when the event has reached a function (F2)."""
        text = f"Root={self.root};Parent={self.parent};Sampled={'1' if self.sampled else '0'}"
        if function_hash is None:
            return text
        return f"{text};Lineage={self.hops}:{function_hash}:{self.counts[function_hash]}"

    @property
    def response_header(self) -> str:
        """The header as the answer to an asynchronous invocation spells it, in lower case (A3)."""
        return f"root={self.root};parent={self.parent};sampled={'1' if self.sampled else '0'}"


@lru_cache(maxsize=1000)
def _first_pass(function_hash: str) -> Mapping[str, int]:
    """The counts after the first function, shared: most traces pass through one function only."""
    return MappingProxyType({function_hash: 0})


def parse_trace(header: str) -> Trace | None:
    """A caller's own `X-Amzn-Trace-Id`, which an asynchronous invocation takes over (K12)."""
    root = re.search(r"(?i)\broot=([!-:<-~]+)", header)
    parent = re.search(r"(?i)\bparent=([!-:<-~]+)", header)
    sampled = re.search(r"(?i)\bsampled=1\b", header) is not None
    return Trace(root[1], parent[1], sampled=sampled) if root and parent else None


@lru_cache(maxsize=1000)
def function_hash(unqualified_arn: str) -> str:
    """The eight hex digits that stand for a function in a lineage: constant per function (J3)."""
    return f"{zlib.crc32(unqualified_arn.encode()):08x}"


class Ids:
    """The source of every made-up identifier of one simulation; with a seed, always the same ones."""

    __slots__ = ("_random", "_serial")

    def __init__(self, seed: int | None) -> None:
        self._random = Random(seed)  # noqa: S311 - identifiers to tell apart, not secrets
        self._serial = count(1)

    def uuid(self) -> str:
        """A UUID of version 4; `uuid.UUID` would make the same text in four times the time."""
        bits = self._random.getrandbits(128) & _UUID_BITS | _UUID_VERSION
        return b"-".join(_GROUPS.unpack(hexlify(bits.to_bytes(16, "big")))).decode()

    def hex(self, digits: int) -> str:
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"

    def sequencer(self, now: int) -> str:
        """S3's sequencer, in hex digits: a later event has a greater one. `now` is in milliseconds."""
        return f"{now:012X}{next(self._serial):06X}"

    def sequence_number(self) -> str:
        """A FIFO queue's sequence number, of twenty digits: a later message has a greater one."""
        return f"{18_849_496_460_467_696_128 + next(self._serial)}"

    def trace(self, now: int, entered: str | None = None) -> Trace:
        """A new trace; with the hash of a function, as that function sees it."""
        bits = self._random.getrandbits
        root, parent = bits(96).to_bytes(12, "big").hex(), bits(64).to_bytes(8, "big").hex()
        root = f"1-{now // 1000:08x}-{root}"
        return Trace(root, parent) if entered is None else Trace(root, parent, 1, _first_pass(entered))

    def fraction(self) -> float:
        """A number in [0, 1), e.g. to choose between an alias's weighted versions."""
        return self._random.random()
