"""Imports what takes long in the shortest time: half of it would be spent on what finds and changes nothing.

pytest rewrites each `assert` in the package of a plugin so that a failed one says more, as tests want it.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from importlib import import_module
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


class _AsWritten:
    """Finds this package's modules before pytest's finder does."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, _target: object = None) -> ModuleSpec | None:
        return PathFinder.find_spec(name, path) if name.startswith("destmock.") else None


def imported(name: str) -> ModuleType:
    """The module of a name."""
    finder = _AsWritten()
    sys.meta_path.insert(0, finder)
    try:
        with all_of_it_stays():
            return import_module(name)
    finally:
        sys.meta_path.remove(finder)


@contextlib.contextmanager
def all_of_it_stays() -> Iterator[None]:
    """While entered, the garbage collector doesn't look again and again through what is made.

    Afterwards it counts all there is as old, without having looked at it, unless some is frozen: by the
    program, or by Python 3.12 itself.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            if not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()
