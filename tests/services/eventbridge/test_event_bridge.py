"""EventBridge as a destination: the record is the detail of an event, which the bus's rules pass on."""

import json
import re
from datetime import datetime, timedelta, timezone

import boto3
import pytest

from destmock import LeftoverError, mock_destinations, outcomes

START = datetime(2026, 9, 14, 15, 23, 2, 952_000, tzinfo=timezone.utc)
REGION = "us-east-1:123456789012"
BUS = f"arn:aws:events:{REGION}:event-bus/default"
ORDERS = f"arn:aws:lambda:{REGION}:function:orders"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
ok = outcomes({"ok": 1})
succeeding = pytest.mark.destmock(handlers={"orders": ok}, start=START)


@pytest.fixture
def rule(events):
    """Makes a rule with one target; answers the rule's name."""

    def make(arn, name="all", pattern=None, bus="default", state="ENABLED", **target):
        pattern = {"source": ["lambda"]} if pattern is None else pattern
        events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern), State=state)
        targets = [{"Id": "1", "Arn": arn, **target}]
        assert events.put_targets(Rule=name, EventBusName=bus, Targets=targets)["FailedEntryCount"] == 0
        return name

    return make


@pytest.fixture
def seen(rule, make_queue, messages):
    """What a rule's target, a queue, gets: `seen(pattern, Input=...)` sets it up, `seen.bodies()` reads."""

    class Seen:
        def __call__(self, pattern=None, **target):
            rule(make_queue("seen"), "seen", pattern, **target)

        def bodies(self):
            return [message["Body"] for message in messages("seen")]

        def body(self):
            [body] = self.bodies()
            return body

    return Seen()


def send(lam, payload=b'{"id": 7}', name="orders", bus=BUS, **kwargs):
    """One event to a function whose records go to the bus."""
    both = {"OnSuccess": {"Destination": bus}, "OnFailure": {"Destination": bus}}
    lam.put_function_event_invoke_config(FunctionName=name, DestinationConfig=both, **kwargs)
    qualifier = {"Qualifier": kwargs["Qualifier"]} if "Qualifier" in kwargs else {}
    return lam.invoke(FunctionName=name, InvocationType="Event", Payload=payload, **qualifier)


# The event


@succeeding
def test_F6_F7_the_event_byte_for_byte(destmock, lam, seen):
    """Compact, in this order of keys, with the time cut to the second; the detail is the record (M1)."""
    seen()
    answer = send(lam, b' {"id":  7, "what": "\\u03bb"}\n')
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert re.fullmatch(
        rf'\{{"version":"0","id":"{UUID}","detail-type":"Lambda Function Invocation Result - Success",'
        r'"source":"lambda","account":"123456789012","time":"2026-09-14T15:23:02Z","region":"us-east-1",'
        rf'"resources":\["{re.escape(BUS)}","{re.escape(ORDERS)}:\$LATEST"\],'
        r'"detail":\{"version":"1\.0","timestamp":"2026-09-14T15:23:02\.952Z","requestContext":\{'
        rf'"requestId":"{request_id}","functionArn":"{re.escape(ORDERS)}:\$LATEST","condition":"Success",'
        r'"approximateInvokeCount":1\},"requestPayload":\{"id":7,"what":"λ"\},'
        r'"responseContext":\{"statusCode":200,"executedVersion":"\$LATEST"\},'
        r'"responsePayload":\{"ok":1\}\}\}',
        seen.body(),
    )


@succeeding
def test_F6_the_detail_is_the_record_and_the_id_another(destmock, lam, seen):
    seen()
    send(lam)
    event = json.loads(seen.body())
    [invocation] = destmock.invocations
    assert event["detail"] == invocation.record
    assert event["id"] != invocation.request_id
    [delivery] = destmock.deliveries
    assert (delivery.destination, delivery.kind, delivery.error) == (BUS, "events", None)
    assert delivery.record == invocation.record


