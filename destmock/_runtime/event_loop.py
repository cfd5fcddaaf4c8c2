"""The event loop that runs in a thread, out of sight of the handlers that run inside it."""

from __future__ import annotations

import asyncio
from typing import Any

_NO_LOOP: tuple[Any, Any] = None, None


#: What handlers have set with `asyncio.set_event_loop`. On AWS nobody closes it, so later handlers find it.
free: list[dict[str, Any]] = []


class OutOfSight:
    """Hides the loop that is running: on AWS there is none, and a handler may `asyncio.run`.

    Nor is there one that is set, unless the program has made it for its handlers: it is of no use while it
    runs. The handler's own loops are kept while the handler is put aside.
    """

    __slots__ = ("_found", "_kept", "_outer", "_set", "_set_outside")

    def __init__(self) -> None:
        self._outer: tuple[Any, Any] | None = None
        self._kept = _NO_LOOP
        self._found: dict[str, Any] = {}
        self._set: dict[str, Any] | None = None
        self._set_outside: dict[str, Any] = {}

    def take_up(self) -> None:
        self._outer = _running()
        _switch(self._outer, self._kept)
        here = _set_here()
        self._set_outside = here.copy()
        if self._set is not None:
            _set_again(here, self._set)
        elif not (here and _is_idle(here)):
            self._found = free.pop() if free else {}
            _set_again(here, self._found)

    def put_aside(self) -> None:
        self._kept = _running()
        self._set = _set_here().copy()
        self._go()

    def leave(self) -> None:
        """For good, also if it is put aside."""
        here = (self._set or {}) if self._outer is None else _set_here()
        if self._found or here != self._set_outside:
            loops = {each.get("_loop"): each.copy() for each in (self._found, here)}
            loops.pop(self._set_outside.get("_loop"), None)
            free.extend(filter(_is_idle, loops.values()))
        self._go()
        self._found, self._set, self._kept = {}, None, _NO_LOOP

    def _go(self) -> None:
        if self._outer is not None:
            _set_again(_set_here(), self._set_outside)
            _switch(_running(), self._outer)
            self._outer = None


def _is_idle(settings: dict[str, Any]) -> bool:
    """Whether a loop is set that can be run."""
    loop = settings.get("_loop")
    return loop is not None and not loop.is_closed() and not loop.is_running()


def _set_here() -> dict[str, Any]:
    """What `asyncio.set_event_loop` has set in this thread."""
    policy = asyncio.events._event_loop_policy  # type: ignore[attr-defined]  # noqa: SLF001
    return vars(policy._local) if hasattr(policy, "_local") else {}  # noqa: SLF001


def _set_again(here: dict[str, Any], to: dict[str, Any]) -> None:
    if here != to:
        here.clear()
        here.update(to)


def _running() -> tuple[Any, Any]:
    """The loop and the task that run now."""
    loop = asyncio._get_running_loop()  # noqa: SLF001 - made for those who write event loops
    return _NO_LOOP if loop is None else (loop, asyncio.current_task(loop))


def _switch(now: tuple[Any, Any], to: tuple[Any, Any]) -> None:
    """Make another loop and task than those of now the running ones."""
    if now is to:  # there is none
        return
    loop, task = now
    if task is not None:
        asyncio.tasks._leave_task(loop, task)  # noqa: SLF001
    other, its_task = to
    asyncio._set_running_loop(other)  # noqa: SLF001
    if its_task is not None:
        asyncio.tasks._enter_task(other, its_task)  # noqa: SLF001
