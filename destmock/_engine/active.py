"""The mocks that are active, the outermost first: the one state that the process holds for destmock."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from destmock._engine.simulation import Simulation

active: list[Simulation] = []


def innermost() -> Simulation | None:
    """The mock that answers; `None` without one, as when another thread has just ended it."""
    try:
        return active[-1]
    except IndexError:
        return None


def enter_once(change: Callable[[], AbstractContextManager[object]]) -> None:
    """Change the process until the innermost mock ends, unless an active mock has changed it already.

    A mock that has ended meanwhile, on another thread, changes nothing any more.
    """
    simulation = innermost()
    if simulation is not None and not is_entered(change):
        simulation.changes.enter(change, unless=lambda: is_entered(change))  # by another thread meanwhile


def is_entered(change: Callable[[], AbstractContextManager[object]]) -> bool:
    """Whether an active mock has changed the process so."""
    return any(simulation.changes.have(change) for simulation in active)
