"""Warnings of what is kept and not simulated, each given once for each mock."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from destmock._engine.simulation import Simulation


class Warned:
    """What one mock has warned of."""

    def __init__(self, _: Simulation) -> None:
        self._said: set[str] = set()

    def once(self, text: str, about: str | None = None) -> None:
        """Warn, unless that has been said, or something else about the same."""
        said = text if about is None else about
        if said not in self._said:
            self._said.add(said)
            warnings.warn(text, stacklevel=2)
