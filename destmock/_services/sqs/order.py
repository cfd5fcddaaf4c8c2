"""Which messages of a queue can be read now, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moto.sqs.models import Message, Queue


def readable(queue: Queue, now: float) -> Iterator[Message]:
    """The messages that can be read at `now`, in virtual milliseconds, the oldest first.

    A group of a FIFO queue waits while one of its messages is being read. Behind a delayed message, it waits
    for that one.
    """
    messages = queue._messages  # noqa: SLF001 - moto's own way goes through them, too
    if not queue.fifo_queue:
        yield from (message for message in messages if _shown(message, now))
        return
    held = {message.group_id for message in messages if message.visible_at > now}
    for message in messages:
        if message.group_id in held:
            continue
        if message.delayed_until > now:
            held.add(message.group_id)
        else:
            yield message


def _shown(message: Message, now: float) -> bool:
    return message.visible_at <= now and message.delayed_until <= now
