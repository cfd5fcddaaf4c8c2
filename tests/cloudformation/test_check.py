"""Which asynchronous paths end in nobody's hands: each rule fires where it should, and nowhere else."""

import json

import boto3
import pytest

from destmock import Finding
from tests.cloudformation.deployed import attribute, function, resource

PLACE = "123456789012"


@pytest.fixture
def check(destmock, tmp_path):
    """Deploys resources and checks them; answers the findings by their rules."""

    def run(resources, *, strict=True):
        path = tmp_path / "shop.json"
        path.write_text(json.dumps({"Resources": resources}))
        destmock.deploy(path)
        return destmock.check(strict=strict)

    return run


def rules(found):
    return [(each.level, each.rule, each.resource) for each in found]


def queue(name, **properties):
    return resource("AWS::SQS::Queue", QueueName=name, **properties)


def letters(name="letters", **properties):
    """A dead-letter queue that keeps its messages for long, and that an alarm looks at."""
    alarm = resource(
        "AWS::CloudWatch::Alarm",
        AlarmName=f"{name}-alarm",
        ComparisonOperator="GreaterThanThreshold",
        Dimensions=[{"Name": "QueueName", "Value": name}],
        EvaluationPeriods=1,
        MetricName="ApproximateNumberOfMessagesVisible",
        Namespace="AWS/SQS",
        Period=60,
        Statistic="Maximum",
        Threshold=0,
    )
    kept = {"MessageRetentionPeriod": 1_209_600, **properties}
    return {"Letters": queue(name, **kept), "Alarm": alarm}


def reads(queue_id="Work", **properties):
    return resource(
        "AWS::Lambda::EventSourceMapping",
        FunctionName={"Ref": "F"},
        EventSourceArn=attribute(queue_id),
        **properties,
    )


def config(**destinations):
    return resource(
        "AWS::Lambda::EventInvokeConfig",
        FunctionName={"Ref": "F"},
        Qualifier="$LATEST",
        DestinationConfig={name: {"Destination": arn} for name, arn in destinations.items()},
    )


def permission(principal, source):
    return resource(
        "AWS::Lambda::Permission",
        Action="lambda:InvokeFunction",
        FunctionName={"Ref": "F"},
        Principal=principal,
        SourceArn=source,
    )


def rule(target, **more):
    return resource(
        "AWS::Events::Rule",
        Name="nightly",
        ScheduleExpression="rate(1 day)",
        Targets=[{"Id": "a", "Arn": target, **more}],
    )


F = {"F": function(FunctionName="orders", Timeout=5)}
BY_RULE = {
    **F,
    "Rule": rule(attribute("F")),
    "Allowed": permission("events.amazonaws.com", attribute("Rule")),
}
REDRIVE = {"deadLetterTargetArn": attribute("Letters"), "maxReceiveCount": 5}
WELL_READ = {
    **F,
    **letters(),
    "Work": queue("work", VisibilityTimeout=30, RedrivePolicy=REDRIVE),
    "Reads": reads(BatchSize=5, FunctionResponseTypes=["ReportBatchItemFailures"]),
}


def test_a_function_that_a_rule_invokes_needs_a_route_for_failures(check):
    [found] = check(BY_RULE)
    assert found == Finding(
        "error",
        "no-failure-destination",
        "orders",
        "orders is invoked asynchronously (rule nightly); "
        "an event that still fails after its retries is gone",
        "Give it an OnFailure destination, or a dead-letter queue",
        "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html",
    )
    assert str(found).startswith("error: orders is invoked asynchronously (rule nightly); ")


@pytest.mark.parametrize("route", ["OnFailure", "dead-letter queue"])
def test_a_route_for_failures_is_enough(check, route):
    resources = {**BY_RULE, **letters()}
    resources["Rule"] = rule(attribute("F"), DeadLetterConfig={"Arn": attribute("Letters")})
    if route == "OnFailure":
        resources["Config"] = config(OnFailure=attribute("Letters"))
    else:
        resources["F"] = function(FunctionName="orders", DeadLetterConfig={"TargetArn": attribute("Letters")})
    assert check(resources) == []


def test_an_alias_needs_a_route_of_its_own(check):
    resources = {
        **F,
        **letters(),
        "Config": config(OnFailure=attribute("Letters")),
        "Version": resource("AWS::Lambda::Version", FunctionName={"Ref": "F"}),
        "Live": resource(
            "AWS::Lambda::Alias", FunctionName={"Ref": "F"}, FunctionVersion="$LATEST", Name="live"
        ),
        "Rule": rule({"Ref": "Live"}),
        "Allowed": resource(
            "AWS::Lambda::Permission",
            Action="lambda:InvokeFunction",
            FunctionName={"Ref": "Live"},
            Principal="events.amazonaws.com",
            SourceArn=attribute("Rule"),
        ),
    }
    [found] = check(resources, strict=False)
    assert found.rule == "no-failure-destination"
    assert found.text.startswith("orders:live is invoked asynchronously")


