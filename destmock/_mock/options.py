"""The checks of a mock's options."""

from __future__ import annotations


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
