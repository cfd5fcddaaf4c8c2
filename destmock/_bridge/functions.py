"""Whatever else in moto runs functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from moto.awslambda.models import LambdaFunction

from destmock._aws.arn import parse_function_arn
from destmock._engine.active import active

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


def bridged() -> AbstractContextManager[object]:
    """While entered, what moto would run in Docker runs in the simulation."""
    return patch.object(LambdaFunction, "invoke", _invoke)


def is_bridged() -> bool:
    return LambdaFunction.invoke is _invoke


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
