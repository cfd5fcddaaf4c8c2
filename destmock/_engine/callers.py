"""What a call of AWS says of itself, for whatever the call leads to."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The X-Amzn-Trace-Id that the call came with.
given_header: ContextVar[str | None] = ContextVar("given_header", default=None)


@contextlib.contextmanager
def calling(header: str | None) -> Iterator[None]:
    """While entered, a call is answered that has this X-Amzn-Trace-Id."""
    token = given_header.set(header)
    try:
        yield
    finally:
        given_header.reset(token)
