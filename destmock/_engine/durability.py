"""What the engine asks of durable executions, which stand above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._aws.arn import FunctionRef
    from destmock._aws.ids import Trace
    from destmock._engine.event import Event
    from destmock._engine.invoke_options import InvokeOptions
    from destmock._engine.synchronous import Answered
    from destmock._functions.functions import Function


#: Puts an event of Lambda's on the default bus of a simulation: of which function, its detail-type, what it
#: is about, and its detail.
Announce: TypeAlias = "Callable[[Any, FunctionRef, str, str, dict[str, Any]], object]"


class Durable(Protocol):
    """Starts the executions of durable functions."""

    def accept(
        self, function: Function, payload: bytes, source: str, trace: Trace | None, options: InvokeOptions
    ) -> Event:
        """Start an execution that nobody waits for."""

    def run(
        self,
        function: Function,
        payload: bytes,
        source: str,
        trace: Trace | None,
        options: InvokeOptions,
        client_context: str | None,
    ) -> Answered:
        """Start an execution, and wait for its end."""