def test_nobody_is_told_of_a_function_that_nobody_invokes(check):
    assert check(F) == []


def test_every_service_that_invokes_asynchronously_counts(check):
    topic_arn, bucket_arn = {"Ref": "Topic"}, "arn:aws:s3:::uploads-1"
    resources = {
        **F,
        "Topic": resource("AWS::SNS::Topic", TopicName="news"),
        "Told": resource(
            "AWS::SNS::Subscription", TopicArn=topic_arn, Protocol="lambda", Endpoint=attribute("F")
        ),
        "OfTopic": permission("sns.amazonaws.com", topic_arn),
        "OfBucket": permission("s3.amazonaws.com", bucket_arn),
        "Bucket": {
            **resource(
                "AWS::S3::Bucket",
                BucketName="uploads-1",
                NotificationConfiguration={
                    "LambdaConfigurations": [{"Event": "s3:ObjectCreated:*", "Function": attribute("F")}]
                },
            ),
            "DependsOn": "OfBucket",
        },
        "Daily": resource(
            "AWS::Scheduler::Schedule",
            Name="daily",
            FlexibleTimeWindow={"Mode": "OFF"},
            ScheduleExpression="rate(1 day)",
            Target={"Arn": attribute("F"), "RoleArn": f"arn:aws:iam::{PLACE}:role/any"},
        ),
    }
    [found] = check(resources)
    assert "(schedule daily, topic news, bucket uploads-1)" in found.text


def test_what_handles_failures_itself_is_a_remark(check):
    resources = {
        **F,
        "Config": config(OnFailure=attribute("G")),
        "G": function(FunctionName="fallback"),
    }
    assert rules(check(resources)) == [("remark", "no-failure-destination", "fallback")]


def test_a_rule_without_a_dead_letter_queue_is_a_remark(check):
    target = {**BY_RULE, **letters(), "Config": config(OnFailure=attribute("Letters"))}
    assert rules(check(target)) == [("remark", "no-target-dead-letter-queue", "orders")]


def test_a_queue_that_is_read_well_is_fine(check):
    assert check(WELL_READ) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"Work": queue("work", VisibilityTimeout=30)}, ("error", "no-redrive-policy", "work")),
        (
            {"Work": queue("work", VisibilityTimeout=29, RedrivePolicy=REDRIVE)},
            ("remark", "short-visibility-timeout", "work"),
        ),
        (
            {"Work": queue("work", VisibilityTimeout=30, RedrivePolicy={**REDRIVE, "maxReceiveCount": 4})},
            ("remark", "few-receives", "work"),
        ),
        (
            {"Work": queue("work", VisibilityTimeout=30, RedrivePolicy=REDRIVE, MessageRetentionPeriod=140)},
            ("error", "retention-before-redrive", "work"),
        ),
        ({"Reads": reads(BatchSize=5)}, ("remark", "whole-batch-retried", "orders")),
        (letters(MessageRetentionPeriod=345_600), ("remark", "dead-letter-retention", "letters")),
        ({"Alarm": queue("other")}, ("remark", "unread-dead-letter-queue", "letters")),
    ],
)
def test_a_queue_that_is_not_read_well_is_told_of(check, changes, expected):
    resources = {**WELL_READ, **changes}
    if expected[1] == "no-redrive-policy":
        del resources["Letters"], resources["Alarm"]
    assert rules(check(resources)) == [expected]


def test_one_message_at_a_time_needs_no_partial_answer(check):
    assert check({**WELL_READ, "Reads": reads(BatchSize=1)}) == []


def test_a_function_that_reads_a_dead_letter_queue_counts_as_a_reader(check):
    resources = {
        **WELL_READ,
        "Alarm": resource(
            "AWS::Lambda::EventSourceMapping",
            FunctionName={"Ref": "F"},
            EventSourceArn=attribute("Letters"),
            BatchSize=1,
        ),
    }
    found = rules(check(resources))
    assert ("remark", "unread-dead-letter-queue", "letters") not in found
    assert ("remark", "no-redrive-policy", "letters") in found


