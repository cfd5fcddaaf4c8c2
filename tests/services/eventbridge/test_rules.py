"""EventBridge invokes functions asynchronously."""

import json
from datetime import datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError

from destmock import UnsupportedError
from tests.services.places import ACCOUNT, REGION, START
from tests.services.triggers import ORDERS, notify, put, rule

pytestmark = pytest.mark.destmock(start=START, handlers={"orders": lambda event, context: event})


def test_a_rule_s_function_gets_the_event_as_eventbridge_writes_it(destmock, events):
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS})
    answer = put(events, {"id": 7, "name": "Ä"}, Resources=["arn:aws:x"])
    [invocation] = destmock.invocations
    assert invocation.event == {
        "version": "0",
        "id": answer["EventId"],
        "detail-type": "Order",
        "source": "shop",
        "account": ACCOUNT,
        "time": "2026-01-01T00:00:00Z",
        "region": REGION,
        "resources": ["arn:aws:x"],
        "detail": {"id": 7, "name": "Ä"},
    }
    assert invocation.source == "EventBridge rule shop"
    assert b'"detail":{"id":7,"name":"\xc3\x84"}' in invocation.payload


def test_the_time_that_an_entry_gives_is_its_time(destmock, events):
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS})
    put(events, Time=datetime(2020, 2, 3, 4, 5, 6, tzinfo=timezone.utc))
    assert destmock.invocations[0].event["time"] == "2020-02-03T04:05:06Z"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"Input": '{"fixed": true}'}, {"fixed": True}),
        ({"InputPath": "$.detail.id"}, 7),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"id": "$.detail.id", "by": "$.source"},
                    "InputTemplate": '{"order": <id>, "text": "<by> says <id>"}',
                }
            },
            {"order": 7, "text": "shop says 7"},
        ),
    ],
)
def test_a_target_s_input_is_what_the_function_gets(destmock, events, settings, expected):
    rule(events, {"detail": {"id": [{"numeric": [">", 5]}]}}, {"Arn": ORDERS, **settings})
    put(events, {"id": 7})
    put(events, {"id": 3})  # does not match
    assert [invocation.event for invocation in destmock.invocations] == [expected]


def test_a_transformed_input_is_json(destmock, events):
    """Quotes and backslashes in a value, and what EventBridge has names for."""
    template = (
        '{"said": "he said <said>", "as": <said>, "rule": <aws.events.rule-name>,'
        ' "arn": "<aws.events.rule-arn>", "at": <aws.events.event.ingestion-time>, "dash": <dash>,'
        ' "event": <aws.events.event>}'
    )
    paths = {"said": "$.detail.said", "dash": "$.detail['dash-key']"}
    transformer = {"InputPathsMap": paths, "InputTemplate": template}
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS, "InputTransformer": transformer})
    detail = {"said": '"hi" \\ there', "dash-key": 3}
    put(events, detail, Time=START + timedelta(hours=5))
    got = destmock.invocations[0].event
    assert got["said"] == f"he said {detail['said']}"
    assert got["as"] == detail["said"]
    assert (got["rule"], got["arn"]) == ("shop", f"arn:aws:events:{REGION}:{ACCOUNT}:rule/shop")
    assert (got["at"], got["dash"]) == ("2026-01-01T00:00:00Z", 3)
    assert list(got["event"].items()) == [
        ("id", got["event"]["id"]),
        ("account", ACCOUNT),
        ("detailType", "Order"),
        ("time", "2026-01-01T05:00:00Z"),
        ("source", "shop"),
        ("region", REGION),
        ("resources", []),
        ("version", "0"),
    ]


