"""The environment variables of an attempt: the function's own and AWS's, and everything back afterwards."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from destmock._functions import Function


class Variables:
    """The process's environment variables, and those of the function that is running."""

    def __init__(self) -> None:
        #: The process's own, while an attempt runs with others.
        self._own: dict[Any, Any] | None = None

    @contextlib.contextmanager
    def of(self, function: Function, log_stream: str, trace_header: str, task_root: str) -> Iterator[None]:
        """What AWS sets for an attempt.

        A function that another one invokes synchronously finds none of the other's.
        """
        before = _variables().copy()
        outer, self._own = self._own, self._own or before
        ref = function.ref
        try:
            if outer is not None:
                _put_back(outer)
            for name, value in function.environment.items():
                with contextlib.suppress(
                    ValueError, OSError
                ):  # the API takes names and values that no process has
                    os.environ[name] = value
            os.environ.update(
                {
                    "AWS_DEFAULT_REGION": ref.region,
                    "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
                    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
                    "AWS_LAMBDA_FUNCTION_NAME": ref.name,
                    "AWS_LAMBDA_FUNCTION_VERSION": function.version,
                    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
                    "AWS_LAMBDA_LOG_FORMAT": function.logging["LogFormat"],
                    "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
                    "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
                    "AWS_REGION": ref.region,
                    "LAMBDA_TASK_ROOT": task_root,
                    "_HANDLER": function.handler,
                    "_X_AMZN_TRACE_ID": trace_header,
                }
            )
            yield
        finally:
            self._own = outer
            _put_back(before)


def _variables() -> dict[Any, Any]:
    """The dictionary under `os.environ`: reading it all through the mapping takes ten times longer."""
    found: dict[Any, Any] = os.environ._data  # type: ignore[attr-defined]  # noqa: SLF001
    return found


def _put_back(wanted: dict[Any, Any]) -> None:
    variables, decode = _variables(), os.environ.decodekey
    for name in variables.keys() - wanted.keys():
        del os.environ[decode(name)]
    for name, value in wanted.items() - variables.items():
        os.environ[decode(name)] = os.environ.decodevalue(value)
