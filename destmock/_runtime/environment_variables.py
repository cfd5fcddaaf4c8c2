"""The environment variables of an attempt: the function's own and AWS's, and everything back afterwards."""

from __future__ import annotations

import contextlib
import os
import sys
from collections import deque
from functools import lru_cache
from itertools import repeat
from typing import TYPE_CHECKING, Any

from destmock._runtime.c_environment import Block

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from destmock._aws.arn import FunctionRef
    from destmock._functions.functions import Function


#: How `os.environ` keeps names and values.
_ENCODE_KEY, _ENCODE = os.environ.encodekey, os.environ.encodevalue
_ENCODING = sys.getfilesystemencoding()
_encoded = lru_cache(maxsize=100)(_ENCODE_KEY)
_TRACE_ID: Any = _ENCODE_KEY("_X_AMZN_TRACE_ID")


def get(name: str) -> str | None:
    """What `os.environ.get` answers, which takes four calls for it."""
    environ: Any = os.environ
    data = getattr(environ, "_data", environ)
    # Somebody may have put a plain dictionary in its place.
    value: Any = environ.get(name) if data is environ else data.get(_encoded(name))
    found: str | None = value.decode(_ENCODING, "surrogateescape") if type(value) is bytes else value
    return found


class OwnVariables:
    """The environment variables of one attempt: the function's own, and those that AWS sets."""

    __slots__ = (
        "_added",
        "_before",
        "_block",
        "_environ",
        "_found",
        "_in_block",
        "_kept",
        "_lasting",
        "_names",
        "_trace",
    )

    def __init__(self, function: Function, log_stream: str, trace_header: str, task_root: str) -> None:
        self._lasting, self._names, self._block = _lasting(
            function.ref,
            function.version,
            function.runtime,
            function.memory_size,
            function.handler,
            function.logging["LogFormat"],
            function.log_group,
            log_stream,
            task_root,
            tuple(function.environment.items()),
        )
        self._trace: Any = _ENCODE(trace_header)
        #: How the function has left `os.environ`, and the object in its place if it has put one there.
        self._kept: tuple[dict[Any, Any], Any] | None = None
        #: All variables as they were; `None` while the process is bare.
        self._before: dict[Any, Any] | None = None

    def take_up(self) -> None:
        environ: Any = os.environ
        self._environ = environ
        data = _data(environ)
        before = data.copy()
        self._added = self._names.difference(before)
        self._in_block = False
        self._before = before
        if self._kept is None:
            self._set(environ, data)
        else:
            kept, os.environ = self._kept
            _put_back(environ, kept)

    def _set(self, environ: Any, data: dict[Any, Any]) -> None:
        lasting, trace = self._lasting, self._trace
        if data is environ:  # somebody has put a plain dictionary in its place
            data.update(_decoded({**lasting, _TRACE_ID: trace}))
        else:
            self._in_block = True  # an interrupt may come before the answer
            if not self._block.enter(trace):
                self._in_block = False
                _each(os.putenv, lasting, lasting.values())
                os.putenv(_TRACE_ID, trace)
            data.update(lasting)
            data[_TRACE_ID] = trace
        self._found = data.copy()

    def put_aside(self) -> None:
        self._kept = _data(self._environ).copy(), os.environ
        self.leave()

    def leave(self) -> None:
        before = self._before
        if before is None:
            return
        os.environ = environ = self._environ
        data = _data(environ)
        if self._in_block and self._block.leave():
            _each(data.pop, self._added, repeat(None))
            if data != before:
                data.clear()
                data.update(before)
        else:
            if data is not environ:
                _each(os.unsetenv, self._added)
                _each(data.pop, self._added, repeat(None))
            if data != before:
                _put_back(environ, before)
            if self._in_block:  # C's array isn't its own: it has texts of the block, which may be gone soon
                same = self._names & before.keys()
                _each(os.putenv, same, map(before.__getitem__, same))
        self._before = None

    def is_untouched(self) -> bool:
        """Whether the function has left all variables as it found them."""
        return os.environ is self._environ and _data(os.environ) == self._found


@lru_cache(maxsize=100)
def _lasting(
    ref: FunctionRef,
    version: str,
    runtime: str,
    memory_size: int,
    handler: str,
    log_format: str,
    log_group: str,
    log_stream: str,
    task_root: str,
    given: tuple[tuple[str, str], ...],
) -> tuple[dict[Any, Any], frozenset[Any], Block]:
    """The variables that are the same for each attempt of an execution environment, and the names of all.

    Names and values are encoded as `os.environ` keeps them. The third is what C gets.
    """
    variables = {
        "AWS_DEFAULT_REGION": ref.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_size),
        "AWS_LAMBDA_FUNCTION_NAME": ref.name,
        "AWS_LAMBDA_FUNCTION_VERSION": version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": log_format,
        "AWS_LAMBDA_LOG_GROUP_NAME": log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_REGION": ref.region,
        "AWS_SESSION_TOKEN": f"session-token-of-{ref.name}",
        "LAMBDA_TASK_ROOT": task_root,
        "_HANDLER": handler,
    }
    encoded = dict(_usable(given))
    encoded.update((_ENCODE_KEY(name), _ENCODE(value.replace("\0", ""))) for name, value in variables.items())
    return encoded, frozenset({*encoded, _TRACE_ID}), Block(encoded, _TRACE_ID)


def _usable(given: Iterable[tuple[str, str]]) -> Iterator[tuple[Any, Any]]:
    """The variables that a process can have, encoded: the API takes other names and values, too."""
    for name, value in given:
        with contextlib.suppress(ValueError):
            if name and "=" not in name and "\0" not in name + value:
                yield _ENCODE_KEY(name), _ENCODE(value)


def _data(environ: Any) -> dict[Any, Any]:
    """The dictionary under `os.environ`: the mapping itself takes ten times longer."""
    found: dict[Any, Any] = getattr(environ, "_data", environ)
    return found


def _decoded(variables: dict[Any, Any]) -> dict[str, str]:
    """The variables as text; on POSIX, `os.environ` keeps bytes."""
    return {os.fsdecode(name): os.fsdecode(value) for name, value in variables.items()}


def _put_back(environ: Any, wanted: dict[Any, Any]) -> None:
    data = _data(environ)
    if data is environ:  # somebody has put a plain dictionary in its place
        data.clear()
        data.update(_decoded(wanted))
        return
    added = data.keys() - wanted.keys()
    _each(os.unsetenv, added)
    _each(data.__delitem__, added)
    if data != wanted:
        changed = dict(wanted.items() - data.items())
        _each(os.putenv, changed.keys(), changed.values())
        data.update(changed)


def _each(function: Callable[..., object], *arguments: Iterable[Any]) -> None:
    """Call the function with each of the arguments; a loop in Python would take a tenth of an attempt."""
    deque(map(function, *arguments), maxlen=0)
