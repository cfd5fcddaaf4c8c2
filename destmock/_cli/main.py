"""The entry point of the command line: loads and runs the command that was asked for."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import sys
from typing import TYPE_CHECKING

from destmock._cli.arguments import parser
from destmock._cli.problem import Problem, one_line
from destmock._importing import imported

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: The status by which a shell reports a program that Ctrl-C has ended.
_INTERRUPTED = 130


def process() -> int:
    """Run the command that this process is for; returns its exit status, see `main`.

    What is left goes with the process: Python need not look through all of it before.
    """
    status = main()
    gc.freeze()
    return status


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status: 2 when nothing could be run; each command's help explains 1.

    `argv`: the arguments without the program's name; default: the process's own.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # payloads have letters that a terminal may not know
            stream.reconfigure(errors="backslashreplace")
    arguments = parser().parse_args(argv)
    with contextlib.nullcontext() if arguments.command == "explore" else _without_pytest():
        command = imported(f"destmock._cli.{arguments.command}")  # boto3 and moto take a second
    try:
        status: int = command.run(arguments)
        sys.stdout.flush()
    except Problem as problem:
        print(f"destmock: {one_line(problem)}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever reads has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    return status


@contextlib.contextmanager
def _without_pytest() -> Iterator[None]:
    """While entered, pytest isn't there: time-machine would import it for a fixture, a tenth of the start."""
    absent = "pytest" not in sys.modules
    if absent:
        sys.modules["pytest"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if absent:
            del sys.modules["pytest"]
