"""The event loop that runs in a thread, out of sight of the handlers that run inside it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager


_NOTHING: AbstractContextManager[None] = contextlib.nullcontext()


def out_of_sight() -> AbstractContextManager[None]:
    """While entered, no event loop is running: on AWS there is none, and a handler may `asyncio.run`."""
    loop = asyncio._get_running_loop()  # noqa: SLF001 - made for those who write event loops
    return _NOTHING if loop is None else _hidden(loop)


@contextlib.contextmanager
def _hidden(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    task = asyncio.current_task()
    if task is not None:
        asyncio.tasks._leave_task(loop, task)  # noqa: SLF001
    asyncio._set_running_loop(None)  # noqa: SLF001
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)  # noqa: SLF001
        if task is not None:
            asyncio.tasks._enter_task(loop, task)  # noqa: SLF001
