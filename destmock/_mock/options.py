"""The checks of a mock's options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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
