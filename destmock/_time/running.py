"""A handler that runs, as those see it who take turns."""

from __future__ import annotations

import contextlib
from threading import get_ident
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._aws.ids import Trace


class Running:
    """A handler that is running: whose, and its trace with the header that the handler finds."""

    __slots__ = ("_closing", "function", "header", "ready", "thread", "trace")

    def __init__(self, function: str, trace: Trace, header: str) -> None:
        self.function = function
        self.trace = trace
        self.header = header
        self.thread = get_ident()
        #: Whether its cold start is over, if it has one.
        self.ready = False
        self._closing: contextlib.ExitStack | None = None

    def on_end(self, callback: Callable[[], object]) -> None:
        """Have `callback` called once the handler has ended."""
        if self._closing is None:
            self._closing = contextlib.ExitStack()
        self._closing.callback(callback)

    def end(self) -> None:
        if self._closing is not None:
            self._closing.close()
