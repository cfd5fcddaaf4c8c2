"""The loggers of an execution environment, which begins without any, as a process does.

Libraries leave marks on a logger when they have set it up. In the next environment, whose modules are new,
the logger is new as well. Loggers that are named after an installed library stay: its modules keep them.
"""

from __future__ import annotations

import logging
import sys
from itertools import islice
from typing import Any

from destmock._runtime.importing import is_users_own


class OwnLoggers:
    """The loggers that an environment has made; those of the process are out of its sight."""

    def __init__(self) -> None:
        self._loggers: dict[str, Any] = {}
        self._hidden: list[str] | None = None
        #: The loggers of the process that are out of sight, and how many others there were; `None` while it
        #: is bare.
        self._outer: tuple[dict[str, Any], int] | None = None

    def take_up(self) -> None:
        found = logging.root.manager.loggerDict
        if self._hidden is None:
            self._hidden = [name for name in found if not _is_a_library_s(name)]
        outer = {name: found[name] for name in self._hidden if name in found}
        self._outer = outer, len(found) - len(outer)
        for name in outer:
            del found[name]
        found.update(self._loggers)

    def leave(self) -> None:
        if self._outer is None:
            return
        outer, known = self._outer
        found = logging.root.manager.loggerDict
        for name in [*islice(found, known, None)]:  # the newest come last
            if not _is_a_library_s(name):
                self._loggers[name] = found.pop(name)
        found.update(outer)
        self._outer = None

    put_aside = leave


def _is_a_library_s(name: str) -> bool:
    module = sys.modules.get(name.partition(".")[0])
    return module is not None and not is_users_own(module)
