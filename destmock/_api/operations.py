"""The calls of the Lambda API that destmock answers itself: request -> simulation -> answer."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from moto import settings

from destmock._api import (
    answers,
    authorization,
    durable,
    function_urls,
    permissions,
    provisioned,
    refusals,
    revisions,
)
from destmock._api import requests as wire
from destmock._aws import api_errors as errors
from destmock._engine.concurrency import LEAST_UNRESERVED
from destmock._functions.backends import is_simple

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._api.answers import Answer
    from destmock._api.requests import Request
    from destmock._aws.arn import FunctionRef
    from destmock._engine.invoke_options import InvokeOptions
    from destmock._engine.simulation import Simulation
    from destmock._engine.synchronous import Answered


def answered(simulation: Simulation, request: Request) -> Answer | None:
    """Answer a request, whichever way it came; `None` for a call that moto is to answer.

    moto has the registered functions by then, but for one that the program is about to make itself.
    """
    found = answer(simulation, request)
    if found is not None:
        return found
    account, region = request.caller.account, request.caller.region
    if request.operation == "CreateFunction":
        simulation.functions.registered.release(account, region, wire.read_created_name(request))
    else:
        simulation.functions.registered.create(account, region)
    return None


def answer(simulation: Simulation, request: Request) -> Answer | None:
    """The answer to a request, AWS's errors included; `None` for a call that moto is to answer."""
    operation = _OPERATIONS.get(request.operation)
    if operation is None or (operation in _INVOKES and _is_motos(simulation, request)):
        return None
    now = simulation.now
    try:
        if operation not in _CHECKS and isfinite(settings.INITIAL_NO_AUTH_ACTION_COUNT):
            authorization.check(request.operation, _resource(request), request.caller)
        result = operation(simulation, request)
    except errors.AWSError as error:
        return answers.dated(answers.error_answer(simulation.ids.uuid(), error), now)
    return None if result is None else answers.dated(result, now)


def answers_itself(simulation: Simulation, request: Request) -> bool:
    """Whether the call is answered here, so that moto never sees it."""
    operation = _OPERATIONS.get(request.operation)
    if operation is None or operation in _CHECKS:
        return False
    return operation not in _INVOKES or not _is_motos(simulation, request)


def _is_motos(simulation: Simulation, request: Request) -> bool:
    """Whether moto answers an invocation: its simple Lambda was chosen, and there is no handler."""
    if not is_simple():
        return False
    try:
        return simulation.handlers.find(wire.function_ref(request)) is None
    except errors.AWSError:  # the operation raises it again
        return False


def _resource(request: Request) -> str:
    """What a permission for the call is about; a name that no function can have is refused after that."""
    if "/functions/" not in request.path:
        return "*"
    try:
        return wire.function_ref(request).arn
    except errors.AWSError:
        return "*"


def _invoke(simulation: Simulation, request: Request) -> Answer:
    invocation = wire.read_invoke(request)
    if invocation.invocation_type == "DryRun":
        return _dry_run(simulation, invocation)
    if invocation.invocation_type == "Event":
        event = simulation.accept(
            invocation.ref,
            invocation.payload,
            source="Invoke",
            trace=request.caller.trace,
            options=invocation.options,
            now=simulation.clock.now,  # which was set right before this
        )
        return answers.accepted(event.entry.request_id, event.trace, event.execution_arn)
    request_id, trace, function, outcome, execution_arn = _run_synchronously(simulation, request, invocation)
    return answers.responded(
        request_id,
        trace,
        function.version,
        outcome.payload,
        function_error=outcome.function_error,
        log_result=outcome.tail if invocation.tail else None,
        execution_arn=execution_arn,
    )


def _invoke_streamed(simulation: Simulation, request: Request) -> Answer:
    invocation = wire.read_streamed_invoke(request)
    if invocation.invocation_type == "DryRun":
        return _dry_run(simulation, invocation)
    request_id, trace, function, outcome, _ = _run_synchronously(simulation, request, invocation)
    return answers.streamed(
        request_id,
        trace,
        function.version,
        outcome.payload,
        failed=outcome.function_error is not None,
        log_result=outcome.tail if invocation.tail else None,
    )


def _dry_run(simulation: Simulation, invocation: wire.Invocation) -> Answer:
    _check_invocable(simulation, invocation.ref, invocation.options)
    return answers.dry_run(simulation.ids.uuid())


def _run_synchronously(simulation: Simulation, request: Request, invocation: wire.Invocation) -> Answered:
    return simulation.run_synchronously(
        invocation.ref,
        invocation.payload,
        client_context=invocation.client_context,
        trace=request.caller.trace,
        options=invocation.options,
    )


def _invoke_async(simulation: Simulation, request: Request) -> Answer:
    invocation = wire.read_invoke_async(request)
    event = simulation.accept(invocation.ref, invocation.payload, source="InvokeAsync")
    return answers.accepted_async(event.entry.request_id)


