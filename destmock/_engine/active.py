"""The mocks that are active, the outermost first: the one state that the process holds for destmock."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from destmock._engine.simulation import Simulation

active: list[Simulation] = []


def enter_once(change: Callable[[], AbstractContextManager[object]]) -> None:
    """Change the process until the innermost mock ends, unless an active mock has changed it already."""
    if not any(change in simulation.entered for simulation in active):
        active[-1].enter(change)
