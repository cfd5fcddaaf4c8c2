"""What an exception that ends a mock is told of it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from destmock._mock.destmock import Destmock

#: Where an exception that ended a mock keeps its `Destmock`, for pytest's report.
ERROR_ATTRIBUTE = "_destmock"


def attach(error: BaseException, destmock: Destmock) -> None:
    """Lets pytest's report of a failed test find the timeline."""
    with contextlib.suppress(AttributeError, TypeError):  # an exception class with slots
        setattr(error, ERROR_ATTRIBUTE, destmock)


def told(error: BaseException, destmock: Destmock) -> None:
    """Attach the mock, and add how to repeat the run's faults; Python 3.10 has no notes."""
    attach(error, destmock)
    for note in destmock._repeating() if hasattr(error, "add_note") else ():  # noqa: SLF001 - one thing to a user
        error.add_note(note)