def _put_config(simulation: Simulation, request: Request) -> Answer:
    ref, settings = wire.read_settings(request)
    config = simulation.configs.put(ref, settings, simulation.now)
    return answers.json_answer(simulation.ids.uuid(), config.body)


def _update_config(simulation: Simulation, request: Request) -> Answer:
    ref, settings = wire.read_settings(request)
    config = simulation.configs.update(ref, settings, simulation.now)
    return answers.json_answer(simulation.ids.uuid(), config.body)


def _get_config(simulation: Simulation, request: Request) -> Answer:
    config = simulation.configs.get(wire.function_ref(request))
    return answers.json_answer(simulation.ids.uuid(), config.body)


def _delete_config(simulation: Simulation, request: Request) -> Answer:
    simulation.configs.delete(wire.function_ref(request))
    return answers.deleted(simulation.ids.uuid())


def _list_configs(simulation: Simulation, request: Request) -> Answer:
    ref, marker, size = wire.read_list(request)
    page, more = simulation.configs.page(ref, marker, size)
    return answers.json_answer(simulation.ids.uuid(), answers.list_body([c.body for c in page], more))


def _get_recursion_config(simulation: Simulation, request: Request) -> Answer:
    ref = _existing(simulation, wire.unqualified_ref(request, []))
    setting = simulation.functions.recursion_config(ref)
    return answers.json_answer(simulation.ids.uuid(), f'{{"RecursiveLoop":"{setting}"}}')


def _put_recursion_config(simulation: Simulation, request: Request) -> Answer:
    ref, setting = wire.read_recursion_config(request)
    simulation.functions.put_recursion_config(_existing(simulation, ref), setting)
    return answers.json_answer(simulation.ids.uuid(), f'{{"RecursiveLoop":"{setting}"}}')


def _get_account_settings(simulation: Simulation, request: Request) -> Answer:
    account, region = request.caller.account, request.caller.region
    slots, sizes = simulation.slots, simulation.functions.sizes(account, region)
    body = answers.account_settings(slots.account_concurrency, slots.unreserved(account, region), sizes)
    return answers.json_answer(simulation.ids.uuid(), body)


def _check_reservation(simulation: Simulation, request: Request) -> None:
    """Check that the account has enough concurrency left; moto then makes the reservation."""
    ref, reserved = wire.read_reservation(request)
    if not simulation.slots.allows(ref, reserved):
        raise errors.invalid_parameter(errors.TOO_MUCH_RESERVED.format(least=LEAST_UNRESERVED))


def _check_settings(simulation: Simulation, request: Request) -> None:
    """Check the dead-letter queue and the configs that moto doesn't know; moto then makes the change."""
    wire.check_configs(request)
    if request.operation == "UpdateFunctionConfiguration":
        revisions.check_change(simulation, request)
    arn = wire.read_dead_letter(request)
    if arn is not None:
        simulation.check_dead_letter(arn, request.caller.region)


def _check_invocable(simulation: Simulation, ref: FunctionRef, options: InvokeOptions) -> None:
    """Raise the error that an invocation would be answered with, whatever its payload is."""
    _existing(simulation, ref)
    function = simulation.functions.find(ref)
    if function is not None and function.durable is not None and ref.qualifier is None:
        raise errors.invalid_parameter(errors.UNQUALIFIED)
    options.check(function)


def _existing(simulation: Simulation, ref: FunctionRef) -> FunctionRef:
    if simulation.identify(ref) is None:
        raise errors.function_not_found(ref.unqualified_arn, ref.qualifier)
    return ref


_OPERATIONS: dict[str, Callable[[Simulation, Request], Answer | None]] = {
    **durable.OPERATIONS,
    "CreateFunction": _check_settings,
    "UpdateFunctionConfiguration": _check_settings,
    "PutFunctionConcurrency": _check_reservation,
    "GetAccountSettings": _get_account_settings,
    "GetFunctionRecursionConfig": _get_recursion_config,
    "PutFunctionRecursionConfig": _put_recursion_config,
    "Invoke": _invoke,
    "InvokeAsync": _invoke_async,
    "InvokeWithResponseStream": _invoke_streamed,
    "PutFunctionEventInvokeConfig": _put_config,
    "UpdateFunctionEventInvokeConfig": _update_config,
    "GetFunctionEventInvokeConfig": _get_config,
    "DeleteFunctionEventInvokeConfig": _delete_config,
    "ListFunctionEventInvokeConfigs": _list_configs,
    **function_urls.OPERATIONS,
    **provisioned.OPERATIONS,
    **permissions.OPERATIONS,
    **permissions.CHECKS,
    **refusals.CHECKS,
    **revisions.CHECKS,
}
_INVOKES = {_invoke, _invoke_async, _invoke_streamed}
#: What moto answers itself afterwards, and so authorises.
_CHECKS = {
    _check_settings,
    _check_reservation,
    *permissions.CHECKS.values(),
    *refusals.CHECKS.values(),
    *revisions.CHECKS.values(),
}
