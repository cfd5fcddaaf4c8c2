"""The modules of deployed code: each execution environment has its own, and the process keeps its own.

While deployed code runs, its modules are in `sys.modules`, its directories are at the head of `sys.path`,
and the working directory is its own. Afterwards all of that is as before.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from importlib.machinery import all_suffixes
from itertools import dropwhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from destmock._runtime.process_settings import change_directory, working_directory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from destmock._functions.deployed_code import Package

#: A copy of these in a package would call AWS past the mock: the process's own are used.
MOCKED = frozenset({"aiobotocore", "awslambdaric", "boto3", "botocore", "destmock", "moto", "s3transfer"})
#: What moto imports with the first use of a service, and the libraries that this imports. A package may bring
#: those, too, for its own code: moto has to be first.
_SERVICES = frozenset({"cryptography.x509", "moto.s3.responses", "moto.sns.responses"})
_LIBRARIES = frozenset(
    {
        "_cffi_backend",
        "awscrt",
        "crc32c",
        "cryptography",
        "requests",
        "typing_extensions",
        "werkzeug",
        "xmltodict",
    }
)
_SUFFIXES = tuple(all_suffixes())


class Namespace:
    """The modules, paths and directory of one execution environment, which on AWS is a process of its own.

    A top-level module or package in its directories hides the process's one of that name. Of the standard
    library, only what the handler's own module is called: AWS's runtime has imported most of it before it
    looks at a function's code.
    """

    def __init__(self, package: Package) -> None:
        self.package = package
        self._roots = package.task_root, package.layers_root
        self._path = list(package.path)
        self._directory: str | bytes | None = package.task_root
        provided = set(_top_level_names(package.path))
        #: The modules of the process; `None` while it is bare.
        self._outer_modules: dict[str, Any] | None = None
        self._modules: dict[str, Any] = dict.fromkeys(provided & MOCKED - _imported(provided & MOCKED))
        handler = package.source.replace("/", ".").partition(".")[0]
        self._provided = provided - MOCKED - (sys.stdlib_module_names - {handler})
        if self._provided & _LIBRARIES:
            _imported(_SERVICES)

    def take_up(self) -> None:
        self._outer_path = sys.path, sys.path.copy()
        self._outer_directory = working_directory()
        self._outer_writes_bytecode = sys.dont_write_bytecode
        self._hidden = self._modules_to_hide()
        self._outer_modules = sys.modules.copy()
        for name in self._hidden:
            del sys.modules[name]
        sys.modules.update(self._modules)
        sys.path[:0] = self._path
        sys.dont_write_bytecode = True
        change_directory(self._directory)

    def leave(self) -> None:
        known = self._outer_modules
        if known is None:
            return
        brought = self._brought(known)
        own = [name for name in brought if self._is_own(name)]
        self._modules = {name: sys.modules.pop(name) for name in own}
        if self._hidden:
            self._put_back(known, [name for name in brought if name not in self._modules])
        outer, entries = self._outer_path
        self._path = [entry for entry in sys.path if entry not in entries]
        sys.path = outer
        sys.path[:] = entries
        sys.dont_write_bytecode = self._outer_writes_bytecode
        self._directory = working_directory()
        change_directory(self._outer_directory)
        self._outer_modules = None

    put_aside = leave

    def _modules_to_hide(self) -> set[str]:
        if not any(name in sys.modules for names in (self._provided, self._modules) for name in names):
            return set()
        return {
            name for name in sys.modules if name in self._modules or name.partition(".")[0] in self._provided
        }

    def _brought(self, known: dict[str, Any]) -> list[str]:
        """The names that were added to `sys.modules`: the last ones, unless the function took others out."""
        hidden = self._hidden
        brought = []
        for name in reversed(sys.modules):
            if name in known and name not in hidden:
                break
            brought.append(name)
        if len(sys.modules) == len(known) - len(hidden) + len(brought):
            return brought[::-1]
        return [name for name in sys.modules if name not in known or name in hidden]

    def _is_own(self, name: str) -> bool:
        """A library of the process that the function was the first to import stays imported."""
        if name in self._modules or name.partition(".")[0] in self._provided:
            return True
        return str(file_of(sys.modules[name])).startswith(self._roots)

    def _put_back(self, known: dict[str, Any], others: list[str]) -> None:
        """Put the hidden modules back at the places they had: the order tells which modules are new."""
        for name in (*dropwhile(lambda name: name not in self._hidden, known), *others):
            if name in self._hidden:
                sys.modules[name] = known[name]
            elif name in sys.modules:
                sys.modules[name] = sys.modules.pop(name)


def file_of(module: object) -> str | None:
    """A module's file; a namespace package has none, only a path."""
    return getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), None)


def _top_level_names(path: Iterable[str]) -> Iterator[str]:
    """What can be imported from these directories: modules, packages and extensions."""
    for directory in map(Path, path):
        for entry in directory.iterdir() if directory.is_dir() else ():
            name, _, rest = entry.name.partition(".")
            importable = entry.is_dir() if not rest else entry.name.endswith(_SUFFIXES)
            if importable and name.isidentifier() and not name.startswith("__"):
                yield name


def _imported(names: Iterable[str]) -> set[str]:
    """The names that the process itself can import."""
    found = set()
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
            found.add(name)
    return found
