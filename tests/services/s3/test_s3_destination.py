"""S3 as a destination: the record of a failure is an object of the bucket."""

import json
import re
from datetime import datetime, timezone

import boto3
import pytest

from destmock import LeftoverError, mock_destinations, outcomes

START = datetime(2026, 9, 14, 15, 14, 51, 999_000, tzinfo=timezone.utc)
BUCKET = "arn:aws:s3:::failed-orders"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
fail = outcomes(ValueError("no stock"))
failing = pytest.mark.destmock(handlers={"orders": fail}, start=START)


@pytest.fixture
def s3(destmock):
    client = boto3.client("s3")
    client.create_bucket(Bucket="failed-orders")
    return client


@pytest.fixture
def objects(s3):
    """Every object of the bucket, as `get_object` answers it, by its key."""

    def read():
        found = s3.list_objects_v2(Bucket="failed-orders").get("Contents", [])
        return {each["Key"]: s3.get_object(Bucket="failed-orders", Key=each["Key"]) for each in found}

    return read


def send(lam, payload=b'{"id": 7}', bucket=BUCKET, **kwargs):
    """One event to the function, whose failures go to the bucket."""
    config = {"OnFailure": {"Destination": bucket}}
    lam.put_function_event_invoke_config(FunctionName="orders", DestinationConfig=config, **kwargs)
    qualifier = {"Qualifier": kwargs["Qualifier"]} if "Qualifier" in kwargs else {}
    return lam.invoke(FunctionName="orders", InvocationType="Event", Payload=payload, **qualifier)


def refusal(lam, route, arn):
    with pytest.raises(lam.exceptions.InvalidParameterValueException) as caught:
        lam.put_function_event_invoke_config(
            FunctionName="orders", DestinationConfig={route: {"Destination": arn}}
        )
    return caught.value.response["Error"]["Message"]


@failing
def test_F10_the_key_says_which_function_and_when(destmock, lam, objects):
    """Dots in the time, no extension, and an id that isn't the request's; the time is the record's."""
    send(lam)
    [key] = objects()
    [invocation] = destmock.invocations
    assert re.fullmatch(rf"aws/lambda/async/orders/2026/09/14/2026-09-14T15\.17\.51-{UUID}", key)
    assert invocation.record["timestamp"] == "2026-09-14T15:17:51.999Z"
    assert invocation.request_id not in key


@failing
def test_F10_the_body_is_the_record(destmock, lam, objects):
    """Byte for byte, the caller's spaces and newline included (M1)."""
    send(lam, ' {"id":  7, "what": "雪🙂"}\n'.encode())
    [stored] = objects().values()
    body = stored["Body"].read()
    [delivery] = destmock.deliveries
    assert body == delivery.body == destmock.invocations[0].record_body
    assert '"requestPayload": {"id":  7, "what": "雪🙂"}\n,"responseContext"'.encode() in body
    assert json.loads(body)["requestContext"]["condition"] == "RetriesExhausted"
    assert (delivery.destination, delivery.kind, delivery.error) == (BUCKET, "s3", None)
    assert (delivery.dead_letter, delivery.record) == (False, json.loads(body))


@failing
def test_F10_the_content_type_is_octet_stream(lam, objects):
    send(lam)
    [stored] = objects().values()
    assert stored["ContentType"] == "application/octet-stream"
    assert stored["Metadata"] == {}
    assert "ContentEncoding" not in stored


@failing
@pytest.mark.parametrize("qualifier", ["1", "live"])
def test_F10_the_key_has_the_function_s_name_without_a_qualifier(lam, objects, qualifier):
    lam.publish_version(FunctionName="orders")
    lam.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    send(lam, Qualifier=qualifier)
    [(key, stored)] = objects().items()
    assert key.startswith("aws/lambda/async/orders/2026/09/14/2026-09-14T15.17.51-")
    record = json.loads(stored["Body"].read())
    assert record["requestContext"]["functionArn"].endswith(f":orders:{qualifier}")


@failing
def test_F10_a_large_payload_is_there_in_full(lam, objects):
    payload = json.dumps("x" * 307_198).encode()
    send(lam, payload)
    [stored] = objects().values()
    body = stored["Body"].read()
    assert payload in body
    assert stored["ContentLength"] == len(body) > 307_200


@pytest.mark.destmock(handlers={"orders": fail}, start=START, autorun=False)
def test_failures_of_the_same_second_are_objects_of_their_own(destmock, lam, objects):
    for number in range(3):
        send(lam, str(number).encode())
    destmock.run_until_idle()
    found = [json.loads(stored["Body"].read())["requestPayload"] for stored in objects().values()]
    assert sorted(found) == [0, 1, 2]


