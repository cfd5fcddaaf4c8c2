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
from itertools import accumulate, dropwhile, islice, takewhile
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
#: What such a module keeps those names in.
_LEFT = "_destmock_imported_later"


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
    names = vars(importing)
    names[_LEFT] = {name: value for name, value in names.items() if type(value) is Later}
    importing.__class__ = type("module", (ModuleType,), {name: _Name(name) for name in names[_LEFT]})


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
        return _defined(self.__name__, name)


def _take_away(added: Sequence[ModuleType]) -> None:
    for module in added:
        if sys.modules.get(module.__name__) is module:
            del sys.modules[module.__name__]


def _defined(module: str, name: str) -> Any:
    """What a module defines, or has as a submodule."""
    _take_away([found for found in [*sys.modules.values()] if type(found) is _NotNeeded])
    for package in accumulate(module.split("."), "{}.{}".format):  # otherwise, threads may wait in a circle
        import_module(package)
    return getattr(__import__(module, fromlist=[name]), name)


class Later:
    """Stands for what a module has imported by name until it is used.

    Then the module gets all that it has done without.
    """

    def __init__(self, holder: dict[str, Any], module: str, attribute: str) -> None:
        self.module, self.attribute = module, attribute
        self._holder = holder
        #: What its holder has got instead.
        self._given: Any = self

    def found(self) -> Any:
        """What it stands for."""
        for later in [each for each in self._holder.values() if type(each) is Later]:
            later.give()
        return _defined(self.module, self.attribute)

    def give(self) -> None:
        """Put what it stands for in its place, unless somebody has put something else there."""
        before, self._given = self._given, _defined(self.module, self.attribute)
        for name, value in [*self._holder.items()]:
            if value is before or value is self:
                self._holder[name] = self._given

    def __getattr__(self, name: str) -> Any:
        return getattr(self.found(), name)

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self.found()(*given, **named)

    def __getitem__(self, key: Any) -> Any:
        return self.found()[key]

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self.found())

    def __mro_entries__(self, _bases: tuple[object, ...]) -> tuple[type]:
        return (self.found(),)

    def __or__(self, other: Any) -> Any:
        return self.found() | other


class _Name:
    """A name that a module has done without. Whoever else reads or replaces it doesn't notice."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, module: ModuleType, _type: object) -> Any:
        if self._name not in vars(module):
            message = f"module {module.__name__!r} has no attribute {self._name!r}"
            raise AttributeError(message)
        return _settled(vars(module)[self._name])

    def __set__(self, module: ModuleType, value: object) -> None:
        _settled(vars(module).get(self._name))
        vars(module)[self._name] = _settled(value)

    def __delete__(self, module: ModuleType) -> None:
        del vars(module)[self._name]


def _settled(value: object) -> Any:
    return value.found() if type(value) is Later else value


def complete(package: str) -> None:
    """Give what a package defines to the modules that have done without, or have it of an older import."""
    for holder in _LATER:
        if holder in sys.modules:
            for later in vars(sys.modules[holder]).get(_LEFT, {}).values():
                if later.module.startswith(package):
                    later.give()


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
