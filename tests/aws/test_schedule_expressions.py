"""When a schedule runs: AWS's own examples, and any expression against a look at every minute."""

import calendar
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destmock._aws.schedule_expressions import Timetable, parse, parse_scheduler

NOW = datetime(2026, 1, 31, 10, 0, 30, tzinfo=timezone.utc)


def utc(*parts):
    return datetime(*parts, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("expression", "first"),
    [
        ("rate(5 minutes)", NOW + timedelta(minutes=5)),
        ("rate(1 minute)", NOW + timedelta(minutes=1)),
        ("rate(7 days)", NOW + timedelta(days=7)),
        ("cron(0 10 * * ? *)", utc(2026, 2, 1, 10)),
        ("cron(15 12 * * ? *)", utc(2026, 1, 31, 12, 15)),
        ("cron(0 18 ? * MON-FRI *)", utc(2026, 2, 2, 18)),
        ("cron(0 8 1 * ? *)", utc(2026, 2, 1, 8)),
        ("cron(0/15 * * * ? *)", utc(2026, 1, 31, 10, 15)),
        ("cron(0/10 * ? * MON-FRI *)", utc(2026, 2, 2)),
        ("cron(0/5 8-17 ? * MON-FRI *)", utc(2026, 2, 2, 8)),
        ("cron(0 9 ? * 2#1 *)", utc(2026, 2, 2, 9)),
        ("cron(30 0 ? * SUN,sat *)", utc(2026, 2, 1, 0, 30)),
        ("cron(0 0 L * ? *)", utc(2026, 2, 28)),
        ("cron(0 0 15W * ? *)", utc(2026, 2, 16)),
        ("cron(0 0 1W 8 ? *)", utc(2026, 8, 3)),
        ("cron(0 0 LW * ? *)", utc(2026, 2, 27)),
        ("cron(0 0 ? * 6L *)", utc(2026, 2, 27)),
        ("cron(0 0 ? * L *)", utc(2026, 2, 7)),
        ("cron(0 0 29 2 ? *)", utc(2028, 2, 29)),
        ("cron(0 0 ? * FRI-MON *)", utc(2026, 2, 1)),
        ("cron(0 0 1 JAN ? 2199)", utc(2199, 1, 1)),
        ("cron(0 0 1 1 ? 2025)", None),
        ("cron(0 0 31 2 ? *)", None),
    ],
)
def test_P1_the_first_run_after_a_moment(expression, first):
    assert parse(expression).after(NOW) == first


@pytest.mark.parametrize(
    "expression",
    [
        "", "rate(1 minutes)", "rate(5 minute)", "rate(0 minutes)", "rate(-10 minutes)", "rate(10 seconds)",
        "rate(10)", " rate(5 minutes)", "rate(5  minutes)", "at(2026-01-01T00:00:00)", "cron(* * * * ?)",
        "cron(0 10 * * * *)", "cron(0 10 ? * ? *)", "cron(60 * * * ? *)", "cron(0 24 * * ? *)",
        "cron(0 10 32 * ? *)", "cron(0 10 0 * ? *)", "cron(0 10 * 13 ? *)", "cron(0 10 ? * 8 *)",
        "cron(0 10 ? * 6#7 *)", "cron(0 10 ? * FRI#0 *)", "cron(0 10 * * ? 1969)", "cron(a * * * ? *)",
        "cron(1,,2 * * * ? *)", "cron(0/0 * * * ? *)", "cron(0 10 W * ? *)", "cron(0 10 L-3W * ? *)",
    ],
)  # fmt: skip
def test_P1_R43_what_aws_refuses(expression):
    with pytest.raises(ValueError, match=r"\S"):
        parse(expression)


def spans(least, most):
    numbers, steps = st.integers(least, most), st.integers(1, most)
    ordered = st.tuples(numbers, numbers).map(sorted)
    return st.one_of(
        st.just(("*", range(least, most + 1))),
        numbers.map(lambda a: (str(a), [a])),
        ordered.map(lambda ab: (f"{ab[0]}-{ab[1]}", range(ab[0], ab[1] + 1))),
        st.tuples(numbers, steps).map(lambda a: (f"{a[0]}/{a[1]}", range(a[0], most + 1, a[1]))),
    )


