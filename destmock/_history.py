"""The sequences of facts that users assert on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar, overload

from destmock._arn import parse_function_name

if TYPE_CHECKING:
    from collections.abc import Iterable


class _OfFunction(Protocol):
    @property
    def function_name(self) -> str: ...


Fact = TypeVar("Fact", bound=_OfFunction)


class History(Sequence[Fact], Generic[Fact]):
    """An immutable sequence of facts, oldest first."""

    __slots__ = ("_facts",)

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._facts = tuple(facts)

    def for_function(self, name: str) -> History[Fact]:
        """Those of one function, by its name or ARN; a qualifier in it is disregarded."""
        named = parse_function_name(name)
        wanted = name if named is None else named.name
        return type(self)(fact for fact in self._facts if fact.function_name == wanted)

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

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Sequence) and not isinstance(other, (str, bytes)):
            return self._facts == tuple(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self._facts)

    def __repr__(self) -> str:
        return repr(list(self._facts))