@pytest.mark.destmock(handlers={"orders": outcomes(ValueError("no stock"))}, start=START)
def test_F6_a_failure(destmock, lam, seen):
    """The time is the record's, after the last attempt."""
    seen()
    send(lam)
    event = json.loads(seen.body())
    assert event["detail-type"] == "Lambda Function Invocation Result - Failure"
    assert event["detail"]["requestContext"]["condition"] == "RetriesExhausted"
    assert event["time"] == "2026-09-14T15:26:02Z"
    assert event["detail"]["timestamp"] == "2026-09-14T15:26:02.952Z"


@succeeding
@pytest.mark.parametrize("qualifier", ["1", "live"])
def test_F6_the_function_s_qualifier_is_the_invocation_s(lam, seen, qualifier):
    seen()
    lam.publish_version(FunctionName="orders")
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    send(lam, Qualifier=qualifier)
    assert json.loads(seen.body())["resources"] == [BUS, f"{ORDERS}:{qualifier}"]


@succeeding
def test_F7_a_queue_behind_a_rule_gets_eventbridge_s_sender_and_the_source_s_trace(
    lam, rule, make_queue, messages
):
    rule(make_queue("seen"))
    answer = send(lam)
    [message] = messages("seen")
    header = answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-trace-id"]
    root, parent = re.match(r"root=([^;]+);parent=([^;]+);", header).groups()
    assert re.fullmatch(
        rf"Root={root};Parent={parent};Sampled=0;Lineage=1:[0-9a-f]{{8}}:0",
        message["Attributes"]["AWSTraceHeader"],
    )
    assert message["Attributes"]["SenderId"] == "AIDAJXNJGGKNS7OSV23OI"
    assert "MessageAttributes" not in message


# Rules


@succeeding
@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ({"source": ["lambda"]}, True),
        ({"source": ["aws.lambda"]}, False),
        ({"source": [{"prefix": "aws."}]}, False),
        ({"detail-type": ["Lambda Function Invocation Result - Success"]}, True),
        ({"detail-type": ["Lambda Function Invocation Result - Failure"]}, False),
        ({"resources": [f"{ORDERS}:$LATEST"]}, True),
        ({"resources": [ORDERS]}, False),
        ({"source": ["lambda"], "detail": {"requestContext": {"condition": ["Success"]}}}, True),
        ({"detail": {"requestPayload": {"id": [8]}}}, False),
        ({"detail": {"responsePayload": {"ok": [{"exists": True}]}}}, True),
    ],
)
def test_F9_only_a_rule_whose_pattern_matches_gets_it(lam, seen, pattern, matches):
    """The source is `lambda`, not `aws.lambda`."""
    seen(pattern)
    send(lam)
    assert len(seen.bodies()) == matches


@succeeding
def test_without_a_rule_the_event_is_delivered_and_gone(destmock, lam):
    send(lam)
    assert destmock.deliveries[0].error is None


@succeeding
def test_a_disabled_rule_gets_nothing(lam, events, seen):
    seen(state="DISABLED")
    send(lam)
    assert seen.bodies() == []
    events.enable_rule(Name="seen")
    send(lam)
    events.disable_rule(Name="seen")
    send(lam)
    assert len(seen.bodies()) == 1


@succeeding
def test_a_rule_with_a_schedule_alone_gets_no_events(lam, events, make_queue, messages):
    events.put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
    events.put_targets(Rule="nightly", Targets=[{"Id": "1", "Arn": make_queue("nightly")}])
    send(lam)
    assert messages("nightly") == []


@succeeding
def test_every_target_of_every_rule_gets_the_same_event(lam, events, rule, make_queue, messages):
    rule(make_queue("first"), "one")
    rule(make_queue("second"), "two")
    events.put_targets(Rule="two", Targets=[{"Id": "2", "Arn": make_queue("third")}])
    send(lam)
    [first], [second], [third] = messages("first"), messages("second"), messages("third")
    assert first["Body"] == second["Body"] == third["Body"]


