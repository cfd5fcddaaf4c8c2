"""The checks of a mock's options."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import MAXYEAR
from typing import TYPE_CHECKING, Any

from destmock._aws.times import from_datetime

if TYPE_CHECKING:
    from datetime import datetime


def handlers_given(given: Any) -> dict[str, Any]:
    """Handlers by name; raises `TypeError` for what is no mapping."""
    if given is not None and not isinstance(given, Mapping):
        message = f"handlers is a mapping of function names to handlers, not {given!r}"
        raise TypeError(message)
    return dict(given or {})


def count(name: str, value: int | None) -> int | None:
    """A number from 0, or `None`; raises `TypeError` or `ValueError` for anything else."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        message = f"{name} is a whole number, not {value!r}"
        raise TypeError(message)
    if value < 0:
        message = f"{name} can't be negative: {value}"
        raise ValueError(message)
    return value


def beginning(start: datetime | None) -> int | None:
    """The time at which a mock begins, in milliseconds since the epoch.

    Raises `TypeError` or `ValueError` for what is no aware `datetime`, or lies in the last year that one has:
    nothing could come after it.
    """
    if start is None:
        return None
    moment = from_datetime(start)
    if start.year == MAXYEAR:
        message = f"start can't be in the year {MAXYEAR}, the last one that Python has: {start.isoformat()}"
        raise ValueError(message)
    return moment
