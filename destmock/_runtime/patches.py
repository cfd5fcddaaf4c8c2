"""What is changed in the process for handlers, once for all mocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from destmock._isolation.patching import Shared
from destmock._runtime import debuggers, exits, temporary_files

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


_SHARED = Shared((*debuggers.PATCHES, *exits.PATCHES, *temporary_files.PATCHES))


def handlers_contained() -> AbstractContextManager[None]:
    """While entered, a handler's debugger talks, its exits end no process, and its files are noted."""
    return _SHARED.made()
