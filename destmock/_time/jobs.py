"""What a job is to the clock and to the driver: it runs itself, and it says what it is."""

from __future__ import annotations

from typing import Protocol


class Job(Protocol):
    """Something that is due at a moment: a retry, a reading of a queue, the end of an attempt."""

    @property
    def name(self) -> str:
        """The function that it is about, as the error of a loop lists it."""

    def run(self) -> bool:
        """Do it; returns whether that was an attempt, of which there may be only so many in one go."""

    def pending(self, at: int) -> object | None:
        """The fact that it is due at `at`; `None` for a job that would find nothing to do."""

    def fact(self, at: int) -> object:
        """The fact that it belongs to, once it has run at `at`."""
