"""Changes of other libraries as a list, made together and undone in reverse."""

from __future__ import annotations

import contextlib
import gc
from functools import wraps
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_NOT_THERE = object()
#: Stands for what takes the place of an attribute that stays as it is.
_STAYS = object()


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


def attributes_of(owner: Any) -> Any:
    """The attributes that a class has itself, only to be looked at: those of `vars` take twice the time."""
    inside = vars(owner)
    found = gc.get_referents(inside)
    return found[0] if len(found) == 1 and type(found[0]) is dict and found[0] == inside else inside


@contextlib.contextmanager
def patched(patches: Iterable[Patch]) -> Iterator[None]:
    """While entered, every attribute is replaced, but for those that stay as they are."""
    replaced: list[tuple[Any, str, Any]] = []
    try:
        for each in patches:
            before = vars(each.owner).get(each.name, _NOT_THERE)  # a static method as it is
            original = _original(each, before)
            made = each.replacement(original)
            if made is not original or each.added:  # or else whoever has put it there takes it away
                replaced.append((each.owner, each.name, before))
                setattr(each.owner, each.name, made)
        yield
    finally:
        for change in reversed(replaced):
            _put_back(*change)


def _original(patch: Patch, before: Any) -> Any:
    """What is replaced, if that is what the owner has itself.

    A class finds out anew after each change how its attributes are looked up: a function needs no look.
    """
    if type(before) is FunctionType:
        return before
    return None if patch.added else getattr(patch.owner, patch.name)


def _put_back(owner: Any, name: str, before: Any) -> None:
    if before is _NOT_THERE:
        delattr(owner, name)  # it was inherited, or not there
    else:
        setattr(owner, name, before)


class _Place:
    """The attribute that a change is about, and what took its place in an earlier mock."""

    __slots__ = ("before", "found", "inside", "made", "name", "original", "owner", "patch", "shared")

    def __init__(self, patch: Patch, shared: Shared) -> None:
        self.patch, self.owner, self.name = patch, patch.owner, patch.name
        self.shared = shared
        self.inside = attributes_of(patch.owner)
        #: What the owner had itself, what that was, and what took its place; nothing yet.
        self.before, self.original, self.made = object(), object(), object()
        #: What the owner had itself when the mock began that is active.
        self.found: Any = _NOT_THERE

    def look(self, before: Any) -> Any:
        """What takes its place now that the owner has this itself: the same if it replaces the same."""
        original = _original(self.patch, before)
        if self.made is original or self.made is before:  # somebody has put it back after an earlier mock
            return _STAYS
        if self.original is not original:
            made = self.patch.replacement(original)
            if made is original and not self.patch.added:
                made = _STAYS
            elif self.shared.steps_aside:
                made = _in_mocks_only(self.shared, original, made)
            self.original, self.made = original, made
        inherited = before is _NOT_THERE and not self.patch.added  # it may be another one next time
        self.before = object() if inherited else before
        return self.made


def _in_mocks_only(shared: Shared, original: Any, made: Any) -> Any:
    """A function or property that does what the original does while the changes aren't made."""
    if type(made) is type(original) is property:
        accessors = ("fget", "fset", "fdel")
        return property(
            *(_in_mocks_only(shared, *(getattr(of, a) for of in (original, made))) for a in accessors)
        )
    if not type(made) is type(original) is FunctionType:
        return made

    @wraps(made)
    def called(*given: Any, **named: Any) -> Any:
        return (made if shared.is_made else original)(*given, **named)

    return called


class Shared:
    """Changes that the outermost mock makes, for all that are nested in it.

    A test that replaces a method in a mock, and undoes that only after the mock, puts back what the mock has
    put there. With `steps_aside`, this does then what the original does.
    """

    def __init__(self, patches: Iterable[Patch], *, steps_aside: bool = False) -> None:
        self.steps_aside = steps_aside
        self._places = [_Place(patch, self) for patch in patches]
        self._replaced: list[_Place] = []
        #: Whether a mock has made them.
        self.is_made = False

    def made(self) -> _Making:
        """While entered, every attribute is replaced, once."""
        return _Making(self)

    def make(self) -> None:
        """Replace all; nothing, if that fails."""
        try:
            for place in self._places:
                name = place.name
                found = place.found = place.inside.get(name, _NOT_THERE)
                made = place.made if found is place.before else place.look(found)
                if made is not _STAYS:
                    self._replaced.append(place)
                    setattr(place.owner, name, made)
        except BaseException:
            self.undo()
            raise
        self.is_made = True

    def undo(self) -> None:
        """Put back all, the last one first."""
        self.is_made = False
        replaced, self._replaced = self._replaced, []
        for place in reversed(replaced):
            _put_back(place.owner, place.name, place.found)


class _Making:
    """While entered, changes are made, unless somebody further out has made them."""

    __slots__ = ("_is_outermost", "_shared")

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    def __enter__(self) -> None:
        self._is_outermost = not self._shared.is_made
        if self._is_outermost:
            self._shared.make()

    def __exit__(self, *_: object) -> None:
        if self._is_outermost:
            self._shared.undo()
