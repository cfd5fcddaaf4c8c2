"""What was made in a mock, and so without the machine's own configuration."""

from __future__ import annotations

import contextlib
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar

from botocore.credentials import DeferredRefreshableCredentials, RefreshableCredentials
from botocore.session import Session

from destmock._isolation.patching import Patch, Shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: The attribute of what was made in a mock: that mock's time.
_MADE_IN = "_destmock_made_in"


class _Span:
    """The time of one mock."""

    over = False
    #: That of nested mocks is the outermost one's, which ends last.
    latest: ClassVar[_Span | None] = None


def is_from_inside(made: Any) -> bool:
    """Whether a session, or credentials that are fetched, were made in a mock that is still active.

    They can't have the machine's own configuration.
    """
    span: _Span | None = getattr(made, _MADE_IN, None)
    return span is not None and not span.over


def _noting(init: Callable[..., None]) -> Callable[..., None]:
    @wraps(init)
    def noted(self: Any, *arguments: Any, **named: Any) -> None:
        setattr(self, _MADE_IN, _Span.latest)
        init(self, *arguments, **named)

    return noted


_KINDS = Session, RefreshableCredentials, DeferredRefreshableCredentials
SHARED = Shared(Patch(kind, "__init__", _noting) for kind in _KINDS)


@contextlib.contextmanager
def makings_noted() -> Iterator[None]:
    """While entered, what is made is noted to be from inside."""
    if SHARED.is_made:
        yield
        return
    span = _Span.latest = _Span()
    try:
        with SHARED.made():
            yield
    finally:
        span.over = True