@succeeding
@pytest.mark.parametrize(
    ("target", "body"),
    [
        ({"Input": '{"some":  "constant"}'}, '{"some":  "constant"}'),
        ({"InputPath": "$.detail.requestPayload"}, '{"id":7,"items":[{"sku":"λ"}]}'),
        ({"InputPath": "$.detail.requestPayload.items[0].sku"}, '"λ"'),
        ({"InputPath": "$.detail-type"}, '"Lambda Function Invocation Result - Success"'),
        ({"InputPath": "$.resources[0]"}, f'"{BUS}"'),
    ],
)
def test_a_target_s_input_stands_in_for_the_event(lam, seen, target, body):
    seen(**target)
    send(lam, '{"id": 7, "items": [{"sku": "λ"}]}'.encode())
    assert seen.body() == body


@succeeding
def test_an_input_path_of_the_whole_event(lam, seen, rule, make_queue, messages):
    seen(InputPath="$")
    rule(make_queue("other"), "other")
    send(lam)
    [other] = messages("other")
    assert seen.body() == other["Body"]


@succeeding
@pytest.mark.parametrize(
    ("template", "body"),
    [
        ('{"order": <id>, "how": <condition>}', '{"order": 7, "how": "Success"}'),
        ('{"how": "<condition>"}', '{"how": "Success"}'),
        ('"order <id> ended with <condition>"', '"order 7 ended with Success"'),
        ('{"order": <order>}', '{"order": {"id":7}}'),
        ('{"nothing": <nothing>}', '{"nothing": ""}'),
    ],
)
def test_an_input_transformer_fills_its_template(lam, seen, template, body):
    paths = {
        "id": "$.detail.requestPayload.id",
        "order": "$.detail.requestPayload",
        "condition": "$.detail.requestContext.condition",
        "nothing": "$.detail.nothing.of.the.kind",
    }
    seen(InputTransformer={"InputPathsMap": paths, "InputTemplate": template})
    send(lam)
    assert seen.body() == body


@succeeding
def test_an_input_transformer_has_the_whole_event_too(destmock, lam, seen):
    seen(InputTransformer={"InputTemplate": '{"event": <aws.events.event.json>}'})
    send(lam)
    assert json.loads(seen.body())["event"]["detail"] == destmock.invocations[0].record


# Targets


@succeeding
def test_a_topic_behind_a_rule(lam, sns, rule, make_queue, records):
    topic = sns.create_topic(Name="done")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=make_queue("seen"))
    rule(topic)
    send(lam)
    [envelope] = records("seen")
    assert "MessageAttributes" not in envelope
    assert json.loads(envelope["Message"])["source"] == "lambda"


@succeeding
def test_a_function_behind_a_rule(destmock, lam, rule):
    """It is invoked asynchronously, under the trace of the source (F8)."""
    found = []
    destmock.handler("audit", lambda event, context: found.append(event))
    rule(f"arn:aws:lambda:{REGION}:function:audit", "told")
    send(lam)
    orders, audit = destmock.invocations
    assert found == [audit.event]
    assert audit.event["detail"] == orders.record
    assert audit.source == "EventBridge rule told"
    assert audit.request_id != orders.request_id


@succeeding
def test_a_failing_function_behind_a_rule_has_its_own_retries(destmock, lam, rule, make_queue, records):
    destmock.handler("audit", outcomes(ValueError("audit is down")))
    rule(f"arn:aws:lambda:{REGION}:function:audit", Input='"go"')
    lam.put_function_event_invoke_config(
        FunctionName="audit", DestinationConfig={"OnFailure": {"Destination": make_queue("unaudited")}}
    )
    send(lam)
    [record] = records("unaudited")
    assert record["requestPayload"] == "go"
    assert record["requestContext"]["approximateInvokeCount"] == 3