def test_without_the_function_the_target_s_dead_letter_queue_gets_the_event(
    destmock, lam, events, make_queue, messages
):
    dead = {"DeadLetterConfig": {"Arn": make_queue("dead")}}
    gone = f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone"
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS, **dead}, {"Arn": gone, **dead})
    lam.delete_function(FunctionName="orders")
    put(events, {"id": 7})
    found = messages("dead")
    assert [json.loads(message["Body"])["detail"] for message in found] == [{"id": 7}] * 2
    targets = [message["MessageAttributes"]["TARGET_ARN"]["StringValue"] for message in found]
    assert targets == [ORDERS, gone]


def test_a_disabled_rule_and_another_bus_are_not_for_the_function(destmock, events):
    events.create_event_bus(Name="other")
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS}, State="DISABLED")
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS}, name="second")
    put(events, EventBusName="other")
    assert list(destmock.invocations) == []
    put(events)
    assert [invocation.source for invocation in destmock.invocations] == ["EventBridge rule second"]


def test_one_event_reaches_every_kind_of_target(destmock, events, logs, sns, topic, make_queue, records):
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=make_queue("by-topic"))
    logs.create_log_group(logGroupName="/events/all")
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/events/all"
    targets = [ORDERS, make_queue("direct"), topic, group]
    rule(events, {"source": ["shop"]}, *({"Arn": arn} for arn in targets))
    put(events, {"id": 7})
    [direct], [envelope] = records("direct"), records("by-topic")
    [written] = logs.filter_log_events(logGroupName="/events/all")["events"]
    assert direct == json.loads(envelope["Message"]) == json.loads(written["message"])
    assert direct == destmock.invocations[0].event


def test_a_fifo_queue_gets_the_event_in_its_group(destmock, events, make_queue, messages):
    arn = make_queue("jobs.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    rule(events, {"source": ["shop"]}, {"Arn": arn, "SqsParameters": {"MessageGroupId": "g"}})
    put(events, {"id": 7})
    [message] = messages("jobs.fifo")
    assert message["Attributes"]["MessageGroupId"] == "g"
    assert json.loads(message["Body"])["detail"] == {"id": 7}


@pytest.mark.parametrize(
    ("settings", "group", "why"),
    [
        ({"FifoQueue": "true"}, "g", "The queue should either have ContentBasedDeduplication enabled"),
        ({"MaximumMessageSize": "1024"}, None, "bytes; the queue"),
    ],
)
def test_what_a_queue_refuses_goes_to_the_target_s_dead_letter_queue(
    events, make_queue, messages, settings, group, why
):
    name = "jobs.fifo" if "FifoQueue" in settings else "jobs"
    target = {"Arn": make_queue(name, **settings), "DeadLetterConfig": {"Arn": make_queue("dead")}}
    given = {"SqsParameters": {"MessageGroupId": group}} if group else {}
    rule(events, {"source": ["shop"]}, {**target, **given})
    put(events, {"text": "x" * 1024})
    assert messages(name) == []
    [letter] = messages("dead")
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "INVALID_PARAMETER"
    assert why in letter["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
    assert json.loads(letter["Body"])["detail"] == {"text": "x" * 1024}


def test_a_target_that_is_not_simulated_is_refused_before_anything_is_sent(destmock, events):
    cluster = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/c"
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS}, {"Arn": cluster})
    with pytest.raises(UnsupportedError, match=r"the rule shop has the target arn:aws:ecs"):
        put(events)
    assert list(destmock.invocations) == []


def api_destination(events):
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}}
    made = events.create_connection(Name="shop", AuthorizationType="API_KEY", AuthParameters=key)
    return events.create_api_destination(
        Name="hook",
        ConnectionArn=made["ConnectionArn"],
        InvocationEndpoint="https://example.com/hook",
        HttpMethod="POST",
    )["ApiDestinationArn"]


def test_a_warning_tells_once_that_nothing_calls_an_api_destination(destmock, events, recwarn):
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS}, {"Arn": api_destination(events)})
    events.put_events(Entries=[{"Source": "other", "DetailType": "Order", "Detail": "{}"}])
    assert list(recwarn) == []
    with pytest.warns(UserWarning, match=r"the rule shop has the API destination .*hook.* nothing calls"):
        put(events)
    put(events)
    assert len(destmock.invocations) == 2
    assert list(recwarn) == []


