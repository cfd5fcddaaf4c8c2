"""The event loop that runs in a thread, out of sight of the handlers that run inside it."""

from __future__ import annotations

import asyncio
from typing import Any

_NO_LOOP: tuple[Any, Any] = None, None


class OutOfSight:
    """Hides the loop that is running: on AWS there is none, and a handler may `asyncio.run`.

    The handler's own loop is kept while the handler is put aside.
    """

    __slots__ = ("_kept", "_outer")

    def __init__(self) -> None:
        self._outer: tuple[Any, Any] | None = None
        self._kept = _NO_LOOP

    def take_up(self) -> None:
        self._outer = _running()
        _switch(self._kept)

    def put_aside(self) -> None:
        self._kept = _running()
        self.leave()

    def leave(self) -> None:
        if self._outer is not None:
            _switch(self._outer)
            self._outer = None


def _running() -> tuple[Any, Any]:
    """The loop and the task that run now."""
    loop = asyncio._get_running_loop()  # noqa: SLF001 - made for those who write event loops
    return _NO_LOOP if loop is None else (loop, asyncio.current_task(loop))


def _switch(to: tuple[Any, Any]) -> None:
    """Make another loop and task the running ones."""
    loop, task = _running()
    if loop is None and to is _NO_LOOP:
        return
    if task is not None:
        asyncio.tasks._leave_task(loop, task)  # noqa: SLF001
    other, its_task = to
    asyncio._set_running_loop(other)  # noqa: SLF001
    if its_task is not None:
        asyncio.tasks._enter_task(other, its_task)  # noqa: SLF001
