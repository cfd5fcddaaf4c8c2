"""Services that invoke functions asynchronously: SNS, S3, EventBridge and CloudWatch Logs."""

import base64
import gzip
import json
import time
from datetime import datetime, timezone

import boto3
import pytest
import requests
from botocore.exceptions import ClientError
from moto import mock_aws

from destmock import NoHandlerError, UnsupportedError, mock_destinations

ACCOUNT, REGION = "123456789012", "us-east-1"
ORDERS = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders"
START = datetime(2026, 1, 1, tzinfo=timezone.utc)

pytestmark = pytest.mark.destmock(start=START, handlers={"orders": lambda event, context: event})


def fail(event, context):
    raise ValueError("no")


@pytest.fixture
def s3(destmock):
    return boto3.client("s3")


@pytest.fixture
def events(destmock):
    return boto3.client("events")


@pytest.fixture
def topic(sns):
    return sns.create_topic(Name="news")["TopicArn"]


@pytest.fixture
def subscription(sns, topic):
    return sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ORDERS)["SubscriptionArn"]


@pytest.fixture
def bucket(s3):
    """A bucket that notifies the function of what is made and removed below `in/`."""
    s3.create_bucket(Bucket="uploads")
    notify(s3, on=["s3:ObjectCreated:*", "s3:ObjectRemoved:*"], prefix="in/")
    return "uploads"


def notify(s3, *, on, prefix="", suffix="", **others):
    given = {"prefix": prefix, "suffix": suffix}
    rules = [{"Name": name, "Value": value} for name, value in given.items() if value]
    configuration = {"LambdaFunctionArn": ORDERS, "Events": on}
    if rules:
        configuration["Filter"] = {"Key": {"FilterRules": rules}}
    s3.put_bucket_notification_configuration(
        Bucket="uploads",
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [{**configuration, "Id": "to-orders"}],
            **others,
        },
    )


def rule(events, pattern, *targets, name="shop", **settings):
    events.put_rule(Name=name, EventPattern=json.dumps(pattern), **settings)
    events.put_targets(Rule=name, Targets=[{"Id": str(n), **target} for n, target in enumerate(targets)])


def put(events, detail=None, *, source="shop", **entry):
    entry = {"Source": source, "DetailType": "Order", "Detail": json.dumps(detail or {}), **entry}
    return events.put_events(Entries=[entry])["Entries"][0]


# SNS


def test_a_published_message_reaches_the_function_in_sns_s_own_event(destmock, sns, topic, subscription):
    attributes = {
        "kind": {"DataType": "String", "StringValue": "order"},
        "count": {"DataType": "Number", "StringValue": "3"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    published = sns.publish(TopicArn=topic, Message="naïve 🙂", Subject="hello", MessageAttributes=attributes)
    [invocation] = destmock.invocations
    [record] = invocation.event["Records"]
    sent = record.pop("Sns")
    assert record == {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription,
    }
    assert sent["MessageId"] == published["MessageId"]
    assert sent["TopicArn"] == topic
    assert sent["Message"] == "naïve 🙂"
    assert sent["Subject"] == "hello"
    assert sent["Type"] == "Notification"
    assert sent["Timestamp"] == "2026-01-01T00:00:00.000Z"
    assert sent["UnsubscribeUrl"].endswith(f"SubscriptionArn={subscription}")
    assert sent["MessageAttributes"] == {
        "kind": {"Type": "String", "Value": "order"},
        "count": {"Type": "Number", "Value": "3"},
        "raw": {"Type": "Binary", "Value": base64.b64encode(b"\x00\xff").decode()},
    }
    assert (invocation.source, invocation.condition) == ("SNS topic news", "Success")


def test_a_message_without_subject_and_attributes_says_so(destmock, sns, topic, subscription):
    sns.publish(TopicArn=topic, Message="plain")
    sent = destmock.invocations[0].event["Records"][0]["Sns"]
    assert (sent["Subject"], sent["MessageAttributes"]) == (None, {})


def test_a_failing_subscriber_is_retried_and_its_record_delivered(
    destmock, lam, sns, topic, subscription, make_queue, records
):
    destmock.handler("orders", fail)
    lam.put_function_event_invoke_config(
        FunctionName="orders", DestinationConfig={"OnFailure": {"Destination": make_queue("failed")}}
    )
    sns.publish(TopicArn=topic, Message="hello")
    [invocation] = destmock.invocations
    assert [attempt.elapsed for attempt in invocation.attempts] == [0, 60, 180]
    [record] = records("failed")
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestPayload"]["Records"][0]["Sns"]["Message"] == "hello"
    assert "(SNS topic news, " in destmock.timeline()


def test_a_subscribed_queue_that_has_gone_keeps_no_message_from_the_function(
    destmock, sns, sqs, make_queue, topic
):
    """SNS keeps a subscriber's failure to itself; moto's publish fails at the queue."""
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=make_queue("inbox"))
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ORDERS)
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="inbox")["QueueUrl"])
    sns.publish(TopicArn=topic, Message="hello")
    assert [i.event["Records"][0]["Sns"]["Message"] for i in destmock.invocations] == ["hello"]


