"""CloudWatch Logs: what a function writes, kept until someone reads it through boto3."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from moto.logs.models import logs_backends

from destmock._functions.backends import existing

if TYPE_CHECKING:
    from destmock._aws.arn import FunctionRef


class Logs:
    """Log events on their way to moto. Writing costs an append; moto gets them when a `logs` call asks.

    If the log group has a subscription, moto gets them at once. `most` is of how many attempts the log events
    may wait; older ones are dropped.
    """

    def __init__(self, most: int | None) -> None:
        self._unwritten: deque[tuple[FunctionRef, str, str, int, tuple[str, ...]]] = deque(maxlen=most)

    def write(self, ref: FunctionRef, group: str, stream: str, at: int, messages: tuple[str, ...]) -> None:
        """Write the log events of one attempt, in order, all at `at` in milliseconds."""
        self._unwritten.append((ref, group, stream, at, messages))
        backend = existing(logs_backends, ref.account, ref.region)
        found = None if backend is None else backend.groups.get(group)
        if found is not None and found.subscription_filters:
            self.flush()

    def flush(self) -> None:
        """Hand all log events to moto, without its check of their age: virtual time may be years away."""
        unwritten, self._unwritten = self._unwritten, deque(maxlen=self._unwritten.maxlen)
        for ref, group, stream, at, messages in unwritten:
            backend = logs_backends[ref.account][ref.region]
            backend.ensure_log_group(group)
            backend.ensure_log_stream(group, stream)
            backend.groups[group].put_log_events(
                stream, [{"timestamp": at, "message": message} for message in messages]
            )