def test_without_the_function_the_event_is_put_all_the_same(destmock, lam, events):
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS})
    lam.delete_function(FunctionName="orders")
    assert put(events)["EventId"]
    assert "nothing invoked: EventBridge rule shop names" in destmock.timeline()


def test_a_bucket_tells_eventbridge_of_its_objects(destmock, s3, events, bucket):
    notify(s3, on=["s3:ObjectRemoved:*"], EventBridgeConfiguration={})
    rule(events, {"source": ["aws.s3"], "detail-type": ["Object Created"]}, {"Arn": ORDERS})
    etag = s3.put_object(Bucket=bucket, Key="a b", Body=b"123")["ETag"].strip('"')
    [invocation] = destmock.invocations
    event = invocation.event
    assert (event["source"], event["detail-type"]) == ("aws.s3", "Object Created")
    assert event["resources"] == [f"arn:aws:s3:::{bucket}"]
    detail = event["detail"]
    sequencer = detail["object"].pop("sequencer")
    assert detail["bucket"] == {"name": bucket}
    assert detail["object"] == {"key": "a b", "size": 3, "etag": etag}
    assert (detail["reason"], detail["requester"]) == ("PutObject", ACCOUNT)
    assert int(sequencer, 16)


@pytest.mark.parametrize("bus", ["gone", f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/gone"])
def test_R46_an_event_for_a_bus_that_is_not_there_is_accepted_and_dropped(destmock, events, bus):
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS})
    entry = {"Source": "shop", "DetailType": "Order", "Detail": "{}"}
    answer = events.put_events(Entries=[{**entry, "EventBusName": bus}, entry, {**entry, "Detail": "{"}])
    assert answer["FailedEntryCount"] == 1
    dropped, arrived, malformed = answer["Entries"]
    assert dropped["EventId"] != arrived["EventId"]
    assert malformed["ErrorCode"] == "MalformedDetail"
    assert [invocation.event["id"] for invocation in destmock.invocations] == [arrived["EventId"]]
    gone = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/gone"
    assert f"nothing invoked: PutEvents names {gone}, which does not exist" in destmock.timeline()


VALID = "failed to satisfy constraint: Member must"
MOST, RETRIES = "less than or equal to", "targets.1.member.retryPolicy"
NAME = rf"{VALID} satisfy regular expression pattern: [\.\-_A-Za-z0-9]+"


@pytest.mark.parametrize(
    ("target", "found"),
    [
        (
            {"RetryPolicy": {"MaximumRetryAttempts": 186}},
            f"Value '186' at '{RETRIES}.maximumRetryAttempts' {VALID} have value {MOST} 185",
        ),
        (
            {"RetryPolicy": {"MaximumEventAgeInSeconds": 86_401}},
            f"Value '86401' at '{RETRIES}.maximumEventAgeInSeconds' {VALID} have value {MOST} 86400",
        ),
    ],
)
def test_a_target_that_no_rule_has(events, target, found):
    events.put_rule(Name="shop", EventPattern='{"source": ["shop"]}')
    with pytest.raises(ClientError) as error:
        events.put_targets(Rule="shop", Targets=[{"Id": "1", "Arn": ORDERS, **target}])
    assert error.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": f"1 validation error detected: {found}",
    }
    assert events.list_targets_by_rule(Rule="shop")["Targets"] == []


def test_a_name_that_no_rule_has(events):
    with pytest.raises(ClientError) as error:
        events.put_rule(Name="the shop", EventPattern='{"source": ["shop"]}')
    text = f"1 validation error detected: Value 'the shop' at 'name' {NAME}"
    assert error.value.response["Error"] == {"Code": "ValidationException", "Message": text}
