"""EventBridge Scheduler: what AWS fills in, and what it refuses."""

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from tests.services.nightly import FUNCTION, ROLE, START

TARGET = {"Arn": FUNCTION, "RoleArn": ROLE}
ONE, MUST = "1 validation error detected: ", "failed to satisfy constraint: Member must"
MOST = "less than or equal to"
pytestmark = pytest.mark.destmock(start=START)


@pytest.fixture
def create(scheduler):
    def create(**options):
        settings = {
            "Name": "mine",
            "ScheduleExpression": "rate(1 hour)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": TARGET,
        }
        return scheduler.create_schedule(**{**settings, **options})

    return create


def refused(call, **options):
    with pytest.raises(ClientError) as caught:
        call(**options)
    answer = caught.value.response
    return (
        answer["ResponseMetadata"]["HTTPStatusCode"],
        answer["Error"]["Code"],
        answer["Error"]["Message"],
    )


def test_R37_get_schedule_fills_in_the_defaults(scheduler, create):
    create()
    found = scheduler.get_schedule(Name="mine")
    assert found["Target"] == {
        **TARGET,
        "RetryPolicy": {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185},
    }
    assert (found["ActionAfterCompletion"], found["ScheduleExpressionTimezone"]) == ("NONE", "UTC")
    assert (found["State"], found["GroupName"], found["CreationDate"]) == ("ENABLED", "default", START)


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 1 * * * *)",
        "cron(71 8 ? * * *)",
        "rate(10)",
        "rate(10 seconds)",
        "rate(-10 minutes)",
        "rate( 10 minutes )",
        " rate(10 minutes)",
        "at(2021-12-31)",
        "at(2021-12-31T23:59:59Z)",
        "at(2021-02-30T00:00:00)",
        "rate(99999999999999999999 days)",
    ],
)
def test_R41_what_is_no_schedule_is_refused(create, expression):
    message = f"Invalid Schedule Expression {expression}."
    assert refused(create, ScheduleExpression=expression) == (400, "ValidationException", message)


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "../etc/passwd", "Europe", "invalid zone"])
def test_R41_what_is_no_time_zone_is_refused(create, zone):
    message = f"Invalid timezone {zone}."
    assert refused(create, ScheduleExpressionTimezone=zone) == (400, "ValidationException", message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
            "MaximumWindowInMinutes must be provided when FlexibleTimeWindowMode is set to FLEXIBLE.",
        ),
        (
            {"StartDate": START + timedelta(days=1), "EndDate": START},
            "The StartDate you specify must come before the EndDate.",
        ),
        (
            {"StartDate": START - timedelta(minutes=6)},
            "The StartDate you specify cannot be earlier than 5 minutes ago.",
        ),
        (
            {"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1441}},
            f"{ONE}Value '1441' at 'flexibleTimeWindow.maximumWindowInMinutes' {MUST} have value {MOST} 1440",
        ),
        (
            {"Target": {**TARGET, "RetryPolicy": {"MaximumRetryAttempts": 186}}},
            f"{ONE}Value '186' at 'target.retryPolicy.maximumRetryAttempts' {MUST} have value {MOST} 185",
        ),
        (
            {"Name": "mine!"},
            f"{ONE}Value 'mine!' at 'name' {MUST} satisfy regular expression pattern: ^[0-9a-zA-Z-_.]+$",
        ),
    ],
)
def test_R41_settings_that_do_not_fit_are_refused(create, scheduler, options, message):
    assert refused(create, **options) == (400, "ValidationException", message)
    assert scheduler.list_schedules()["Schedules"] == []


def test_R41_a_name_is_taken_and_others_do_not_exist(create, scheduler):
    create()
    assert refused(create) == (409, "ConflictException", "Schedule mine already exists.")
    gone = (404, "ResourceNotFoundException", "Schedule other does not exist.")
    assert refused(scheduler.get_schedule, Name="other") == gone
    assert refused(scheduler.delete_schedule, Name="other") == gone
    gone = (404, "ResourceNotFoundException", "Schedule group shop does not exist.")
    assert refused(create, GroupName="shop") == gone
    assert refused(scheduler.delete_schedule_group, Name="shop") == gone


def test_a_group_is_made_once(create, scheduler):
    scheduler.create_schedule_group(Name="shop")
    create(GroupName="shop")
    taken = (409, "ConflictException", "Schedule group shop already exists.")
    assert refused(scheduler.create_schedule_group, Name="shop") == taken
    assert scheduler.get_schedule(Name="mine", GroupName="shop")["Name"] == "mine"


@pytest.mark.parametrize(
    "options",
    [
        {"ScheduleExpression": "rate(1 minutes)"},
        {"ScheduleExpression": "at(2020-01-01T00:00:00)"},
        {"ScheduleExpression": "at(2026-03-29T02:30:00)", "ScheduleExpressionTimezone": "Europe/Berlin"},
        {"ScheduleExpression": "at(2026-06-01T00:00:00)", "EndDate": START + timedelta(days=1)},
    ],
)
@pytest.mark.parametrize("state", ["DISABLED", "ENABLED"])
def test_R42_what_may_never_run_is_accepted(destmock, create, options, state):
    create(State=state, **options)
    destmock.advance(1)


def test_R42_an_update_replaces_everything(create, scheduler):
    create(Description="mine", ActionAfterCompletion="DELETE", EndDate=START + timedelta(days=1))
    again = {"ScheduleExpression": "rate(2 hours)", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": TARGET}
    scheduler.update_schedule(Name="mine", **again)
    found = scheduler.get_schedule(Name="mine")
    assert found["ActionAfterCompletion"] == "NONE"
    assert found["State"] == "ENABLED"
    assert "Description" not in found
    assert "EndDate" not in found
    scheduler.update_schedule(Name="mine", ActionAfterCompletion="DELETE", **again)
    assert scheduler.get_schedule(Name="mine")["ActionAfterCompletion"] == "DELETE"
