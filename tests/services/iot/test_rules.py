"""AWS IoT's topic rules invoke functions with what is published."""

import json

import boto3
import pytest

from tests.services.places import ACCOUNT, REGION

pytestmark = pytest.mark.destmock(handlers={"work": lambda event, context: event})
WORK = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:work"


@pytest.fixture
def iot(destmock):
    return boto3.client("iot")


@pytest.fixture
def rule(iot):
    """Makes a rule `heat` with a function."""

    def make(sql, *arns, name="heat", **settings):
        actions = [{"lambda": {"functionArn": arn}} for arn in arns or [WORK]]
        iot.create_topic_rule(ruleName=name, topicRulePayload={"sql": sql, "actions": actions, **settings})

    return make


@pytest.fixture
def publish(destmock):
    data = boto3.client("iot-data")

    def publish(topic, payload=b'{"degrees": 21}'):
        data.publish(topic=topic, qos=1, payload=payload)

    return publish


def test_a_message_is_the_event_of_an_asynchronous_invocation(destmock, rule, publish):
    rule("SELECT * FROM 'rooms/+/heat'")
    publish("rooms/1/heat")
    [invocation] = destmock.invocations
    assert (invocation.source, invocation.function_arn) == ("IoT rule heat", f"{WORK}:$LATEST")
    assert invocation.payload == b'{"degrees": 21}'
    assert invocation.condition == "Success"
    publish("rooms/1/light")
    assert len(destmock.invocations) == 1


def test_a_failure_is_tried_again_and_reaches_its_destination(destmock, lam, sqs, rule, publish):
    url = sqs.create_queue(QueueName="failed")["QueueUrl"]
    lam.put_function_event_invoke_config(
        FunctionName="work",
        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:sqs:{REGION}:{ACCOUNT}:failed"}},
    )
    destmock.handler("work", lambda event, context: 1 / 0)
    rule("select * from 'heat'")
    publish("heat")
    [message] = sqs.receive_message(QueueUrl=url)["Messages"]
    record = json.loads(message["Body"])
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestPayload"] == {"degrees": 21}


def test_what_a_handler_publishes_comes_after_it(destmock, lam, rule):
    rule("SELECT * FROM '#'")

    def shop(event, context):
        boto3.client("iot-data").publish(topic="sold", payload=b'{"id": 7}')

    destmock.handler("shop", shop)
    lam.invoke(FunctionName="shop", InvocationType="Event", Payload=b"{}")
    assert [each.function_name for each in destmock.invocations] == ["shop", "work"]


def test_a_filter_with_wildcards_has_a_message_of_each_topic_that_it_matches(destmock, rule, publish):
    rule("SELECT * FROM 'rooms/+/heat/#'")
    for topic in ("rooms/1/heat/now", "rooms/2/heat/a/b", "rooms/1/heat", "rooms/1/2/heat/now", "$aws/rooms"):
        publish(topic)
    assert len(destmock.invocations) == 2


def test_each_rule_and_each_function_has_an_event_of_its_own(destmock, lam, rule, publish):
    destmock.handler("other", lambda event, context: None)
    rule("SELECT * FROM 'heat'", WORK, WORK.replace("work", "other"))
    rule("SELECT * FROM '+'", name="all")
    publish("heat")
    found = [(each.source, each.function_name) for each in destmock.invocations]
    assert found == [("IoT rule heat", "work"), ("IoT rule heat", "other"), ("IoT rule all", "work")]


def test_a_rule_that_is_disabled_does_nothing_until_it_is_enabled(destmock, iot, rule, publish):
    rule("SELECT * FROM 'heat'", ruleDisabled=True)
    rule("SELECT degrees FROM 'heat'", name="part", ruleDisabled=True)
    publish("heat")
    assert list(destmock.invocations) == []
    iot.enable_topic_rule(ruleName="heat")
    publish("heat")
    iot.disable_topic_rule(ruleName="heat")
    publish("heat")
    assert len(destmock.invocations) == 1


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT degrees FROM 'heat'",
        "SELECT *, topic(1) AS room FROM 'heat'",
        "SELECT * FROM 'heat' WHERE degrees > 20",
        "SELECT VALUE * FROM 'heat'",
        "SELECT (SELECT v FROM e) AS e FROM 'heat'",
    ],
)
def test_more_sql_is_warned_of_once_for_each_rule(destmock, rule, publish, sql):
    rule(sql)
    publish("light")
    with pytest.warns(UserWarning, match=r"keeps the IoT rule heat, but does not run its SQL, .*heat"):
        publish("heat")
    publish("heat")
    rule(sql, name="second")
    with pytest.warns(UserWarning, match="the IoT rule second"):
        publish("heat")
    assert list(destmock.invocations) == []


def test_a_rule_without_a_function_is_not_warned_of(destmock, iot, publish):
    queue = {"queueUrl": "https://sqs", "roleArn": "arn:aws:iam::123456789012:role/r"}
    iot.create_topic_rule(
        ruleName="queue", topicRulePayload={"sql": "SELECT a FROM 'heat'", "actions": [{"sqs": queue}]}
    )
    publish("heat")
    assert list(destmock.invocations) == []


def test_basic_ingest_names_its_rule(destmock, rule, publish):
    rule("SELECT * FROM 'never'")
    rule("SELECT * FROM '#'", name="other")
    publish("$aws/rules/heat/rooms/1")
    [invocation] = destmock.invocations
    assert invocation.source == "IoT rule heat"


def test_a_function_gets_json_only(destmock, rule, publish):
    rule("SELECT * FROM 'heat'")
    publish("heat", b"\xff")
    publish("heat", b"21 degrees")
    assert list(destmock.invocations) == []
    assert destmock.timeline().count(f"IoT rule heat names {WORK}, which takes JSON only") == 2
    publish("heat", b"[1]")
    publish("heat", b"")
    assert [each.event for each in destmock.invocations] == [[1], {}]


def test_a_function_that_is_not_there_is_in_the_timeline(destmock, rule, publish):
    rule("SELECT * FROM 'heat'", WORK.replace("work", "gone"))
    publish("heat")
    assert "function:gone, which does not exist" in destmock.timeline()
