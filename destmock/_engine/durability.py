"""What the engine asks of durable executions, which stand above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from destmock._aws.ids import Trace
    from destmock._engine.event import Event
    from destmock._engine.synchronous import Answered
    from destmock._functions.functions import Function


class Durable(Protocol):
    """Starts the executions of durable functions."""

    def accept(
        self, function: Function, payload: bytes, source: str, trace: Trace | None, name: str | None
    ) -> Event:
        """Start an execution that nobody waits for."""

    def run(
        self, function: Function, payload: bytes, source: str, trace: Trace | None, name: str | None
    ) -> Answered:
        """Start an execution, and wait for its end."""
