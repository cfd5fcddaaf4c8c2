"""Stands in for AWS's runtime API: takes what awslambdaric posts, and watches the handler."""

from __future__ import annotations

import linecache
import sys
import traceback
from functools import cache, lru_cache
from itertools import dropwhile
from types import FunctionType, SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from awslambdaric import bootstrap
from awslambdaric.lambda_context import LambdaContext
from awslambdaric.lambda_runtime_exception import FaultException
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

from destmock._aws import platform_log as platform
from destmock._functions.handlers import OUTCOMES_FILE, Handler
from destmock._runtime import environment_variables
from destmock._runtime.importing import stripped
from destmock._runtime.temporary_files import NOT_THE_FUNCTION_S
from destmock._time.stacks import Attempt, current

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

    from destmock._runtime.log_capture import Capture

#: The packages that call a handler.
_OF_RUNTIME = {"awslambdaric", "destmock"}
_TEST_FRAMEWORKS = {"_pytest", "hypothesis", "twisted", "unittest"}
#: Where AWS has awslambdaric.
_BOOTSTRAP = "/var/lang/lib/{}/site-packages/awslambdaric/bootstrap.py"


def _as_json(error: dict[str, Any] | None) -> str:
    """awslambdaric's `to_json` of an error, without a new encoder each time; X-Ray's faults are left out.

    The encoder is four times as fast for each text alone as for the whole dictionary.
    """
    if error is None:
        return ""
    environment = environment_variables.get("AWS_EXECUTION_ENV")
    encode = _marshaller(environment).jsonEncoder.encode
    stack = error["stackTrace"]
    try:
        stack = _stack_as_json(environment, tuple(stack))
    except TypeError:  # the function's own FaultException may have anything for one
        stack = encode(stack)
    return (
        f'{{"errorMessage": {encode(error["errorMessage"])}, "errorType": {encode(error["errorType"])}, '
        f'"requestId": {encode(error["requestId"])}, "stackTrace": {stack}}}'
    )


@lru_cache(maxsize=100)
def _stack_as_json(environment: str | None, stack: tuple[str, ...]) -> str:
    return cast("str", _marshaller(environment).jsonEncoder.encode(stack))


class _Lines:
    """A log sink for awslambdaric that keeps what it gets."""

    lines: list[str]

    def log_error(self, lines: list[str]) -> None:
        self.lines = lines


def _log_error(error: dict[str, Any], log_sink: Capture) -> None:
    """awslambdaric's own function, which splits a stack trace into lines only once."""
    try:
        stack = _stack_as_lines(tuple(error["stackTrace"]))
    except TypeError:
        bootstrap.log_error(error, log_sink)
        return
    head = _Lines()
    bootstrap.log_error({**error, "stackTrace": None}, head)
    log_sink.log_error([*head.lines, *stack])


@lru_cache(maxsize=100)
def _stack_as_lines(stack: tuple[str, ...]) -> list[str]:
    whole = _Lines()
    bootstrap.log_error({"stackTrace": stack}, whole)
    return whole.lines[1:]


def _with(function: FunctionType, **replaced: object) -> Callable[..., Any]:
    """One of awslambdaric's own functions, with other things in the place of some that it calls."""
    names = {**function.__globals__, **replaced}
    return FunctionType(function.__code__, names, function.__name__, function.__defaults__)


_environ = SimpleNamespace(get=environment_variables.get)
_fill_context = _with(LambdaContext.__init__, os=SimpleNamespace(environ=_environ))


def _context(*arguments: object) -> LambdaContext:
    context = LambdaContext.__new__(LambdaContext)
    _fill_context(context, *arguments)
    return context


#: awslambdaric's own function, with these errors' text, and without a description for X-Ray, which would have
#: the working directory.
handle_event_request: Callable[..., None] = _with(
    bootstrap.handle_event_request,
    create_lambda_context=_with(bootstrap.create_lambda_context, LambdaContext=_context),
    log_error=_log_error,
    make_xray_fault=lambda *_: None,
    os=SimpleNamespace(getcwd=lambda: None),
    to_json=_as_json,
)


