"""`os._exit` in a handler ends the execution environment, as on AWS, not the process that runs the test."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn

from destmock._isolation.patching import Patch
from destmock._time.stacks import current

if TYPE_CHECKING:
    from collections.abc import Callable


def _contained(leave: Callable[[int], NoReturn]) -> Callable[[int], NoReturn]:
    process = os.getpid()

    def _exit(status: int) -> NoReturn:
        if current() is not None and os.getpid() == process:  # a child that was forked ends itself
            raise SystemExit(status)
        leave(status)

    return _exit


PATCHES = (Patch(os, "_exit", _contained),)