def test_a_stream_without_a_destination_loses_its_batches(check):
    role = f"arn:aws:iam::{PLACE}:role/any"
    stream = {
        "F": function(FunctionName="orders", Role=role),
        "Work": resource("AWS::Kinesis::Stream", Name="clicks", ShardCount=1),
    }
    lost = {**stream, "Reads": reads(StartingPosition="LATEST")}
    [found] = check(lost)
    assert (found.level, found.rule) == ("error", "no-stream-destination")
    assert found.text.startswith("a batch of stream clicks at which orders fails holds its shard up")


def test_a_stream_with_a_destination_is_fine(check):
    stream = {**F, **letters(), "Work": resource("AWS::Kinesis::Stream", Name="clicks", ShardCount=1)}
    to = {"OnFailure": {"Destination": attribute("Letters")}}
    assert check({**stream, "Reads": reads(StartingPosition="LATEST", DestinationConfig=to)}) == []


def test_a_fifo_queue_takes_no_dead_letters_of_a_rule(check):
    resources = {
        **BY_RULE,
        **letters(),
        "Fifo": queue("dead.fifo", FifoQueue=True),
        "Config": config(OnFailure=attribute("Letters")),
        "Rule": rule(attribute("F"), DeadLetterConfig={"Arn": attribute("Fifo")}),
    }
    assert rules(check(resources, strict=False)) == [("error", "fifo-target", "orders")]


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        (None, False),
        ({}, True),
        ({"Condition": {"ArnEquals": {"aws:SourceArn": {"Ref": "Topic"}}}}, True),
        ({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:n*"}}}, True),
        ({"Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-east-1:1:other"}}}, False),
        ({"Condition": {"StringEquals": {"aws:SourceAccount": PLACE}}}, True),
        ({"Principal": {"Service": "events.amazonaws.com"}}, False),
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Action": "sqs:*"}, True),
        ({"Action": ["sqs:ReceiveMessage"]}, False),
        ({"Effect": "Deny"}, False),
    ],
)
def test_a_topic_needs_the_queue_s_permission(check, statement, allowed):
    resources = {
        "Topic": resource("AWS::SNS::Topic", TopicName="news"),
        "Work": queue("work"),
        "Told": resource(
            "AWS::SNS::Subscription", TopicArn={"Ref": "Topic"}, Protocol="sqs", Endpoint=attribute("Work")
        ),
    }
    if statement is not None:
        given = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": attribute("Work"),
            **statement,
        }
        resources["Policy"] = resource(
            "AWS::SQS::QueuePolicy", Queues=[{"Ref": "Work"}], PolicyDocument={"Statement": [given]}
        )
    expected = [] if allowed else [("error", "no-permission", "work")]
    assert rules(check(resources)) == expected


@pytest.mark.parametrize("source", [attribute("Rule"), f"arn:aws:events:us-east-1:{PLACE}:rule/other"])
def test_a_rule_needs_the_function_s_permission(check, source):
    resources = {**BY_RULE, "Allowed": permission("events.amazonaws.com", source)}
    found = [each for each in rules(check(resources)) if each[1] == "no-permission"]
    assert bool(found) == isinstance(source, str)


def test_a_loop_is_told_of_once(check):
    resources = {
        **WELL_READ,
        "G": function(FunctionName="packing"),
        "Config": config(OnSuccess=attribute("G"), OnFailure=attribute("Letters")),
        "Back": resource(
            "AWS::Lambda::EventInvokeConfig",
            FunctionName={"Ref": "G"},
            Qualifier="$LATEST",
            DestinationConfig={
                "OnSuccess": {"Destination": attribute("Work")},
                "OnFailure": {"Destination": attribute("Letters")},
            },
        ),
    }
    [found] = check(resources)
    assert (found.level, found.rule) == ("error", "loop")
    assert (
        "events go round: orders -> packing -> work -> orders; AWS stops them after 16 rounds" in found.text
    )


def test_what_a_program_has_made_is_checked_too(destmock):
    destmock.handler("orders", lambda event, context: None)
    lam, events = boto3.client("lambda"), boto3.client("events")
    arn = events.put_rule(Name="r", ScheduleExpression="rate(1 day)")["RuleArn"]
    events.put_targets(
        Rule="r", Targets=[{"Id": "a", "Arn": f"arn:aws:lambda:us-east-1:{PLACE}:function:orders"}]
    )
    found = rules(destmock.check())
    assert found == [("error", "no-failure-destination", "orders"), ("error", "no-permission", "orders")]
    lam.add_permission(
        FunctionName="orders",
        StatementId="a",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=arn,
    )
    assert rules(destmock.check()) == [("error", "no-failure-destination", "orders")]


def test_a_check_invokes_nothing_and_changes_nothing(check, destmock):
    check(WELL_READ)
    assert (list(destmock.runs), list(destmock.pending)) == ([], [])
    assert destmock.check() == destmock.check()
