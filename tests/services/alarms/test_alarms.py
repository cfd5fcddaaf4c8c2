"""A CloudWatch alarm that changes its state runs its actions."""

import json

import boto3
import pytest

from tests.services.places import ACCOUNT, REGION, START

pytestmark = pytest.mark.destmock(start=START)
WORK = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:work"
NOW = "2026-01-01T00:00:00.000+0000"
METRIC = {
    "Namespace": "AWS/SQS",
    "MetricName": "ApproximateNumberOfMessagesVisible",
    "Dimensions": [{"Name": "QueueName", "Value": "failed"}],
    "Statistic": "Sum",
    "Period": 60,
}


@pytest.fixture
def cloudwatch(destmock):
    return boto3.client("cloudwatch")


@pytest.fixture
def work(destmock):
    """The events that the function has had."""
    events = []
    destmock.handler("work", lambda event, context: events.append(event))
    return events


def put(cloudwatch, **settings):
    cloudwatch.put_metric_alarm(
        AlarmName="failures",
        EvaluationPeriods=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        **{"Threshold": 1, **METRIC, **settings},
    )


def change(cloudwatch, value, reason="test", **data):
    cloudwatch.set_alarm_state(AlarmName="failures", StateValue=value, StateReason=reason, **data)


def test_a_function_is_invoked_asynchronously(destmock, cloudwatch, work):
    put(cloudwatch, AlarmActions=[WORK], AlarmDescription="letters", Unit="Count")
    destmock.advance(90)
    change(cloudwatch, "ALARM", StateReasonData='{"version":"1.0"}')
    arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:failures"
    assert work == [
        {
            "source": "aws.cloudwatch",
            "alarmArn": arn,
            "accountId": ACCOUNT,
            "time": "2026-01-01T00:01:30.000+0000",
            "region": REGION,
            "alarmData": {
                "alarmName": "failures",
                "state": {
                    "value": "ALARM",
                    "reason": "test",
                    "reasonData": '{"version":"1.0"}',
                    "timestamp": "2026-01-01T00:01:30.000+0000",
                },
                "previousState": {
                    "value": "INSUFFICIENT_DATA",
                    "reason": "Unchecked: Initial alarm creation",
                    "timestamp": NOW,
                },
                "configuration": {
                    "description": "letters",
                    "metrics": [
                        {
                            "id": "m1",
                            "metricStat": {
                                "metric": {
                                    "namespace": "AWS/SQS",
                                    "name": "ApproximateNumberOfMessagesVisible",
                                    "dimensions": {"QueueName": "failed"},
                                },
                                "period": 60,
                                "stat": "Sum",
                                "unit": "Count",
                            },
                            "returnData": True,
                        }
                    ],
                },
            },
        }
    ]
    [invocation] = destmock.invocations
    assert (invocation.source, invocation.condition) == ("CloudWatch alarm failures", "Success")


def test_a_topic_is_notified(destmock, cloudwatch, sqs, sns, topic):
    url = sqs.create_queue(QueueName="letters")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:letters")
    put(cloudwatch, OKActions=[topic], TreatMissingData="ignore", Threshold=1.5, DatapointsToAlarm=1)
    change(cloudwatch, "OK", "all is well")
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    body = json.loads(message["Body"])
    assert body["Subject"] == 'OK: "failures" in US East (N. Virginia)'
    assert json.loads(body["Message"]) == {
        "AlarmName": "failures",
        "AlarmDescription": None,
        "AWSAccountId": ACCOUNT,
        "AlarmConfigurationUpdatedTimestamp": NOW,
        "NewStateValue": "OK",
        "NewStateReason": "all is well",
        "StateChangeTime": NOW,
        "Region": "US East (N. Virginia)",
        "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:failures",
        "OldStateValue": "INSUFFICIENT_DATA",
        "OKActions": [topic],
        "AlarmActions": [],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "ApproximateNumberOfMessagesVisible",
            "Namespace": "AWS/SQS",
            "StatisticType": "Statistic",
            "Statistic": "SUM",
            "Unit": None,
            "Dimensions": [{"value": "failed", "name": "QueueName"}],
            "Period": 60,
            "EvaluationPeriods": 1,
            "DatapointsToAlarm": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Threshold": 1.5,
            "TreatMissingData": "ignore",
            "EvaluateLowSampleCountPercentile": "",
        },
    }


def test_a_function_that_subscribes_to_the_topic_gets_the_subject(cloudwatch, sns, topic, work):
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=WORK)
    put(cloudwatch, AlarmActions=[topic])
    change(cloudwatch, "ALARM")
    [record] = work[0]["Records"]
    assert record["Sns"]["Subject"] == 'ALARM: "failures" in US East (N. Virginia)'
    assert json.loads(record["Sns"]["Message"])["NewStateValue"] == "ALARM"


