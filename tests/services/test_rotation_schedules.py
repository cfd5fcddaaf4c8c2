"""A secret rotates again when time comes to it."""

import time
from datetime import timedelta, timezone

import boto3
import pytest

from destmock import outcomes
from tests.services.places import START
from tests.services.rotation import ARN, rotation

pytestmark = pytest.mark.destmock(start=START)
DAY = timedelta(days=1)


@pytest.fixture
def steps(destmock, secrets, secret):
    """What the rotation function has seen."""
    handler, seen = rotation(secrets)
    destmock.handler("rotate", handler)
    return seen


def rotate(secrets, rules=None, **settings):
    given = {} if rules is None else {"RotationLambdaARN": ARN, "RotationRules": rules}
    return secrets.rotate_secret(SecretId="password", **given, **settings)


def described(secrets):
    return secrets.describe_secret(SecretId="password")


def test_a_secret_rotates_again_after_its_days(destmock, secrets, steps):
    rotate(secrets, {"AutomaticallyAfterDays": 30})
    first = secrets.get_secret_value(SecretId="password")["VersionId"]
    assert described(secrets)["NextRotationDate"] == START + 30 * DAY
    destmock.advance(30 * DAY - timedelta(seconds=1))
    assert len(steps) == 4
    destmock.advance(1)
    assert [step["Step"] for step in steps[4:]] == ["createSecret", "setSecret", "testSecret", "finishSecret"]
    versions = described(secrets)["VersionIdsToStages"]
    assert versions[first] == ["AWSPREVIOUS"]
    assert "AWSCURRENT" in versions[steps[4]["ClientRequestToken"]]
    assert described(secrets)["NextRotationDate"] == START + 60 * DAY
    destmock.advance(60 * DAY)
    assert len(steps) == 16
    assert "(Secrets Manager, " in destmock.timeline()


@pytest.mark.parametrize(
    ("expression", "dates", "days"),
    [
        ("rate(4 hours)", ["2026-01-01T04:00", "2026-01-01T08:00", "2026-01-01T12:00"], None),
        ("rate(1 day)", ["2026-01-02T00:00", "2026-01-03T00:00", "2026-01-04T00:00"], 1),
        ("rate(10 days)", ["2026-01-11T00:00", "2026-01-21T00:00", "2026-01-31T00:00"], 10),
        ("cron(0 8 1 * ? *)", ["2026-01-01T08:00", "2026-02-01T08:00", "2026-03-01T08:00"], None),
    ],
)
def test_a_schedule_has_its_dates(destmock, secrets, steps, expression, dates, days):
    rotate(secrets, {"ScheduleExpression": expression, "Duration": "2h"}, RotateImmediately=False)
    rules = {"ScheduleExpression": expression, "Duration": "2h"}
    told = described(secrets)
    assert told["RotationRules"] == rules | ({} if days is None else {"AutomaticallyAfterDays": days})
    assert told["RotationEnabled"] is True
    found = []
    for _ in range(3):
        date = described(secrets)["NextRotationDate"]
        found.append(f"{date.astimezone(timezone.utc):%Y-%m-%dT%H:%M}")
        before = len(steps)
        destmock.advance(date - destmock.now)
        assert len(steps) == before + 4
    assert found == dates


@pytest.mark.parametrize(
    "rules",
    [
        {"ScheduleExpression": "rate(3 hours)"},
        {"ScheduleExpression": "rate(1000 days)"},
        {"ScheduleExpression": "rate(480 minutes)"},
        {"ScheduleExpression": "cron(30 8 * * ? *)"},
        {"ScheduleExpression": "cron(0 8)"},
        {"ScheduleExpression": "rate(4 hours)", "AutomaticallyAfterDays": 3},
        {"AutomaticallyAfterDays": 1001},
    ],
)
def test_what_is_no_schedule_is_refused(destmock, secrets, steps, rules):
    with pytest.raises(secrets.exceptions.InvalidParameterException):
        rotate(secrets, rules)
    assert (steps, destmock.pending) == ([], [])


def test_nobody_waits_for_a_rotation(destmock, lam, secrets, secret, steps):
    rotate(secrets, {"ScheduleExpression": "rate(4 hours)"})
    assert destmock.run_until_idle() == 0
    [waiting] = destmock.pending
    assert (waiting.function_arn, waiting.due_at) == (secret, START + timedelta(hours=4))
    assert waiting.background


