"""What botocore notes of a call begins and ends with it, without a generator."""

from __future__ import annotations

from contextlib import ContextDecorator
from copy import deepcopy
from typing import Any

from botocore import context as contexts

from destmock._isolation.patching import unless_replaced

_contexts: Any = contexts


class _Current(ContextDecorator):
    """botocore's `start_as_current_context`."""

    __slots__ = ("_given", "_token")

    def __init__(self, ctx: Any = None) -> None:
        self._given = ctx

    def __enter__(self) -> None:
        current = self._given or _contexts.get_context()
        new = _contexts.ClientContext() if current is None else deepcopy(current)
        self._token = _contexts.set_context(new)

    def __exit__(self, *_: object) -> None:
        _contexts.reset_context(self._token)

    def _recreate_cm(self) -> _Current:
        return _Current(self._given)


PATCHES = (unless_replaced(_contexts, "start_as_current_context", lambda _: _Current),)
