"""The mocks that the process holds, until they are stopped: whoever forgets one, and in whichever order.

What a mock changes can only be put back in the reverse order. A mock that is stopped while a later one is
active is over for its user at once. Its changes are put back when the later one has ended.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from destmock._mock.destmock import Destmock


class Use:
    """One use of a mock, from its start to its end."""

    def __init__(self, mock: object, destmock: Destmock, changes: contextlib.ExitStack) -> None:
        self.mock = mock
        self.destmock = destmock
        self.changes = changes
        self.thread = threading.get_ident()
        #: Whether its end isn't bound to a block, so that any mock's `stop()` may end it.
        self.open = True
        self.over = False


class Uses:
    """Every use of a mock that has not been put back, the outermost first."""

    def __init__(self) -> None:
        self._held: list[Use] = []
        self._lock = threading.RLock()
        #: Whether the process is just being changed; the garbage collector may stop a mock meanwhile.
        self._changing = False

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """While entered, no other mock changes the process, nor puts anything back."""
        with self._lock:
            before, self._changing = self._changing, True
            try:
                yield
            finally:
                self._changing = before
                self._put_back()

    def add(self, use: Use) -> None:
        """Hold a use that has begun."""
        self._held.append(use)

    @property
    def active(self) -> list[Destmock]:
        """The mocks that are active, the outermost first."""
        return [use.destmock for use in self._held if not use.over]

    def of(self, mock: object) -> Use | None:
        """The latest use of the mock that isn't over: this thread's own, if it has one."""
        found = [use for use in self._held if use.mock is mock and not use.over]
        own = [use for use in found if use.thread == threading.get_ident()]
        return next(reversed(own or found), None)

    def latest_open(self) -> Use | None:
        """The latest use that any mock's `stop()` may end."""
        return next((use for use in reversed(self._held) if use.open and not use.over), None)

    def end(self, use: Use) -> None:
        """Put back what the use has changed, now or as soon as no later one is active."""
        use.over = True
        with self._lock:
            self._put_back()

    def _put_back(self) -> None:
        if self._changing or not self._held or not self._held[-1].over:
            return
        self._changing = True
        try:
            self._held.pop().changes.close()
        finally:
            self._changing = False
            self._put_back()


#: Those of this process.
USES = Uses()