def test_rotating_by_hand_begins_a_new_interval(destmock, secrets, steps):
    rotate(secrets, {"AutomaticallyAfterDays": 30})
    destmock.advance(20 * DAY)
    rotate(secrets)
    destmock.advance(20 * DAY)
    assert len(steps) == 8
    destmock.advance(10 * DAY)
    assert len(steps) == 12


@pytest.mark.parametrize("write", ["put_secret_value", "update_secret"])
def test_a_value_by_hand_counts_as_a_rotation_where_days_are_counted(destmock, secrets, steps, write):
    rotate(secrets, {"AutomaticallyAfterDays": 30})
    destmock.advance(20 * DAY)
    getattr(secrets, write)(SecretId="password", SecretString="mine")
    assert described(secrets)["NextRotationDate"] == START + 50 * DAY
    rotate(secrets, {"ScheduleExpression": "rate(30 days)"})
    destmock.advance(DAY)
    getattr(secrets, write)(SecretId="password", SecretString="mine again")
    assert described(secrets)["NextRotationDate"] == START + 50 * DAY


def test_a_rotation_that_is_cancelled_comes_no_more(destmock, secrets, steps):
    rotate(secrets, {"AutomaticallyAfterDays": 30})
    secrets.cancel_rotate_secret(SecretId="password")
    told = described(secrets)
    assert told["RotationEnabled"] is False
    assert "NextRotationDate" not in told
    destmock.advance(60 * DAY)
    assert len(steps) == 4
    rotate(secrets)
    assert described(secrets)["NextRotationDate"] == START + 90 * DAY


def test_a_rotation_that_fails_is_tried_at_the_next_date(destmock, secrets, steps):
    rotate(secrets, {"AutomaticallyAfterDays": 30})
    before = secrets.get_secret_value(SecretId="password")
    destmock.handler("rotate", outcomes(ValueError("no")))
    destmock.advance(30 * DAY)
    assert secrets.get_secret_value(SecretId="password")["VersionId"] == before["VersionId"]
    handler, seen = rotation(secrets)
    destmock.handler("rotate", handler)
    destmock.advance(30 * DAY)
    assert len(seen) == 4


def test_a_rotation_function_may_sleep(destmock, events, secrets, steps):
    ticks = []
    rotate(secrets, {"ScheduleExpression": "rate(4 hours)"})
    destmock.handler("rotate", lambda event, context: time.sleep(3600), timeout=3601)
    destmock.handler("tick", lambda event, context: ticks.append(event["time"][11:16]))
    events.put_rule(Name="tick", ScheduleExpression="rate(1 hour)")
    events.put_targets(Rule="tick", Targets=[{"Id": "a", "Arn": ARN.replace("rotate", "tick")}])
    destmock.advance(timedelta(hours=8))
    assert ticks == [f"0{hour}:00" for hour in range(1, 9)]
    assert sum(run.function_name == "rotate" for run in destmock.runs) == 8
    assert described(secrets)["NextRotationDate"] == START + timedelta(hours=12)


def test_a_function_that_is_gone_is_noted(destmock, lam, secrets, secret):
    role = boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    handler, seen = rotation(secrets)
    destmock.handler("rotate", handler)
    lam.create_function(
        FunctionName="rotate", Role=role, Runtime="python3.12", Handler="a.b", Code={"ZipFile": b"x"}
    )
    rotate(secrets, {"AutomaticallyAfterDays": 30})
    lam.delete_function(FunctionName="rotate")
    destmock.advance(30 * DAY)
    assert len(seen) == 4
    assert "Secrets Manager" in destmock.timeline()
    assert described(secrets)["NextRotationDate"] == START + 60 * DAY


@pytest.mark.parametrize("force", [True, False])
def test_a_secret_that_is_deleted_rotates_no_more(destmock, secrets, steps, force):
    rotate(secrets, {"AutomaticallyAfterDays": 30})
    secrets.delete_secret(SecretId="password", ForceDeleteWithoutRecovery=force)
    destmock.advance(30 * DAY)
    assert len(steps) == 4
    if not force:
        secrets.restore_secret(SecretId="password")
        destmock.advance(30 * DAY)
        assert len(steps) == 8
