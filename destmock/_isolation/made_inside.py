"""What was made in a mock, and so without the machine's own configuration."""

from __future__ import annotations

import contextlib
from functools import wraps
from typing import TYPE_CHECKING, Any

from botocore.credentials import DeferredRefreshableCredentials, RefreshableCredentials
from botocore.session import Session

from destmock._isolation.patching import Patch, patched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: The attribute of what was made in a mock: that mock's time.
_MADE_IN = "_destmock_made_in"


class _Span:
    """The time of one mock."""

    over = False


def is_from_inside(made: Any) -> bool:
    """Whether a session, or credentials that are fetched, were made in a mock that is still active.

    They can't have the machine's own configuration.
    """
    span: _Span | None = getattr(made, _MADE_IN, None)
    return span is not None and not span.over


@contextlib.contextmanager
def makings_noted() -> Iterator[None]:
    span = _Span()

    def noting(init: Callable[..., None]) -> Callable[..., None]:
        @wraps(init)
        def noted(self: Any, *arguments: Any, **named: Any) -> None:
            setattr(self, _MADE_IN, span)  # an outer mock's own comes after it, and stays
            init(self, *arguments, **named)

        return noted

    kinds = Session, RefreshableCredentials, DeferredRefreshableCredentials
    try:
        with patched(Patch(kind, "__init__", noting) for kind in kinds):
            yield
    finally:
        span.over = True
