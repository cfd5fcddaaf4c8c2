"""What else of the process a function may change: it finds it again in its next attempt, nobody else does."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: The one in C, where there is one: it looks up no member of an enumeration, which takes far longer.
_signal_handler = getattr(sys.modules.get("_signal"), "getsignal", signal.getsignal)
_HAS_TIMER = hasattr(signal, "setitimer")


class Settings:
    """The process's settings, and those of the function that is running."""

    def __init__(self) -> None:
        #: The process's own, while an attempt runs.
        self._outside: list[Any] | None = None

    @contextlib.contextmanager
    def of(self, own: dict[int, Any]) -> Iterator[None]:
        """`own` are those that the function has changed: there while it runs, and taken back after it.

        A function that another one invokes synchronously finds none of the other's.
        """
        before = [read() for read, _ in _SETTINGS]
        outer, self._outside = self._outside, self._outside or before
        outside = self._outside
        for number, (_, write) in enumerate(_SETTINGS if own or outer else ()):
            wanted = own.get(number, outside[number])
            if wanted != before[number]:
                write(wanted)
        try:
            yield
        finally:
            self._outside = outer
            for number, (read, write) in enumerate(_SETTINGS):
                value = read()
                if value != outside[number]:
                    own[number] = value
                else:
                    own.pop(number, None)
                if value != before[number]:
                    write(before[number])


def working_directory() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 - restored as it is
    except OSError:  # it has been removed
        return None


def change_directory(directory: str | None) -> None:
    if directory is not None:
        with contextlib.suppress(OSError):  # it has been removed
            os.chdir(directory)


def _set_warnings_filters(filters: list[Any]) -> None:
    warnings.resetwarnings()  # it makes the cached decisions void, too
    warnings.filters.extend(filters)  # type: ignore[attr-defined]


def _set_path(entries: list[str]) -> None:
    sys.path[:] = entries


def _set_recursion_limit(limit: int) -> None:
    with contextlib.suppress(RecursionError):  # too low for where it is put back
        sys.setrecursionlimit(limit)


def _set_signal_handler(number: signal.Signals, handler: Any) -> None:
    if handler is None:  # not made by Python
        return
    with contextlib.suppress(ValueError):  # only the main thread can
        signal.signal(number, handler)


def _stop_timer(running: bool) -> None:  # noqa: FBT001 - a setting's value
    if not running:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _attribute(owner: Any, name: str) -> tuple[Callable[[], Any], Callable[[Any], object]]:
    return partial(getattr, owner, name), partial(setattr, owner, name)


#: How each is read, and how it is written.
_SETTINGS: tuple[tuple[Callable[[], Any], Callable[[Any], object]], ...] = (
    (working_directory, change_directory),
    (lambda: [*sys.path], _set_path),
    (lambda: logging.root.manager.disable, logging.disable),
    (lambda: [*warnings.filters], _set_warnings_filters),
    (sys.getrecursionlimit, _set_recursion_limit),
    (socket.getdefaulttimeout, socket.setdefaulttimeout),
    _attribute(sys, "excepthook"),
    _attribute(sys, "stdin"),
    _attribute(tempfile, "tempdir"),
    _attribute(threading, "excepthook"),
    *(
        (partial(_signal_handler, int(number)), partial(_set_signal_handler, number))
        for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGALRM", None))
        if number is not None
    ),
    # An alarm of the function's would end the process once its handler isn't there any more.
    *([(lambda: signal.getitimer(signal.ITIMER_REAL) != (0.0, 0.0), _stop_timer)] if _HAS_TIMER else []),
)
