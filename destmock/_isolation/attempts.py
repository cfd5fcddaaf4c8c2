"""An attempt of a function as it is seen where its waits are found."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from threading import local
from typing import Any, Protocol


class Attempt(Protocol):
    """An attempt that can wait, or a thread of one."""

    @property
    def elapsed_ns(self) -> int:
        """How far virtual time has come, in nanoseconds since some moment."""

    @property
    def has_helpers(self) -> bool:
        """Whether threads work for it that others have started."""

    def helped(self, until: Callable[[], bool]) -> None:
        """Note that a thread that others have started works for it until this answers `True`."""

    @property
    def crew(self) -> Any:
        """The threads that it has started."""

    def sleep(self, seconds: float) -> None:
        """Wait in virtual time."""

    def wait(self, wait: Any, seconds: float | None) -> bool:
        """Wait until somebody releases `wait`, or `seconds` have passed; returns whether it was released."""


#: Answers the attempt that the calling code is a part of.
Current = Callable[[], "Attempt | None"]
#: Answers the attempt that is going to wait for so many seconds.
Waits = Callable[["float | None"], "Attempt | None"]
#: Answers whether a thread waits in real time, by its identity.
IsReal = Callable[[int], bool]


class _OfThread(local):
    #: Whether the threads that are started work for others.
    starts_others = False


_of_thread = _OfThread()


@contextlib.contextmanager
def others_start(attempt: Attempt) -> Iterator[None]:
    """While entered, the threads that the attempt starts are others', as those of a test's pool."""
    is_over = False
    attempt.helped(lambda: is_over)  # it waits until they have started
    before, _of_thread.starts_others = _of_thread.starts_others, True
    try:
        yield
    finally:
        _of_thread.starts_others, is_over = before, True


def starts_others() -> bool:
    """Whether the threads that this thread starts are others' than the attempt's."""
    return _of_thread.starts_others