@failing
def test_the_same_start_gives_the_same_keys(lam, objects):
    def run():
        with mock_destinations(handlers={"orders": fail}, start=START):
            s3, lam = boto3.client("s3"), boto3.client("lambda")
            s3.create_bucket(Bucket="failed-orders")
            send(lam)
            return [each["Key"] for each in s3.list_objects_v2(Bucket="failed-orders")["Contents"]]

    assert run() == run()


@failing
def test_a_versioned_bucket_keeps_the_object_under_a_version(s3, lam, objects):
    versioning = {"Status": "Enabled"}
    s3.put_bucket_versioning(Bucket="failed-orders", VersioningConfiguration=versioning)
    send(lam)
    [stored] = objects().values()
    assert stored["VersionId"] != "null"
    assert stored["ContentType"] == "application/octet-stream"


@pytest.mark.destmock(handlers={"orders": outcomes({"ok": 1})})
def test_F10_a_success_is_not_told(destmock, lam, objects):
    send(lam)
    assert objects() == {}
    assert list(destmock.deliveries) == []


@failing
def test_C16_a_bucket_takes_failures_only(lam, s3):
    """(F10)"""
    assert refusal(lam, "OnSuccess", BUCKET) == (
        "The provided destination config DestinationConfig(onSuccess=OnSuccess("
        f"destination={BUCKET}), onFailure=null) is invalid."
    )


@failing
@pytest.mark.parametrize("arn", ["arn:aws:s3:::", "arn:aws:s3::123456789012:"])
def test_C16_a_bucket_has_a_name(lam, arn):
    assert refusal(lam, "OnFailure", arn) == (
        "The provided destination config DestinationConfig(onSuccess=null, "
        f"onFailure=OnFailure(destination={arn})) is invalid."
    )


@failing
@pytest.mark.parametrize("arn", ["arn:aws:s3:::gone", f"{BUCKET}/prefix", "arn:aws:s3:::Failed-Orders"])
def test_G9_a_bucket_has_to_exist(lam, s3, arn):
    """What was configured before stays."""
    send(lam)
    assert refusal(lam, "OnFailure", arn) == (
        "Error occurred while ListBucket. S3 Error Code: 404 Not Found. S3 Error Message: Not Found"
    )
    found = lam.get_function_event_invoke_config(FunctionName="orders")["DestinationConfig"]
    assert found["OnFailure"] == {"Destination": BUCKET}


@pytest.mark.destmock(handlers={"orders": fail}, strict=False)
def test_a_bucket_that_was_deleted_later_is_a_failed_delivery(destmock, lam, s3):
    config = {"OnFailure": {"Destination": BUCKET}}
    lam.put_function_event_invoke_config(FunctionName="orders", DestinationConfig=config)
    s3.delete_bucket(Bucket="failed-orders")
    assert lam.invoke(FunctionName="orders", InvocationType="Event")["StatusCode"] == 202
    [delivery] = destmock.deliveries
    assert (delivery.kind, delivery.error) == ("s3", "the bucket failed-orders does not exist")
    assert delivery.record["requestContext"]["condition"] == "RetriesExhausted"


def test_a_strict_mock_complains_of_a_bucket_that_was_deleted_later():
    mock = mock_destinations(handlers={"orders": fail})
    mock.start()
    s3, lam = boto3.client("s3"), boto3.client("lambda")
    s3.create_bucket(Bucket="failed-orders")
    send(lam)
    [stored] = s3.list_objects_v2(Bucket="failed-orders")["Contents"]
    s3.delete_object(Bucket="failed-orders", Key=stored["Key"])
    s3.delete_bucket(Bucket="failed-orders")
    lam.invoke(FunctionName="orders", InvocationType="Event")
    with pytest.raises(LeftoverError, match=r"(?s)1 record could.*the bucket failed-orders does not exist"):
        mock.stop()


@failing
def test_a_bucket_of_another_account(destmock, lam, monkeypatch):
    """A bucket's name is unique in the world; its ARN has no account."""
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "444455556666")
    theirs = boto3.client("s3")
    theirs.create_bucket(Bucket="theirs")
    monkeypatch.delenv("MOTO_ACCOUNT_ID")
    send(lam, bucket="arn:aws:s3:::theirs")
    assert destmock.deliveries[0].error is None
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "444455556666")
    [stored] = theirs.list_objects_v2(Bucket="theirs")["Contents"]
    assert stored["Key"].startswith("aws/lambda/async/orders/")
    assert stored["Size"] == len(destmock.deliveries[0].body)


@failing
def test_a_bucket_of_another_region(lam, destmock):
    s3 = boto3.client("s3", region_name="eu-west-1")
    s3.create_bucket(Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    send(lam, bucket="arn:aws:s3:::theirs")
    assert s3.list_objects_v2(Bucket="theirs")["KeyCount"] == 1
