"""How an attempt is left alone while it waits, and taken up again; it is watched only while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from destmock._time.stacks import Attempt, current
from destmock._time.wall import real_ns
from destmock._time.watchdog import Watch, watchdog

if TYPE_CHECKING:
    from destmock._functions.functions import Function
    from destmock._runtime.surroundings import Surroundings
    from destmock._time.turns import Handling

_NS_PER_SECOND = 1_000_000_000


class Runtime(Protocol):
    """Whoever knows which attempt's surroundings are in place."""

    in_place: Surroundings | None


class Aside:
    """Puts an attempt aside, and takes it up again; knows how long its handler ran in real time.

    The handler runs while it is entered.
    """

    __slots__ = ("_around", "_function", "_runtime", "_since", "_turn", "_watch", "elapsed_ns")

    def __init__(self, runtime: Runtime, around: Surroundings, turn: Handling, function: Function) -> None:
        self._function = function
        self._watch: Watch | None = None
        self._runtime = runtime
        self._around = around
        self._turn = turn
        self._since = 0
        self.elapsed_ns = 0

    def __enter__(self) -> None:
        """Watch the handler from now on."""
        left = self._function.timeout * _NS_PER_SECOND - self.elapsed_ns
        self._watch = Watch(self._function.ref.name, left, _end_attempt)
        watchdog.arm(self._watch)
        self._since = real_ns()

    def __exit__(self, *_: object) -> None:
        self.elapsed_ns += real_ns() - self._since
        self.leave_unwatched()

    def leave_unwatched(self) -> None:
        """Watch the handler no more; nothing happens when nobody does."""
        if self._watch is not None:
            watchdog.disarm(self._watch)
            self._watch = None

    def put_aside(self) -> None:
        """Put it aside; after an interrupt it is in place as before."""
        try:
            self.__exit__()
            self._turn.put_aside()
            self._around.put_aside()
            self._runtime.in_place = None
        except BaseException:
            self._take_up()
            raise

    def take_up(self) -> None:
        """Take it up again, also when that is interrupted."""
        try:
            self._take_up()
        except BaseException:
            self._take_up()
            raise

    def _take_up(self) -> None:
        """Take up what of it is not in place."""
        self._runtime.in_place = self._around
        if not self._around.are_in_place:
            self._around.take_up()
        if not self._turn.is_up:
            self._turn.take_up()
        if self._watch is None:
            self.__enter__()

    @property
    def is_late(self) -> bool:
        """Whether the handler has run for longer than its timeout, in real time."""
        return self._watch is not None and self._watch.deadline < real_ns()


def _end_attempt() -> None:
    """End the attempt that runs, for its real time is up."""
    attempt = current()
    if isinstance(attempt, Attempt):
        attempt.overrun()
