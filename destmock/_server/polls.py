"""Long polls over HTTP: a client that waits for a message holds up nobody, and gets it at once."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

from moto.core.botocore_stubber import BotocoreStubber

from destmock._isolation.patching import Patch, patched
from destmock._services.sqs.reading import LongPolls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from moto.sqs.models import Message

    from destmock._engine.simulation import Simulation
    from destmock._time.turns import Turns

    #: Looks once for messages, without waiting.
    Look: TypeAlias = Callable[[], list[Message]]

#: How often, in seconds, a poll looks again: a hidden message comes back without a call.
_LOOK_AGAIN = 1.0


class Changes:
    """Counts what has been asked or done, for threads that wait for the next time."""

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
        """End all waiting."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def awaited(self, since: int, seconds: float | None) -> bool:
        """Wait until the count is above `since`, at most `seconds`; returns false once waiting has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._number > since, seconds)
            return not self._ended


def patience(turns: Turns, changes: Changes) -> Callable[[Look, int], list[Message]]:
    """A way to wait for a message that keeps no other client from the mock meanwhile."""

    def receive(look: Look, seconds: int) -> list[Message]:
        end = time.monotonic() + seconds
        while True:
            since = changes.number
            found = look()
            left = end - time.monotonic()
            if found or left <= 0:
                return found
            with turns.released():
                goes_on = changes.awaited(since, min(left, _LOOK_AGAIN))
            if not goes_on:
                return found

    return receive


@contextlib.contextmanager
def patient(simulation: Simulation, changes: Changes) -> Iterator[None]:
    """While entered, only one thread at a time calls moto, and a thread that polls lets others in."""
    turns, polls = simulation.turns, simulation.part(LongPolls)

    def __call__(call: Callable[..., Any]) -> Callable[..., Any]:  # noqa: N807 - stands in for moto's
        def called(stubber: BotocoreStubber, *args: Any, **kwargs: Any) -> Any:
            with turns.held:
                answer = call(stubber, *args, **kwargs)
            changes.happened()
            return answer

        return called

    polls.patience = patience(turns, changes)
    try:
        with patched((Patch(BotocoreStubber, "__call__", __call__),)):
            yield
    finally:
        polls.patience = None
