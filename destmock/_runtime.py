"""Runs one attempt in the process, through AWS's own Python runtime client -> Outcome, a value.

Nothing that a handler does escapes, but for two kinds of exception: a `KeyboardInterrupt`, and those by
which a test framework ends a test. They are kept in the outcome, for the caller to raise once its books
are in order.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from awslambdaric import bootstrap
from awslambdaric.lambda_literals import lambda_unhandled_exception_warning_message
from awslambdaric.lambda_runtime_exception import FaultException
from awslambdaric.lambda_runtime_marshaller import to_json

from destmock import _platform as platform
from destmock._capture import Capture, RootHandler
from destmock._clock import to_datetime
from destmock._event_loop import out_of_sight
from destmock._handlers import Importer, stripped
from destmock._ledger import log_text
from destmock._namespaces import Namespace, Namespaces
from destmock._packages import TASK_ROOT, Package
from destmock._process import Settings
from destmock._runtime_client import RuntimeClient, handle_event_request
from destmock._variables import Variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from destmock._functions import Function
    from destmock._handlers import Handler, Registration
    from destmock._ids import Ids

#: How much of the log `LogType=Tail` returns, in bytes (K5).
_TAIL = 4096


class Call(NamedTuple):
    """One attempt to make: which event, with which ids, at which virtual time (in milliseconds).

    `duration` is what it takes by declaration, in virtual milliseconds.
    """

    request_id: str
    payload: bytes
    now: int
    trace_header: str
    client_context: str | None = None
    duration: int = 0


class Outcome(NamedTuple):
    """What came of an attempt.

    `payload` is the runtime's bytes, `duration` in virtual milliseconds, `log_events` what CloudWatch Logs
    gets in `log_stream`. `interrupt` is an exception that was not the function's to end with.
    """

    result: Literal["Success", "Error", "Timeout"]
    payload: bytes
    duration: int
    log_stream: str
    log_events: tuple[str, ...]
    exception: BaseException | None = None
    interrupt: BaseException | None = None

    @property
    def function_error(self) -> Literal["Unhandled"] | None:
        return None if self.result == "Success" else "Unhandled"

    @property
    def logs(self) -> str:
        return log_text(self.log_events)

    @property
    def tail(self) -> bytes:
        """The last 4 KB of the log, as `LogType=Tail` returns it (K5)."""
        return self.logs.encode(errors="backslashreplace")[-_TAIL:].decode(errors="replace").encode()


@dataclass(slots=True)
class _Environment:
    """An execution environment: what stays warm between the attempts of one version (D6)."""

    identity: object
    serial: object
    stream: str
    #: Of deployed code: its own modules.
    namespace: Namespace | None = None
    ready: bool = False
    #: Whatever the module has under the handler's name.
    handler: Any = None
    #: What the function has imported.
    modules: set[str] = field(default_factory=set)
    #: What the function itself has put on the root logger.
    log_handlers: list[logging.Handler] = field(default_factory=list)
    #: What it has changed of the process's settings.
    settings: dict[int, Any] = field(default_factory=dict)

    @property
    def task_root(self) -> str:
        return TASK_ROOT if self.namespace is None else self.namespace.package.task_root

    @property
    def busy(self) -> bool:
        return self.namespace is not None and self.namespace.busy


class Runtime:
    """The execution environments of one simulation."""

    def __init__(self, ids: Ids, importer: Importer) -> None:
        self._ids = ids
        self._importer = importer
        self._namespaces = Namespaces()
        self._environments: dict[tuple[str, str], _Environment] = {}
        self._root_handler = RootHandler()
        self._streams = sys.stdout, sys.stderr
        self._variables = Variables()
        self._settings = Settings()

    def run(
        self,
        function: Function,
        code: Registration | Package,
        call: Call,
        turn: AbstractContextManager[None],
    ) -> Outcome:
        """One attempt, during whose `turn` the function's own code runs; never raises."""
        environment = self._environment(function, code, call.now)
        capture = Capture(call.now, function.logging.get("ApplicationLogLevel"))
        client = RuntimeClient(capture, function.runtime)
        cold = not environment.ready
        elapsed = 0.0
        with (
            self._settings.of(environment.settings),
            self._modules(environment, code),
            self._variables.of(function, environment.stream, call.trace_header, environment.task_root),
            capture.active(self._root_handler, environment.log_handlers),
            out_of_sight(),
            turn,
        ):
            if cold:
                environment.handler = _initialise(
                    self._importer, code, client, capture, call, self._root_handler
                )
                environment.ready = not client.failed
            capture.initialised(call.request_id)
            if environment.ready:
                started = time.perf_counter()
                _handle(environment.handler, client, capture, function, call)
                elapsed = time.perf_counter() - started
        client.close()
        outcome = _outcome(function, code, call, client, capture, environment, cold, elapsed)
        if client.exited or outcome.result == "Timeout" or not environment.ready:
            self._end(environment)
        return outcome

    def close(self) -> None:
        self._importer.close()
        if sys.stdout is self._root_handler.text():  # attempts on several threads have crossed
            sys.stdout, sys.stderr = self._streams

    def _modules(
        self, environment: _Environment, code: Registration | Package
    ) -> AbstractContextManager[None]:
        if environment.namespace is not None:
            return self._namespaces.within(environment.namespace)
        if self._namespaces.current is None:
            return self._importer.watching(code.source, environment.modules)
        return self._outside(code.source, environment.modules)

    @contextlib.contextmanager
    def _outside(self, source: Handler | str, brought: set[str]) -> Iterator[None]:
        """Deployed code has invoked a function with a registered handler."""
        with self._namespaces.within(None), self._importer.watching(source, brought):
            yield

    def _environment(self, function: Function, code: Registration | Package, now: int) -> _Environment:
        key = function.ref.unqualified_arn, function.version
        environment = self._environments.get(key)
        # Another one runs what a function invokes of itself, as on AWS.
        busy = environment is not None and environment.busy
        if (
            environment is None
            or busy
            or environment.identity is not function.identity
            or environment.serial != code.serial
        ):
            # In a group of another name, a stream says whose it is (K4).
            prefix = "" if function.has_own_log_group else function.ref.name
            stream = f"{to_datetime(now):%Y/%m/%d}/{prefix}[{function.version}]{self._ids.hex(32)}"
            namespace = Namespace(code) if isinstance(code, Package) else None
            environment = _Environment(function.identity, code.serial, stream, namespace)
            if not busy:  # it stays
                self._environments[key] = environment
        return environment

    def _end(self, environment: _Environment) -> None:
        """Its globals are gone with it: the next attempt imports everything anew (B12)."""
        self._environments = {k: e for k, e in self._environments.items() if e is not environment}
        self._importer.forget(environment.modules)


