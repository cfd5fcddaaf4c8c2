"""The settings of the process that a function may change: its next attempt finds them again, nobody else."""

from __future__ import annotations

import _thread
import contextlib
import ctypes
import gc
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
    from collections.abc import Callable

#: The function in C, if there is one: Python's looks up a member of an enumeration, which takes far longer.
_signal_handler = getattr(sys.modules.get("_signal"), "getsignal", signal.getsignal)
_HAS_TIMER = hasattr(signal, "setitimer")
_LONGEST_PATH = 4096
_SIGNALS = tuple(
    int(number)
    for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGALRM", None))
    if number is not None
)


class OwnSettings:
    """The process's settings while a function runs; `own` are those that it has changed."""

    __slots__ = ("_before", "_own")

    def __init__(self, own: dict[int, Any]) -> None:
        self._own = own
        #: The settings as they were; `None` while the process is bare.
        self._before: list[Any] | None = None

    def take_up(self) -> None:
        before = self._before = _read(*_of_system())
        for number, wanted in self._own.items():
            if wanted != before[number]:
                _WRITERS[number](wanted)

    def leave(self) -> None:
        before, own = self._before, self._own
        if before is None:
            return
        found = _read(*_of_system())
        if found == before and not own:
            self._before = None
            return
        for number, (value, write) in enumerate(zip(found, _WRITERS, strict=True)):
            if value != before[number]:
                own[number] = value
                write(before[number])
            else:
                own.pop(number, None)
        self._before = None

    put_aside = leave

    def is_untouched(self) -> bool:
        """Whether the function has changed no setting that destmock's own code could stumble over.

        Its code needs neither the working directory nor the file mask, and to ask the system takes long.
        """
        before = self._before
        return before is not None and not self._own and _read(*before[:2], _alarm()) == before


def _reads_working_directory() -> Callable[[], str | bytes | None]:
    """C's own function, if Python can call it without letting go of the interpreter's lock.

    `os.getcwdb` lets go of it for a microsecond. A thread that waits for it is woken each time, for nothing,
    and for as long as events come one after the other.
    """
    try:
        function = ctypes.PyDLL(None).getcwd
    except (AttributeError, OSError, TypeError):  # not on this platform
        return _any_working_directory
    function.restype = ctypes.c_char_p
    function.argtypes = ctypes.c_char_p, ctypes.c_size_t
    return partial(function, ctypes.create_string_buffer(_LONGEST_PATH), _LONGEST_PATH)


def working_directory() -> str | bytes | None:
    """The working directory, or whatever stands in for `os.getcwd` says it is; `None` if it was removed."""
    if os.getcwd is not _getcwd:
        return _any_working_directory()
    if _thread._count() <= _ALONE:  # noqa: SLF001 - nobody waits for the lock
        try:
            return os.getcwdb()  # noqa: PTH109 - restored as it is
        except OSError:  # it has been removed
            return None
    return _read_directory() or _any_working_directory()


def _any_working_directory() -> str | None:
    """The same, however long its name is."""
    try:
        return os.getcwd()  # noqa: PTH109 - restored as it is
    except OSError:  # it has been removed
        return None


def change_directory(directory: str | bytes | None) -> None:
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


def _set_signal_handler(number: int, handler: Any) -> None:
    if handler is None:  # not made by Python
        return
    with contextlib.suppress(ValueError):  # only the main thread can
        signal.signal(number, handler)


def _stop_timer(running: bool) -> None:  # noqa: FBT001 - a setting's value
    if not running:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _collect_garbage(wanted: bool) -> None:  # noqa: FBT001 - a setting's value
    (gc.enable if wanted else gc.disable)()


def _set_traceback_limit(limit: int | None) -> None:
    if limit is not None:
        sys.tracebacklimit = limit
    elif hasattr(sys, "tracebacklimit"):
        del sys.tracebacklimit


class _Umask:
    """The mask of new files' permissions, which can only be read by setting it: to what it was last."""

    def __init__(self) -> None:
        self._last = 0o22

    def read(self) -> int:
        mask = os.umask(self._last)
        if mask != self._last:
            os.umask(mask)
            self._last = mask
        return mask


def _attribute(owner: Any, name: str) -> Callable[[Any], object]:
    return partial(setattr, owner, name)


def _alarm() -> bool:
    """Whether the process is to be woken by a signal."""
    return _HAS_TIMER and signal.getitimer(signal.ITIMER_REAL) != (0.0, 0.0)


def _of_system() -> tuple[Any, int, bool]:
    """The settings that the system keeps: the working directory, the file mask, whether an alarm is set."""
    return working_directory(), _UMASK.read(), _alarm()


def _read(*of_system: Any) -> list[Any]:
    """Read the other settings. Each attempt does this twice, so it has to be quick."""
    return [
        *of_system,
        sys.path.copy(),
        logging.root.manager._disable,  # type: ignore[attr-defined]  # noqa: SLF001 - the property takes longer
        logging.root.level,
        warnings.filters[:],
        sys.getrecursionlimit(),
        socket.getdefaulttimeout(),
        sys.excepthook,
        sys.stdin,
        tempfile.tempdir,
        threading.excepthook,
        gc.isenabled(),
        vars(sys).get("tracebacklimit"),  # to look for an attribute that isn't there takes far longer
        *map(_signal_handler, _SIGNALS),
    ]


_UMASK = _Umask()
_getcwd = os.getcwd
#: How many threads there are beside the first one when no test or handler has started any: the watchdog's.
_ALONE = 1
_read_directory = _reads_working_directory()
#: How to write each setting, in the order of `_read`.
_WRITERS: tuple[Callable[[Any], object], ...] = (
    change_directory,
    os.umask,
    _stop_timer,  # an alarm of the function's would end the process once its handler isn't there any more
    _set_path,
    logging.disable,
    logging.root.setLevel,
    _set_warnings_filters,
    _set_recursion_limit,
    socket.setdefaulttimeout,
    _attribute(sys, "excepthook"),
    _attribute(sys, "stdin"),
    _attribute(tempfile, "tempdir"),
    _attribute(threading, "excepthook"),
    _collect_garbage,
    _set_traceback_limit,
    *(partial(_set_signal_handler, number) for number in _SIGNALS),
)
