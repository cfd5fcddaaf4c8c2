"""Step Functions, which moto executes on demand: tasks may invoke functions asynchronously, and waits end.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
"""

from __future__ import annotations

import json
import sys
from time import perf_counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from moto.moto_api._internal import mock_random
from moto.stepfunctions.responses import StepFunctionResponse

from destmock._engine.active import enter_once
from destmock._isolation.patching import Patch, patched

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

_TASKS = "moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda"
_WAITS = "moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function"


def _executions() -> AbstractContextManager[None]:
    """moto's tasks forget which InvocationType they have, and so wait for each function.

    Its `Wait` states wait in real time, and look at the clock for how long. Virtual time may stand still.
    The modules are there once moto has read a state machine that it is to execute; they need more libraries.
    """
    types = Patch(sys.modules[_TASKS], "_SUPPORTED_API_PARAM_BINDINGS", _with_types)
    clock = Patch(sys.modules[_WAITS], "time", lambda _: SimpleNamespace(time=perf_counter))
    return patched([types, clock])


def _with_types(known: dict[str, set[str]]) -> dict[str, set[str]]:
    return {**known, "invoke": {*known["invoke"], "InvocationType"}}


def _start(start: Callable[..., Any]) -> Callable[..., Any]:
    def started(self: StepFunctionResponse) -> Any:
        if _TASKS in sys.modules:
            enter_once(_executions)
        given = json.loads(self.body)
        if not given.get("name"):  # moto would call each execution None
            self.body = json.dumps({**given, "name": str(mock_random.uuid4())})
        return start(self)

    return started


PATCHES = (Patch(StepFunctionResponse, "start_execution", _start),)