@pytest.mark.destmock(handlers={"orders": ok}, start=START)
@pytest.mark.parametrize("end", ["", ":*"])
def test_log_groups_behind_rules(lam, logs, rule, make_queue, messages, end):
    """Two rules may have the same one."""
    logs.create_log_group(logGroupName="/aws/events/orders")
    for name in ("one", "two"):
        rule(f"arn:aws:logs:{REGION}:log-group:/aws/events/orders{end}", name)
    rule(make_queue("seen"))
    send(lam)
    found = logs.filter_log_events(logGroupName="/aws/events/orders")["events"]
    [message] = messages("seen")
    assert [event["message"] for event in found] == [message["Body"]] * 2
    assert {event["timestamp"] for event in found} == {round(START.timestamp() * 1000)}


@succeeding
def test_another_bus_behind_a_rule_gets_the_event_unchanged(lam, events, rule, make_queue, messages):
    arn = events.create_event_bus(Name="audit")["EventBusArn"]
    rule(arn, "on")
    rule(make_queue("there"), "all", bus="audit")
    rule(make_queue("here"), "here")
    send(lam)
    [here], [there] = messages("here"), messages("there")
    assert here["Body"] == there["Body"]


@succeeding
def test_an_event_passes_from_one_bus_to_one_other_at_most(lam, events, rule, make_queue, messages):
    audit = events.create_event_bus(Name="audit")["EventBusArn"]
    rule(audit, "there")
    rule(BUS, "back", bus="audit")
    rule(make_queue("seen"), "seen")
    send(lam)
    assert len(messages("seen")) == 1


@succeeding
def test_a_bus_of_one_s_own(lam, events, rule, make_queue, records):
    arn = events.create_event_bus(Name="audit")["EventBusArn"]
    rule(make_queue("seen"), bus="audit")
    rule(make_queue("not-seen"))
    send(lam, bus=arn)
    [event] = records("seen")
    assert event["resources"][0] == arn
    assert records("not-seen") == []


