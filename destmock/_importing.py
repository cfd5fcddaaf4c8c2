"""Imports what takes long in the shortest time: half of it would be spent on what finds and changes nothing.

The garbage collector looks again and again through what is made, and all of it stays. pytest rewrites each
`assert` in the package of a plugin so that a failed one says more, as is wanted in tests.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


class _AsWritten:
    """Finds this package's modules before pytest's finder does."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, _target: object = None) -> ModuleSpec | None:
        return PathFinder.find_spec(name, path) if name.startswith("destmock.") else None


def imported(name: str) -> ModuleType:
    """The module of a name."""
    collects = gc.isenabled()
    finder = _AsWritten()
    gc.disable()
    sys.meta_path.insert(0, finder)
    try:
        return import_module(name)
    finally:
        sys.meta_path.remove(finder)
        if collects:
            gc.enable()
