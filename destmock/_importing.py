"""Imports what takes long without the garbage collector, which finds nothing and takes a seventh of it."""

from __future__ import annotations

import gc
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType


def imported(name: str) -> ModuleType:
    """The module of a name. What it makes stays: looking through all of it again and again is in vain."""
    collects = gc.isenabled()
    gc.disable()
    try:
        return import_module(name)
    finally:
        if collects:
            gc.enable()
