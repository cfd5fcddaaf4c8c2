"""S3 invokes functions asynchronously."""

import json

import pytest
import requests

from tests.services.places import REGION, START
from tests.services.triggers import ORDERS, below, notify, rule

pytestmark = pytest.mark.destmock(start=START, handlers={"orders": lambda event, context: event})


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


def test_delete_objects_tells_of_every_key_that_it_names(destmock, s3, bucket):
    notify(s3, on=["s3:ObjectRemoved:*"])
    s3.put_object(Bucket=bucket, Key="in/there", Body=b"1")
    names = ["in/gone", "in/there", "never"]
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": name} for name in names]})
    told = [invocation.event["Records"][0] for invocation in destmock.invocations]
    assert [record["s3"]["object"]["key"] for record in told] == names
    assert all(record["eventName"] == "ObjectRemoved:Delete" for record in told)
    assert all(record["s3"]["object"].keys() == {"key", "sequencer"} for record in told)


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ({"suffix": "_Cq+Values.csv"}, True),
        ({"suffix": "_Cq Values.csv"}, False),
        ({"prefix": "in/caf%C3%A9/"}, True),
        ({"prefix": "in/café/"}, False),
    ],
)
def test_prefix_and_suffix_are_compared_with_the_encoded_key(destmock, s3, bucket, filters, told):
    notify(s3, on=["s3:ObjectCreated:*"], **filters)
    s3.put_object(Bucket=bucket, Key="in/café/run 1_Cq Values.csv", Body=b"")
    assert len(destmock.invocations) == told


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


def test_tags_and_access_are_told_by_key_and_etag_only(destmock, s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="a b", Body=b"1")["ETag"].strip('"')
    notify(s3, on=["s3:ObjectTagging:*", "s3:ObjectAcl:Put"])
    s3.put_object_tagging(Bucket=bucket, Key="a b", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    s3.delete_object_tagging(Bucket=bucket, Key="a b")
    s3.put_object_acl(Bucket=bucket, Key="a b", ACL="public-read")
    told = [invocation.event["Records"][0] for invocation in destmock.invocations]
    assert [record["eventName"] for record in told] == [
        "ObjectTagging:Put",
        "ObjectTagging:Delete",
        "ObjectAcl:Put",
    ]
    assert [record["eventVersion"] for record in told] == ["2.3"] * 3
    assert [record["s3"]["object"] for record in told] == [{"key": "a+b", "eTag": etag}] * 3


def test_eventbridge_is_told_of_access_and_of_restores(destmock, s3, events, bucket):
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    rule(events, {"source": ["aws.s3"]}, {"Arn": ORDERS})
    etag = s3.put_object(Bucket=bucket, Key="a", Body=b"1", StorageClass="GLACIER")["ETag"].strip('"')
    s3.put_object_acl(Bucket=bucket, Key="a", ACL="public-read")
    s3.restore_object(Bucket=bucket, Key="a", RestoreRequest={"Days": 2})
    s3.head_object(Bucket=bucket, Key="a")
    told = [invocation.event for invocation in destmock.invocations]
    assert [event["detail-type"] for event in told] == [
        "Object Created",
        "Object ACL Updated",
        "Object Restore Initiated",
        "Object Restore Completed",
    ]
    assert told[1]["detail"]["object"] == {"key": "a", "etag": etag}
    assert told[2]["detail"]["object"]["size"] == 1


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
    told = {"Events": ["s3:ObjectCreated:*"]}
    notify(
        s3,
        on=["s3:ObjectRemoved:*"],
        QueueConfigurations=[{"QueueArn": make_queue("direct"), **told, **below("q")}],
        TopicConfigurations=[{"TopicArn": topic, **told, **below("t")}],
    )
    records("direct"), records("by-topic")  # S3's test events
    s3.put_object(Bucket=bucket, Key="q", Body=b"123")
    s3.put_object(Bucket=bucket, Key="t", Body=b"123")
    [direct], [envelope] = records("direct"), records("by-topic")
    assert direct["Records"][0]["s3"]["object"]["size"] == 3
    assert json.loads(envelope["Message"])["Records"][0]["s3"]["object"]["size"] == 3
    assert list(destmock.invocations) == []


def test_what_a_queue_refuses_is_told_by_the_timeline_only(destmock, s3, make_queue, messages):
    s3.create_bucket(Bucket="uploads")
    on = {"QueueArn": make_queue("small", MaximumMessageSize="1024"), "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="uploads", NotificationConfiguration={"QueueConfigurations": [on]}
    )
    s3.put_object(Bucket="uploads", Key="k" * 1000)
    assert messages("small")[1:] == []  # the first is S3's test event
    assert "small, which refuses it: the message has" in destmock.timeline()
