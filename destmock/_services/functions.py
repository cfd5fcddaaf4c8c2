"""Lambda: a function is invoked with a record as its event (F5, F8), or by whatever in moto runs one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.iam import models as iam_models

from destmock._aws.api_errors import AWSError
from destmock._aws.arn import parse_function_arn
from destmock._engine.active import active
from destmock._engine.delivery import UndeliverableError
from destmock._functions.functions import account_of
from destmock._isolation.patching import Patch
from destmock.errors import NoHandlerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._engine.delivery import Message
    from destmock._engine.event_invoke_config import Standing
    from destmock._engine.simulation import Simulation
    from destmock._observed.facts import Kind


class FunctionTarget:
    """A function, version or alias, by its ARN."""

    kind: Kind = "lambda"

    def __init__(self, arn: str, simulation: Simulation) -> None:
        self._arn = arn
        self._simulation = simulation

    def standing(self) -> Standing:
        ref = parse_function_arn(self._arn)
        missing = ref is None or self._simulation.identify(ref) is None
        return "missing" if missing else "ok"

    def deliver(self, message: Message) -> None:
        ref = parse_function_arn(self._arn)
        if ref is None or self._simulation.identify(ref) is None:
            text = f"the function {self._arn} does not exist"
            raise UndeliverableError(text)
        try:
            self._simulation.accept(ref, message.body, source=message.source, trace=message.trace)
        except (AWSError, NoHandlerError) as error:
            raise UndeliverableError(str(error)) from error

    def prepare(self, message: Message) -> Callable[[], bool]:
        """That nothing can run the function is the test's mistake: it isn't kept from the test."""
        ref, simulation = parse_function_arn(self._arn), self._simulation

        def send() -> bool:
            if ref is None:
                return True  # moto has taken an ARN that names no function
            if not simulation.takes(ref):
                return False
            simulation.accept(ref, message.body, source=message.source, trace=message.trace)
            return True

        return send


def _invoke(
    function: LambdaFunction, body: str | bytes, _request_headers: Any, response_headers: dict[str, Any]
) -> bytes:
    """A synchronous invocation by a service that no other module of this package knows."""
    ref = parse_function_arn(function.function_arn)
    assert ref is not None  # moto makes it
    payload = body.encode(errors="backslashreplace") if isinstance(body, str) else body
    simulation = active[-1]
    answered = simulation.run_synchronously(ref, payload or b"{}", trace=simulation.trace, source="moto")
    if answered.outcome.function_error is not None:
        response_headers["x-amz-function-error"] = answered.outcome.function_error
    return answered.outcome.payload


def _unless_replaced(invoke: Callable[..., Any]) -> Callable[..., Any]:
    """Leave alone what a test has put there: it runs as the handler of every function that has none."""
    return _invoke if invoke.__module__ == LambdaFunction.__module__ else invoke


def _get_function(get_function: Callable[..., LambdaFunction]) -> Callable[..., LambdaFunction]:
    """Services that ask whether a function is there, such as SES, find those of registered handlers.

    They name it by its ARN. moto's CreateFunction asks by the bare name whether another one is in its way.
    """

    def get(self: LambdaBackend, function_name_or_arn: str, qualifier: str | None = None) -> LambdaFunction:
        if function_name_or_arn.startswith("arn:"):
            active[-1].functions.registered.create(self.account_id, self.region_name)
        return get_function(self, function_name_or_arn, qualifier)

    return get


def _account_of(_: object) -> Callable[[str], str]:
    """moto counts a function's calls to the default account, in whichever account the function is."""
    return account_of


PATCHES = (
    Patch(LambdaFunction, "invoke", _unless_replaced),
    Patch(LambdaBackend, "get_function", _get_function),
    Patch(iam_models, "get_account_id_from", _account_of),
)
