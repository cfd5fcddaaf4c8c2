"""Stands in for AWS's runtime API: takes what awslambdaric posts, and watches the handler."""

from __future__ import annotations

import asyncio
import linecache
import os
import sys
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from awslambdaric.lambda_runtime_exception import FaultException
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

from destmock import _platform as platform
from destmock._handlers import Handler, stripped

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from destmock._capture import Capture

#: Where AWS has awslambdaric.
_BOOTSTRAP = "/var/lang/lib/{}/site-packages/awslambdaric/bootstrap.py"


class RuntimeClient:
    """The runtime API of one attempt, and what came of it."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self.payload = b""
        self.failed = False
        self.exited = False
        self.exception: BaseException | None = None
        self.interrupt: BaseException | None = None
        self._handler: Any = None
        self._remaining: Any = None
        self._runtime = ""
        self._traceback: TracebackType | None = None

    @cached_property
    def marshaller(self) -> LambdaMarshaller:
        """Made before the handler runs, as in AWS's runtime: it may do anything to the environment."""
        return _marshaller(os.environ["AWS_EXECUTION_ENV"])

    def watching(self, handler: Handler, remaining: Callable[[], int]) -> Handler:
        """The handler, with `remaining` as its context's `get_remaining_time_in_millis`."""
        self._handler, self._remaining = handler, remaining
        self._runtime = os.environ["AWS_EXECUTION_ENV"].removeprefix("AWS_Lambda_")
        return self._watched

    @stripped
    def _watched(self, event: Any, context: Any) -> Any:
        context.get_remaining_time_in_millis = self._remaining
        try:
            return self._handler(event, context)
        except BaseException as error:
            self.exception = error
            self._traceback = error.__traceback__ and error.__traceback__.tb_next
            if self._traceback is None and isinstance(error, Exception):
                raise FaultException(
                    type(error).__name__, str(error), [_call_in_runtime(self._runtime)]
                ) from error
            raise

    def post_invocation_result(self, _id: str, result: str | bytes, *_: object) -> None:
        self.payload = result if isinstance(result, bytes) else _encode(result)
        if len(self.payload) > platform.RESPONSE_LIMIT:
            self.failed, self.payload = True, platform.response_too_large()

    def post_invocation_error(self, _id: str, error: str, *_: object) -> None:
        self.failed, self.payload = True, _encode(error)
        self._capture.log_error_event(self.payload)

    def exit(self, request_id: str, error: BaseException) -> None:
        """The process ended: only an `Exception` is caught by AWS's runtime (B5, B6, B17)."""
        self.failed = self.exited = True
        self.exception = self.exception or error
        self.payload = platform.exited(request_id, _exit_status(error))
        ends_process = SystemExit, GeneratorExit, asyncio.CancelledError, Exception
        self.interrupt = None if isinstance(error, ends_process) else error

    def close(self) -> None:
        """Leaves the exception with the handler's own frames, as the handler would see them."""
        if self.exception is not None and self._traceback is not None:
            self.exception.with_traceback(self._traceback)  # works on a frozen dataclass, too


@cache
def _marshaller(execution_environment: str) -> LambdaMarshaller:  # noqa: ARG001 - chooses the encoder
    """awslambdaric reads AWS_EXECUTION_ENV when the encoder is built; it is set by then (B15)."""
    return LambdaMarshaller()


def _call_in_runtime(runtime: str) -> str:
    """Of a handler that takes other arguments, AWS's stack trace shows the runtime's own frame."""
    frame = sys._getframe(2)  # noqa: SLF001 - the caller of `_watched`
    line, code = frame.f_lineno, frame.f_code
    text = linecache.getline(code.co_filename, line).strip()
    return f'  File "{_BOOTSTRAP.format(runtime)}", line {line}, in {code.co_name}\n    {text}\n'


def _encode(text: str) -> bytes:
    return text.encode(errors="backslashreplace")


def _exit_status(error: BaseException) -> int:
    if not isinstance(error, SystemExit):
        return 1
    if error.code is None:
        return 0
    return error.code & 0xFF if isinstance(error.code, int) else 1