def fields(least, most):
    """A field as text, and the numbers that it means."""
    return st.lists(spans(least, most), min_size=1, max_size=3).map(
        lambda parts: (",".join(text for text, _ in parts), {n for _, numbers in parts for n in numbers})
    )


@settings(max_examples=150, deadline=None)
@given(
    minutes=fields(0, 59),
    hours=fields(0, 23),
    days=fields(1, 31),
    weekdays=fields(1, 7),
    by_weekday=st.booleans(),
    start=st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31)),  # noqa: DTZ001
)
def test_any_expression_runs_at_the_next_minute_that_matches(
    minutes, hours, days, weekdays, by_weekday, start
):
    start = start.replace(tzinfo=timezone.utc)
    day = f"? * {weekdays[0]}" if by_weekday else f"{days[0]} * ?"
    found = parse(f"cron({minutes[0]} {hours[0]} {day} *)").after(start)
    moment = start.replace(second=0, microsecond=0) + timedelta(minutes=1)
    for _ in range(5 * 24 * 60):
        number = calendar.weekday(moment.year, moment.month, moment.day)
        on_day = (number + 1) % 7 + 1 in weekdays[1] if by_weekday else moment.day in days[1]
        if on_day and moment.hour in hours[1] and moment.minute in minutes[1]:
            assert found == moment
            return
        moment += timedelta(minutes=1)
    assert found >= moment


ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
]


@settings(max_examples=50, deadline=None)
@given(
    minutes=fields(0, 59),
    hours=fields(0, 23),
    zone=st.sampled_from(ZONES),
    start=st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31)),  # noqa: DTZ001
    close=st.booleans(),
)
def test_P4_a_time_zone_s_runs_are_the_minutes_that_its_clocks_show_for_the_first_time(
    minutes, hours, zone, start, close
):
    """Each minute of a day is looked at; half of the examples are about a change of the clocks."""
    zone, start = ZoneInfo(zone), start.replace(tzinfo=timezone.utc)
    if close:
        start = next((at for at in days_from(start) if changes(at, zone)), start)
    table = Timetable(parse(f"cron({minutes[0]} {hours[0]} ? * * *)"), zone, start, None)
    expected, shown = [], set()
    moment = start.replace(second=0, microsecond=0) - timedelta(hours=3)
    while moment <= start + timedelta(days=1):
        local = moment.astimezone(zone)
        text = f"{local:%Y-%m-%d %H:%M}"
        if local.hour in hours[1] and local.minute in minutes[1] and text not in shown and moment > start:
            expected.append(moment)
        shown.add(text)
        moment += timedelta(minutes=1)
    found, at = [], table.first(start)
    while at is not None and at <= start + timedelta(days=1):
        found.append(at)
        at = table.after(at)
    assert found == expected


def days_from(start):
    return (start + timedelta(days=number) for number in range(366))


def changes(at, zone):
    before, after = (moment.astimezone(zone).utcoffset() for moment in (at, at + timedelta(days=1)))
    return before != after


@given(
    count=st.integers(1, 5000),
    unit=st.sampled_from(["minute", "hour", "day"]),
    begin=st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31)),  # noqa: DTZ001
    later=st.timedeltas(timedelta(0), timedelta(days=400)),
)
def test_P4_a_rate_is_even_from_its_start_on(count, unit, begin, later):
    begin = begin.replace(tzinfo=timezone.utc)
    interval = count * timedelta(**{f"{unit}s": 1})
    table = Timetable(parse_scheduler(f"rate({count} {unit}s)"), timezone.utc, begin, None)
    first = table.first(begin + later)
    assert (first - begin) % interval == timedelta(0)
    assert begin + later <= first < begin + later + interval
    runs = [first, table.after(first), table.after(table.after(first))]
    assert [b - a for a, b in pairwise(runs)] == [interval, interval]


@pytest.mark.parametrize("expression", ["rate(999999999 days)", "cron(0 0 31 2 ? *)"])
def test_a_schedule_that_has_no_run_left(expression):
    table = Timetable(parse_scheduler(expression), timezone.utc, NOW, None)
    assert table.after(NOW) is None
