"""The jobs of the clock, as the clock and the driver know them."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


class Job(Protocol):
    """Something that is due at a moment: a retry, a reading of a queue, the end of an attempt."""

    @property
    def name(self) -> str:
        """The function that the job is about, as the error of a loop lists it."""

    @property
    def background(self) -> bool:
        """Whether nobody waits for what it begins."""

    def run(self) -> bool:
        """Run the job; returns whether it was an attempt, which counts towards the limit of a loop."""

    def pending(self, at: int) -> object | None:
        """The fact that the job is due at `at`; `None` if it would find nothing to do."""

    def fact(self, at: int) -> object:
        """The fact that the job belongs to, once it has run at `at`."""


@runtime_checkable
class Resumable(Protocol):
    """A job that goes on where something has interrupted it."""

    def put_back(self) -> None:
        """Queue what is left of the job, unless it is queued or over."""
