"""The jobs of the clock that move an execution on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from destmock._aws.times import to_datetime
from destmock._observed.facts import Pending

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._durable.execution import Execution
    from destmock._observed.facts import Invocation


@dataclass(slots=True, eq=False)
class Step:
    """Something that is due for an execution: its next invocation, the end of a wait, a timeout.

    To run it twice does no harm. Nobody waits for it in the `background`; `put_back` has it run again.
    """

    execution: Execution
    run_it: Callable[[], bool]
    again: Callable[[], object]
    background: bool
    #: Whether tests see it as pending.
    shown: bool = True

    @property
    def name(self) -> str:
        return self.execution.ref.name

    def run(self) -> bool:
        return self.run_it()

    def put_back(self) -> None:
        self.again()

    def pending(self, at: int) -> Pending | None:
        if not self.shown or self.execution.is_over:
            return None
        event = self.execution.event
        return Pending(
            event.entry.request_id,
            event.entry.function_arn,
            event.tries + 1,
            to_datetime(at),
            duplicate=event.entry.duplicate,
            background=self.background,
        )

    def fact(self, at: int) -> Invocation:  # noqa: ARG002 - whenever it ran
        return self.execution.event.entry.fact
