"""What all services have in common that invoke functions asynchronously."""

import boto3
import pytest
from moto import mock_aws

from destmock import mock_destinations
from tests.services.places import REGION, START
from tests.services.triggers import ORDERS, notify, put, rule

pytestmark = pytest.mark.destmock(start=START, handlers={"orders": lambda event, context: event})


@pytest.fixture
def busy_handler(destmock, sns, s3, events, bucket, topic, subscription):
    """A handler that publishes, puts and sends, with clients made outside of it, and notes what it sees."""
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS})
    lam = boto3.client("lambda")
    seen = []

    def handler(event, context):
        for call in (
            lambda: sns.publish(TopicArn=topic, Message="m"),
            lambda: s3.put_object(Bucket=bucket, Key="in/a", Body=b"1"),
            lambda: put(events),
            lambda: lam.invoke(FunctionName="orders", InvocationType="Event"),
            lambda: boto3.client("sns").publish(TopicArn=topic, Message="client of its own"),
        ):
            call()
            seen.append(len(runs))

    runs = []
    destmock.handler("orders", lambda event, context: runs.append(event))
    destmock.handler("busy", handler)
    return seen, runs


@pytest.mark.parametrize("kind", ["Event", "RequestResponse"])
def test_what_a_handler_causes_is_queued_and_never_runs_inside_its_call(destmock, lam, busy_handler, kind):
    seen, runs = busy_handler
    lam.invoke(FunctionName="busy", InvocationType=kind)
    assert seen == [0, 0, 0, 0, 0]
    assert len(runs) == 5
    sources = [invocation.source for invocation in destmock.invocations.for_function("orders")]
    assert sources == [
        "SNS topic news",
        "S3 bucket uploads",
        "EventBridge rule shop",
        "Invoke",
        "SNS topic news",
    ]


@pytest.mark.destmock(autorun=False)
def test_without_autorun_an_event_waits_for_time_to_be_driven(destmock, sns, topic, subscription):
    sns.publish(TopicArn=topic, Message="hello")
    assert [(waiting.function_name, waiting.attempt) for waiting in destmock.pending] == [("orders", 1)]
    destmock.run_until_idle()
    assert destmock.invocations[0].condition == "Success"


def test_J2_a_function_that_writes_to_the_bucket_that_invokes_it_is_stopped(destmock, lam, s3, bucket):
    """Sixteen runs, as in every loop that AWS detects."""
    runs = []

    def handler(event, context):
        runs.append(event)
        s3.put_object(Bucket=bucket, Key="in/again", Body=b"1")

    destmock.handler("orders", handler)
    s3.put_object(Bucket=bucket, Key="in/first", Body=b"1")
    assert len(runs) == 16
    assert destmock.invocations[-1].condition == "RecursiveInvocation"


def test_services_that_only_ask_whether_a_function_is_there_find_a_registered_handler_s(destmock):
    ses, config = boto3.client("ses"), boto3.client("config")
    ses.create_receipt_rule_set(RuleSetName="mails")
    action = {"LambdaAction": {"FunctionArn": ORDERS}}
    with pytest.warns(UserWarning, match="nothing invokes"):
        ses.create_receipt_rule(RuleSetName="mails", Rule={"Name": "first", "Actions": [action]})
    change = {
        "EventSource": "aws.config",
        "MessageType": "ScheduledNotification",
        "MaximumExecutionFrequency": "One_Hour",
    }
    source = {"Owner": "CUSTOM_LAMBDA", "SourceIdentifier": ORDERS, "SourceDetails": [change]}
    with pytest.warns(UserWarning, match="nothing invokes"):
        config.put_config_rule(ConfigRule={"ConfigRuleName": "tidy", "Source": source})
    ses.delete_receipt_rule_set(RuleSetName="mails")
    [kept] = config.describe_config_rules()["ConfigRules"]
    assert kept["Source"]["SourceIdentifier"] == ORDERS


def test_moto_s_own_ways_are_back_when_the_mock_ends():
    """An outer mock_aws has moto's placeholders again, and an inner mock's events are its own."""
    with mock_aws():
        s3 = boto3.client("s3", REGION)
        s3.create_bucket(Bucket="uploads")
        with mock_destinations({"orders": lambda event, context: None}) as outer:
            notify(s3, on=["s3:ObjectCreated:*"])
            with mock_destinations({"orders": lambda event, context: None}) as inner:
                s3.put_object(Bucket="uploads", Key="a", Body=b"")
                assert (len(inner.invocations), len(outer.invocations)) == (1, 0)
            s3.put_object(Bucket="uploads", Key="b", Body=b"")
            assert len(outer.invocations) == 1
        s3.put_object(Bucket="uploads", Key="c", Body=b"")  # the function is gone: moto swallows that
        assert len(outer.invocations) == 1
