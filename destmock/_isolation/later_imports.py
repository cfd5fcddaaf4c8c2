"""What moto's Lambda imports although few tests need it is imported when somebody uses it.

moto's modules import it by name, so each name stands for something until then. moto itself, and tests that
look into its modules, find what they would have found.
"""

from __future__ import annotations

import contextlib
import sys
from importlib import import_module
from itertools import accumulate
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: The modules that are imported when somebody asks for what they define, by the one that would import them.
LATER = {
    "moto.awslambda.models": ("moto.s3.exceptions", "moto.s3.models"),  # for code in a bucket
    "moto.iam.access_control": ("moto.s3.exceptions",),
    "moto.iam.models": ("cryptography", "cryptography.hazmat.backends"),  # for certificates
    "moto.logs.models": ("moto.s3.models",),  # for exports
}
#: What such a module keeps those names in.
_LEFT = "_destmock_imported_later"


@contextlib.contextmanager
def without(importing: ModuleType) -> Iterator[None]:
    """While entered, a module of moto's imports only what it can't wait for."""
    added = [_NotNeeded(name) for name in LATER[importing.__name__] if name not in sys.modules]
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
        if name.startswith("__"):  # somebody looks for what it is
            raise AttributeError(name)
        asking = sys._getframe(1).f_globals  # noqa: SLF001 - whoever imports from it
        if self.__name__ in LATER.get(asking.get("__name__", ""), ()):
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

    def __get__(self, module: ModuleType | None, _type: object) -> Any:
        if module is None:
            return self
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
    for holder in LATER:
        if holder in sys.modules:
            for later in vars(sys.modules[holder]).get(_LEFT, {}).values():
                if later.module.startswith(package):
                    later.give()
