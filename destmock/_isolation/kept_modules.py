"""A test that puts back `sys.modules` in a mock takes away no module that the mock has brought in.

What a service has would be gone with its module: the next call would import an empty one. The compiled part
of cryptography can be loaded once in a process, and refuses what the modules of a second import make.
"""

from __future__ import annotations

import contextlib
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING, NamedTuple

from destmock._importing import found_around, take_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

#: Its modules are kept for the process, those of the other packages until the mock ends.
_COMPILED = "cryptography"
_PACKAGES = frozenset({_COMPILED, "destmock", "moto"})


class _Known(NamedTuple):
    """A module that has been imported, and what it was imported by."""

    module: ModuleType
    spec: ModuleSpec


class _Again(Loader):
    """Gives a module as it is."""

    def __init__(self, known: _Known) -> None:
        self._known = known

    def create_module(self, _spec: ModuleSpec) -> ModuleType:
        return self._known.module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._known.spec
        module.__loader__ = self._known.spec.loader


class _Keeper(MetaPathFinder):
    """Notes the modules that are imported, and finds those that somebody has taken away."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._is_entered = False

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module as the others find it, unless it is to be executed anew."""
        if name.partition(".")[0] not in _PACKAGES:
            return None
        found, known = found_around(self, self._noting, name, path, target), self._known.get(name)
        # deployed code may bring a copy of its own
        if found is None or known is None or target is not None or found.origin != known.spec.origin:
            return found
        return ModuleSpec(name, _Again(known), is_package=known.spec.submodule_search_locations is not None)

    @contextlib.contextmanager
    def _noting(self, module: ModuleType) -> Iterator[None]:
        yield
        if module.__spec__ is not None:
            self._known.setdefault(module.__name__, _Known(module, module.__spec__))

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        if self._is_entered:
            yield
            return
        self._is_entered = True
        take_out(self)
        sys.meta_path.insert(0, self)
        try:
            yield
        finally:
            self._is_entered = False
            take_out(self)
            self._known = {name: each for name, each in self._known.items() if name.startswith(_COMPILED)}
            for name, each in self._known.items():  # for whoever uses it without a mock
                sys.modules.setdefault(name, each.module)


_KEEPER = _Keeper()


def modules_kept() -> contextlib.AbstractContextManager[None]:
    """While entered, what mocks AWS is imported once."""
    return _KEEPER.entered()
