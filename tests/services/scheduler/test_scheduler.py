"""EventBridge Scheduler: schedules run when time comes to them."""

import json
from datetime import datetime, timedelta, timezone

import boto3
import pytest

from destmock import outcomes
from tests.services.nightly import FUNCTION, ROLE, START

ARN = "arn:aws:scheduler:us-east-1:123456789012:schedule/default/mine"
pytestmark = pytest.mark.destmock(start=START)


@pytest.fixture
def schedule(scheduler):
    """Makes a schedule called `mine`, whose target has more than an ARN and a role if `target` says so."""

    def create(expression, arn=FUNCTION, target=None, **options):
        target = {"Arn": arn, "RoleArn": ROLE, **(target or {})}
        options = {"Name": "mine", "FlexibleTimeWindow": {"Mode": "OFF"}, **options}
        scheduler.create_schedule(ScheduleExpression=expression, Target=target, **options)

    return create


def times(seen):
    return [event["time"][5:16] for event in seen]


def test_P5_R38_the_event_of_a_schedule_without_an_input(destmock, seen, schedule):
    schedule("cron(0 18 ? * * *)")
    destmock.advance(timedelta(hours=6))
    assert seen == [
        {
            "version": "0",
            "id": seen[0]["id"],
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": "123456789012",
            "time": "2026-03-01T18:00:00Z",
            "region": "us-east-1",
            "resources": [ARN],
            "detail": "{}",
        }
    ]
    assert "schedule mine" in destmock.timeline()


def test_R39_a_rate_begins_at_once(destmock, seen, schedule):
    schedule("rate(5 minutes)")
    destmock.advance(900)
    assert times(seen) == ["03-01T12:00", "03-01T12:05", "03-01T12:10", "03-01T12:15"]


def test_P4_a_rate_counts_from_its_start_to_its_end(destmock, seen, schedule):
    begin, end = START + timedelta(minutes=7), START + timedelta(minutes=27)
    schedule("rate(10 minutes)", StartDate=begin, EndDate=end)
    destmock.advance(3600)
    assert times(seen) == ["03-01T12:07", "03-01T12:17", "03-01T12:27"]


def test_P4_a_cron_runs_from_its_start_to_its_end(destmock, seen, schedule):
    schedule(
        "cron(0 * ? * * *)",
        StartDate=START + timedelta(hours=2),
        EndDate=START + timedelta(hours=3, minutes=59),
    )
    destmock.advance(timedelta(hours=6))
    assert times(seen) == ["03-01T14:00", "03-01T15:00"]


def test_P4_one_time_schedules_stay_or_are_deleted(destmock, seen, schedule, scheduler):
    schedule("at(2026-03-01T13:00:30)", EndDate=START + timedelta(minutes=1))
    schedule("at(2026-03-01T14:00:00)", Name="goes", ActionAfterCompletion="DELETE")
    destmock.advance(timedelta(days=1))
    assert times(seen) == ["03-01T13:00", "03-01T14:00"]
    assert [each["Name"] for each in scheduler.list_schedules()["Schedules"]] == ["mine"]


def test_a_recurring_schedule_is_deleted_after_its_last_run(destmock, seen, schedule, scheduler):
    schedule("rate(1 hour)", EndDate=START + timedelta(hours=2), ActionAfterCompletion="DELETE")
    destmock.advance(timedelta(hours=1, minutes=59))
    assert scheduler.get_schedule(Name="mine")["State"] == "ENABLED"
    destmock.advance(60)
    assert scheduler.list_schedules()["Schedules"] == []
    assert len(seen) == 3


@pytest.mark.destmock(start=datetime(2026, 3, 27, tzinfo=timezone.utc))
def test_P4_an_hour_that_a_time_zone_leaves_out_has_no_run(destmock, seen, schedule):
    """Clocks in Berlin go from 02:00 to 03:00 on 29 March 2026."""
    schedule("cron(30 2 ? * * *)", ScheduleExpressionTimezone="Europe/Berlin")
    destmock.advance(timedelta(days=4))
    assert times(seen) == ["03-27T01:30", "03-28T01:30", "03-30T00:30"]


