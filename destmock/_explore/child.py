"""A process for the runs of a thread, which other threads of its own process must not notice.

A run moves the clock of the whole process, and takes its network away. An executor's worker that runs them on
a thread, as a cluster's does, has other threads that talk to the cluster meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
from threading import local
from typing import TYPE_CHECKING, Any, BinaryIO, cast

if TYPE_CHECKING:
    from collections.abc import Callable

_PROGRAM = "from destmock._explore.child import serve; serve()"


class Child:
    """A process that calls functions; ends when nobody needs it any more."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        self._process = subprocess.Popen(  # noqa: S603 - this Python
            [sys.executable, "-c", _PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        self._to, self._answers = (
            cast("BinaryIO", self._process.stdin),
            cast("BinaryIO", self._process.stdout),
        )

    def call(self, function: Callable[..., Any], *arguments: object) -> Any:
        """What the function returns there; raises what it raises, `EOFError` if the process has ended."""
        with contextlib.suppress(BrokenPipeError):
            pickle.dump((function, arguments), self._to)
            self._to.flush()
        answer, error = pickle.load(self._answers)  # noqa: S301 - our own process
        if error is not None:
            raise error
        return answer

    def __del__(self) -> None:
        with contextlib.suppress(OSError):
            self._to.close()
        self._answers.close()
        self._process.wait()


class _OfThread(local):
    child: Child | None = None

    def take(self) -> Child:
        """The thread's process, until it is put back."""
        found, self.child = self.child, None
        return found or Child()

    def put_back(self, child: Child) -> None:
        self.child = child


_of_thread = _OfThread()


def call_in_child(function: Callable[..., Any], *arguments: object) -> Any:
    """What a function returns in the process that this thread has for that; raises what it raises."""
    child = _of_thread.take()  # a process that has ended is not put back
    answer = child.call(function, *arguments)
    _of_thread.put_back(child)
    return answer


def serve() -> None:
    """Call what is asked for on standard input, and answer on standard output, until nobody asks."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what is printed is no answer
    asked = sys.stdin.buffer
    while True:
        try:
            function, arguments = pickle.load(asked)  # noqa: S301 - whoever has started this process
        except EOFError:
            return
        except Exception as error:  # noqa: BLE001 - raised by whoever asks
            answer: tuple[Any, Exception | None] = None, error
        else:
            answer = function(*arguments), None
        pickle.dump(answer, answers)
        answers.flush()