@stripped
def _initialise(
    importer: Importer,
    code: Registration | Package,
    client: RuntimeClient,
    capture: Capture,
    call: Call,
    root_handler: RootHandler,
) -> Handler | None:
    """The cold start: finds the handler, or leaves the error of a failed one (B8, B18)."""
    try:
        return importer.load(code.source)
    except FaultException as fault:
        error = bootstrap.make_error(fault.msg, fault.exception_type, fault.trace)
        client.exception = fault.__context__ or fault
    except Exception as problem:  # noqa: BLE001 - whatever the module raises is its own init error
        error = bootstrap.build_fault_result(sys.exc_info(), None)
        client.exception = problem
    except BaseException as problem:  # noqa: BLE001 - kept by `exit` if it isn't the function's
        client.exit(call.request_id, problem)
        return None
    # To the function's own log only: through the root logger, a user's would get it as well.
    level = {"levelno": logging.WARNING, "levelname": "WARNING"}
    warning = {"name": "root", "msg": lambda_unhandled_exception_warning_message, **level}
    root_handler.emit(logging.makeLogRecord(warning))
    bootstrap.log_error(error, capture)
    client.post_invocation_error(call.request_id, to_json(error))
    return None


@stripped
def _handle(
    handler: Handler, client: RuntimeClient, capture: Capture, function: Function, call: Call
) -> None:
    try:
        handle_event_request(
            lambda_runtime_client=client,
            request_handler=client.watching(handler, _countdown(function.timeout * 1000 - call.duration)),
            invoke_id=call.request_id,
            event_body=call.payload,
            content_type="application/json",
            client_context_json=call.client_context,
            cognito_identity_json=None,
            invoked_function_arn=function.ref.arn,
            epoch_deadline_time_in_ms=int(time.time() * 1000) + function.timeout * 1000,
            tenant_id=None,
            log_sink=capture,
        )
    except BaseException as error:  # noqa: BLE001 - kept by `exit` if it isn't the function's
        client.exit(call.request_id, error)