@pytest.mark.destmock(start=datetime(2026, 10, 24, 12, tzinfo=timezone.utc))
def test_P4_an_hour_that_comes_twice_has_its_run_once(destmock, seen, schedule):
    """Clocks in Berlin go from 03:00 to 02:00 on 25 October 2026."""
    schedule("cron(0/30 2 ? * * *)", ScheduleExpressionTimezone="Europe/Berlin")
    destmock.advance(timedelta(days=2))
    assert times(seen) == ["10-25T00:00", "10-25T00:30", "10-26T01:00", "10-26T01:30"]


def test_P4_at_is_what_the_time_zone_s_clocks_show(destmock, seen, schedule):
    schedule("at(2026-03-01T21:30:00)", ScheduleExpressionTimezone="Asia/Tokyo")
    destmock.advance(3600)
    assert times(seen) == ["03-01T12:30"]


def test_a_day_s_rate_is_24_hours_whatever_clocks_show(destmock, seen, schedule):
    begin = datetime(2026, 3, 28, 12, tzinfo=timezone.utc)
    schedule("rate(1 day)", ScheduleExpressionTimezone="Europe/Berlin", StartDate=begin)
    destmock.advance(timedelta(days=30))
    assert times(seen) == ["03-28T12:00", "03-29T12:00", "03-30T12:00", "03-31T12:00"]


def test_P4_a_flexible_window_is_drawn_from_the_seed(destmock, seen, schedule):
    schedule("cron(0 * ? * * *)", FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15})
    destmock.advance(timedelta(hours=10, minutes=15))
    assert times(seen) == [f"03-01T{hour}:00" for hour in range(13, 23)]
    late = [
        (one.accepted_at - START - timedelta(hours=hour)).total_seconds()
        for hour, one in enumerate(destmock.invocations, 1)
    ]
    assert all(0 <= each < 900 for each in late)
    assert len(set(late)) == 10


def test_P5_context_attributes_of_an_input_are_filled_in(destmock, seen, schedule):
    names = ("schedule-arn", "scheduled-time", "execution-id", "attempt-number", "unknown")
    schedule(
        "rate(1 hour)", target={"Input": json.dumps({name: f"<aws.scheduler.{name}>" for name in names})}
    )
    destmock.advance(0)
    [event] = seen
    assert len(event.pop("execution-id")) == 36
    assert event == {
        "schedule-arn": ARN,
        "scheduled-time": "2026-03-01T12:00:00Z",
        "attempt-number": "1",
        "unknown": "<aws.scheduler.unknown>",
    }


def test_P5_a_function_s_own_retries_and_destinations_follow(destmock, schedule, make_queue, records, lam):
    destmock.handler("nightly", outcomes(ValueError("no")))
    to = {"OnFailure": {"Destination": make_queue("failed")}}
    lam.put_function_event_invoke_config(FunctionName="nightly", DestinationConfig=to)
    schedule("at(2026-03-01T13:00:00)", target={"Input": '{"n": 1}'})
    destmock.advance(timedelta(hours=2))
    [record] = records("failed")
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestPayload"] == {"n": 1}


def test_nobody_waits_for_a_schedule(destmock, lam, seen, schedule):
    schedule("rate(1 minute)")
    assert destmock.run_until_idle() == 0
    assert destmock.now == START
    assert [(one.function_arn, one.due_at) for one in destmock.pending] == [(ARN, START)]