def test_a_batch_is_one_event_for_each_message(destmock, sns, topic, subscription):
    entries = [{"Id": str(n), "Message": f"m{n}"} for n in range(3)]
    sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    sent = [invocation.event["Records"][0]["Sns"]["Message"] for invocation in destmock.invocations]
    assert sent == ["m0", "m1", "m2"]


def test_a_filter_policy_keeps_messages_from_the_function(destmock, sns, topic, subscription):
    sns.set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="FilterPolicy", AttributeValue='{"kind": ["order"]}'
    )
    for kind in ("order", "refund"):
        attributes = {"kind": {"DataType": "String", "StringValue": kind}}
        sns.publish(TopicArn=topic, Message=kind, MessageAttributes=attributes)
    assert [i.event["Records"][0]["Sns"]["Message"] for i in destmock.invocations] == ["order"]


def test_the_function_gets_the_message_that_is_meant_for_lambda(destmock, sns, topic, subscription):
    message = json.dumps({"default": "all", "lambda": "for you", "email": "not you"})
    sns.publish(TopicArn=topic, Message=message, MessageStructure="json")
    assert destmock.invocations[0].event["Records"][0]["Sns"]["Message"] == "for you"


def test_without_the_function_publishing_succeeds_and_the_timeline_says_what_was_missed(
    destmock, lam, sns, topic, subscription
):
    lam.delete_function(FunctionName="orders")
    assert sns.publish(TopicArn=topic, Message="hello")["MessageId"]
    assert list(destmock.invocations) == []
    assert f"nothing invoked: SNS topic news names {ORDERS}, which does not exist" in destmock.timeline()


def test_without_the_function_the_subscription_s_dead_letter_queue_gets_the_message(
    destmock, lam, sns, topic, subscription, make_queue, records
):
    policy = json.dumps({"deadLetterTargetArn": make_queue("undelivered")})
    sns.set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="RedrivePolicy", AttributeValue=policy
    )
    lam.delete_function(FunctionName="orders")
    sns.publish(TopicArn=topic, Message="hello")
    assert [record["Message"] for record in records("undelivered")] == ["hello"]


def test_a_function_that_nothing_can_run_is_the_test_s_mistake(destmock, sns, topic):
    role = boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    boto3.client("lambda").create_function(
        FunctionName="native", Runtime="nodejs20.x", Role=role, Handler="a.b", Code={"ZipFile": b"x"}
    )
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ORDERS.replace("orders", "native"))
    with pytest.raises(NoHandlerError, match="native"):
        sns.publish(TopicArn=topic, Message="hello")


def test_a_subscribed_alias_is_invoked_as_such(destmock, lam, sns, topic):
    lam.publish_version(FunctionName="orders")
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=f"{ORDERS}:live")
    sns.publish(TopicArn=topic, Message="hello")
    assert destmock.invocations[0].function_arn == f"{ORDERS}:live"


