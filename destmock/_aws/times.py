"""Moments and lengths of time, in integer milliseconds since the epoch and as Python has them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


_MILLISECOND = timedelta(milliseconds=1)


@lru_cache(maxsize=100)
def to_datetime(milliseconds: int) -> datetime:
    return _EPOCH + milliseconds * _MILLISECOND


def from_datetime(moment: datetime) -> int:
    """Milliseconds since the epoch. A `datetime` without a zone is refused: whose midnight is it?"""
    given: object = moment
    if not isinstance(given, datetime):
        message = f"{moment!r} is not a datetime; pass one, e.g. datetime(2026, 1, 1, tzinfo=timezone.utc)"
        raise TypeError(message)
    if moment.tzinfo is None:
        message = f"{moment!r} has no time zone; pass an aware datetime, e.g. with tzinfo=timezone.utc"
        raise ValueError(message)
    return (moment - _EPOCH) // _MILLISECOND


def to_milliseconds(duration: float | timedelta) -> int:
    """A length of time given in seconds or as a `timedelta`, to the nearest millisecond."""
    given: object = duration
    if not isinstance(given, (int, float, timedelta)):
        message = f"a length of time is in seconds, or a timedelta; not {duration!r}"
        raise TypeError(message)
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
    return round(seconds * 1000)
