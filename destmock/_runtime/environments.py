"""Runs one attempt in the process, through AWS's own Python runtime client -> Outcome, a value.

Nothing that a handler does escapes, but for two kinds of exception: a `KeyboardInterrupt`, and those by
which a test framework ends a test. They are kept in the outcome, for the caller to raise once its books
are in order.
"""

from __future__ import annotations

import logging
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from awslambdaric import bootstrap
from awslambdaric.lambda_literals import lambda_unhandled_exception_warning_message
from awslambdaric.lambda_runtime_exception import FaultException
from awslambdaric.lambda_runtime_marshaller import to_json

from destmock._aws.times import to_datetime
from destmock._functions.deployed_code import TASK_ROOT, Package
from destmock._runtime.deployed_modules import Namespace
from destmock._runtime.environment_variables import OwnVariables
from destmock._runtime.event_loop import OutOfSight
from destmock._runtime.importing import Importer, stripped
from destmock._runtime.log_capture import Capture, RootHandler
from destmock._runtime.outcome import outcome_of
from destmock._runtime.process_settings import OwnSettings
from destmock._runtime.runtime_api import RuntimeClient, handle_event_request
from destmock._runtime.surroundings import Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from destmock._aws.ids import Ids
    from destmock._functions.functions import Function
    from destmock._functions.handlers import Handler, Registration
    from destmock._runtime.outcome import Call, Outcome


@dataclass(slots=True, eq=False)
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
    #: Whether an attempt is running in it, or waiting for one that it has invoked.
    busy: bool = False

    @property
    def task_root(self) -> str:
        return TASK_ROOT if self.namespace is None else self.namespace.package.task_root


class Runtime:
    """The execution environments of one simulation."""

    def __init__(self, ids: Ids, importer: Importer) -> None:
        self._ids = ids
        self._importer = importer
        self._environments: dict[tuple[str, str], _Environment] = {}
        self._root_handler = RootHandler()
        self._streams = sys.stdout, sys.stderr
        #: The surroundings of the attempt that is running, unless it is put aside.
        self._in_place: Surroundings | None = None
        #: The surroundings that have stayed for the next try of an event, and whose they are.
        self.staying: tuple[Surroundings, _Environment, Function, str] | None = None

    def run(
        self,
        function: Function,
        code: Registration | Package,
        call: Call,
        turn: AbstractContextManager[None],
        *,
        stay: bool,
    ) -> Outcome:
        """One attempt, during whose `turn` the function's own code runs; never raises.

        After an error, the function's surroundings may stay for the event's next try; `leave` ends that.
        """
        outer = self._in_place
        if outer is not None:  # it has invoked this function
            outer.put_aside()
        try:
            return self._run(function, code, call, turn, stay=stay and outer is None)
        finally:
            self._in_place = outer
            if outer is not None:
                outer.take_up()

    def _run(
        self,
        function: Function,
        code: Registration | Package,
        call: Call,
        turn: AbstractContextManager[None],
        *,
        stay: bool,
    ) -> Outcome:
        environment = self._environment(function, code, call.now)
        capture = Capture(call.now, function.logging.get("ApplicationLogLevel"))
        client = RuntimeClient(capture, function.runtime)
        cold = not environment.ready
        elapsed = 0.0
        around = self._in_place = self._around(environment, function, code, call, capture)
        stays = False
        environment.busy = True
        try:
            with turn:
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
            stays = stay and client.failed and not client.exited and _may_stay(environment, around)
        finally:
            environment.busy = False
            if stays:
                self.staying = around, environment, function, call.trace_header
            else:
                around.leave()
        client.close()
        outcome = outcome_of(function, code, call, client, capture, environment.stream, cold, elapsed)
        if client.exited or outcome.result == "Timeout" or not environment.ready:
            self.leave()
            self._end(environment)
        return outcome

    def leave(self) -> None:
        """Puts everything back that has stayed."""
        if self.staying is not None:
            around, *_ = self.staying
            self.staying = None
            around.leave()

    def _around(
        self,
        environment: _Environment,
        function: Function,
        code: Registration | Package,
        call: Call,
        capture: Capture,
    ) -> Surroundings:
        """What the attempt runs in: as it has stayed, or made anew."""
        if self.staying is not None:
            around, *others = self.staying
            if others == [environment, function, call.trace_header]:
                self.staying = None
                around.follow(capture)
                return around
            self.leave()
        modules = environment.namespace or self._importer.watching(code.source, environment.modules)
        around = Surroundings(
            OwnSettings(environment.settings),
            modules,
            OwnVariables(function, environment.stream, call.trace_header, environment.task_root),
            capture.active(self._root_handler, environment.log_handlers),
            OutOfSight(),
        )
        around.take_up()
        return around

    def close(self) -> None:
        self._importer.close()
        if sys.stdout is self._root_handler.text():  # attempts on several threads have crossed
            sys.stdout, sys.stderr = self._streams

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


def _may_stay(environment: _Environment, around: Surroundings) -> bool:
    """Deployed code has modules of its own, which the process is not to find."""
    return environment.namespace is None and around.are_untouched()


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
