"""Changes of other libraries as a list, made together and undone in reverse."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


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
    with contextlib.ExitStack() as stack:
        for owner, name, replacement, added in patches:
            before = None if added else getattr(owner, name)
            stack.enter_context(patch.object(owner, name, replacement(before), create=added))
        yield
