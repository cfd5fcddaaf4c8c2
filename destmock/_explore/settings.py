"""What `explore` was asked for: its bounds, and the options of the mock."""

from __future__ import annotations

import inspect
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from destmock._explore.bounds import Bounds, bounds
from destmock._explore.run import ExploredMock
from destmock._mock.mock import MockDestinations

if TYPE_CHECKING:
    from destmock._explore.search import Plan

_OF_MOCK = frozenset(inspect.signature(MockDestinations.__init__).parameters) - {"self"}
_OF_BOUNDS = frozenset(inspect.signature(bounds).parameters)


class Settings(NamedTuple):
    """The bounds of an exploration, and the options of each of its mocks."""

    bounds: Bounds
    options: dict[str, Any]

    def fixed(self, others: dict[str, Any] | None = None) -> Settings:
        """The same with a start, so that each run is the same; these options win over the `others`."""
        options = {**(others or {}), **self.options}
        if others and others.get("handlers"):
            options["handlers"] = {**others["handlers"], **(self.options.get("handlers") or {})}
        if options.get("start") is None:
            options["start"] = datetime.fromtimestamp(int(time.time()), timezone.utc)
        return Settings(self.bounds, options)

    def mock(self, plan: Plan) -> ExploredMock:
        """The mock of one run."""
        return ExploredMock(plan, **self.options)


def settings(**given: Any) -> Settings:
    """What a user has asked for; raises `TypeError` or `ValueError` for what can't be."""
    unknown = sorted(set(given) - _OF_MOCK - _OF_BOUNDS)
    if unknown:
        message = f"explore takes {', '.join(sorted(_OF_BOUNDS | _OF_MOCK))}; not {', '.join(unknown)}"
        raise TypeError(message)
    options = {name: value for name, value in given.items() if name in _OF_MOCK}
    MockDestinations(**options)  # which checks them
    return Settings(bounds(**{name: value for name, value in given.items() if name in _OF_BOUNDS}), options)
