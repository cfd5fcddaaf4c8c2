"""Rules with a schedule run when time comes to them."""

import json
import time
from datetime import datetime, timedelta, timezone

import boto3
import pytest
from botocore.exceptions import ClientError

from destmock import outcomes
from tests.services.nightly import FUNCTION, START

RULE = "arn:aws:events:us-east-1:123456789012:rule/schedule"
pytestmark = pytest.mark.destmock(start=START)


@pytest.fixture
def schedule(events):
    def put(expression, name="schedule", arn=FUNCTION, target=None, **options):
        events.put_rule(Name=name, ScheduleExpression=expression, **options)
        events.put_targets(Rule=name, Targets=[{"Id": "one", "Arn": arn, **(target or {})}])

    return put


def times(seen):
    return [event["time"] for event in seen]


def test_P1_P2_a_rate_runs_after_each_interval_with_aws_s_event(destmock, seen, schedule):
    """D7."""
    schedule("rate(5 minutes)")
    destmock.advance(299)
    assert seen == []
    destmock.advance(601)
    assert times(seen) == ["2026-03-01T12:05:00Z", "2026-03-01T12:10:00Z", "2026-03-01T12:15:00Z"]
    [invocation, *_] = destmock.invocations
    assert seen[0] == {
        "version": "0",
        "id": seen[0]["id"],
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2026-03-01T12:05:00Z",
        "region": "us-east-1",
        "resources": [RULE],
        "detail": {},
    }
    assert invocation.accepted_at == START + timedelta(minutes=5)
    assert "EventBridge rule schedule" in destmock.timeline()


def test_a_cron_runs_at_its_minutes(destmock, seen, schedule):
    schedule("cron(30 2 ? * MON-FRI *)")
    destmock.advance(timedelta(days=7))
    assert times(seen) == [f"2026-03-{day:02}T02:30:00Z" for day in (2, 3, 4, 5, 6)]


def test_nobody_waits_for_a_schedule(destmock, lam, seen, schedule):
    schedule("rate(1 minute)")
    assert destmock.run_until_idle() == 0
    assert destmock.now == START
    [waiting] = destmock.pending
    assert (waiting.function_arn, waiting.due_at) == (RULE, START + timedelta(minutes=1))
    assert waiting.background
    assert "0 pending" in repr(destmock)


def test_time_that_passes_for_something_else_passes_a_schedule_too(destmock, lam, seen, schedule):
    schedule("rate(1 minute)")
    destmock.handler("failing", outcomes(ValueError("no")))
    lam.invoke(FunctionName="failing", InvocationType="Event")
    assert times(seen) == ["2026-03-01T12:01:00Z", "2026-03-01T12:02:00Z"]


def test_a_scheduled_function_that_always_fails_keeps_nobody_waiting(destmock, lam, schedule):
    destmock.handler("nightly", outcomes(ValueError("no")))
    destmock.handler("failing", outcomes(ValueError("no")))
    schedule("rate(1 minute)")
    lam.invoke(FunctionName="failing", InvocationType="Event")
    assert destmock.now == START + timedelta(seconds=180)
    destmock.advance(600)
    first = destmock.invocations.for_function("nightly")[0]
    assert [attempt.elapsed for attempt in first.attempts] == [0, 60, 180]
    assert "attempt 2 is due" in destmock.timeline()


def test_input_replaces_the_event_and_a_transformer_fills_it_in(destmock, seen, schedule):
    schedule("rate(1 minute)", target={"Input": '{"mine": 1}'})
    transformer = {"InputPathsMap": {"at": "$.time"}, "InputTemplate": '{"at": <at>}'}
    schedule("rate(1 minute)", name="other", target={"InputTransformer": transformer})
    destmock.advance(60)
    assert seen == [{"mine": 1}, {"at": "2026-03-01T12:01:00Z"}]


def test_a_queue_can_be_the_target(destmock, schedule, make_queue, records):
    schedule("rate(1 hour)", arn=make_queue("jobs"))
    destmock.advance(7200)
    assert times(records("jobs")) == ["2026-03-01T13:00:00Z", "2026-03-01T14:00:00Z"]


def test_disabled_enabled_changed_and_deleted(destmock, events, seen, schedule):
    schedule("rate(10 minutes)", State="DISABLED")
    destmock.advance(3600)
    assert seen == []
    events.enable_rule(Name="schedule")
    destmock.advance(600)
    assert times(seen) == ["2026-03-01T13:10:00Z"]
    destmock.advance(300)
    events.put_rule(Name="schedule", ScheduleExpression="rate(20 minutes)")
    destmock.advance(1200)
    assert times(seen[1:]) == ["2026-03-01T13:35:00Z"]
    events.disable_rule(Name="schedule")
    destmock.advance(3600)
    events.enable_rule(Name="schedule")
    events.remove_targets(Rule="schedule", Ids=["one"])
    events.delete_rule(Name="schedule")
    destmock.advance(3600)
    assert len(seen) == 2


def test_P3_R44_a_rule_may_have_both_and_other_rules_hear_of_it(destmock, events, seen, schedule):
    pattern = json.dumps({"source": ["aws.events"]})
    schedule("rate(1 minute)", EventPattern=pattern)
    events.put_rule(Name="listening", EventPattern=pattern)
    events.put_targets(Rule="listening", Targets=[{"Id": "one", "Arn": FUNCTION}])
    destmock.advance(60)
    assert len(seen) == 2
    assert seen[0] == seen[1]


@pytest.mark.parametrize("expression", ["rate(1 minutes)", "cron(0 10 * * * *)", "rate(0 minutes)", "daily"])
def test_R43_what_is_no_schedule_is_refused(events, expression):
    with pytest.raises(ClientError) as caught:
        events.put_rule(Name="schedule", ScheduleExpression=expression)
    assert caught.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": "Parameter ScheduleExpression is not valid.",
    }


def test_R43_only_the_default_bus_has_schedules(events):
    events.create_event_bus(Name="other")
    with pytest.raises(ClientError, match="ScheduleExpression is supported only on the default event bus"):
        events.put_rule(Name="schedule", ScheduleExpression="rate(1 minute)", EventBusName="other")


def test_a_template_s_rule_runs(destmock, seen):
    template = {
        "Resources": {
            "Rule": {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "ScheduleExpression": "rate(1 hour)",
                    "State": "ENABLED",
                    "Targets": [{"Id": "one", "Arn": FUNCTION}],
                },
            }
        }
    }
    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(StackName="s", TemplateBody=json.dumps(template))
    destmock.advance(3600)
    assert len(seen) == 1
    cloudformation.delete_stack(StackName="s")
    destmock.advance(3600)
    assert len(seen) == 1


def test_a_handler_that_sleeps_longer_than_the_interval_overlaps_itself(destmock, schedule):
    seen = []

    def handler(event, context):
        time.sleep(90)
        seen.append((event["time"], datetime.now(timezone.utc) - START))

    destmock.handler("nightly", handler, timeout=100)
    schedule("rate(1 minute)")
    destmock.advance(240)
    assert seen == [
        ("2026-03-01T12:01:00Z", timedelta(seconds=150)),
        ("2026-03-01T12:02:00Z", timedelta(seconds=210)),
    ]
    assert destmock.run_until_idle() == 0
