"""What a class of another library does one thing with, to be gone through only if somebody has changed it.

A test may put something else in the place of one step, before a mock or while it is active: it counts on
being asked.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from destmock._isolation.client_makers import is_own
from destmock._isolation.patching import Patch, attributes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Steps:
    """Some functions of a class, as they are at first, and what destmock has put in their places."""

    def __init__(self, owner: Any, names: Iterable[str]) -> None:
        self._owner = owner
        inside = self._inside = attributes_of(owner)
        self._own = {name: inside[name] for name in names if name in inside}  # some versions lack some
        self._of_one = frozenset(self._own)
        self._now = itemgetter("__doc__", *self._own)  # never one alone
        self._expected = self._now(inside)
        self._were_own = all(map(is_own, self._own.values()))
        #: All that is in the class, when its steps were own the last time.
        self._latest: list[Any] = [None]

    def are_own(self, instance: Any) -> bool:
        """Whether the very class is the instance's, and nobody has put his own in the place of a step."""
        if type(instance) is not self._owner or not self._of_one.isdisjoint(instance.__dict__):
            return False
        if [*self._inside.values()] == self._latest:  # which takes a third of the time
            return True
        inside = dict(self._inside)  # another thread may change it
        try:
            own = self._were_own and bool(self._now(inside) == self._expected)
        except KeyError:  # somebody has taken one away
            return False
        if own:
            self._latest = [*inside.values()]
        return own

    def replaced(self, name: str, replacement: Callable[[Any], Any]) -> Patch:
        """A change of one step, which leaves alone what somebody else has put in its place."""
        if not self._were_own:
            return Patch(self._owner, name, lambda found: found)
        own = self._own[name]
        made = self._own[name] = replacement(own)
        self._expected = self._inside["__doc__"], *self._own.values()
        return Patch(self._owner, name, lambda found: made if found is own else found)


def names_of(owner: Any, *beginnings: str) -> list[str]:
    """The names of a class's own functions that begin in one of these ways."""
    return [name for name, each in vars(owner).items() if name.startswith(beginnings) and callable(each)]
