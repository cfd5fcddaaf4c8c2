"""Imports what takes long in the shortest time: half of it would be spent on what finds and changes nothing.

pytest rewrites each `assert` in the package of a plugin so that a failed one says more, as tests want it. And
moto and its libraries import what hardly any program asks them for.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from functools import partial
from importlib import import_module
from importlib.machinery import PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from importlib.machinery import ModuleSpec

#: What is imported when somebody asks for it, by the module that would import it at once.
_LATER = {"moto.iam.models": "cryptography.x509"}  # for certificates that are uploaded


class Around:
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
    target: ModuleType | None = None,
) -> ModuleSpec | None:
    """The module as the finders beside `finder` find it, with something entered while it is executed."""
    others = [other for other in sys.meta_path if other is not finder and hasattr(other, "find_spec")]
    specs = (other.find_spec(name, path, target) for other in others)
    found = next((spec for spec in specs if spec is not None), None)
    if found is not None and found.loader is not None:
        loader: Any = Around(found.loader, entered)
        found.loader = loader
    return found


class _Finder:
    """Finds this package's modules before pytest's finder does, and those that import what can wait."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.startswith("destmock."):
            return PathFinder.find_spec(name, path)
        later = _LATER.get(name)
        if later is None or later in sys.modules:
            return None
        return found_around(self, partial(_stood_in_for, later), name, path, target)


@contextlib.contextmanager
def _stood_in_for(name: str, _importing: ModuleType) -> Iterator[None]:
    """While entered, who imports a module gets one that imports it when it is asked for anything."""
    stand_in = _ImportedWhenAsked(name)
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        if sys.modules.get(name) is stand_in:
            del sys.modules[name]


class _ImportedWhenAsked(ModuleType):
    """Stands for a module in the eyes of the one that has imported it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._found(), name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._found(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._found(), name)

    def __dir__(self) -> list[str]:
        return dir(self._found())

    def _found(self) -> ModuleType:
        known: ModuleType | None = vars(self).get("_known")
        if known is None:
            if sys.modules.get(self.__name__) is self:
                del sys.modules[self.__name__]
            known = vars(self)["_known"] = import_module(self.__name__)
        return known


def imported(name: str) -> ModuleType:
    """The module of a name."""
    finder: Any = _Finder()
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
