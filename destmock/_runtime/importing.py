"""Imports the modules of handlers, and forgets them when their execution environment or the mock ends."""

from __future__ import annotations

import sys
import sysconfig
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from awslambdaric import bootstrap

from destmock._runtime.deployed_modules import MOCKED, file_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._functions.handlers import Handler

    Function = TypeVar("Function", bound=Callable[..., Any])


def stripped(function: Function) -> Function:
    """Have the frames of a function of destmock's left out of stack traces, by AWS's own rule.

    awslambdaric strips the leading frames of its own file, so that the first one shown is the handler's
    (B3). What stands between its file and the handler therefore has to count as that file.
    """
    file = f"{Path(bootstrap.__file__).parent.as_posix()}/bootstrap.py"
    function.__code__ = function.__code__.replace(co_filename=file)
    return function


class Importer:
    """The modules that handlers brought in during one mock.

    Of the modules that an import brought in, only the user's own are forgotten: those outside the standard
    library and site-packages. What mocks AWS stays, wherever it lies.
    """

    def __init__(self) -> None:
        self._brought: set[str] = set()

    @stripped
    def load(self, source: Handler | str) -> Handler:
        """The handler itself. Raises the errors of AWS's own loader (B8, B18)."""
        if not isinstance(source, str):
            return source
        loaded: Handler = bootstrap._get_handler(source.replace(":", "."))  # noqa: SLF001
        return loaded

    def watching(self, source: Handler | str, modules: Modules) -> Watched | None:
        """A part of an attempt's surroundings: the modules of a handler that is imported."""
        return Watched(modules, self._brought) if isinstance(source, str) else None

    def close(self) -> None:
        self.forget(self._brought)

    def forget(self, brought: set[str]) -> None:
        for name in brought:
            module = sys.modules.get(name)
            if module is None or _is_never_hidden(name) or not is_users_own(module):
                continue
            del sys.modules[name]
            parent, _, child = name.rpartition(".")
            if parent in sys.modules and getattr(sys.modules[parent], child, None) is module:
                delattr(sys.modules[parent], child)
        brought.clear()


class Modules:
    """The modules of one execution environment."""

    __slots__ = ("brought", "hidden", "own")

    def __init__(self) -> None:
        #: The names of those that it has imported first.
        self.brought: set[str] = set()
        #: The names of those that the process had imported before, and the environment's own ones.
        self.hidden: list[str] | None = None
        self.own: dict[str, Any] = {}


class Watched:
    """Hides the user's modules that the process has imported, and notes which ones an attempt brings in."""

    __slots__ = ("_everyone", "_known", "_modules", "_outer")

    def __init__(self, modules: Modules, everyone: set[str]) -> None:
        self._modules = modules
        #: The modules that any environment has brought in.
        self._everyone = everyone
        #: The hidden modules.
        self._outer: dict[str, Any] = {}
        #: How many modules there were beside those; `None` while the process is bare.
        self._known: int | None = None

    def take_up(self) -> None:
        modules = self._modules
        if modules.hidden is None:
            modules.hidden = [name for name in sys.modules if self._is_to_be_hidden(name)]
        self._outer = {name: sys.modules[name] for name in modules.hidden if name in sys.modules}
        self._known = len(sys.modules) - len(self._outer) + len(modules.own)
        for name in self._outer:
            del sys.modules[name]
        sys.modules.update(modules.own)

    def leave(self) -> None:
        if self._known is None:
            return
        modules, outer = self._modules, self._outer
        if len(sys.modules) > self._known:  # the newest come last
            brought = [*islice(sys.modules, self._known, None)]
            own = {name for name in brought if name in outer or name.partition(".")[0] in outer}
            modules.own.update({name: sys.modules[name] for name in own})
            for names in (modules.brought, self._everyone):
                names.update(name for name in brought if name not in own)
        for name in modules.own:
            sys.modules.pop(name, None)
        sys.modules.update(outer)
        self._known = None

    put_aside = leave

    def _is_to_be_hidden(self, name: str) -> bool:
        if name in self._everyone or _is_never_hidden(name):
            return False
        return is_users_own(sys.modules[name])


#: What runs the program, and what it mocks AWS with, wherever that lies. A process loads cryptography once.
_NEVER_HIDDEN = {"__main__", "__mp_main__", "cryptography", *MOCKED}
_INSTALLED = tuple({sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")})


def _is_never_hidden(name: str) -> bool:
    return name.partition(".")[0] in _NEVER_HIDDEN


def is_users_own(module: object) -> bool:
    """Whether a module is neither the standard library's nor an installed package's."""
    try:
        file = file_of(module)
    except (
        KeyError
    ):  # a namespace package finds its path through its parent, which has been forgotten already
        return True
    return file is not None and not is_installed(file)


def is_installed(file: str) -> bool:
    """Whether a file of code is the standard library's or an installed package's."""
    return file.startswith(_INSTALLED)