def test_each_state_has_its_actions_and_no_change_has_none(cloudwatch, work):
    states = {"ALARM": "a", "OK": "o", "INSUFFICIENT_DATA": "i"}
    put(
        cloudwatch,
        AlarmActions=[f"{WORK}:$LATEST"],
        OKActions=[WORK, WORK],
        InsufficientDataActions=[WORK],
    )
    for value in ("INSUFFICIENT_DATA", "ALARM", "ALARM", "OK", "OK", "INSUFFICIENT_DATA"):
        change(cloudwatch, value)
    told = [event["alarmData"]["state"]["value"] for event in work]
    assert [states[value] for value in told] == ["a", "o", "o", "i"]


def test_actions_can_be_disabled(cloudwatch, work):
    put(cloudwatch, AlarmActions=[WORK], OKActions=[WORK], ActionsEnabled=False)
    change(cloudwatch, "ALARM")
    assert work == []
    put(cloudwatch, AlarmActions=[WORK], OKActions=[WORK])
    change(cloudwatch, "OK")
    assert len(work) == 1


def test_an_alarm_that_is_changed_stays_in_its_state(cloudwatch, work):
    put(cloudwatch)
    change(cloudwatch, "ALARM")
    put(cloudwatch, AlarmActions=[WORK])
    [alarm] = cloudwatch.describe_alarms()["MetricAlarms"]
    assert (alarm["StateValue"], alarm["StateReason"]) == ("ALARM", "test")
    change(cloudwatch, "ALARM")
    assert work == []


def test_rules_hear_of_it(destmock, cloudwatch, events, work):
    put(cloudwatch, ActionsEnabled=False, AlarmDescription="letters")
    pattern = {"source": ["aws.cloudwatch"], "detail": {"state": {"value": ["ALARM"]}}}
    events.put_rule(Name="alarms", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="alarms", Targets=[{"Id": "a", "Arn": WORK}])
    change(cloudwatch, "ALARM")
    change(cloudwatch, "OK")
    [event] = work
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["resources"] == [f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:failures"]
    assert event["detail"]["previousState"]["value"] == "INSUFFICIENT_DATA"
    assert event["detail"]["configuration"]["description"] == "letters"


def test_an_expression_has_its_metrics(cloudwatch, sns, topic, work):
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=WORK)
    dimensions = [{"Name": "FunctionName", "Value": "orders"}]
    metric = {"Namespace": "AWS/Lambda", "MetricName": "Errors", "Dimensions": dimensions}
    cloudwatch.put_metric_alarm(
        AlarmName="failures",
        EvaluationPeriods=2,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[WORK, topic],
        Metrics=[
            {"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
            {"Id": "e", "Expression": "m * 2", "Label": "twice"},
        ],
    )
    change(cloudwatch, "ALARM")
    told, notified = work
    named = {"namespace": "AWS/Lambda", "name": "Errors", "dimensions": {"FunctionName": "orders"}}
    assert told["alarmData"]["configuration"]["metrics"] == [
        {"id": "m", "metricStat": {"metric": named, "period": 60, "stat": "Sum"}, "returnData": False},
        {"id": "e", "expression": "m * 2", "label": "twice", "returnData": True},
    ]
    trigger = json.loads(notified["Records"][0]["Sns"]["Message"])["Trigger"]
    listed = {
        "Dimensions": [{"value": "orders", "name": "FunctionName"}],
        "MetricName": "Errors",
        "Namespace": "AWS/Lambda",
    }
    assert trigger["Metrics"] == [
        {"Id": "m", "MetricStat": {"Metric": listed, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
        {"Id": "e", "Expression": "m * 2", "Label": "twice", "ReturnData": True},
    ]


def test_what_is_not_there_is_noted(destmock, cloudwatch, work):
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:nobody"
    put(cloudwatch, AlarmActions=[f"{WORK}-2", topic, WORK])
    change(cloudwatch, "ALARM")
    assert len(work) == 1
    assert "work-2" in destmock.timeline()
    assert "nobody" in destmock.timeline()


def test_an_action_of_another_kind_is_a_warning(cloudwatch):
    put(cloudwatch, AlarmActions=["arn:aws:automate:us-east-1:ec2:stop"])
    with pytest.warns(UserWarning, match="the action arn:aws:automate:us-east-1:ec2:stop of the alarm fail"):
        change(cloudwatch, "ALARM")
    change(cloudwatch, "OK")
    change(cloudwatch, "ALARM")  # once is enough


def test_an_alarm_that_is_not_there_is_refused(cloudwatch):
    with pytest.raises(cloudwatch.exceptions.ResourceNotFound):
        change(cloudwatch, "ALARM")
