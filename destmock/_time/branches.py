"""The branches of an attempt: parts of it that go on in turn on one thread, always in the same order.

A branch that waits, in virtual time or for something else, lets whoever runs it go on meanwhile. That one
waits in its turn once none of its branches can go on.
"""

from __future__ import annotations

import contextlib
from contextvars import copy_context
from typing import TYPE_CHECKING, Protocol, cast

from greenlet import getcurrent, greenlet

if TYPE_CHECKING:
    from collections.abc import Callable


class Aside(Protocol):
    """What a branch has changed of its thread."""

    def put_aside(self) -> None:
        """Make the thread as if the branch did not run."""

    def take_up(self) -> None:
        """Make the thread as the branch has left it."""


def never() -> bool:
    """What a branch waits for that only waits for a moment."""
    return False


class Branch(greenlet):
    """One branch, on a stack of its own. What its work raises is the work's own business.

    `aside` keeps what it has changed of its thread while others run.
    """

    def __init__(self, work: Callable[[], object], aside: Aside) -> None:
        super().__init__()
        self._aside = aside
        self.gr_context = copy_context()
        self._work = work
        self.begun = False
        #: What it waits for, and until when, in virtual milliseconds.
        self._until: Callable[[], bool] = never
        self.wakes_at: int | None = None

    def run(self) -> None:
        """Do the work."""
        with contextlib.suppress(BaseException):  # the work tells of it
            self._work()

    @property
    def over(self) -> bool:
        """Whether its work is done."""
        return self.begun and self.dead

    def can_go_on(self, now: int) -> bool:
        """Whether it has not begun, or what it waits for is there."""
        if not self.begun:
            return True
        return self._until() or (self.wakes_at is not None and self.wakes_at <= now)

    def go_on(self) -> None:
        """Let it go on until it waits or is done."""
        self.begun = True
        self.parent = getcurrent()
        self._aside.take_up()
        self.switch()
        self._aside.put_aside()

    def wait(self, until: Callable[[], bool], at: int | None) -> None:
        """As the branch that runs: let others go on, until something is there or the time has come."""
        self._until, self.wakes_at = until, at
        cast("greenlet", self.parent).switch()
        self._until, self.wakes_at = never, None


def branch() -> Branch | None:
    """The branch that this code is a part of, if it is on the branch's own stack."""
    found = getcurrent()
    return found if type(found) is Branch else None
