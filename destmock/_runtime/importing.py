"""Imports the modules of handlers, and forgets them when their execution environment or the mock ends."""

from __future__ import annotations

import sys
import sysconfig
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from awslambdaric import bootstrap

from destmock._runtime.deployed_modules import file_of

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
    library and site-packages.
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

    def watching(self, source: Handler | str, brought: set[str]) -> Watched | None:
        """A part of an attempt's surroundings that notes which modules the handler's module brings in."""
        return Watched(brought, self._brought) if isinstance(source, str) else None

    def close(self) -> None:
        self.forget(self._brought)

    def forget(self, brought: set[str]) -> None:
        for name in brought:
            module = sys.modules.get(name)
            if module is None or not _is_users_own(module):
                continue
            del sys.modules[name]
            parent, _, child = name.rpartition(".")
            if parent in sys.modules and getattr(sys.modules[parent], child, None) is module:
                delattr(sys.modules[parent], child)
        brought.clear()


class Watched:
    """Notes in `sets` the modules that are imported while the attempt is in place."""

    __slots__ = ("_known", "_sets")

    def __init__(self, *sets: set[str]) -> None:
        self._sets = sets
        #: How many modules there were; `None` while the process is bare.
        self._known: int | None = None

    def take_up(self) -> None:
        self._known = len(sys.modules)

    def leave(self) -> None:
        if self._known is not None and len(sys.modules) > self._known:  # the newest come last
            brought = [*islice(sys.modules, self._known, None)]
            for names in self._sets:
                names.update(brought)
        self._known = None

    put_aside = leave


_INSTALLED = tuple({sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")})


def _is_users_own(module: object) -> bool:
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
