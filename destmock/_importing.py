"""Imports what takes long in the shortest time: half of it would be spent on what finds and changes nothing.

pytest rewrites each `assert` in the package of a plugin so that a failed one says more, as tests want it. And
moto's Lambda imports S3 and cryptography, which few tests need.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from importlib import import_module
from importlib.machinery import PathFinder
from itertools import dropwhile, islice, takewhile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from importlib.machinery import ModuleSpec
    from types import ModuleType


class _Around:
    """Loads a module as its own loader does, with something entered while it is executed."""

    def __init__(self, own: Any, entered: Callable[[ModuleType], AbstractContextManager[object]]) -> None:
        self._own, self._entered = own, entered

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None  # it has just been found
        module.__spec__.loader = module.__loader__ = self._own
        with self._entered(module):
            self._own.exec_module(module)


def found_around(
    finder: object,
    entered: Callable[[ModuleType], AbstractContextManager[object]],
    name: str,
    path: Sequence[str] | None,
    target: ModuleType | None,
) -> ModuleSpec | None:
    """The module as the finders after `finder` find it, with something entered while it is executed."""
    later = islice(dropwhile(lambda other: other is not finder, [*sys.meta_path]), 1, None)
    specs = (other.find_spec(name, path, target) for other in later if hasattr(other, "find_spec"))
    found = next((spec for spec in specs if spec is not None), None)
    if found is not None and found.loader is not None:
        loader: Any = _Around(found.loader, entered)
        found.loader = loader
    return found


def take_out(finder: object) -> None:
    """Have a finder asked no more. Somebody may have put back a list that has it, or has it not."""
    while finder in sys.meta_path:
        sys.meta_path.remove(finder)


class _Finder:
    """Finds this package's modules before pytest's finder does, and those that import what can wait."""

    def __init__(self) -> None:
        #: The module that tells what can wait; `import destmock` alone doesn't need it.
        self.later: Any = None

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.startswith("destmock."):
            return PathFinder.find_spec(name, path)
        if self.later is None or name not in self.later.LATER:
            return None
        return found_around(self, self.later.without, name, path, target)


def imported(name: str) -> ModuleType:
    """The module of a name."""
    finder = _Finder()
    notes = takewhile(lambda found: type(found).__module__.startswith("destmock."), sys.meta_path)
    sys.meta_path.insert(len([*notes]), finder)
    try:
        with all_of_it_stays():
            finder.later = import_module("destmock._isolation.later_imports")
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
