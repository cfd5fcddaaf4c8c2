"""Runs one attempt in the process, through AWS's own Python runtime client -> Outcome, a value.

No exception of a handler escapes. A `KeyboardInterrupt`, and an exception by which a test framework ends a
test, are kept in the outcome: the caller raises them after it has entered the attempt in the ledger.
"""

from __future__ import annotations

import logging
import sys
import time
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeAlias
from weakref import WeakSet

from awslambdaric import bootstrap
from awslambdaric.lambda_literals import lambda_unhandled_exception_warning_message
from awslambdaric.lambda_runtime_exception import FaultException
from awslambdaric.lambda_runtime_marshaller import to_json

from destmock._aws.times import to_datetime
from destmock._functions.deployed_code import Package
from destmock._runtime import cold_starts
from destmock._runtime.aside import Aside
from destmock._runtime.deployed_modules import Namespace
from destmock._runtime.environment import Environment
from destmock._runtime.importing import Importer, stripped
from destmock._runtime.log_capture import Capture, RootHandler
from destmock._runtime.outcome import outcome_of
from destmock._runtime.runtime_api import RuntimeClient, handle_event_request
from destmock._runtime.temporary_files import OwnFiles, forget
from destmock._time.watchdog import Overrun

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._aws.ids import Ids
    from destmock._functions.functions import Function
    from destmock._functions.handlers import Handler, Registration
    from destmock._runtime.outcome import Call, Outcome
    from destmock._runtime.surroundings import Surroundings
    from destmock._time.crews import Crew
    from destmock._time.turns import Handling, Turns
    from destmock._time.waiting import Waits


_NS_PER_SECOND = 1_000_000_000
#: Whose environment it is: the function's, its version's, and the tenant's.
_Key: TypeAlias = "tuple[str, str, str | None]"


class Runtime:
    """The execution environments of one simulation."""

    def __init__(self, ids: Ids, importer: Importer, waits: Waits, turns: Turns) -> None:
        self._ids = ids
        self._turns = turns
        self._waits = waits
        self._importer = importer
        self._environments: dict[_Key, Environment] = {}
        #: Those that were reset: their files are the next one's.
        self._reset: dict[_Key, Environment] = {}
        self._stores: list[str] = []  # where files are kept
        self._crews: WeakSet[Crew] = WeakSet()
        self._streams = sys.stdout, sys.stderr
        #: Those of the attempt that is running, unless it is put aside.
        self.in_place: Surroundings | None = None
        #: The surroundings that have stayed for the next try of an event, and whose they are.
        self.staying: tuple[Surroundings, Environment, Function, str] | None = None

    @cached_property
    def _root_handler(self) -> RootHandler:
        return RootHandler()

    def run(
        self,
        function: Function,
        code: Registration | Package,
        call: Call,
        turn: Handling,
        ended: Callable[[], object],
        *,
        stay: bool,
    ) -> Outcome:
        """Make one attempt; the function's own code runs inside `turn`. Nothing is raised.

        `ended` is called when the handler has returned, as a part of the attempt. With `stay`, the
        surroundings of an attempt that failed may stay for the event's next one, until `leave`.
        """
        outer = self.in_place
        if outer is not None and not outer.are_in_place:  # it was interrupted at its end
            outer = None
        if outer is not None:  # it has invoked this function
            outer.put_aside()
        try:
            return self._run(function, code, call, turn, ended, stay=stay and outer is None)
        except BaseException:
            self._interrupted(outer)
            raise
        finally:
            self.in_place = outer
            if outer is not None:
                outer.take_up()

    def _run(
        self,
        function: Function,
        code: Registration | Package,
        call: Call,
        turn: Handling,
        ended: Callable[[], object],
        *,
        stay: bool,
    ) -> Outcome:
        environment = self._environment(function, code, call)
        capture = Capture(call.now, function.logging.get("ApplicationLogLevel"))
        client = RuntimeClient(capture, function.runtime)
        cold = not environment.ready
        around = self._around(environment, function, code, call, capture)
        stays = False
        aside = Aside(self, around, turn, function)

        # Not a function in this one: an exception keeps its callers, and they what they have closed over.
        work = partial(self._work, environment, function, code, client, capture, call, turn, aside, ended)
        try:
            environment.busy = True
            try:
                attempt = self._waits.attempt(work, aside, function.timeout * 1000, environment.crew)
            finally:
                aside.leave_unwatched()
            stays = stay and not attempt.left and _may_stay(environment, around, client)
        except BaseException:
            aside.leave_unwatched()
            raise
        finally:
            environment.busy = False
            if stays:
                self.staying = around, environment, function, call.trace_header
            else:
                around.leave()
                environment.around = around
        client.close(call.request_id, died=attempt.died)
        waited, stream = attempt.waited, environment.stream
        overran = attempt.overran or aside.elapsed_ns > function.timeout * _NS_PER_SECOND
        outcome = outcome_of(function, code, call, client, capture, stream, cold, waited, overran)
        if client.exited or outcome.result == "Timeout" or not environment.ready:
            self._leave()
            self._end(environment)
        return outcome

    def _work(
        self,
        environment: Environment,
        function: Function,
        code: Registration | Package,
        client: RuntimeClient,
        capture: Capture,
        call: Call,
        turn: Handling,
        aside: Aside,
        ended: Callable[[], object],
    ) -> None:
        with turn:
            if not environment.ready:
                environment.handler = _initialise(
                    self._importer, code, client, capture, call, self._root_handler
                )
                environment.ready = not client.failed
            turn.started()
            capture.initialised(call.request_id, call.tenant_id)
            with aside:
                if environment.ready:
                    _handle(environment.handler, client, capture, function, call)
                if not client.failed:
                    ended()

    def leave(self) -> None:
        """Put back what has stayed of a function's surroundings, before others look at the process."""
        if self.staying is not None:
            with self._turns:
                self._leave()

    def _leave(self) -> None:
        if self.staying is not None:
            around, environment, *_ = self.staying
            around.leave()
            self.staying, environment.around = None, around

    def _interrupted(self, outer: Surroundings | None) -> None:
        """Put back all that an attempt has changed which was interrupted outside of its handler."""
        if self.in_place is not outer and self.in_place is not None:
            self.in_place.leave()
        self._leave()

    def _around(
        self,
        environment: Environment,
        function: Function,
        code: Registration | Package,
        call: Call,
        capture: Capture,
    ) -> Surroundings:
        """The surroundings of the attempt: those that have stayed, or the environment's own."""
        if self.staying is not None:
            staying, *others = self.staying
            if others == [environment, function, call.trace_header]:
                self.in_place, self.staying = staying, None
                staying.follow(capture)
                return staying
            self._leave()
        around = environment.around
        if around is None:
            watched = environment.namespace or self._importer.watching(code.source, environment.modules)
            around = environment.new_around(watched, self._root_handler)
        environment.around, self.in_place = None, around  # after an interrupt, the next attempt has new ones
        around.begin(function, call.trace_header, capture)
        around.take_up()
        return around

    def close(self) -> None:
        self._importer.close()
        forget(self._stores)
        for crew in self._crews:
            crew.release()
        if "_root_handler" in vars(self) and sys.stdout is self._root_handler.text():
            sys.stdout, sys.stderr = self._streams  # attempts on several threads have crossed

    def _environment(self, function: Function, code: Registration | Package, call: Call) -> Environment:
        key = function.ref.unqualified_arn, function.version, call.tenant_id
        environment = self._environments.get(key)
        # A function that invokes itself runs in another environment, as on AWS.
        busy = environment is not None and environment.busy
        if (
            environment is None
            or busy
            or environment.identity is not function.identity
            or environment.serial != code.serial
        ):
            # In a group of another name, a stream says whose it is (K4).
            prefix = "" if function.has_own_log_group else function.ref.name
            stream = f"{to_datetime(call.now):%Y/%m/%d}/{prefix}[{function.version}]{self._ids.hex(32)}"
            namespace = Namespace(code) if isinstance(code, Package) else None
            files = self._files(key, function, code)
            environment = Environment(function.identity, code.serial, stream, files, namespace)
            if not busy:  # it stays
                self._environments[key] = environment
            self._crews.add(environment.crew)
        return environment

    def _files(self, key: _Key, function: Function, code: Registration | Package) -> OwnFiles:
        """The files of a new environment: those of one that was reset, or none."""
        before = self._reset.pop(key, None)
        if before is None or (before.identity, before.serial) != (function.identity, code.serial):
            return OwnFiles(self._stores)
        return before.files

    def _end(self, environment: Environment) -> None:
        """End an execution environment and its globals: the next attempt imports everything anew (B12)."""
        for key in [key for key, found in self._environments.items() if found is environment]:
            self._reset[key] = self._environments.pop(key)
        environment.crew.end()
        self._importer.forget(environment.modules.brought)


