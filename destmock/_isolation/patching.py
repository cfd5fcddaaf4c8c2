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


def unless_replaced(owner: Any, name: str, replacement: Callable[[Any], Any]) -> Patch:
    """A change that leaves alone what somebody has put in the place of an attribute before the mock."""
    own = getattr(owner, name)
    return Patch(owner, name, lambda found: replacement(found) if found is own else found)


def _replaced(patch: Patch, original: Any) -> Any:
    return patch.replacement(original)


@contextlib.contextmanager
def patched(patches: Iterable[Patch], replaced_by: Callable[[Patch, Any], Any] = _replaced) -> Iterator[None]:
    """While entered, every attribute is replaced, but for those that stay as they are."""
    replaced: list[tuple[Any, str, Any]] = []
    try:
        for each in patches:
            owner, name, _, added = each
            original = None if added else getattr(owner, name)
            made = replaced_by(each, original)
            if made is original and not added:
                continue  # whoever has put it there takes it away
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
        #: By change, the original and what took its place: the same in each mock.
        self._replacements: dict[int, tuple[Any, Any]] = {}

    @contextlib.contextmanager
    def made(self) -> Iterator[None]:
        """While entered, every attribute is replaced, once."""
        if self._made:
            yield
            return
        with patched(self._patches, self._replaced):
            self._made = True
            try:
                yield
            finally:
                self._made = False

    def _replaced(self, patch: Patch, original: Any) -> Any:
        known = self._replacements.get(id(patch))  # they are kept, and each has a number of its own
        if known is not None and known[1] is original:  # somebody has put it back after an earlier mock
            return original
        if known is None or known[0] is not original:
            known = self._replacements[id(patch)] = original, patch.replacement(original)
        return known[1]
