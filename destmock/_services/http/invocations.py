"""A front door invokes a function, and hears what came of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from destmock._aws.api_errors import AWSError
from destmock._aws.arn import parse_function_arn
from destmock._aws.ids import parse_trace
from destmock._engine.invoke_options import NO_OPTIONS
from destmock._services.http.exchange import json_body
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from destmock._aws.arn import FunctionRef
    from destmock._aws.ids import Trace
    from destmock._engine.invoke_options import InvokeOptions
    from destmock._engine.simulation import Simulation
    from destmock._services.http.exchange import HttpRequest

_INVOCATIONS = re.compile(r":lambda:path/.*?/functions/(.+)/invocations$")
_STREAMED = "/response-streaming-invocations"
_LARGEST = 6_291_456


class NotInvokedError(Exception):
    """The function was not run: it isn't there, it was throttled, or the event is too large."""

    def __init__(self, error: AWSError) -> None:
        super().__init__(str(error))
        self.error = error


class Result(NamedTuple):
    """What a function's run came to; `took` is in virtual milliseconds."""

    payload: bytes
    failed: bool
    took: int


def function_of(uri: str) -> FunctionRef | None:
    """The function that an integration's URI names: its ARN, by itself or within API Gateway's.

    Raises `UnsupportedError` for an API that streams: Python's runtime can't write what it waits for.
    """
    if uri.endswith(_STREAMED):
        message = f"destmock does not simulate the streamed responses of an API (integration {uri})"
        raise UnsupportedError(message)
    found = _INVOCATIONS.search(uri)
    return parse_function_arn(uri if found is None else found[1])


def trace_of(simulation: Simulation, request: HttpRequest) -> Trace:
    """The trace that a request belongs to: the client's, a handler's that sends it, or a new one."""
    header = request.header("x-amzn-trace-id")
    given = None if header is None else parse_trace(header)
    return given or simulation.trace or simulation.ids.trace(simulation.now)


def invoke(
    simulation: Simulation,
    ref: FunctionRef | None,
    event: Any,
    *,
    source: str,
    trace: Trace | None,
    request_id: str | None = None,
    options: InvokeOptions = NO_OPTIONS,
) -> Result:
    """Invoke a function synchronously; raises `NotInvokedError` if AWS would not run it."""
    payload = event if isinstance(event, bytes) else json_body(event)
    if ref is None:
        raise NotInvokedError(AWSError("ResourceNotFoundException", "no such function", 404))
    if len(payload) > _LARGEST:
        raise NotInvokedError(AWSError("RequestEntityTooLargeException", "Request Too Long", 413))
    try:
        answered = simulation.run_synchronously(
            ref, payload, trace=trace, source=source, request_id=request_id, options=options
        )
    except AWSError as error:
        raise NotInvokedError(error) from error
    outcome = answered.outcome
    return Result(outcome.payload, outcome.function_error is not None, outcome.duration)
