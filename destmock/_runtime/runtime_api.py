"""Stands in for AWS's runtime API: takes what awslambdaric posts, and watches the handler."""

from __future__ import annotations

import linecache
import sys
import traceback
from functools import lru_cache
from itertools import dropwhile
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from awslambdaric import bootstrap
from awslambdaric.lambda_context import LambdaContext
from awslambdaric.lambda_runtime_exception import FaultException

from destmock._aws import platform_log as platform
from destmock._functions.handlers import OUTCOMES_FILE, Handler
from destmock._runtime import environment_variables
from destmock._runtime.importing import stripped
from destmock._runtime.marshaller import marshaller_for, with_others
from destmock._runtime.temporary_files import NOT_THE_FUNCTION_S
from destmock._time.stacks import Attempt, current

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

    from destmock._runtime.log_capture import Capture

#: The packages that call a handler.
_OF_RUNTIME = ("awslambdaric.", "destmock.")
_TEST_FRAMEWORKS = {"_pytest", "hypothesis", "twisted", "unittest"}
#: A message of so many characters isn't kept.
_LONG = 1000
#: Where AWS has awslambdaric.
_BOOTSTRAP = "/var/lang/lib/{}/site-packages/awslambdaric/bootstrap.py"


def _as_json(error: dict[str, Any] | None) -> str:
    """awslambdaric's `to_json` of an error, without a new encoder each time; X-Ray's faults are left out."""
    if error is None:
        return ""
    environment = environment_variables.get("AWS_EXECUTION_ENV")
    key = _key(error)
    if key is None:
        return cast("str", marshaller_for(environment).jsonEncoder.encode(error))
    before, after = _around_id(environment, *key)
    return f"{before}{error['requestId']}{after}"


class _Stack(tuple[str, ...]):
    """A stack trace that was made here."""

    __slots__ = ()


def _key(error: dict[str, Any]) -> tuple[str, str, _Stack] | None:
    """What the attempts of an event have in common that fail alike; `None` if that isn't worth keeping.

    The function's own FaultException may have anything in the place of these texts.
    """
    message, kind, stack = error["errorMessage"], error["errorType"], error["stackTrace"]
    if type(stack) is _Stack and type(message) is type(kind) is str and len(message) < _LONG:
        return message, kind, stack
    return None


@lru_cache(maxsize=100)
def _around_id(environment: str | None, message: str, kind: str, stack: _Stack) -> tuple[str, str]:
    """An error as JSON, before and after its request ID."""
    encode = marshaller_for(environment).jsonEncoder.encode
    before = f'{{"errorMessage": {encode(message)}, "errorType": {encode(kind)}, "requestId": "'
    return before, f'", "stackTrace": {encode(stack)}}}'


class _Lines:
    """A log sink for awslambdaric that keeps what it gets."""

    lines: list[str]

    def log_error(self, lines: list[str]) -> None:
        self.lines = lines


def _log_error(error: dict[str, Any], log_sink: Capture) -> None:
    """awslambdaric's own function, which is called once for errors that are alike."""
    key = _key(error)
    if key is None:
        bootstrap.log_error(error, log_sink)
    else:
        log_sink.log_error(_lines(*key))


@lru_cache(maxsize=100)
def _lines(message: str, kind: str, stack: _Stack) -> list[str]:
    sink = _Lines()
    bootstrap.log_error({"errorMessage": message, "errorType": kind, "stackTrace": stack}, sink)
    return sink.lines


_environ = SimpleNamespace(get=environment_variables.get)
_fill_context = with_others(LambdaContext.__init__, os=SimpleNamespace(environ=_environ))


def _context(*arguments: object) -> LambdaContext:
    context = LambdaContext.__new__(LambdaContext)
    _fill_context(context, *arguments)
    return context


#: awslambdaric's own function, with these errors' text, and without a description for X-Ray, which would have
#: the working directory.
handle_event_request: Callable[..., None] = with_others(
    bootstrap.handle_event_request,
    create_lambda_context=with_others(bootstrap.create_lambda_context, LambdaContext=_context),
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
        self.marshaller = marshaller_for(environment_variables.get("AWS_EXECUTION_ENV"))
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
            stack: _Stack | None = _Stack([_call_in_runtime(self._runtime)])
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
    while caller is not None and caller.f_globals.get("__name__", "").startswith(_OF_RUNTIME):
        outer = caller.f_back
        if outer is None:  # the first one of the stack, which runs on
            return
        try:
            caller.clear()
        except RuntimeError:  # it still runs
            return
        caller = outer


def _ends_test(error: BaseException) -> bool:
    """Whether an exception is the user's Ctrl-C, or one by which a test framework ends or skips a test.

    Those of a framework are known by their base class: each hides where its own class comes from.
    """
    if isinstance(error, KeyboardInterrupt):
        return True
    homes = {base.__module__.partition(".")[0] for base in type(error).__mro__}
    return not isinstance(error, Exception) and not homes.isdisjoint(_TEST_FRAMEWORKS)


def _call_in_runtime(runtime: str, depth: int = 3) -> str:
    """The runtime's own frame, which AWS's stack trace shows when a handler takes other arguments."""
    frame = sys._getframe(depth)  # noqa: SLF001 - the caller of `_watched`
    line, code = frame.f_lineno, frame.f_code
    text = linecache.getline(code.co_filename, line).strip()
    return f'  File "{_BOOTSTRAP.format(runtime)}", line {line}, in {code.co_name}\n    {text}\n'


def _stack(traceback_: TracebackType, runtime: str) -> _Stack | None:
    """A stack trace as awslambdaric writes it, which begins at the first frame that isn't a bootstrap's.

    If there is no such frame, it begins at the runtime's own. `None` if the user has set
    `sys.tracebacklimit`, or if a frame has no line number.
    """
    if "tracebacklimit" in vars(sys):
        return None
    places: list[tuple[str, int, str]] = []
    part: TracebackType | None = traceback_
    while part is not None:
        code, line = part.tb_frame.f_code, part.tb_lineno
        if line is None:  # of code without one
            return None  # type: ignore[unreachable]
        linecache.lazycache(code.co_filename, part.tb_frame.f_globals)
        if code.co_filename != NOT_THE_FUNCTION_S:
            places.append((code.co_filename, line, code.co_name))
        part = part.tb_next
    own, head = places, []
    if not places or "/bootstrap.py" in places[0][0]:
        own = [*dropwhile(lambda place: "/bootstrap.py" in place[0], places)]
        head = [] if own else [_call_in_runtime(runtime, depth=4)]
    frames, checked = [], OUTCOMES_FILE  # which isn't there
    for file, line, name in own or places:
        if file != checked:
            linecache.checkcache(file)
            checked = file
        text = "" if file == OUTCOMES_FILE else linecache.getline(file, line).strip()
        frames.append((file, line, name, text))
    shown = _formatted(tuple(frames))
    return _Stack([*head, *shown]) if head else shown


@lru_cache(maxsize=100)
def _formatted(frames: tuple[tuple[str, int, str, str], ...]) -> _Stack:
    return _Stack(traceback.format_list(frames))


def _encode(text: str) -> bytes:
    return text.encode(errors="backslashreplace")


def _exit_status(error: BaseException) -> int:
    if not isinstance(error, SystemExit):
        return 1
    if error.code is None:
        return 0
    return error.code & 0xFF if isinstance(error.code, int) else 1
