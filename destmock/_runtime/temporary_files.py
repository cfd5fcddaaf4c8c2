"""What a function makes in the directory for temporary files is its environment's own, as on AWS.

It lies there while the function runs: for itself, for C libraries, and for programs that it starts. In
between it is kept in another directory beside it. What was there before is nobody's, and stays.
"""

from __future__ import annotations

import builtins
import io
import os
import pathlib
import shutil
import tempfile
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar

from destmock._isolation.patching import Patch
from destmock._time.stacks import current

if TYPE_CHECKING:
    from collections.abc import Callable

#: The file whose frames are in stack traces between a function and what it has called.
NOT_THE_FUNCTION_S = __file__
_exists, _rename = os.path.lexists, os.rename
#: Directories of the mock's own begin so.
_PREFIX = "destmock-"


class OwnFiles:
    """The files of one execution environment; `stores` lists the directories that are kept for them."""

    __slots__ = ("_kept", "_made", "_numbers", "_stores", "_stores_by_root")

    #: Those of the attempt that is not put aside.
    in_place: ClassVar[OwnFiles | None] = None

    def __init__(self, stores: list[str]) -> None:
        self._stores = stores
        self._stores_by_root: dict[str, str] = {}
        self._numbers = count()
        #: What lies in its place, and what is kept, with where it is.
        self._made: set[str] = set()
        self._kept: dict[str, str] = {}

    def take_up(self) -> None:
        OwnFiles.in_place = self
        if self._kept:
            self._bring_back()

    def leave(self) -> None:
        if OwnFiles.in_place is self:
            OwnFiles.in_place = None
        while self._made:
            path = next(iter(self._made))
            self._keep(path)
            self._made.discard(path)

    put_aside = leave

    def note(self, path: Any) -> None:
        """Note that something is about to be made, or has its name changed to this."""
        if current() is None:  # not the function's doing
            return
        try:
            made = _entry(os.path.join(os.getcwd(), os.fsdecode(path)))  # noqa: PTH109, PTH118 - in 3 us
        except (TypeError, ValueError, OSError):  # it is no path, or can't be made
            return
        if made is not None and made not in self._made and not _exists(made):
            self._made.add(made)

    def _keep(self, path: str) -> None:
        if not _exists(path):
            return
        root = os.path.dirname(path)  # noqa: PTH120 - as it is written
        store = self._stores_by_root.get(root)
        if store is None:
            store = self._stores_by_root[root] = tempfile.mkdtemp(prefix=_PREFIX, dir=root)
            self._stores.append(store)
        kept = self._kept[path] = f"{store}/{next(self._numbers)}"
        _rename(path, kept)

    def _bring_back(self) -> None:
        for path, kept in list(self._kept.items()):
            if _exists(path) and _exists(kept):  # somebody else's, who came later
                continue
            self._made.add(path)
            if _exists(kept):
                _rename(kept, path)
            del self._kept[path]


def forget(stores: list[str]) -> None:
    """Remove what is kept."""
    while stores:
        shutil.rmtree(stores.pop(), ignore_errors=True)


def _roots() -> list[str]:
    """AWS's directory for temporary files, and this machine's; one that lies in the other is first.

    `tempfile` looks for the machine's by making a file, and holds a lock meanwhile: it is not asked here.
    """
    own = tempfile.tempdir
    return sorted({"/tmp", *([own] if isinstance(own, str) else [])}, key=len, reverse=True)  # noqa: S108


def _entry(path: str) -> str | None:
    """The entry of a directory for temporary files that a path lies in; `None` if it lies elsewhere."""
    for root in _roots():
        if path.startswith(f"{root}/"):
            name = os.path.normpath(path)[len(root) + 1 :].partition("/")[0]
            return None if not name or name.startswith((_PREFIX, "..")) else f"{root}/{name}"
    return None


def _open(real: Callable[..., Any]) -> Callable[..., Any]:
    def open(file: Any, mode: Any = "r", *others: Any, **named: Any) -> Any:  # noqa: A001 - stands in for it
        if (files := OwnFiles.in_place) is not None and mode not in ("r", "rb", "rt"):
            files.note(file)
        return real(file, mode, *others, **named)

    return open


def _open_descriptor(real: Callable[..., int]) -> Callable[..., int]:
    def open(path: Any, flags: Any, *others: Any, **named: Any) -> int:  # noqa: A001 - stands in for it
        if (
            (files := OwnFiles.in_place) is not None
            and isinstance(flags, int)
            and flags & os.O_CREAT
            and not named.get("dir_fd")
        ):
            files.note(path)
        return real(path, flags, *others, **named)

    return open


def _make(real: Callable[..., None]) -> Callable[..., None]:
    def make(path: Any, *others: Any, **named: Any) -> None:
        if (files := OwnFiles.in_place) is not None and not named.get("dir_fd"):
            files.note(path)
        real(path, *others, **named)

    return make


def _move(real: Callable[..., None]) -> Callable[..., None]:
    def move(src: Any, dst: Any, *others: Any, **named: Any) -> None:
        if (files := OwnFiles.in_place) is not None and not named.get("dst_dir_fd"):
            files.note(dst)
        real(src, dst, *others, **named)

    return move


_PATCHED: tuple[tuple[str, Callable[[Callable[..., Any]], Callable[..., Any]]], ...] = (
    ("open", _open_descriptor),
    ("mkdir", _make),
    ("rename", _move),
    ("replace", _move),
    ("link", _move),
    ("symlink", _move),
)


def _of_paths() -> list[Patch]:
    """What paths of Python 3.10 keep of these functions for themselves."""
    kept = getattr(pathlib, "_NormalAccessor", None)
    if kept is None:
        return []

    def static(make: Callable[..., Any]) -> Callable[..., Any]:
        return lambda real: staticmethod(make(real))

    made = dict(_PATCHED, open=_open)
    return [Patch(kept, name, static(make)) for name, make in made.items() if hasattr(kept, name)]


#: What tells of the files that a function makes.
PATCHES = (
    Patch(builtins, "open", _open),
    Patch(io, "open", _open),
    *(Patch(os, name, make) for name, make in _PATCHED if hasattr(os, name)),
    *_of_paths(),
)