def test_a_record_published_to_a_topic_reaches_the_topic_s_function(destmock, lam, topic):
    """The on-failure destination of one function is a topic that another one subscribes to."""
    destmock.handler("charge", fail)
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=ORDERS)
    lam.put_function_event_invoke_config(
        FunctionName="charge",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": topic}},
    )
    lam.invoke(FunctionName="charge", InvocationType="Event", Payload=b'{"id": 7}')
    [told] = destmock.invocations.for_function("orders")
    record = json.loads(told.event["Records"][0]["Sns"]["Message"])
    assert record["requestPayload"] == {"id": 7}
    assert told.event["Records"][0]["Sns"]["MessageAttributes"] == {}


# S3


def test_a_new_object_is_told_in_s3_s_own_event(destmock, s3, bucket):
    answer = s3.put_object(Bucket=bucket, Key="in/große Katze.png", Body=b"12345")
    [invocation] = destmock.invocations
    [record] = invocation.event["Records"]
    assert invocation.source == "S3 bucket uploads"
    told = record.pop("s3")
    assert record.pop("responseElements").keys() == {"x-amz-request-id", "x-amz-id-2"}
    assert record == {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventTime": "2026-01-01T00:00:00.000Z",
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:AIDAEXAMPLEEXAMPLE123"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
    }
    found = told.pop("object")
    assert told == {
        "s3SchemaVersion": "1.0",
        "configurationId": "to-orders",
        "bucket": {
            "name": bucket,
            "ownerIdentity": {"principalId": "A3EXAMPLEEXAMPLE"},
            "arn": f"arn:aws:s3:::{bucket}",
        },
    }
    int(found.pop("sequencer"), 16)
    assert found == {"key": "in/gro%C3%9Fe+Katze.png", "size": 5, "eTag": answer["ETag"].strip('"')}


@pytest.mark.parametrize(
    ("key", "told"),
    [("in/a.png", True), ("in/a.txt", False), ("out/a.png", False), ("a.png", False)],
)
def test_only_what_prefix_and_suffix_let_through_is_told(destmock, s3, bucket, key, told):
    notify(s3, on=["s3:ObjectCreated:*"], prefix="in/", suffix=".png")
    s3.put_object(Bucket=bucket, Key=key, Body=b"")
    assert len(destmock.invocations) == told


def test_each_way_to_make_and_remove_an_object_has_its_name(destmock, s3, bucket):
    s3.put_object(Bucket=bucket, Key="in/a", Body=b"1")
    s3.copy_object(Bucket=bucket, Key="in/b", CopySource=f"{bucket}/in/a")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="in/c")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="in/c", UploadId=upload, PartNumber=1, Body=b"3")["ETag"]
    s3.complete_multipart_upload(
        Bucket=bucket,
        Key="in/c",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part}]},
    )
    s3.delete_object(Bucket=bucket, Key="in/a")
    told = [invocation.event["Records"][0] for invocation in destmock.invocations]
    assert [(record["eventName"], record["s3"]["object"]["key"]) for record in told] == [
        ("ObjectCreated:Put", "in/a"),
        ("ObjectCreated:Copy", "in/b"),
        ("ObjectCreated:CompleteMultipartUpload", "in/c"),
        ("ObjectRemoved:Delete", "in/a"),
    ]
    assert told[-1]["s3"]["object"].keys() == {"key", "sequencer"}  # what is gone has no size
    sequencers = [record["s3"]["object"]["sequencer"] for record in told]
    assert sequencers == sorted(set(sequencers))


def test_a_versioned_object_is_told_with_its_version_and_its_delete_marker(destmock, s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="in/a", Body=b"1")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="in/a")["VersionId"]
    told = [invocation.event["Records"][0] for invocation in destmock.invocations]
    assert [(record["eventName"], record["s3"]["object"]["versionId"]) for record in told] == [
        ("ObjectCreated:Put", version),
        ("ObjectRemoved:DeleteMarkerCreated", marker),
    ]


