"""The environment variables of an attempt: the function's own and AWS's, and everything back afterwards."""

from __future__ import annotations

import contextlib
import os
import sys
from collections import deque
from functools import lru_cache
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


def _noting(method: Any) -> Any:
    """A method of a dictionary that notes its change."""

    def noting(self: _Noted, *given: Any, **named: Any) -> Any:
        self.is_changed = True
        return method(self, *given, **named)

    return noting


class _Noted(dict[Any, Any]):
    """The variables of an attempt, under `os.environ`; it notes that the function has changed some."""

    is_changed = False
    __setitem__, __delitem__, __ior__ = map(_noting, (dict.__setitem__, dict.__delitem__, dict.__ior__))
    clear, pop, popitem = map(_noting, (dict.clear, dict.pop, dict.popitem))
    setdefault, update = map(_noting, (dict.setdefault, dict.update))


class OwnVariables:
    """The environment variables of an attempt: the function's own, and those that AWS sets."""

    __slots__ = (
        "_bare",
        "_block",
        "_environ",
        "_given",
        "_in_block",
        "_kept",
        "_lasting",
        "_names",
        "_of_environment",
        "_sharing",
        "_trace",
    )

    def __init__(self, log_stream: str, task_root: str) -> None:
        self._of_environment = log_stream, task_root
        #: What was given of the function last.
        self._given: tuple[Any, ...] | None = None
        #: How the function has left its variables, and the object in the place of `os.environ`.
        self._kept: tuple[dict[Any, Any], Any] | None = None
        #: The dictionary of all variables as they were; `None` while the process is bare.
        self._bare: dict[Any, Any] | None = None

    def begin(self, function: Function, trace_header: str) -> None:
        """Be those of another attempt of the function, as it is now."""
        settings = function.runtime, function.memory_size, function.handler, function.logging
        given = function.environment
        if self._given != (settings, given):
            self._given = settings, dict(given)
            self._lasting, self._names, self._block = _lasting(
                function.ref,
                function.version,
                *settings[:3],
                function.logging["LogFormat"],
                function.log_group,
                *self._of_environment,
                tuple(given.items()),
            )
        self._trace: Any = _ENCODE(trace_header)
        self._kept = None

    def take_up(self) -> None:
        """Put a dictionary of the attempt's own under `os.environ`: the one there is stays as it is."""
        environ: Any = os.environ
        self._environ, self._in_block = environ, False
        data, kept = _data(environ), self._kept
        if data is environ:  # somebody has put a plain dictionary in its place, and may hold it
            self._bare = dict(data)
            if kept is not None:
                data.clear()
            data.update(_decoded({**self._lasting, _TRACE_ID: self._trace}) if kept is None else kept[0])
        else:
            as_bytes = getattr(os, "environb", None)
            self._sharing: Any = as_bytes if getattr(as_bytes, "_data", None) is data else environ
            self._bare = data
            if kept is not None:
                self._swap(kept[0])
                _put(data, kept[0])
            else:
                noted = _Noted(data)
                dict.update(noted, self._lasting)
                dict.__setitem__(noted, _TRACE_ID, self._trace)
                self._swap(noted)
                self._enter()
        if kept is not None:
            os.environ = kept[1]  # noqa: B003 - the function's own

    def _enter(self) -> None:
        """Have C find the attempt's variables."""
        lasting, trace = self._lasting, self._trace
        self._in_block = True  # an interrupt may come before the answer
        if not self._block.enter(trace):
            self._in_block = False
            _each(os.putenv, lasting, lasting.values())
            os.putenv(_TRACE_ID, trace)

    def _swap(self, data: dict[Any, Any]) -> None:
        """Put another dictionary under `os.environ`, and under `os.environb`, which shares it."""
        self._environ._data = self._sharing._data = data  # noqa: SLF001

    def put_aside(self) -> None:
        data = _data(self._environ)
        self._kept = dict(data) if data is self._environ else data, os.environ
        self.leave()

    def leave(self) -> None:
        bare = self._bare
        if bare is None:
            return
        os.environ = environ = self._environ
        left = _data(environ)
        if left is environ:
            left.clear()
            left.update(bare)
        else:
            if left is not bare and not (self._in_block and self._block.leave()):
                # C's array isn't the attempt's own: it may have texts of the block, which may be gone soon.
                _put(left, bare, anew=self._names)
            self._swap(bare)
        self._bare = None

    def is_untouched(self) -> bool:
        """Whether the function has left all variables as it found them."""
        data = _data(os.environ)
        return os.environ is self._environ and type(data) is _Noted and not data.is_changed


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


def _put(found: dict[Any, Any], wanted: dict[Any, Any], *, anew: frozenset[Any] = frozenset()) -> None:
    """Have C find the variables that are wanted, in the place of those that it finds; some `anew`."""
    _each(os.unsetenv, (found.keys() | anew) - wanted.keys())
    changed = {name: value for name, value in wanted.items() if name in anew or found.get(name) != value}
    _each(os.putenv, changed, changed.values())


def _each(function: Callable[..., object], *arguments: Iterable[Any]) -> None:
    """Call the function with each of the arguments; a loop in Python would take a tenth of an attempt."""
    deque(map(function, *arguments), maxlen=0)