def test_queues_topics_and_buses_can_be_targets(destmock, schedule, make_queue, messages, sns):
    queue, topic = make_queue("jobs"), sns.create_topic(Name="told")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=make_queue("subscribed"))
    events = boto3.client("events")
    events.put_rule(Name="mine", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="mine", Targets=[{"Id": "one", "Arn": make_queue("ruled")}])
    bus = events.describe_event_bus(Name="default")["Arn"]
    parameters = {"Source": "shop", "DetailType": "Closing"}
    given = {"Input": '{"n": 1}'}
    schedule("at(2026-03-01T13:00:00)", queue, given)
    schedule("at(2026-03-01T13:00:00)", topic, given, Name="topic")
    schedule("at(2026-03-01T13:00:00)", bus, {**given, "EventBridgeParameters": parameters}, Name="bus")
    destmock.advance(3600)
    [queued], [told], [ruled] = messages("jobs"), messages("subscribed"), messages("ruled")
    assert queued["Body"] == '{"n": 1}'
    assert json.loads(told["Body"])["Message"] == '{"n": 1}'
    event = json.loads(ruled["Body"])
    assert (event["source"], event["detail-type"], event["detail"]) == ("shop", "Closing", {"n": 1})
    assert event["resources"] == [ARN.replace("mine", "bus")]