def _countdown(left: int) -> Callable[[], int]:
    """What `context.get_remaining_time_in_millis` answers, alike on every run of a fast handler.

    `left` of the timeout once the declared duration has passed, less the real time in whole 100 ms.
    """
    begun = int(time.time() * 1000)

    def remaining() -> int:
        elapsed = max(int(time.time() * 1000) - begun, 0)
        return max(left - elapsed // 100 * 100, 0)

    return remaining


def _outcome(
    function: Function,
    code: Registration | Package,
    call: Call,
    client: RuntimeClient,
    capture: Capture,
    environment: _Environment,
    cold: bool,  # noqa: FBT001
    elapsed: float,
) -> Outcome:
    limit = function.timeout * 1000
    overran = call.duration > limit or elapsed * 1000 > limit
    duration = limit if overran else call.duration
    payload = client.payload
    result: Literal["Success", "Error", "Timeout"] = "Error" if client.failed else "Success"
    init, output = capture.events()
    if isinstance(code, Package):
        payload = code.shown_bytes(payload)
        init, output = ([code.shown(event) for event in events] for events in (init, output))
    if overran and client.interrupt is None:
        result = "Timeout"
        payload = platform.timed_out(call.request_id, function.timeout)
        output.append(platform.timeout_line(capture.timestamp, call.request_id, function.timeout))
    platform_lines = _json_lines if capture.as_json else _text_lines
    first, begin, end = platform_lines(function, call, capture, result, duration, cold)
    events = (*first, *init, *begin, *output, *end)
    return Outcome(result, payload, duration, environment.stream, events, client.exception, client.interrupt)


def _text_lines(
    function: Function,
    call: Call,
    _capture: Capture,
    _result: str,
    duration: int,
    cold: bool,  # noqa: FBT001
) -> tuple[list[str], list[str], list[str]]:
    """What comes before the cold start's output, before the invocation's, and after it (K1)."""
    ref, request_id = function.ref, call.request_id
    first = [platform.init_start(function.runtime, ref.partition, ref.region)] if cold else []
    report = platform.report(request_id, duration, function.memory_size, cold=cold)
    return first, [platform.start(request_id, function.version)], [platform.end(request_id), report]


def _json_lines(
    function: Function,
    call: Call,
    capture: Capture,
    result: str,
    duration: int,
    cold: bool,  # noqa: FBT001
) -> tuple[list[str], list[str], list[str]]:
    """The same with LogFormat=JSON, unless SystemLogLevel leaves them out."""
    if function.logging["SystemLogLevel"] == "WARN":
        return [], [], []
    ref, time_, request_id = function.ref, capture.timestamp, call.request_id
    first = [platform.init_start_event(time_, function.runtime, ref.partition, ref.region)] if cold else []
    begin = [platform.start_event(time_, request_id, function.version)]
    status = {"Success": "success", "Timeout": "timeout"}.get(result, "error")
    memory = function.memory_size
    end = [platform.report_event(time_, request_id, duration, memory, status, cold=cold)]
    return first, begin, end