@succeeding
def test_a_bus_of_another_account(lam, rule, make_queue, records, monkeypatch):
    """The event's account is that of the function."""
    with monkeypatch.context() as patched:
        patched.setenv("MOTO_ACCOUNT_ID", "444455556666")
        theirs, queue = boto3.client("events"), boto3.client("sqs")
        queue.create_queue(QueueName="theirs")
        theirs.put_rule(Name="all", EventPattern='{"source": ["lambda"]}')
        theirs.put_targets(
            Rule="all", Targets=[{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:444455556666:theirs"}]
        )
    send(lam, bus="arn:aws:events:us-east-1:444455556666:event-bus/default")
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "444455556666")
    [event] = records("theirs")
    assert event["account"] == "123456789012"


@succeeding
def test_an_archive_keeps_the_event(destmock, lam, events, seen):
    """And can replay it."""
    archive = events.create_archive(ArchiveName="orders", EventSourceArn=BUS)["ArchiveArn"]
    send(lam)
    assert events.describe_archive(ArchiveName="orders")["EventCount"] == 1
    seen()
    events.start_replay(
        ReplayName="again",
        EventSourceArn=archive,
        EventStartTime=START - timedelta(hours=1),
        EventEndTime=START + timedelta(hours=1),
        Destination={"Arn": BUS},
    )
    event = json.loads(seen.body())
    assert (event["replay-name"], event["time"]) == ("again", "2026-09-14T15:23:02Z")
    assert event["detail"] == destmock.invocations[0].record


@succeeding
@pytest.mark.parametrize("kind", ["sqs", "sns", "lambda", "logs", "events"])
def test_a_target_that_does_not_exist_is_the_rule_s_own_affair(destmock, lam, rule, seen, kind):
    """Lambda's delivery to the bus has succeeded, and the other targets get the event."""
    gone = {
        "sqs": f"arn:aws:sqs:{REGION}:gone",
        "sns": f"arn:aws:sns:{REGION}:gone",
        "lambda": f"arn:aws:lambda:{REGION}:function:gone",
        "logs": f"arn:aws:logs:{REGION}:log-group:gone",
        "events": f"arn:aws:events:{REGION}:event-bus/gone",
    }
    rule(gone[kind])
    seen()
    send(lam)
    assert destmock.deliveries[0].error is None
    assert len(seen.bodies()) == 1


@pytest.mark.destmock(handlers={"orders": ok}, strict=False)
def test_a_target_that_destmock_has_no_way_to_is_told(destmock, lam, rule, seen):
    """No target gets the event then: nothing is half done."""
    arn = f"arn:aws:ecs:{REGION}:cluster/orders"
    seen()
    rule(arn)
    send(lam)
    assert (
        destmock.deliveries[0].error == f"the rule all has the target {arn}, which destmock can't deliver to"
    )
    assert seen.bodies() == []


@pytest.mark.destmock(handlers={"orders": ok}, strict=False)
def test_a_function_that_nothing_can_run_is_told(destmock, lam, rule):
    """It isn't taken for a target that doesn't exist: the test has forgotten its handler."""
    role = boto3.client("iam").create_role(RoleName="audit", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    code = {"ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/audit:latest"}
    boto3.client("ecr").create_repository(repositoryName="audit")
    arn = lam.create_function(FunctionName="audit", Role=role, PackageType="Image", Code=code)["FunctionArn"]
    rule(arn)
    send(lam)
    [delivery] = destmock.deliveries
    assert delivery.error.startswith(f"the function {arn} exists, but has no handler that destmock could run")


# What goes wrong


@pytest.mark.destmock(handlers={"orders": ok}, strict=False)
def test_G5_a_bus_that_does_not_exist_is_accepted_and_gets_nothing(destmock, lam):
    arn = f"arn:aws:events:{REGION}:event-bus/gone"
    send(lam, bus=arn)
    found = lam.get_function_event_invoke_config(FunctionName="orders")["DestinationConfig"]
    assert found["OnSuccess"] == {"Destination": arn}
    [delivery] = destmock.deliveries
    assert (delivery.kind, delivery.error) == ("events", f"the event bus {arn} does not exist")
    assert destmock.invocations[0].condition == "Success"


def test_G5_a_strict_mock_complains_of_it():
    arn = f"arn:aws:events:{REGION}:event-bus/gone"
    with (
        pytest.raises(LeftoverError, match=rf"(?s)1 record could not.*the event bus {arn} does not exist"),
        mock_destinations(handlers={"orders": ok}),
    ):
        send(boto3.client("lambda"), bus=arn)


@succeeding
def test_G5_a_bus_may_be_made_later(lam, events, rule, make_queue, messages):
    arn = f"arn:aws:events:{REGION}:event-bus/later"
    lam.put_function_event_invoke_config(
        FunctionName="orders", DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    events.create_event_bus(Name="later")
    rule(make_queue("seen"), bus="later")
    lam.invoke(FunctionName="orders", InvocationType="Event")
    assert len(messages("seen")) == 1


@succeeding
@pytest.mark.parametrize(
    "resource", ["rule/audit/all", "rule/all", "archive/all", "event-bus", "event-bus/aws.partner/shop.com/7"]
)
def test_C27_what_is_no_bus_is_refused(lam, resource):
    arn = f"arn:aws:events:{REGION}:{resource}"
    with pytest.raises(lam.exceptions.InvalidParameterValueException) as caught:
        send(lam, bus=arn)
    assert caught.value.response["Error"]["Message"] == f"The destination ARN {arn} is invalid."


@pytest.mark.destmock(handlers={"orders": ok}, strict=False)
def test_a_record_too_large_for_a_bus_is_a_failed_delivery(destmock, lam, seen):
    """An event of 256 KB makes a larger record (G11)."""
    seen()
    send(lam, json.dumps("x" * 262_142).encode())
    [delivery] = destmock.deliveries
    assert delivery.error == f"the event has {len(delivery.body)} bytes; the bus {BUS} takes 262144"
    assert seen.bodies() == []
