"""Changes of other libraries as a list, made together and undone in reverse."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_NOT_THERE = object()


class Patch(NamedTuple):
    """One attribute of a class or module, and the function that makes its replacement of the original."""

    owner: Any
    name: str
    replacement: Callable[[Any], Any]
    #: Whether the owner has no attribute of that name.
    added: bool = False


@contextlib.contextmanager
def patched(patches: Iterable[Patch]) -> Iterator[None]:
    """While entered, every attribute is replaced."""
    replaced: list[tuple[Any, str, Any]] = []
    try:
        for owner, name, replacement, added in patches:
            made = replacement(None if added else getattr(owner, name))
            replaced.append((owner, name, vars(owner).get(name, _NOT_THERE)))  # a static method as it is
            setattr(owner, name, made)
        yield
    finally:
        for owner, name, before in reversed(replaced):
            if before is _NOT_THERE:
                delattr(owner, name)  # it was inherited, or not there
            else:
                setattr(owner, name, before)


class Shared:
    """Changes that the outermost mock makes, for all that are nested in it."""

    def __init__(self, patches: Iterable[Patch]) -> None:
        self._patches = tuple(patches)
        self._made = False

    @contextlib.contextmanager
    def made(self) -> Iterator[None]:
        """While entered, every attribute is replaced, once."""
        if self._made:
            yield
            return
        with patched(self._patches):
            self._made = True
            try:
                yield
            finally:
                self._made = False