def _may_stay(environment: Environment, around: Surroundings, client: RuntimeClient) -> bool:
    """Whether the surroundings may stay for the next attempt: not with modules of deployed code."""
    goes_on = client.failed and not client.exited
    return goes_on and environment.namespace is None and around.are_untouched()


@stripped
def _initialise(
    importer: Importer,
    code: Registration | Package,
    client: RuntimeClient,
    capture: Capture,
    call: Call,
    root_handler: RootHandler,
) -> Handler | None:
    """Make the cold start: find the handler, or post the error of an import that failed (B8, B18)."""
    cold_starts.begin()
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
    now = int(time.time() * 1000)
    remaining = _countdown(now, function.timeout * 1000 - call.duration)
    try:
        handle_event_request(
            lambda_runtime_client=client,
            request_handler=client.watching(handler, remaining, call.duration / 1000),
            invoke_id=call.request_id,
            event_body=call.payload,
            content_type="application/json",
            client_context_json=call.client_context,
            cognito_identity_json=None,
            invoked_function_arn=function.ref.arn,
            epoch_deadline_time_in_ms=now + function.timeout * 1000,
            tenant_id=call.tenant_id,
            log_sink=capture,
        )
    except Overrun:
        pass  # the attempt has timed out, wherever it was
    except BaseException as error:  # noqa: BLE001 - kept by `exit` if it isn't the function's
        client.exit(call.request_id, error)


def _countdown(begun: int, left: int) -> Callable[[], int]:
    """Make `context.get_remaining_time_in_millis`, which answers the same on every run of a fast handler.

    It answers `left`, the timeout less the declared duration, less the time since the handler began, in steps
    of 100 ms. That is virtual time, unless the process reads real time.
    """

    def remaining() -> int:
        elapsed = max(int(time.time() * 1000) - begun, 0)
        return max(left - elapsed // 100 * 100, 0)

    return remaining
