"""An attempt of a function as it is seen where its waits are found."""

from __future__ import annotations

from collections.abc import Callable
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
