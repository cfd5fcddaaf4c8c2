"""Long polls: who waits for a message holds up nobody, and hears of one at once."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from moto.core.botocore_stubber import BotocoreStubber
from moto.sqs.models import SQSBackend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from destmock._time.turns import Turns

#: A hidden message comes back without anyone's doing: so often, in seconds, is looked for one.
_LOOK_AGAIN = 1.0


class Changes:
    """How often something has been asked or done, for those who wait for the next time."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._number = 0
        self._ended = False

    @property
    def number(self) -> int:
        return self._number

    def happened(self) -> None:
        with self._changed:
            self._number += 1
            self._changed.notify_all()

    def end(self) -> None:
        """Nobody needs to wait any more."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def awaited(self, since: int, seconds: float | None) -> bool:
        """Waits for the next one after number `since`, no longer than `seconds`; false at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._number > since, seconds)
            return not self._ended


@contextlib.contextmanager
def patient(turns: Turns, changes: Changes) -> Iterator[None]:
    """While entered, moto is called by one thread at a time, and none that polls keeps others from it."""
    receive, call = SQSBackend.receive_message, BotocoreStubber.__call__

    def receiving(
        backend: SQSBackend, queue_name: str, count: int, wait_seconds_timeout: int, *args: Any, **kwargs: Any
    ) -> Any:
        end = time.monotonic() + wait_seconds_timeout
        while True:
            since = changes.number
            found = receive(backend, queue_name, count, 0, *args, **kwargs)
            left = end - time.monotonic()
            if found or left <= 0:
                return found
            with turns.released():
                goes_on = changes.awaited(since, min(left, _LOOK_AGAIN))
            if not goes_on:
                return found

    def called(stubber: BotocoreStubber, *args: Any, **kwargs: Any) -> Any:
        with turns.held:
            answer = call(stubber, *args, **kwargs)
        changes.happened()
        return answer

    with (
        patch.object(SQSBackend, "receive_message", receiving),
        patch.object(BotocoreStubber, "__call__", called),
    ):
        yield
