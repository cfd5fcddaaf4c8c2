"""When a schedule runs: `rate(5 minutes)`, `cron(0 18 ? * MON-FRI *)`, `at(2026-03-01T12:00:00)`.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import tzinfo

_RATE = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)(s?)\)")
_SCHEDULER_RATE = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)s?\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)", re.ASCII)
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_MONTHS = {name: at for at, name in enumerate(re.findall("...", "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"), 1)}
_DAYS = {name: at for at, name in enumerate(re.findall("...", "SUNMONTUEWEDTHUFRISAT"), 1)}
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_SATURDAY, _SUNDAY = 5, 6  # as Python counts the days of a week


class Rate(NamedTuple):
    """A run after each interval."""

    interval: timedelta

    def after(self, moment: datetime) -> datetime | None:
        """The first run after one at `moment`; `None` if time ends before."""
        try:
            return moment + self.interval
        except OverflowError:
            return None


class Cron(NamedTuple):
    """Runs at the minutes that its fields name. `days` and `weekdays` are as they are written, one is `?`."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: str
    months: tuple[int, ...]
    weekdays: str
    years: tuple[int, ...]

    def after(self, moment: datetime) -> datetime | None:
        """The first run after `moment`; `None` if there is none until the year 2199."""
        first = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        for year in self.years:
            if year < first.year:
                continue
            for month in self.months:
                if (year, month) < (first.year, first.month):
                    continue
                for day in self._days_of(year, month):
                    found = self._on(date(year, month, day), first)
                    if found is not None:
                        return found
        return None

    def _on(self, day: date, first: datetime) -> datetime | None:
        if day < first.date():
            return None
        earliest = (first.hour, first.minute) if day == first.date() else (0, 0)
        for hour in self.hours:
            for minute in self.minutes if hour >= earliest[0] else ():
                if (hour, minute) >= earliest:
                    return first.replace(
                        year=day.year, month=day.month, day=day.day, hour=hour, minute=minute
                    )
        return None

    def _days_of(self, year: int, month: int) -> list[int]:
        """The days of a month on which it runs."""
        last = calendar.monthrange(year, month)[1]
        if self.weekdays == "?":
            found = {day for part in self.days.split(",") for day in _days(part, year, month, last)}
        else:
            found = {day for part in self.weekdays.split(",") for day in _weekdays(part, year, month, last)}
        return sorted(found)


class At(NamedTuple):
    """One run, at a moment without a time zone."""

    moment: datetime


class Timetable(NamedTuple):
    """The runs of a schedule of EventBridge Scheduler, from `begin` to `end`, as a zone's clocks show it.

    An hour that the clocks leave out has no runs, one that they show twice has them once. A rate counts from
    `begin` on, whatever clocks show. A one-time schedule has no beginning and no end.
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
    """

    expression: Rate | Cron | At
    zone: tzinfo
    begin: datetime
    end: datetime | None

    def first(self, now: datetime) -> datetime | None:
        """The first run at `now` or later; a cron's is later."""
        return self.after(now if isinstance(self.expression, Cron) else now - timedelta.resolution)

    def after(self, moment: datetime) -> datetime | None:
        """The first run after `moment`; `None` if there is none."""
        expression = self.expression
        if isinstance(expression, At):
            return self._later(expression.moment, moment)
        if isinstance(expression, Rate):
            passed = (moment - self.begin) // expression.interval
            found = self.begin if passed < 0 else Rate((passed + 1) * expression.interval).after(self.begin)
        else:
            found = self._of_cron(expression, max(moment, self.begin - timedelta.resolution))
        return None if found is None or (self.end is not None and found > self.end) else found

    def _of_cron(self, cron: Cron, moment: datetime) -> datetime | None:
        shown: datetime | None = moment.astimezone(self.zone).replace(tzinfo=None, fold=0)
        while shown is not None:
            shown = cron.after(shown)
            found = None if shown is None else self._later(shown, moment)
            if found is not None:
                return found
        return None

    def _later(self, shown: datetime, moment: datetime) -> datetime | None:
        """When the zone's clocks first show a time, if they do, and that is after `moment`."""
        found = shown.replace(tzinfo=self.zone).astimezone(timezone.utc)
        is_shown = found.astimezone(self.zone).replace(tzinfo=None, fold=0) == shown
        return found if is_shown and found > moment else None


def parse_scheduler(expression: str) -> Rate | Cron | At:
    """Read a schedule of EventBridge Scheduler; raises `ValueError` for one that AWS refuses.

    It minds less than a rule whether a unit is in the plural (R42), and has `at(...)`.
    """
    at, rate = _AT.fullmatch(expression), _SCHEDULER_RATE.fullmatch(expression)
    if at is not None:
        return At(datetime.fromisoformat(at[1]))
    if rate is not None:
        return _rate(rate, expression)
    return parse(expression)


