"""Step Functions, which moto executes on demand: tasks may invoke functions asynchronously, and waits end.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import sys
from time import perf_counter, sleep
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from moto.moto_api._internal import mock_random
from moto.stepfunctions.exceptions import StateMachineDoesNotExist
from moto.stepfunctions.models import StepFunctionBackend
from moto.stepfunctions.responses import StepFunctionResponse, get_backend

from destmock._engine.active import active, enter_once
from destmock._isolation.patching import Patch, patched
from destmock._services.warned import Warned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moto.stepfunctions.parser.backend.execution import Execution

    from destmock._aws.arn import Arn

_TASKS = "moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda"
_WAITS = "moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function"
_EXECUTION = "moto.stepfunctions.parser.backend.execution"
#: Seconds that reading a state machine may take, and until it is asked about again.
_READING, _MOMENT = 2, 0.001
#: What the ARN of a function has, and that of a task that invokes one.
_LAMBDA = ":lambda:"
_NOT_EXECUTED = (
    "destmock keeps the executions of the state machine {}, but they invoke no function: "
    'moto executes them with config={{"stepfunctions": {{"execute_state_machine": True}}}}'
)


@contextlib.contextmanager
def _executions() -> Iterator[None]:
    """moto's tasks forget which InvocationType they have, and so wait for each function.

    Its `Wait` states wait in real time, and look at the clock for how long. Virtual time may stand still.
    What still runs when the mock ends is stopped: its thread would go on in the next one.
    The modules are there once moto has read a state machine that it is to execute; they need more libraries.
    """
    types = Patch(sys.modules[_TASKS], "_SUPPORTED_API_PARAM_BINDINGS", _with_types)
    clock = Patch(sys.modules[_WAITS], "time", lambda _: SimpleNamespace(time=perf_counter))
    begun: list[Execution] = []

    def noted(start: Callable[[Execution], None]) -> Callable[[Execution], None]:
        def started(self: Execution) -> None:
            begun.append(self)
            start(self)

        return started

    try:
        with patched([types, clock, Patch(sys.modules[_EXECUTION].Execution, "start", noted)]):
            yield
    finally:
        for execution in begun:
            _stop(execution)


def _stop(execution: Execution) -> None:
    """Stop an execution. Its thread reads the state machine first, and can be stopped only then."""
    worker, waited = execution.exec_worker, perf_counter()
    while worker is not None and perf_counter() - waited < _READING:
        if worker.env is not None:
            execution.stop(dt.datetime.now(dt.timezone.utc), None, None)
            return
        sleep(_MOMENT)


def _with_types(known: dict[str, set[str]]) -> dict[str, set[str]]:
    return {**known, "invoke": {*known["invoke"], "InvocationType"}}


def begin(machine: Arn, name: str, text: str) -> bool:
    """Begin an execution as another service does; answers whether the state machine is there."""
    backend = get_backend(machine.account, machine.region)
    try:
        backend.describe_state_machine(str(machine))
    except StateMachineDoesNotExist:
        return False
    if _TASKS in sys.modules:
        enter_once(_executions)
    backend.start_execution(str(machine), name, text)
    return True


def _start(start: Callable[..., Any]) -> Callable[..., Any]:
    def started(self: StepFunctionResponse) -> Any:
        if _TASKS in sys.modules:
            enter_once(_executions)
        given = json.loads(self.body)
        if not given.get("name"):  # moto would call each execution None
            self.body = json.dumps({**given, "name": str(mock_random.uuid4())})
        return start(self)

    return started


def _not_executed(start: Callable[..., Any]) -> Callable[..., Any]:
    """Without that setting, moto keeps an execution that does nothing."""

    def started(self: StepFunctionBackend, state_machine_arn: str, *args: Any, **kwargs: Any) -> Any:
        execution = start(self, state_machine_arn, *args, **kwargs)
        machine = self.describe_state_machine(state_machine_arn)
        if _LAMBDA in str(machine.definition):
            active[-1].part(Warned).once(_NOT_EXECUTED.format(machine.name))
        return execution

    return started


PATCHES = (
    Patch(StepFunctionResponse, "start_execution", _start),
    Patch(StepFunctionBackend, "start_execution", _not_executed),
)
