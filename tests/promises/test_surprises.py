"""What surprises people about asynchronous invocation on AWS, each as one test."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from destmock import outcomes

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:"
fail = outcomes(ValueError("no stock"))


def message(call, **kwargs):
    with pytest.raises(ClientError) as caught:
        call(**kwargs)
    return caught.value.response["Error"]["Message"]


def on_failure(arn):
    return {"OnFailure": {"Destination": arn}}


def test_M6_the_record_names_a_qualifier_that_the_handler_does_not_see(destmock, lam):
    """Invoke's 404 has one, too; GetFunction's has not."""
    seen = []
    destmock.handler("orders", lambda event, context: seen.append(context.invoked_function_arn))
    lam.invoke(FunctionName="orders", InvocationType="Event")
    assert seen == [f"{FUNCTION}orders"]
    assert destmock.invocations[0].record["requestContext"]["functionArn"] == f"{FUNCTION}orders:$LATEST"
    assert message(lam.invoke, FunctionName="other") == f"Function not found: {FUNCTION}other:$LATEST"
    assert message(lam.get_function, FunctionName="other") == f"Function not found: {FUNCTION}other"


@pytest.mark.destmock(handlers={"orders": fail})
def test_M7_a_missing_function_and_a_missing_config_have_two_texts(lam):
    missing = "The function doesn't exist."
    without = "The function {}:$LATEST doesn't have an EventInvokeConfig"
    nothing = "You must specify at least one of error handling or destination setting."
    settings = {"FunctionName": "other", "MaximumRetryAttempts": 0}
    assert message(lam.put_function_event_invoke_config, **settings) == missing
    assert message(lam.update_function_event_invoke_config, **settings) == missing
    assert message(lam.list_function_event_invoke_configs, FunctionName="other") == missing
    for name in ("orders", "other"):
        text = without.format(FUNCTION + name)
        assert message(lam.get_function_event_invoke_config, FunctionName=name) == text
        assert message(lam.delete_function_event_invoke_config, FunctionName=name) == text
    settings["FunctionName"] = "orders"
    assert message(lam.update_function_event_invoke_config, **settings) == without.format(FUNCTION + "orders")
    assert message(lam.put_function_event_invoke_config, FunctionName="other") == nothing


@pytest.mark.destmock(handlers={"orders": fail})
def test_M8_put_replaces_update_merges_and_both_keys_are_always_there(lam, make_queue):
    """An empty object keeps a destination in an update, an empty ARN clears it."""
    queue = make_queue("failed")
    put, update = lam.put_function_event_invoke_config, lam.update_function_event_invoke_config
    assert put(FunctionName="orders", DestinationConfig={"OnSuccess": {}})["DestinationConfig"] == {
        "OnSuccess": {},
        "OnFailure": {},
    }
    put(FunctionName="orders", DestinationConfig=on_failure(queue))
    kept = update(FunctionName="orders", DestinationConfig={"OnFailure": {}}, MaximumRetryAttempts=1)
    assert kept["DestinationConfig"] == {"OnSuccess": {}, **on_failure(queue)}
    cleared = update(FunctionName="orders", DestinationConfig=on_failure(""))
    assert cleared["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {}}
    assert cleared["MaximumRetryAttempts"] == 1
    replaced = put(FunctionName="orders", MaximumEventAgeInSeconds=60)
    assert "MaximumRetryAttempts" not in replaced


@pytest.mark.destmock(handlers={"orders": fail})
def test_M9_every_kind_of_bad_destination_has_its_own_text(lam, sns):
    """A missing event bus is not among them: it is accepted."""
    region = "us-east-1:123456789012"
    fifo = sns.create_topic(Name="t.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    config = "DestinationConfig(onSuccess=null, onFailure=OnFailure({}))"
    java = f"The provided destination config {config} is invalid."
    invalid = "The destination ARN {} is invalid."
    texts = {
        f"arn:aws:sqs:{region}:gone": invalid.format(f"arn:aws:sqs:{region}:gone"),
        f"arn:aws:events:{region}:rule/bus/rule": invalid.format(f"arn:aws:events:{region}:rule/bus/rule"),
        f"arn:aws:sqs:{region}:q.fifo": java.format(f"destination=arn:aws:sqs:{region}:q.fifo"),
        fifo: "FIFO-type Amazon SNS topics aren't supported as a destination.",
        f"{FUNCTION}orders": "You can't specify the function as a destination for itself.",
        "arn:aws:s3:::gone": (
            "Error occurred while ListBucket. S3 Error Code: 404 Not Found. S3 Error Message: Not Found"
        ),
    }
    put = lam.put_function_event_invoke_config
    for arn, text in texts.items():
        assert message(put, FunctionName="orders", DestinationConfig=on_failure(arn)) == text
    both = {"OnSuccess": {"Destination": "not-an-arn"}, "OnFailure": {"Destination": "not-an-arn"}}
    found = message(put, FunctionName="orders", DestinationConfig=both)
    assert found.startswith(
        "2 validation errors detected: Value 'not-an-arn' at 'destinationConfig.onFailure"
    )
    assert "; Value 'not-an-arn' at 'destinationConfig.onSuccess.destination'" in found
    bus = f"arn:aws:events:{region}:event-bus/gone"
    assert put(FunctionName="orders", DestinationConfig=on_failure(bus))["DestinationConfig"]["OnFailure"]


@pytest.mark.destmock(handlers={"orders": fail})
def test_M10_both_the_destination_and_the_dead_letter_queue_are_told(lam, make_queue, messages):
    lam.update_function_configuration(
        FunctionName="orders", DeadLetterConfig={"TargetArn": make_queue("dead")}
    )
    lam.put_function_event_invoke_config(
        FunctionName="orders", DestinationConfig=on_failure(make_queue("failed"))
    )
    lam.invoke(FunctionName="orders", InvocationType="Event", Payload=b' {"id":  7}')
    [record], [event] = messages("failed"), messages("dead")
    assert json.loads(record["Body"])["requestContext"]["condition"] == "RetriesExhausted"
    assert event["Body"] == ' {"id":  7}'
    assert event["MessageAttributes"]["ErrorCode"] == {"StringValue": "200", "DataType": "Number"}


@pytest.mark.destmock(handlers={"orders": fail})
def test_M11_an_empty_dead_letter_config_keeps_the_queue_and_a_version_keeps_its_own(lam, make_queue):
    arn = make_queue("dead")
    update = lam.update_function_configuration
    update(FunctionName="orders", DeadLetterConfig={"TargetArn": arn})
    version = lam.publish_version(FunctionName="orders")["Version"]
    assert update(FunctionName="orders", DeadLetterConfig={})["DeadLetterConfig"] == {"TargetArn": arn}
    update(FunctionName="orders", DeadLetterConfig={"TargetArn": ""})
    get = lam.get_function_configuration
    assert "DeadLetterConfig" not in get(FunctionName="orders")
    assert get(FunctionName="orders", Qualifier=version)["DeadLetterConfig"] == {"TargetArn": arn}


@pytest.mark.destmock(handlers={"orders": fail})
def test_M13_an_alias_without_a_config_of_its_own_has_the_defaults(destmock, lam, make_queue):
    lam.publish_version(FunctionName="orders")
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    for qualifier in ("$LATEST", "1"):
        lam.put_function_event_invoke_config(
            FunctionName="orders",
            Qualifier=qualifier,
            MaximumRetryAttempts=0,
            DestinationConfig=on_failure(make_queue("failed")),
        )
    lam.invoke(FunctionName="orders", Qualifier="live", InvocationType="Event")
    assert len(destmock.invocations[0].attempts) == 3
    assert list(destmock.deliveries) == []


@pytest.mark.destmock(handlers={"orders": outcomes({"ok": 1})})
def test_M14_an_event_ignores_nonsense_in_its_context_but_not_in_its_payload(lam):
    answer = lam.invoke(
        FunctionName="orders", InvocationType="Event", ClientContext="not-base64!", LogType="Tail"
    )
    assert answer["StatusCode"] == 202
    assert "ExecutedVersion" not in answer
    assert "LogResult" not in answer
    event = {"FunctionName": "orders", "InvocationType": "Event"}
    assert "Could not parse" in message(lam.invoke, **event, Payload=b"{")
    large = json.dumps("x" * 1_048_576).encode()
    limit = "1048578 byte payload is too large for the Event invocation type (limit 1048576 bytes)"
    assert message(lam.invoke, **event, Payload=large) == limit
    legacy = json.dumps("x" * 262_144).encode()
    with pytest.raises(ClientError) as caught:
        lam.invoke_async(FunctionName="orders", InvokeArgs=legacy)
    assert "(limit 262144 bytes)" in caught.value.response["Error"]["Message"]


@pytest.mark.destmock(handlers={"orders": fail})
def test_M15_small_literals(destmock, lam, make_queue, messages):
    """The bus gets source `lambda` and [bus, function]; the bucket's key has dots and an id of its own."""
    s3, events = boto3.client("s3"), boto3.client("events")
    s3.create_bucket(Bucket="failed-orders")
    events.put_rule(Name="all", EventPattern='{"source": ["lambda"]}')
    events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": make_queue("seen")}])
    bus = "arn:aws:events:us-east-1:123456789012:event-bus/default"
    for arn in (bus, "arn:aws:s3:::failed-orders"):
        lam.put_function_event_invoke_config(
            FunctionName="orders", MaximumRetryAttempts=0, DestinationConfig=on_failure(arn)
        )
        lam.invoke(FunctionName="orders", InvocationType="Event")
    event = json.loads(messages("seen")[0]["Body"])
    assert (event["source"], event["resources"]) == ("lambda", [bus, f"{FUNCTION}orders:$LATEST"])
    [stored] = s3.list_objects_v2(Bucket="failed-orders")["Contents"]
    day, name = stored["Key"].removeprefix("aws/lambda/async/orders/").rsplit("/", 1)
    moment = destmock.invocations[1].accepted_at
    assert day == f"{moment:%Y/%m/%d}"
    assert name.startswith(f"{moment:%Y-%m-%dT%H.%M.%S}-")
    assert destmock.invocations[1].request_id not in name
    found = s3.get_object(Bucket="failed-orders", Key=stored["Key"])
    assert found["ContentType"] == "application/octet-stream"
