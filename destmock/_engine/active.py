"""The mocks that are active, the outermost first: the one state that the process holds for destmock."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from destmock._engine.simulation import Simulation

active: list[Simulation] = []
