"""Imports what takes long in the shortest time: half of it would be spent on what finds and changes nothing.

pytest rewrites each `assert` in the package of a plugin so that a failed one says more, as tests want it. And
moto's Lambda imports S3 and cryptography, which hardly any of its functions ask for.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from importlib import import_module
from importlib.machinery import PathFinder
from itertools import dropwhile, islice, takewhile
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from importlib.machinery import ModuleSpec

#: The modules that are imported when somebody asks for what they define, by the one that would import them.
_LATER = {
    "moto.awslambda.models": ("moto.s3.exceptions", "moto.s3.models"),  # for code in a bucket
    "moto.iam.access_control": ("moto.s3.exceptions",),
    "moto.iam.models": ("cryptography", "cryptography.hazmat.backends"),  # for certificates
    "moto.logs.models": ("moto.s3.models",),  # for exports
}


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


class _Finder:
    """Finds this package's modules before pytest's finder does, and those that import what can wait."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.startswith("destmock."):
            return PathFinder.find_spec(name, path)
        return found_around(self, _without, name, path, target) if name in _LATER else None


@contextlib.contextmanager
def _without(importing: ModuleType) -> Iterator[None]:
    """While entered, a module of moto's imports only what it can't wait for."""
    added = [_NotNeeded(name) for name in _LATER[importing.__name__] if name not in sys.modules]
    sys.modules.update({module.__name__: module for module in added})
    try:
        yield
    finally:
        _take_away(added)


class _NotNeeded(ModuleType):
    """Stands for a module while one is executed that can do without.

    Who can't, another thread for instance, gets what the module defines.
    """

    def __getattr__(self, name: str) -> Any:
        if name == "__path__":  # nobody looks for further modules in it
            raise AttributeError(name)
        asking = sys._getframe(1).f_globals  # noqa: SLF001 - whoever imports from it
        if self.__name__ in _LATER.get(asking.get("__name__", ""), ()):
            return Later(asking, self.__name__, name)
        return getattr(_needed(self.__name__), name)


def _take_away(added: Sequence[ModuleType]) -> None:
    for module in added:
        if sys.modules.get(module.__name__) is module:
            del sys.modules[module.__name__]


def _needed(name: str) -> ModuleType:
    _take_away([module for module in [*sys.modules.values()] if type(module) is _NotNeeded])
    return import_module(name)


class Later:
    """Stands for what a module has imported by name until it is used, by that module or by a test.

    Then that module gets all that it has done without.
    """

    __slots__ = ("_attribute", "_holder", "_module")

    def __init__(self, holder: dict[str, Any], module: str, attribute: str) -> None:
        for name, value in zip(self.__slots__, (attribute, holder, module), strict=True):
            object.__setattr__(self, name, value)

    def _found(self) -> Any:
        for name, value in [*self._holder.items()]:
            if type(value) is Later:
                self._holder[name] = value._own()  # noqa: SLF001 - of its class
        return self._own()

    def _own(self) -> Any:
        return getattr(_needed(self._module), self._attribute)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._found(), name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._found(), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._found(), name)

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self._found()(*given, **named)

    def __getitem__(self, key: Any) -> Any:
        return self._found()[key]

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self._found())

    def __mro_entries__(self, _bases: tuple[object, ...]) -> tuple[type]:
        return (self._found(),)

    def __or__(self, other: Any) -> Any:
        return self._found() | other


def imported(name: str) -> ModuleType:
    """The module of a name."""
    finder: Any = _Finder()
    notes = takewhile(lambda found: type(found).__module__.startswith("destmock."), sys.meta_path)
    sys.meta_path.insert(len([*notes]), finder)
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
