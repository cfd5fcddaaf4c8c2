"""What a mock has changed of the process, and undoes in reverse order when it ends."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._time.turns import Turns

Change = contextlib.AbstractContextManager[object]


class ProcessChanges:
    """The changes of one mock. A call of another thread's may ask for one while the mock is ending."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._stack = contextlib.ExitStack()
        self._undone = False
        self._entered: set[Callable[[], Change]] = set()

    def have(self, change: Callable[[], Change]) -> bool:
        return change in self._entered

    def enter(self, change: Callable[[], Change], *, unless: Callable[[], bool]) -> None:
        """Change the process until the mock ends; an ended one changes nothing."""
        with self._turns:
            if not self._undone and not unless():
                self._stack.enter_context(change())
                self._entered.add(change)

    def on_end(self, undo: Callable[[], object]) -> None:
        """Have `undo` called when the mock ends, which is now if it has ended."""
        with self._turns:
            if not self._undone:
                self._stack.callback(undo)
                return
        undo()

    def undo(self) -> None:
        with self._turns:
            self._undone = True
        self._stack.close()
