"""Chained invocations: an execution invokes another function, durable or not, and waits for it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from destmock._aws import api_errors as errors
from destmock._aws.arn import FunctionRef, parse_function_name
from destmock._durable.checks import CHAINED_OUTPUT_TOO_LARGE, LARGEST_CHAINED
from destmock._durable.ending import timed_out
from destmock._durable.operations import given
from destmock._durable.output import error_of
from destmock._durable.steps import Step
from destmock._engine.invoke_options import InvokeOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from destmock._durable.execution import Execution, Parent
    from destmock._durable.lifecycle import Lifecycle
    from destmock._durable.operations import ErrorObject
    from destmock._engine.simulation import Simulation
    from destmock._functions.functions import Function


class Target:
    """The function of a chained invocation; `error` says why it can't be invoked."""

    __slots__ = ("error", "function", "options", "tenant_id")

    def __init__(self, options: Mapping[str, Any], found: Function | errors.AWSError) -> None:
        self.options, self.tenant_id = options, options.get("TenantId")
        self.function = None if isinstance(found, errors.AWSError) else found
        self.error = found if isinstance(found, errors.AWSError) else None


class Chained:
    """Starts and ends the chained invocations of one simulation."""

    def __init__(
        self,
        simulation: Simulation,
        lifecycle: Lifecycle,
        begin_child: Callable[[Function, Parent, bytes, str | None], Execution],
    ) -> None:
        self._simulation = simulation
        self._lifecycle = lifecycle
        self._begin_child = begin_child

    def targets(self, execution: Execution, updates: Sequence[Mapping[str, Any]]) -> dict[str, Target]:
        """The functions that a batch invokes, by operation.

        Raises `NoHandlerError` if nothing could run one of them.
        """
        found = {}
        for update in updates:
            if update["Type"] == "CHAINED_INVOKE":
                options = update["ChainedInvokeOptions"]
                found[update["Id"]] = Target(options, self._resolved(execution.ref, options))
        return found

    def _resolved(self, caller: FunctionRef, options: Mapping[str, Any]) -> Function | errors.AWSError:
        named = parse_function_name(options["FunctionName"])
        assert named is not None  # it was checked
        ref = FunctionRef(caller.partition, caller.account, caller.region, named.name, named.qualifier)
        function = self._simulation.functions.find(ref)
        if function is None:
            return errors.function_not_found(ref.unqualified_arn, ref.qualifier)
        if function.durable is not None and ref.qualifier is None:
            return errors.invalid_parameter(errors.UNQUALIFIED)
        try:
            InvokeOptions(tenant_id=options.get("TenantId")).check(function)
        except errors.AWSError as refused:
            return refused
        self._simulation.code.of(function)
        return function

    def start(self, parent: Parent, target: Target, now: int) -> None:
        """Invoke the function of an operation that was started, or fail it at once."""
        execution, operation = parent
        details = given(
            {
                "FunctionName": target.options["FunctionName"],
                "TenantId": target.tenant_id,
            }
        )
        function = target.function
        if function is None:
            operation.input = None
            execution.chained(operation, now, details)
            execution.end_chained(operation, "FAILED", now, error=_of_refusal(target.error))
            return
        payload = (operation.input or "{}").encode()
        details = {**details, "Input": operation.input, "ExecutedVersion": function.version}
        if function.durable is not None:
            child = self._begin_child(function, parent, payload, target.tenant_id)
            details["DurableExecutionArn"] = child.arn
        else:
            self._schedule(parent, function, payload, InvokeOptions(tenant_id=target.tenant_id))
        execution.chained(operation, now, details)

    def _schedule(self, parent: Parent, function: Function, payload: bytes, options: InvokeOptions) -> None:
        run = partial(self._run, parent, function, payload, options)
        background = parent.execution.event.background

        def again() -> None:
            self._simulation.schedule(self._simulation.clock.now, step, background=background)

        step = Step(parent.execution, run, again, background)
        again()

    def _run(self, parent: Parent, function: Function, payload: bytes, options: InvokeOptions) -> bool:
        """Run a function that isn't durable, once."""
        execution, operation = parent
        if operation.is_over:
            return False
        source, trace = f"durable execution {execution.name}", execution.event.trace
        try:
            answered = self._simulation.run_synchronously(
                function.ref, payload, trace=trace, source=source, options=options
            )
        except errors.AWSError as error:
            self._end(parent, error=_of_refusal(error))
            return False
        outcome = answered.outcome
        if outcome.result == "Timeout":
            self._end(parent, timed_out_after=function.timeout)
        elif outcome.function_error is not None:
            self._end(parent, error=error_of(outcome.payload))
        elif len(outcome.payload) > LARGEST_CHAINED:
            self._end(parent, error={"ErrorMessage": CHAINED_OUTPUT_TOO_LARGE})
        else:
            self._end(parent, result=outcome.payload.decode())
        return True

    def _end(
        self,
        parent: Parent,
        *,
        result: str | None = None,
        error: ErrorObject | None = None,
        timed_out_after: int | None = None,
    ) -> None:
        execution, operation = parent
        now = self._simulation.clock.now
        if timed_out_after is not None:
            execution.end_chained(operation, "TIMED_OUT", now, error=timed_out(timed_out_after))
        elif error is not None:
            execution.end_chained(operation, "FAILED", now, error=error)
        else:
            execution.end_chained(operation, "SUCCEEDED", now, result=result)
        self._lifecycle.wake_up(execution)


def _of_refusal(error: errors.AWSError | None) -> ErrorObject:
    assert error is not None  # there is one, or else a function
    return {"ErrorMessage": str(error), "ErrorType": error.code}
