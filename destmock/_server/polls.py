"""Long polls over HTTP: a client that waits for a message holds up nobody, and gets it at once.

With autorun, a poll drives the clock to whatever is due while it would wait. It never drives it just for
waiting: another client may send a message, and a worker that polls for ever would have the years pass.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

from moto.core.botocore_stubber import BotocoreStubber

from destmock._isolation.patching import Patch, patched
from destmock._services.sqs.reading import LongPolls
from destmock._time.driver import LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from moto.sqs.models import Message

    from destmock._engine.simulation import Simulation

    #: Looks once for messages, without waiting.
    Look: TypeAlias = Callable[[], list[Message]]
    #: When there will be one, in virtual milliseconds.
    Moment: TypeAlias = Callable[[], int | None]

#: How often, in seconds, a poll looks again: a hidden message comes back without a call.
_LOOK_AGAIN = 1.0


class Changes:
    """Counts what has been asked or done, for threads that wait for the next time."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._number = self._asked = 0
        self._ended = False

    @property
    def number(self) -> int:
        return self._number

    def asked(self) -> int:
        """How many requests have asked AWS for something, which may have changed what is set up."""
        return self._asked

    def happened(self, *, asked: bool = False) -> None:
        with self._changed:
            self._number += 1
            self._asked += asked
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


def patience(simulation: Simulation, changes: Changes) -> Callable[[Look, int, Moment], list[Message]]:
    """A way to wait for a message that keeps no other client from the mock meanwhile."""
    driver, turns = simulation.driver, simulation.turns

    def receive(look: Look, seconds: int, readable: Moment) -> list[Message]:
        end, until = time.monotonic() + seconds, simulation.now + seconds * 1000
        while True:
            since = changes.number
            found = look()
            left = end - time.monotonic()
            if found or left <= 0:
                return found
            moments = [at for at in (simulation.clock.peek(), readable()) if at is not None and at <= until]
            with turns.released():
                if moments and driver.autorun and not turns.inside:
                    driver.run(LIMIT, until=min(moments))
                elif not changes.awaited(since, min(left, _LOOK_AGAIN)):
                    return found

    return receive


@contextlib.contextmanager
def patient(simulation: Simulation, changes: Changes) -> Iterator[None]:
    """While entered, only one thread at a time calls moto, and a thread that polls lets others in."""
    turns, polls = simulation.turns, simulation.part(LongPolls)

    def __call__(call: Callable[..., Any]) -> Callable[..., Any]:  # noqa: N807 - stands in for moto's
        def called(stubber: BotocoreStubber, *args: Any, **kwargs: Any) -> Any:
            with turns:
                answer = call(stubber, *args, **kwargs)
            changes.happened()
            return answer

        return called

    polls.patience = patience(simulation, changes)
    try:
        with patched((Patch(BotocoreStubber, "__call__", __call__),)):
            yield
    finally:
        polls.patience = None
