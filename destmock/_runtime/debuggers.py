"""A debugger that a handler starts talks to the terminal, not to the handler's log.

`breakpoint()` and `pdb.set_trace()` make a `pdb.Pdb`, as debuggers that derive from it do. Its output and its
prompt go to the streams that were there before the attempt began.
"""

from __future__ import annotations

import contextlib
import pdb  # noqa: T100 - handlers' debuggers
import sys
from typing import TYPE_CHECKING, Any

from destmock._isolation.patching import Patch
from destmock._runtime.log_capture import terminal_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def _made(init: Callable[..., None]) -> Callable[..., None]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        init(self, *args, **kwargs)
        _lead_out(self)

    return __init__


def _talking(interaction: Callable[..., Any]) -> Callable[..., Any]:
    def talking(self: Any, *args: Any, **kwargs: Any) -> Any:
        _lead_out(self)
        with _at_the_terminal():
            return interaction(self, *args, **kwargs)

    return talking


def _lead_out(debugger: Any) -> None:
    terminal = terminal_of(debugger.stdout)
    if terminal is not None:
        debugger.stdout, _ = terminal


@contextlib.contextmanager
def _at_the_terminal() -> Iterator[None]:
    """While entered, the standard streams are the terminal's, where they lead to a handler's log."""
    streams = sys.stdout, sys.stderr
    terminal = terminal_of(sys.stdout)
    if terminal is None:
        yield
        return
    sys.stdout, sys.stderr = terminal
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams


PATCHES = (Patch(pdb.Pdb, "__init__", _made), Patch(pdb.Pdb, "interaction", _talking))
