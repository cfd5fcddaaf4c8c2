"""The calls that make, change and delete schedules: what AWS refuses (R41), and what it fills in (R37)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from moto.core.exceptions import JsonRESTError
from moto.scheduler.exceptions import ScheduleGroupNotFound, ValidationException
from moto.scheduler.models import EventBridgeSchedulerBackend
from moto.scheduler.models import Schedule as MotoSchedule
from moto.scheduler.responses import EventBridgeSchedulerResponse

from destmock._aws import api_errors, schedule_expressions
from destmock._engine.active import active
from destmock._isolation.patching import Patch
from destmock._services.eventbridge import limits
from destmock._services.scheduler.schedules import Schedules

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.scheduler.models import Schedule, ScheduleGroup

_NAME = r"^[0-9a-zA-Z-_.]+$"
_LONGEST_NAME = 64
_LONGEST_WINDOW = 1440
_OLDEST_START = 5 * 60
_WITHOUT_WINDOW = "MaximumWindowInMinutes must be provided when FlexibleTimeWindowMode is set to FLEXIBLE."
_DATES = "The StartDate you specify must come before the EndDate."
_OLD_START = "The StartDate you specify cannot be earlier than 5 minutes ago."


class _ConflictError(JsonRESTError):
    """AWS answers it with 409, moto with 400."""

    code = 409

    def __init__(self, name: str, what: str) -> None:
        super().__init__("ConflictException", f"{what} {name} already exists.")


def _check(given: dict[str, Any]) -> None:
    """Raise AWS's error for a schedule that AWS refuses."""
    expression, window = given["schedule_expression"], given["flexible_time_window"]
    _check_constraints(given)
    try:
        schedule_expressions.parse_scheduler(expression)
    except ValueError as error:
        message = f"Invalid Schedule Expression {expression}."
        raise ValidationException(message) from error
    _check_zone(given["schedule_expression_timezone"])
    if window["Mode"] == "FLEXIBLE" and "MaximumWindowInMinutes" not in window:
        raise ValidationException(_WITHOUT_WINDOW)
    start, end = given["start_date"], given["end_date"]
    if start is not None and end is not None and float(start) >= float(end):
        raise ValidationException(_DATES)


def _check_zone(zone: str | None) -> None:
    try:
        ZoneInfo(zone or "UTC")
    except (KeyError, ValueError, OSError) as error:
        message = f"Invalid timezone {zone}."
        raise ValidationException(message) from error


def _check_constraints(given: dict[str, Any]) -> None:
    found, name = [], unquote(given["name"])  # as moto finds it in the URL
    if not re.fullmatch(r"[0-9a-zA-Z\-_.]+", name):
        found.append(api_errors.pattern(name, "name", _NAME))
    if len(name) > _LONGEST_NAME:
        limit = f"have length less than or equal to {_LONGEST_NAME}"
        found.append(api_errors.violation(name, "name", limit))
    minutes = given["flexible_time_window"].get("MaximumWindowInMinutes", 1)
    if not 1 <= minutes <= _LONGEST_WINDOW:
        limit = f"less than or equal to {_LONGEST_WINDOW}" if minutes > 1 else "greater than or equal to 1"
        member = "flexibleTimeWindow.maximumWindowInMinutes"
        found.append(api_errors.violation(minutes, member, f"have value {limit}"))
    found += limits.retry_violations(given["target"], "target")
    if given["target"].get("Input") == "":
        found.append(api_errors.violation("", "target.input", "have length greater than or equal to 1"))
    if found:
        raise ValidationException(str(api_errors.validation(found)))


def _check_start(given: dict[str, Any]) -> None:
    start = given["start_date"]
    if start is None or given["schedule_expression"].startswith("at("):
        return
    if float(start) * 1000 < active[-1].now - _OLDEST_START * 1000:
        raise ValidationException(_OLD_START)


def _complete(schedule: Schedule) -> None:
    """What AWS fills in (R37)."""
    schedule.target["RetryPolicy"] = {**limits.RETRIES, **(schedule.target.get("RetryPolicy") or {})}
    schedule.action_after_completion = schedule.action_after_completion or "NONE"
    schedule.state = schedule.state or "ENABLED"
    active[-1].part(Schedules).changed(schedule)


def _create_schedule(create: Callable[..., Schedule]) -> Callable[..., Schedule]:
    def create_schedule(self: EventBridgeSchedulerBackend, **given: Any) -> Schedule:
        _check(given)
        _check_start(given)
        group, name = given["group_name"] or "default", given["name"]
        if group not in self.schedule_groups:
            raise ScheduleGroupNotFound(group)
        if name in self.schedule_groups[group].schedules:
            raise _ConflictError(name, "Schedule")
        schedule = create(self, **given)
        _complete(schedule)
        return schedule

    return create_schedule


def _update_schedule(update: Callable[..., Schedule]) -> Callable[..., Schedule]:
    """An update replaces everything, what happens after completion too (R42)."""

    def update_schedule(self: EventBridgeSchedulerBackend, **given: Any) -> Schedule:
        _check(given)
        schedule = update(self, **given)
        schedule.action_after_completion = None
        _complete(schedule)
        return schedule

    return update_schedule


def _answer_update(answer: Callable[..., str]) -> Callable[..., str]:
    """moto doesn't hand on what happens after completion."""

    def update_schedule(self: EventBridgeSchedulerResponse) -> str:
        answered = answer(self)
        name = self.uri.split("?")[0].split("/")[-1]
        schedule = self.scheduler_backend.get_schedule(self._get_param("GroupName"), name)
        schedule.action_after_completion = self._get_param("ActionAfterCompletion") or "NONE"
        return answered

    return update_schedule


def _delete_schedule(delete: Callable[..., None]) -> Callable[..., None]:
    def delete_schedule(self: EventBridgeSchedulerBackend, group_name: str | None, name: str) -> None:
        schedule = self.get_schedule(group_name, name)
        delete(self, group_name, name)
        active[-1].part(Schedules).deleted(schedule)

    return delete_schedule


def _create_group(create: Callable[..., ScheduleGroup]) -> Callable[..., ScheduleGroup]:
    """moto forgets the schedules of a group that is made again."""

    def create_schedule_group(self: EventBridgeSchedulerBackend, name: str, tags: Any) -> ScheduleGroup:
        if name in self.schedule_groups:
            raise _ConflictError(name, "Schedule group")
        return create(self, name, tags)

    return create_schedule_group


def _delete_group(delete: Callable[..., None]) -> Callable[..., None]:
    def delete_schedule_group(self: EventBridgeSchedulerBackend, name: str | None) -> None:
        group = self.get_schedule_group(name)
        delete(self, name)
        for schedule in group.schedules.values():
            active[-1].part(Schedules).deleted(schedule)

    return delete_schedule_group


PATCHES = (
    Patch(MotoSchedule, "_validate_start_date", lambda _: lambda _, start_date: start_date),
    Patch(EventBridgeSchedulerBackend, "create_schedule", _create_schedule),
    Patch(EventBridgeSchedulerBackend, "update_schedule", _update_schedule),
    Patch(EventBridgeSchedulerResponse, "update_schedule", _answer_update),
    Patch(EventBridgeSchedulerBackend, "delete_schedule", _delete_schedule),
    Patch(EventBridgeSchedulerBackend, "create_schedule_group", _create_group),
    Patch(EventBridgeSchedulerBackend, "delete_schedule_group", _delete_group),
)