def test_a_fifo_queue_gets_its_group(destmock, schedule, make_queue, messages):
    queue = make_queue("jobs.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    schedule("at(2026-03-01T13:00:00)", queue, {"SqsParameters": {"MessageGroupId": "night"}})
    destmock.advance(3600)
    [message] = messages("jobs.fifo")
    assert message["Attributes"]["MessageGroupId"] == "night"


def test_a_fifo_queue_that_wants_an_id_of_each_message_refuses(destmock, schedule, make_queue, messages):
    target = {"SqsParameters": {"MessageGroupId": "night"}, "DeadLetterConfig": {"Arn": make_queue("dead")}}
    policy = {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
    queue = make_queue("jobs.fifo", FifoQueue="true")
    schedule("at(2026-03-01T13:00:00)", queue, {**target, "RetryPolicy": policy})
    destmock.advance(3600)
    [letter] = messages("dead")
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "InvalidParameterValue"
    assert "ContentBasedDeduplication" in letter["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]


def test_a_universal_target_calls_any_operation(destmock, schedule, sqs, messages, seen):
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    given = {"QueueUrl": url, "MessageBody": "at <aws.scheduler.scheduled-time>"}
    call = "arn:aws:scheduler:::aws-sdk:sqs:sendMessage"
    schedule("at(2026-03-01T13:00:00)", call, {"Input": json.dumps(given)})
    given = {"FunctionName": "nightly", "InvocationType": "Event", "Payload": '{"n": 1}'}
    call = "arn:aws:scheduler:::aws-sdk:lambda:invoke"
    schedule("at(2026-03-01T14:00:00)", call, {"Input": json.dumps(given)}, Name="invoking")
    destmock.advance(7200)
    assert [message["Body"] for message in messages("jobs")] == ["at 2026-03-01T13:00:00Z"]
    assert seen == [{"n": 1}]


def test_streams_and_state_machines_are_called(destmock, schedule, seen):
    kinesis = boto3.client("kinesis")
    kinesis.create_stream(StreamName="jobs", ShardCount=1)
    arn = kinesis.describe_stream(StreamName="jobs")["StreamDescription"]["StreamARN"]
    schedule(
        "at(2026-03-01T13:00:00)", arn, {"KinesisParameters": {"PartitionKey": "one"}, "Input": '{"n": 1}'}
    )
    destmock.advance(3600)
    shard = kinesis.get_shard_iterator(
        StreamName="jobs", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    [record] = kinesis.get_records(ShardIterator=shard)["Records"]
    assert (record["Data"], record["PartitionKey"]) == (b'{"n": 1}', "one")


def test_P5_R40_the_dead_letter_queue_hears_of_a_target_that_is_not_there(
    destmock, schedule, make_queue, messages
):
    policy = {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 86_400}
    target = {"DeadLetterConfig": {"Arn": make_queue("dead")}, "RetryPolicy": policy, "Input": '{"n": 1}'}
    schedule("at(2026-03-01T13:00:00)", target=target)
    destmock.advance(3600)
    [message] = messages("dead")
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert {value["DataType"] for value in message["MessageAttributes"].values()} == {"String"}
    assert len(told.pop("EXECUTION_ID")) == 36
    assert told == {
        "CONTAINS_INVALID_PAYLOAD": "false",
        "ERROR_CODE": "ResourceNotFoundException",
        "ERROR_MESSAGE": f"Function not found: {FUNCTION}",
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": "0",
        "SCHEDULED_TIME": "2026-03-01T13:00:00Z",
        "SCHEDULE_ARN": ARN,
        "TARGET_ARN": FUNCTION,
    }
    assert message["Body"] == '{"n": 1}'
    assert "AWSTraceHeader" not in message["Attributes"]


def test_P5_a_target_that_comes_later_is_reached_by_a_retry(destmock, lam, schedule):
    seen = []
    schedule("at(2026-03-01T13:00:00)", target={"Input": '{"attempt": <aws.scheduler.attempt-number>}'})
    destmock.advance(3600 + 10)
    destmock.handler("nightly", lambda event, context: seen.append(event))
    destmock.advance(60)
    assert seen == [{"attempt": 5}]


def test_P5_retries_end_with_the_policy_s_age(destmock, schedule, make_queue, messages):
    policy = {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 60}
    schedule(
        "at(2026-03-01T13:00:00)",
        target={"DeadLetterConfig": {"Arn": make_queue("dead")}, "RetryPolicy": policy},
    )
    destmock.advance(7200)
    [message] = messages("dead")
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert told["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"
    assert told["RETRY_ATTEMPTS"] == "5"


def test_the_default_policy_s_185_retries_take_less_than_its_24_hours(
    destmock, schedule, make_queue, messages
):
    schedule("at(2026-03-01T13:00:00)", target={"DeadLetterConfig": {"Arn": make_queue("dead")}})
    destmock.advance(timedelta(hours=25))
    [message] = messages("dead")
    assert message["MessageAttributes"]["RETRY_ATTEMPTS"]["StringValue"] == "185"
    assert destmock.timeline().count("nightly") == 2  # when it began, and when it gave up


def test_disabled_changed_and_deleted(destmock, scheduler, seen, schedule):
    schedule("rate(10 minutes)", State="DISABLED")
    destmock.advance(3600)
    assert seen == []
    target, window = {"Arn": FUNCTION, "RoleArn": ROLE}, {"Mode": "OFF"}
    settings = {"Name": "mine", "Target": target, "FlexibleTimeWindow": window}
    scheduler.update_schedule(**settings, ScheduleExpression="rate(20 minutes)")
    destmock.advance(1500)
    assert times(seen) == ["03-01T13:00", "03-01T13:20"]
    scheduler.update_schedule(**settings, ScheduleExpression="rate(1 hour)", State="DISABLED")
    destmock.advance(7200)
    scheduler.update_schedule(**settings, ScheduleExpression="rate(1 hour)")
    scheduler.delete_schedule(Name="mine")
    destmock.advance(7200)
    assert len(seen) == 2


def test_the_schedules_of_a_deleted_group_run_no_more(destmock, scheduler, seen, schedule):
    scheduler.create_schedule_group(Name="shop")
    schedule("rate(1 hour)", GroupName="shop")
    destmock.advance(0)
    assert seen[0]["resources"] == [ARN.replace("default", "shop")]
    scheduler.delete_schedule_group(Name="shop")
    destmock.advance(7200)
    assert len(seen) == 1


def test_a_target_that_is_not_supported_is_told_once(destmock, schedule, make_queue, messages):
    arn = "arn:aws:ecs:us-east-1:123456789012:cluster/mine"
    policy = {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60}
    schedule("rate(1 hour)", arn, {"RetryPolicy": policy, "DeadLetterConfig": {"Arn": make_queue("dead")}})
    with pytest.warns(UserWarning, match=f"can't send what a schedule has for {arn}") as warned:
        destmock.advance(3660)
    assert len(warned) == 1
    assert len(messages("dead")) == 2
