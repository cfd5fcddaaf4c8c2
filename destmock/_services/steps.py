"""Step Functions, which moto executes on demand: a task may invoke a function asynchronously.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from moto.moto_api._internal import mock_random
from moto.stepfunctions.responses import StepFunctionResponse

from destmock._engine.active import enter_once
from destmock._isolation.patching import Patch, patched

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

_TASKS = "moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda"


def _invocation_types() -> AbstractContextManager[None]:
    """moto's tasks forget which InvocationType they have, and so wait for each function.

    Their module is there once moto has read a state machine that it is to execute; it needs more libraries.
    """
    tasks = sys.modules[_TASKS]
    return patched([Patch(tasks, "_SUPPORTED_API_PARAM_BINDINGS", _with_types)])


def _with_types(known: dict[str, set[str]]) -> dict[str, set[str]]:
    return {**known, "invoke": {*known["invoke"], "InvocationType"}}


def _start(start: Callable[..., Any]) -> Callable[..., Any]:
    def started(self: StepFunctionResponse) -> Any:
        if _TASKS in sys.modules:
            enter_once(_invocation_types)
        given = json.loads(self.body)
        if not given.get("name"):  # moto would call each execution None
            self.body = json.dumps({**given, "name": str(mock_random.uuid4())})
        return start(self)

    return started


PATCHES = (Patch(StepFunctionResponse, "start_execution", _start),)
