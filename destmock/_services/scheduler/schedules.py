"""When a schedule runs: its occurrences, and the retries of those whose target wasn't there.

Nobody waits for a schedule: its runs come when time is advanced to them, or passes over them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from moto.scheduler.models import scheduler_backends

from destmock._aws import schedule_expressions
from destmock._aws.arn import parse_arn
from destmock._aws.schedule_expressions import Timetable
from destmock._aws.times import from_datetime, to_datetime
from destmock._services.schedule_runs import ScheduleRun
from destmock._services.scheduler.sending import NotInvokedError, Occurrence, Sender

if TYPE_CHECKING:
    from moto.scheduler.models import Schedule

    from destmock._engine.simulation import Simulation
    from destmock._time.clock import Due
    from destmock._time.jobs import Job

#: Seconds before a retry double from 1 to this: with it, the 185 of the default policy fit in its 24 hours.
#: AWS says only that they back off exponentially.
_LONGEST_BACK_OFF = 480
_MS_PER_MINUTE = 60_000


class Schedules:
    """The schedules of one simulation; moto keeps what they are."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._sender = Sender(simulation)
        self._due: dict[str, Due[Job]] = {}
        self._tables: dict[str, Timetable] = {}

    def changed(self, schedule: Schedule) -> None:
        """Plan the first run of a schedule that was made or changed; none of one that is disabled.

        A rate without a start begins at once (R39). A one-time schedule whose time has passed never runs.
        """
        self.deleted(schedule)
        if schedule.state == "DISABLED":
            return
        now = to_datetime(self._simulation.now)
        begin, end = (
            None if date is None else to_datetime(round(float(date) * 1000))
            for date in (schedule.start_date, schedule.end_date)
        )
        expression = schedule_expressions.parse_scheduler(schedule.schedule_expression)
        zone = ZoneInfo(schedule.schedule_expression_timezone)
        table = self._tables[schedule.arn] = Timetable(expression, zone, begin or now, end)
        self._plan(schedule, None if (first := table.first(now)) is None else from_datetime(first))

    def deleted(self, schedule: Schedule) -> None:
        """Let the schedule run no more; what it has sent once is still tried again."""
        self._tables.pop(schedule.arn, None)
        due = self._due.pop(schedule.arn, None)
        if due is not None:
            due.cancel()

    def run(self, schedule: Schedule, occurrence: Occurrence, since: int) -> None:
        """Invoke the target, and plan what comes next: a retry, and the schedule's next run.

        `since` is when the target was invoked for the first time, in milliseconds.
        """
        if occurrence.attempt == 1:
            if not _is_kept(schedule):  # moto was reset
                self.deleted(schedule)
                return
            following = self._tables[schedule.arn].after(to_datetime(occurrence.scheduled))
            self._plan(schedule, None if following is None else from_datetime(following))
        try:
            with self._simulation.in_background():
                self._sender.send(occurrence)
        except NotInvokedError as error:
            exhausted = self._try_again(schedule, occurrence, since)
            if exhausted is None:
                if occurrence.attempt == 1:
                    self._sender.note(occurrence, error)
                return
            self._sender.to_dead_letter_queue(occurrence, error, exhausted)
        if schedule.action_after_completion == "DELETE" and schedule.arn not in self._due:
            _delete(schedule)
            self.deleted(schedule)

    def _plan(self, schedule: Schedule, scheduled: int | None) -> None:
        """Plan the run that is due at `scheduled`, somewhere in its flexible window."""
        self._due.pop(schedule.arn, None)
        if scheduled is None:
            return
        window = schedule.flexible_time_window
        minutes = window.get("MaximumWindowInMinutes", 0) if window["Mode"] == "FLEXIBLE" else 0
        ids = self._simulation.ids
        at = scheduled + int(ids.fraction() * minutes * _MS_PER_MINUTE) if minutes else scheduled
        arn = parse_arn(schedule.arn)
        assert arn is not None  # moto makes it
        occurrence = Occurrence(arn, schedule.name, schedule.target, scheduled, ids.uuid())
        self._due[schedule.arn] = self._schedule(schedule, occurrence, at, at)

    def _try_again(self, schedule: Schedule, occurrence: Occurrence, since: int) -> str | None:
        """Plan a retry; returns the part of the retry policy that is exhausted if there is none."""
        policy = occurrence.target["RetryPolicy"]
        if occurrence.attempt > policy["MaximumRetryAttempts"]:
            return "MaximumRetryAttempts"
        at = self._simulation.now + 1000 * min(2 ** (occurrence.attempt - 1), _LONGEST_BACK_OFF)
        if at - since > 1000 * policy["MaximumEventAgeInSeconds"]:
            return "MaximumEventAgeInSeconds"
        self._schedule(schedule, occurrence.again(), since, at)
        return None

    def _schedule(self, schedule: Schedule, occurrence: Occurrence, since: int, at: int) -> Due[Job]:
        """Have the target invoked at a moment; `since` is when it was for the first time, in milliseconds."""
        work = partial(self.run, schedule, occurrence, since)
        job = ScheduleRun(occurrence.name, schedule.arn, occurrence.attempt, work)
        return self._simulation.schedule(at, job, background=True)


def _group_of(schedule: Schedule) -> dict[str, Schedule]:
    arn = parse_arn(schedule.arn)
    assert arn is not None  # moto makes it
    group = scheduler_backends[arn.account][arn.region].schedule_groups.get(schedule.group_name)
    return {} if group is None else group.schedules


def _is_kept(schedule: Schedule) -> bool:
    return _group_of(schedule).get(schedule.name) is schedule


def _delete(schedule: Schedule) -> None:
    if _is_kept(schedule):
        del _group_of(schedule)[schedule.name]
