"""Sequences of facts, as of the moment that they were asked for; asking takes no time for each fact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Generic, Protocol, TypeAlias, TypeVar, overload

from destmock._aws.arn import parse_function_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping


class _OfFunction(Protocol):
    @property
    def function_name(self) -> str: ...


#: A function's name and a destination.
Key: TypeAlias = tuple[str, "str | None"]
Item = TypeVar("Item")
Fact = TypeVar("Fact", bound=_OfFunction)


class History(Sequence[Fact], Generic[Fact]):
    """An immutable sequence of facts, oldest first."""

    __slots__ = ("_facts", "_left_out")

    def __init__(self, facts: Iterable[Fact], left_out: Mapping[Key, int] | None = None) -> None:
        """`left_out` counts the facts that are no longer kept, by function name and destination."""
        self._facts: Sequence[Fact] = facts if isinstance(facts, View) else tuple(facts)
        self._left_out = left_out or {}

    @property
    def total(self) -> int:
        """How many facts there have been, the ones included that `history=` no longer keeps."""
        return len(self._facts) + sum(self._left_out.values())

    def for_function(self, name: str) -> History[Fact]:
        """The facts of one function, by its name or ARN; a qualifier in the ARN is disregarded."""
        named = parse_function_name(name)
        wanted = name if named is None else named.name
        left_out = {key: number for key, number in self._left_out.items() if key[0] == wanted}
        return type(self)((fact for fact in self._facts if fact.function_name == wanted), left_out)

    @overload
    def __getitem__(self, index: int) -> Fact: ...
    @overload
    def __getitem__(self, index: slice) -> History[Fact]: ...
    def __getitem__(self, index: int | slice) -> Fact | History[Fact]:
        if isinstance(index, slice):
            return type(self)(self._facts[index])
        return self._facts[index]

    def __len__(self) -> int:
        return len(self._facts)

    def __iter__(self) -> Iterator[Fact]:
        return iter(self._facts)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Sequence) and not isinstance(other, (str, bytes)):
            return tuple(self._facts) == tuple(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self._facts))

    def __repr__(self) -> str:
        return repr(list(self._facts))


class View(Sequence[Fact], Generic[Item, Fact]):
    """A list that only grows, as it was when it had `length` items.

    `fact` makes a fact of an item; `before` has the facts of items that could still change, by position.
    """

    __slots__ = ("_before", "_fact", "_items", "_length")

    def __init__(
        self, items: list[Item], length: int, fact: Callable[[Item], Fact], before: Mapping[int, Fact]
    ) -> None:
        self._items = items
        self._length = length
        self._fact = fact
        self._before = before

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> Fact: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Fact, ...]: ...
    def __getitem__(self, index: int | slice) -> Fact | tuple[Fact, ...]:
        if isinstance(index, slice):
            return tuple(self._at(position) for position in range(self._length)[index])
        return self._at(range(self._length)[index])

    def _at(self, position: int) -> Fact:
        if position in self._before:
            return self._before[position]
        return self._fact(self._items[position])

    def __iter__(self) -> Iterator[Fact]:
        return map(self._at, range(self._length))


class Kept(Generic[Item]):
    """Items in order. Letting an item go costs the same however many items there are.

    `past` counts the items let go by their `key`: a function's name and a destination.
    """

    __slots__ = ("_gone", "_items", "_key", "past")

    def __init__(self, key: Callable[[Item], Key]) -> None:
        self.past: Counter[Key] = Counter()
        self._key = key
        self._items: list[Item] = []
        #: The items let go that are still in the list; by identity, because facts may be equal.
        self._gone: dict[int, Item] = {}

    def add(self, item: Item) -> int:
        """Add an item; returns its position, which is valid until an item is let go."""
        self._items.append(item)
        return len(self._items) - 1

    def let_go(self, item: Item) -> None:
        self.past[self._key(item)] += 1
        self._gone[id(item)] = item
        if len(self._gone) * 2 > len(self._items):
            self._items, self._gone = list(self), {}

    def __iter__(self) -> Iterator[Item]:
        return (item for item in self._items if id(item) not in self._gone)

    def facts(
        self, fact: Callable[[Item], Fact], changing: Iterable[tuple[int, Item]] = ()
    ) -> Iterable[Fact]:
        """The items as they are now; `changing` are those that will change, with their positions."""
        if self._gone or self.past:
            return tuple(map(fact, self))
        before = {position: fact(item) for position, item in changing}
        return View(self._items, len(self._items), fact, before)
