"""When a schedule runs: AWS's own examples, and any expression against a look at every minute."""

import calendar
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destmock._aws.schedule_expressions import parse

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
