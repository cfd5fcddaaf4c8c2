"""The next run of a schedule, as a job of the clock: of a rule's or of EventBridge Scheduler's."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from destmock._aws.times import to_datetime
from destmock._observed.facts import Pending

if TYPE_CHECKING:
    from collections.abc import Callable


class ScheduleRun(NamedTuple):
    """Calls `work` when the schedule of that ARN is due. Nobody waits for it."""

    name: str
    arn: str
    attempt: int
    work: Callable[[], object]

    @property
    def background(self) -> bool:
        return True

    def run(self) -> bool:
        self.work()
        return False

    def pending(self, at: int) -> Pending:
        return self.fact(at)

    def fact(self, at: int) -> Pending:
        return Pending("", self.arn, self.attempt, to_datetime(at), background=True)
