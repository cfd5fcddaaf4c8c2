"""What FIFO queues and FIFO topics have had, and don't take again within five minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.sqs import models

if TYPE_CHECKING:
    from collections.abc import Hashable

#: Where a queue or a topic keeps what it has had, and when, in virtual milliseconds.
_SEEN = "_destmock_seen"


def is_first(owner: Any, key: Hashable, now: int) -> bool:
    """Whether a queue or a topic of moto's takes what the key stands for, and remembers it if so."""
    seen: dict[Hashable, int] = owner.__dict__.setdefault(_SEEN, {})
    begun = now - int(models.DEDUPLICATION_TIME_IN_SECONDS * 1000)  # a test may change it
    while seen and next(iter(seen.values())) <= begun:
        del seen[next(iter(seen))]
    if key in seen:
        return False
    seen[key] = now
    return True