def test_each_version_that_is_deleted_is_told(destmock, s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    versions = [s3.put_object(Bucket=bucket, Key="in/a", Body=b"1")["VersionId"] for _ in range(3)]
    s3.delete_object(Bucket=bucket, Key="in/a", VersionId=versions[0])
    batch = [{"Key": "in/a", "VersionId": version} for version in versions[1:]]
    s3.delete_objects(Bucket=bucket, Delete={"Objects": batch})
    told = [invocation.event["Records"][0] for invocation in destmock.invocations]
    deleted = [r["s3"]["object"]["versionId"] for r in told if r["eventName"] == "ObjectRemoved:Delete"]
    assert deleted == versions


def test_a_presigned_upload_is_told(destmock, s3, bucket):
    """Not a boto3 call, but moto answers it."""
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "in/a"})
    requests.put(url, data=b"123", timeout=5)
    [invocation] = destmock.invocations
    assert (invocation.condition, list(destmock.pending)) == ("Success", [])


def test_tags_are_told_when_they_are_put_and_not_with_each_object(destmock, s3, bucket):
    notify(s3, on=["s3:ObjectTagging:*"])
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    assert list(destmock.invocations) == []
    s3.put_object_tagging(Bucket=bucket, Key="a", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    assert destmock.invocations[0].event["Records"][0]["eventName"] == "ObjectTagging:Put"


def test_a_large_file_uploaded_by_s3transfer_is_told(destmock, s3, bucket, tmp_path):
    """Its threads call S3; by the time it returns, everything has run."""
    file = tmp_path / "large"
    file.write_bytes(b"x" * 9_000_000)
    s3.upload_file(str(file), bucket, "in/large")
    [invocation] = destmock.invocations
    assert invocation.condition == "Success"
    assert invocation.event["Records"][0]["s3"]["object"]["size"] == 9_000_000


def test_without_the_function_the_object_is_there_all_the_same(destmock, lam, s3, bucket):
    lam.delete_function(FunctionName="orders")
    s3.put_object(Bucket=bucket, Key="in/a", Body=b"1")
    assert s3.get_object(Bucket=bucket, Key="in/a")["Body"].read() == b"1"
    assert "nothing invoked: S3 bucket uploads names" in destmock.timeline()


def test_a_queue_and_a_topic_get_the_same_event(destmock, s3, sns, bucket, topic, make_queue, records):
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=make_queue("by-topic"))
    notify(
        s3,
        on=["s3:ObjectRemoved:*"],
        QueueConfigurations=[{"QueueArn": make_queue("direct"), "Events": ["s3:ObjectCreated:*"]}],
        TopicConfigurations=[{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}],
    )
    records("direct"), records("by-topic")  # S3's test events
    s3.put_object(Bucket=bucket, Key="a", Body=b"123")
    [direct], [envelope] = records("direct"), records("by-topic")
    assert direct["Records"][0]["s3"]["object"]["size"] == 3
    assert json.loads(envelope["Message"])["Records"][0]["s3"]["object"]["size"] == 3
    assert list(destmock.invocations) == []


# EventBridge


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


def test_a_transformed_input_is_always_json(destmock, events):
    """Quotes and backslashes in a value, an object in a text, and what EventBridge has names for."""
    template = (
        '{"said": "he said <said>", "as": <said>, "whole": "it is <item>", "rule": <aws.events.rule-name>,'
        ' "arn": "<aws.events.rule-arn>", "at": <aws.events.event.ingestion-time>, "dash": <dash>,'
        ' "event": <aws.events.event>}'
    )
    paths = {"said": "$.detail.said", "item": "$.detail", "dash": "$.detail['dash-key']"}
    transformer = {"InputPathsMap": paths, "InputTemplate": template}
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS, "InputTransformer": transformer})
    detail = {"said": '"hi" \\ there', "dash-key": 3}
    put(events, detail)
    got = destmock.invocations[0].event
    assert got["said"] == f"he said {detail['said']}"
    assert got["as"] == detail["said"]
    assert json.loads(got["whole"].removeprefix("it is ")) == detail
    assert (got["rule"], got["arn"]) == ("shop", f"arn:aws:events:{REGION}:{ACCOUNT}:rule/shop")
    assert (got["at"], got["dash"]) == ("2026-01-01T00:00:00Z", 3)
    assert "detail" not in got["event"]


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


