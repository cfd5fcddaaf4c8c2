"""How far an exploration goes: which faults, how many at once, in which functions, how many runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from destmock._engine.points import PlannedFault

if TYPE_CHECKING:
    from destmock._engine.points import FaultKind

#: The kinds as users name them, and the faults that each stands for.
KINDS: dict[str, FaultKind] = {
    "crash": "crash",
    "timeout": "timeout",
    "duplicate": "duplicate",
    "system_error": "system_error",
    "throttle": "throttle",
    "delay": "delay",
    "interleave": "switch",
    "fail_delivery": "fail_delivery",
}
#: A failing delivery loses its record by design: it is explored for those who ask for it.
_BY_DEFAULT = frozenset(KINDS) - {"fail_delivery"}


class Bounds(NamedTuple):
    """The bounds of one exploration; see `explore`."""

    kinds: frozenset[FaultKind]
    functions: frozenset[str] | None
    faults: int
    switches: int
    limit: int
    only: tuple[PlannedFault, ...] | None

    def has(self, fault: PlannedFault) -> bool:
        """Whether a fault is one of those that are explored."""
        return fault.kind in self.kinds and (self.functions is None or fault.point.function in self.functions)


def bounds(
    *,
    kinds: Iterable[str] | None = None,
    functions: Iterable[str] | None = None,
    faults: int = 1,
    switches: int = 2,
    limit: int = 2_000,
    only: str | Iterable[str] | None = None,
) -> Bounds:
    """The bounds that a user has asked for; raises `TypeError` or `ValueError` for what can't be one."""
    chosen = frozenset(_names("kinds", kinds)) if kinds is not None else _BY_DEFAULT
    unknown = sorted(chosen - set(KINDS))
    if unknown:
        message = f"kinds are {', '.join(KINDS)}; not {', '.join(map(repr, unknown))}"
        raise ValueError(message)
    return Bounds(
        frozenset(KINDS[kind] for kind in chosen),
        None if functions is None else frozenset(_names("functions", functions)),
        _count("faults", faults, 1),
        _count("switches", switches, 0),
        _count("limit", limit, 1),
        None if only is None else _planned(only),
    )


def _planned(only: str | Iterable[str]) -> tuple[PlannedFault, ...]:
    """The faults of names; one text may have several of them, as `Failure.name` has."""
    names = only.split(", ") if isinstance(only, str) else list(_names("only", only))
    return tuple(PlannedFault.parse(name) for name in names)


def _names(what: str, given: Iterable[str]) -> dict[str, None]:
    """Names in their order, each once."""
    names = [given] if isinstance(given, str) else list(given) if isinstance(given, Iterable) else [given]
    if not all(isinstance(name, str) for name in names):
        message = f"{what} takes names, not {given!r}"
        raise TypeError(message)
    if not names:
        message = f"{what} takes one name or more, not an empty {type(given).__name__}"
        raise ValueError(message)
    return dict.fromkeys(names)


def _count(what: str, value: int, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        message = f"{what} is a whole number from {least}, not {value!r}"
        raise ValueError(message)
    return value
