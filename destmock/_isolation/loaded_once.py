"""A test that puts back `sys.modules` takes nothing from packages whose compiled part a process loads once.

That part would know the classes of the modules that are gone, and refuse those of new ones.
"""

from __future__ import annotations

import contextlib
import sys
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING, Any

from destmock._importing import found_around

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

#: What moto's SNS, IAM, KMS and others import with their first call.
_PACKAGES = frozenset({"cryptography"})


class _Finder:
    """Finds the modules that have been imported in a mock as they are, and notes those that are imported."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[ModuleType, ModuleSpec | None]] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name.partition(".")[0] not in _PACKAGES:
            return None
        if name not in self._known:
            return found_around(self, self._noting, name, path, target)
        module, spec = self._known[name]
        loader: Any = _Known(module, spec)
        return ModuleSpec(name, loader, is_package=hasattr(module, "__path__"))

    @contextlib.contextmanager
    def _noting(self, module: ModuleType) -> Iterator[None]:
        yield
        self._known[module.__name__] = module, module.__spec__


class _Known:
    """Gives a module as it is."""

    def __init__(self, module: ModuleType, spec: ModuleSpec | None) -> None:
        self._module, self._spec = module, spec

    def create_module(self, _spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec


_FINDER: Any = _Finder()


@contextlib.contextmanager
def loaded_once() -> Iterator[None]:
    """While entered, modules that were imported in a mock are imported as they are."""
    if _FINDER in sys.meta_path:
        yield
        return
    sys.meta_path.insert(0, _FINDER)
    try:
        yield
    finally:
        while _FINDER in sys.meta_path:  # somebody may have put back a list that has it
            sys.meta_path.remove(_FINDER)