class RuntimeClient:
    """The runtime API of one attempt, and what came of it."""

    def __init__(self, capture: Capture, runtime: str) -> None:
        self._capture = capture
        self.payload = b""
        self.failed = False
        self.exited = False
        self.exception: BaseException | None = None
        self.interrupt: BaseException | None = None
        self._handler: Any = None
        self._remaining: Any = None
        self._duration = 0.0
        self._runtime = runtime
        self._traceback: TracebackType | None = None

    def watching(self, handler: Handler, remaining: Callable[[], int], duration: float) -> Handler:
        """The handler, with `remaining` as its context's `get_remaining_time_in_millis`.

        It waits for `duration`, in virtual seconds, before it returns.
        """
        self._handler, self._remaining, self._duration = handler, remaining, duration
        # As in AWS's runtime, it is there before the handler runs, which may do anything to the environment.
        self.marshaller = _marshaller(environment_variables.get("AWS_EXECUTION_ENV"))
        return self._watched

    @stripped
    def _watched(self, event: Any, context: Any) -> Any:
        context.get_remaining_time_in_millis = self._remaining
        try:
            try:
                return self._handler(event, context)
            finally:
                self._wait()
        except BaseException as error:
            self.exception = error
            self._traceback = error.__traceback__ and error.__traceback__.tb_next
            fault = self._fault(error) if isinstance(error, Exception) else None
            if fault is None:
                raise
            raise fault from error

    def _wait(self) -> None:
        """Wait for the declared duration, once."""
        duration, self._duration = self._duration, 0.0
        attempt = current() if duration else None
        if isinstance(attempt, Attempt):
            attempt.take(duration)

    def _fault(self, error: Exception) -> FaultException | None:
        """The fault that awslambdaric would make of the error, without looking through all frames.

        `None` leaves it to awslambdaric itself.
        """
        if isinstance(error, FaultException):
            return None
        if self._traceback is None:
            stack: list[str] | None = [_call_in_runtime(self._runtime)]
        else:
            stack = _stack(self._traceback, self._runtime)
        if stack is None:
            return None
        try:
            return FaultException(type(error).__name__, str(error), stack)
        except Exception:  # noqa: BLE001 - its own text can't be had: the runtime ends with that
            return None

    def post_invocation_result(self, _id: str, result: str | bytes, *_: object) -> None:
        self.payload = result if isinstance(result, bytes) else _encode(result)
        if len(self.payload) > platform.RESPONSE_LIMIT:
            self.failed, self.payload = True, platform.response_too_large()

    def post_invocation_error(self, _id: str, error: str, *_: object) -> None:
        self.failed, self.payload = True, _encode(error)
        self._capture.log_error_event(self.payload)

    def exit(self, request_id: str, error: BaseException) -> None:
        """Note that the process ended: AWS's runtime catches an `Exception` only (B5, B6, B17)."""
        self.failed = self.exited = True
        self.exception = self.exception or error
        self.payload = platform.exited(request_id, _exit_status(error))
        self.interrupt = error if _ends_test(error) else None

    def close(self, request_id: str, *, died: bool) -> None:
        """Leaves the exception with the handler's own frames, as the handler would see them.

        If the process `died`, that is the result, whatever the handler has answered.
        """
        if died:
            self.failed = self.exited = True
            self.exception, self.payload = None, platform.killed(request_id)
        if self.exception is not None and self._traceback is not None:
            self.exception.with_traceback(self._traceback)  # works on a frozen dataclass, too
            _forget_callers(self._traceback.tb_frame)


def _forget_callers(frame: FrameType) -> None:
    """Let go of what the runtime's frames hold, which stay with the handler's as long as the exception."""
    caller = frame.f_back
    while caller is not None and caller.f_globals.get("__name__", "").partition(".")[0] in _OF_RUNTIME:
        try:
            caller.clear()
        except RuntimeError:  # it still runs
            return
        caller = caller.f_back


def _ends_test(error: BaseException) -> bool:
    """Whether an exception is the user's Ctrl-C, or one by which a test framework ends or skips a test.

    Those of a framework are known by their base class: each hides where its own class comes from.
    """
    if isinstance(error, KeyboardInterrupt):
        return True
    homes = {base.__module__.partition(".")[0] for base in type(error).__mro__}
    return not isinstance(error, Exception) and not homes.isdisjoint(_TEST_FRAMEWORKS)


@cache
def _marshaller(execution_environment: str | None) -> LambdaMarshaller:  # noqa: ARG001 - chooses the encoder
    """awslambdaric reads AWS_EXECUTION_ENV when the encoder is built; it is set by then (B15)."""
    return LambdaMarshaller()


def _call_in_runtime(runtime: str, depth: int = 3) -> str:
    """The runtime's own frame, which AWS's stack trace shows when a handler takes other arguments."""
    frame = sys._getframe(depth)  # noqa: SLF001 - the caller of `_watched`
    line, code = frame.f_lineno, frame.f_code
    text = linecache.getline(code.co_filename, line).strip()
    return f'  File "{_BOOTSTRAP.format(runtime)}", line {line}, in {code.co_name}\n    {text}\n'


def _stack(traceback_: TracebackType, runtime: str) -> list[str] | None:
    """A stack trace as awslambdaric writes it, which begins at the first frame that isn't a bootstrap's.

    If there is no such frame, it begins at the runtime's own. `None` if the user has set
    `sys.tracebacklimit`, or if a frame has no line number.
    """
    if "tracebacklimit" in vars(sys):
        return None
    places: list[tuple[str, int, str]] = []
    part: TracebackType | None = traceback_
    while part is not None:
        code, line = part.tb_frame.f_code, cast("int | None", part.tb_lineno)
        if line is None:  # of code without one
            return None
        linecache.lazycache(code.co_filename, part.tb_frame.f_globals)
        if code.co_filename != NOT_THE_FUNCTION_S:
            places.append((code.co_filename, line, code.co_name))
        part = part.tb_next
    own = [*dropwhile(lambda place: "/bootstrap.py" in place[0], places)]
    head = [] if own else [_call_in_runtime(runtime, depth=4)]
    places = own or places
    frames, checked = [], OUTCOMES_FILE  # which isn't there
    for file, line, name in places:
        if file != checked:
            linecache.checkcache(file)
            checked = file
        text = "" if file == OUTCOMES_FILE else linecache.getline(file, line).strip()
        frames.append((file, line, name, text))
    return [*head, *_formatted(tuple(frames))]


@lru_cache(maxsize=100)
def _formatted(frames: tuple[tuple[str, int, str, str], ...]) -> list[str]:
    return traceback.format_list(frames)


def _encode(text: str) -> bytes:
    return text.encode(errors="backslashreplace")


def _exit_status(error: BaseException) -> int:
    if not isinstance(error, SystemExit):
        return 1
    if error.code is None:
        return 0
    return error.code & 0xFF if isinstance(error.code, int) else 1
