"""Pausing executions: nothing of their code runs, but waits and callbacks go on.

https://docs.aws.amazon.com/lambda/latest/dg/durable-pause-resume.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from destmock._aws import api_errors as errors
from destmock._aws.durable_config import LONGEST_EXECUTION
from destmock._durable.execution import Pause

if TYPE_CHECKING:
    from destmock._durable.execution import Execution
    from destmock._durable.lifecycle import Lifecycle
    from destmock._engine.simulation import Simulation

#: How long a request may come again, in milliseconds.
_AGAIN = 900_000
_PAUSED, _RESUMED = "paused", "resumed"


class Pausing:
    """Pauses and resumes the executions of one simulation."""

    def __init__(self, simulation: Simulation, lifecycle: Lifecycle) -> None:
        self._simulation = simulation
        self._lifecycle = lifecycle
        #: The requests of the last minutes, by what they ask of which execution, and by their tokens.
        self._requests: dict[tuple[str, str, str | None], int] = {}

    def pause(
        self, execution: Execution, client_token: str | None, reason: str | None, *, timeout_too: bool
    ) -> None:
        """Let no invocation begin; one that runs goes on until its next checkpoint."""
        now = self._simulation.clock.now
        if self._is_again(_PAUSED, execution, client_token, now):
            return
        if execution.shown_status != "RUNNING":
            raise _conflict(_PAUSED, execution)
        execution.pause = Pause(now, reason, timeout_too)
        if timeout_too:
            execution.times_out_at = execution.started_at + LONGEST_EXECUTION * 1000
            self._lifecycle.time_out_later(execution)
        if not execution.running:
            self.begin(execution)

    def begin(self, execution: Execution) -> None:
        """Pause an execution now that was to be paused."""
        assert execution.pause is not None
        now, pause = self._simulation.clock.now, execution.pause
        execution.pause = pause._replace(began_at=now)
        self._lifecycle.hold(execution)
        details: dict[str, Any] = {
            "PauseRequestTimestamp": pause.requested_at,
            "ExecutionTimeoutPaused": pause.timeout_too,
        }
        if pause.reason is not None:
            details["Reason"] = pause.reason
        execution.history.execution("Paused", now, execution.id, execution.name, details)

    def resume(self, execution: Execution, client_token: str | None, reason: str | None) -> None:
        """Have the execution go on where it was."""
        now, pause = self._simulation.clock.now, execution.pause
        if self._is_again(_RESUMED, execution, client_token, now):
            return
        if execution.is_over or pause is None:
            raise _conflict(_RESUMED, execution)
        execution.pause = None
        if pause.timeout_too:
            paused_for = now - (now if pause.began_at is None else pause.began_at)
            execution.paused_for += paused_for
            longest = execution.started_at + LONGEST_EXECUTION * 1000
            execution.times_out_at = min(execution.planned_timeout + execution.paused_for, longest)
            self._lifecycle.time_out_later(execution)
        if pause.began_at is None:
            return
        details: dict[str, Any] = {"ResumeRequestTimestamp": now}
        if reason is not None:
            details["Reason"] = reason
        execution.history.execution("Resumed", now, execution.id, execution.name, details)
        if execution.owed:
            execution.owed = False
            self._lifecycle.wake_up(execution)

    def _is_again(self, what: str, execution: Execution, client_token: str | None, now: int) -> bool:
        key = what, execution.arn, client_token
        before = self._requests.get(key)
        if client_token is not None and before is not None and now < before + _AGAIN:
            return True
        self._requests[key] = now
        return False


def _conflict(what: str, execution: Execution) -> errors.AWSError:
    text = f"The durable execution can't be {what}: its status is {execution.shown_status}."
    return errors.conflict(text)