def test_a_target_that_is_not_simulated_is_refused_before_anything_is_sent(destmock, events):
    stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS}, {"Arn": stream})
    with pytest.raises(UnsupportedError, match=r"the rule shop has the target arn:aws:kinesis"):
        put(events)
    assert list(destmock.invocations) == []


def test_an_archived_event_is_replayed_to_the_function(destmock, events):
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    archive = events.create_archive(ArchiveName="all", EventSourceArn=bus)["ArchiveArn"]
    put(events, {"id": 7})
    rule(events, {"source": ["shop"]}, {"Arn": ORDERS})
    assert list(destmock.invocations) == []
    events.start_replay(
        ReplayName="again",
        EventSourceArn=archive,
        EventStartTime=START,
        EventEndTime=datetime(2027, 1, 1, tzinfo=timezone.utc),
        Destination={"Arn": bus},
    )
    assert [invocation.event["detail"] for invocation in destmock.invocations] == [{"id": 7}]


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


# CloudWatch Logs


@pytest.fixture
def group(logs):
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="one")
    return "/app"


def subscribe(logs, pattern, group="/app"):
    logs.put_subscription_filter(
        logGroupName=group, filterName="errors", filterPattern=pattern, destinationArn=ORDERS
    )


def write(logs, *messages):
    now = int(time.time() * 1000)
    lines = [{"timestamp": now, "message": message} for message in messages]
    logs.put_log_events(logGroupName="/app", logStreamName="one", logEvents=lines)


def decoded(invocation):
    return json.loads(gzip.decompress(base64.b64decode(invocation.event["awslogs"]["data"])))


def test_a_subscription_gets_the_log_events_that_its_pattern_wants(destmock, logs, group):
    subscribe(logs, "ERROR")
    write(logs, "ERROR one", "fine", "an ERROR")
    [invocation] = destmock.invocations
    data = decoded(invocation)
    lines = data.pop("logEvents")
    assert data == {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": group,
        "logStream": "one",
        "subscriptionFilters": ["errors"],
    }
    assert [line["message"] for line in lines] == ["ERROR one", "an ERROR"]
    assert [len(line["id"]) for line in lines] == [56, 56]
    assert invocation.source == "CloudWatch Logs group /app"


def test_nothing_is_invoked_when_no_log_event_is_wanted(destmock, logs, group):
    subscribe(logs, '{ $.level = "ERROR" }')
    write(logs, "plain", '{"level": "INFO"}')
    assert list(destmock.invocations) == []


def test_what_a_function_prints_goes_to_the_subscriber_of_its_group(destmock, lam, logs):
    destmock.handler("noisy", lambda event, context: print(json.dumps({"level": "ERROR", "id": event["id"]})))
    lam.invoke(FunctionName="noisy", InvocationType="Event", Payload=b'{"id": 1}')
    subscribe_to = logs.describe_log_groups()["logGroups"][0]["logGroupName"]
    subscribe(logs, '{ $.level = "ERROR" && $.id > 1 }', subscribe_to)  # what came before isn't sent
    lam.invoke(FunctionName="noisy", InvocationType="Event", Payload=b'{"id": 2}')
    [told] = destmock.invocations.for_function("orders")
    assert [json.loads(line["message"])["id"] for line in decoded(told)["logEvents"]] == [2]


def test_a_pattern_that_is_not_understood_is_refused(destmock, logs, group):
    with pytest.raises(UnsupportedError, match=r"\[ip, user\].*space-delimited"):
        subscribe(logs, "[ip, user]")
    assert logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"] == []


def test_a_group_can_not_subscribe_a_function_that_is_not_there(destmock, lam, logs, group):
    lam.delete_function(FunctionName="orders")
    with pytest.raises(ClientError, match="Could not execute the lambda function"):
        subscribe(logs, "ERROR")


# All of them


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