def parse(expression: str) -> Rate | Cron:
    """Read the schedule of a rule; raises `ValueError` for one that AWS refuses."""
    rate = _RATE.fullmatch(expression)
    if rate is not None:
        unit, plural = rate[2], bool(rate[3])
        if plural == (rate[1] == "1"):
            message = f"{expression} says one {unit} as several, or the other way round"
            raise ValueError(message)
        return _rate(rate, expression)
    cron = _CRON.fullmatch(expression)
    if cron is None:
        message = f"{expression} is neither a rate(value unit) nor a cron(...) of six fields"
        raise ValueError(message)
    minutes, hours, days, months, weekdays, years = (field.upper() for field in cron.groups())
    if (days == "?") == (weekdays == "?"):
        message = f"{expression}: one of day of month and day of week is ?, and only one"
        raise ValueError(message)
    _check_days(days, weekdays)
    return Cron(
        _numbers(minutes, 0, 59),
        _numbers(hours, 0, 23),
        days,
        _numbers(months, 1, 12, _MONTHS),
        weekdays,
        _numbers(years, _FIRST_YEAR, _LAST_YEAR),
    )


def _rate(match: re.Match[str], expression: str) -> Rate:
    try:
        return Rate(int(match[1]) * _UNITS[match[2]])
    except OverflowError as error:
        message = f"{expression} is longer than time is"
        raise ValueError(message) from error


def _check_days(days: str, weekdays: str) -> None:
    for part in days.split(",") if days != "?" else ():
        if part not in {"L", "LW"} and not _is_nearest(part):
            _numbers(part, 1, 31)
    for part in weekdays.split(",") if weekdays != "?" else ():
        day, nth = _weekday_in_month(part)
        if day is None and part != "L":
            _numbers(part, 1, 7, _DAYS)
        elif nth is not None and not 1 <= nth <= 5:  # noqa: PLR2004 - a month has five of a day at most
            message = f"{part} is no day of week"
            raise ValueError(message)


def _is_nearest(part: str) -> bool:
    return part.endswith("W") and bool(_numbers(part[:-1], 1, 31))


def _weekday_in_month(part: str) -> tuple[int | None, int | None]:
    """The day of `FRI#2` with its number, and of `FRIL` without; `None` for anything else."""
    name, separator, nth = part.partition("#")
    if separator:
        return _number(name, 1, 7, _DAYS), _number(nth, 1, 5, {})
    if part.endswith("L") and len(part) > 1:
        return _number(part[:-1], 1, 7, _DAYS), None
    return None, None


def _days(part: str, year: int, month: int, last: int) -> list[int]:
    if part == "L":
        return [last]
    if part == "LW":
        return [_nearest(year, month, last, last)]
    if part.endswith("W"):
        day = int(part[:-1])
        return [_nearest(year, month, day, last)] if day <= last else []
    return [day for day in _numbers(part, 1, 31) if day <= last]


def _nearest(year: int, month: int, day: int, last: int) -> int:
    """The day from Monday to Friday that is nearest, in the same month."""
    weekday = calendar.weekday(year, month, day)
    if weekday == _SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == _SUNDAY:
        return day + 1 if day < last else day - 2
    return day


def _weekdays(part: str, year: int, month: int, last: int) -> list[int]:
    day, nth = _weekday_in_month(part)
    wanted = (day,) if day is not None else (7,) if part == "L" else _numbers(part, 1, 7, _DAYS)
    first = calendar.weekday(year, month, 1) + 1  # how many days after a Sunday
    found = [number for number in range(1, last + 1) if (first + number - 1) % 7 + 1 in wanted]
    if day is None:
        return found
    return found[-1:] if nth is None else found[nth - 1 : nth]


def _numbers(field: str, least: int, most: int, names: dict[str, int] | None = None) -> tuple[int, ...]:
    """The numbers that a field names, sorted: lists of `*`, `a`, `a-b`, each with or without `/step`."""
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        by = _number(step, 1, most, {}) if slash else 1
        begin, dash, end = span.partition("-")
        if span == "*":
            first, last = least, most
        else:
            first = _number(begin, least, most, names or {})
            last = _number(end, least, most, names or {}) if dash else most if slash else first
        if first <= last:
            found.update(range(first, last + 1, by))
        else:  # over the end of the week, or of the year
            length = most - least + 1
            found.update((number - least) % length + least for number in range(first, last + length + 1, by))
    return tuple(sorted(found))


def _number(text: str, least: int, most: int, names: dict[str, int]) -> int:
    number = names.get(text)
    if number is None:
        number = int(text) if text.isascii() and text.isdigit() else least - 1
    if not least <= number <= most:
        message = f"{text!r} is not from {least} to {most}"
        raise ValueError(message)
    return number
