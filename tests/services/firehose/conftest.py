"""A delivery stream with a function, and what has landed in its bucket."""

import json

import boto3
import pytest

from tests.services.firehose.streams import BUCKET, ROLE, processing


@pytest.fixture
def firehose(destmock):
    return boto3.client("firehose")


@pytest.fixture
def make(firehose, s3):
    """Makes the stream `clicks`, whose function is `work`."""
    s3.create_bucket(Bucket="landed")

    def make(configuration=None, **settings):
        return firehose.create_delivery_stream(
            DeliveryStreamName="clicks",
            ExtendedS3DestinationConfiguration={
                "BucketARN": BUCKET,
                "RoleARN": ROLE,
                "ProcessingConfiguration": configuration or processing(),
                **settings,
            },
        )["DeliveryStreamARN"]

    return make


@pytest.fixture
def put(firehose):
    def put(*records):
        return firehose.put_record_batch(
            DeliveryStreamName="clicks", Records=[{"Data": record} for record in records]
        )

    return put


@pytest.fixture
def landed(s3):
    """The objects of the bucket, by key."""

    def landed():
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket="landed").get("Contents", [])]
        return {key: s3.get_object(Bucket="landed", Key=key)["Body"].read() for key in keys}

    return landed


@pytest.fixture
def failed(landed):
    """The lines of the records that could not be transformed."""

    def failed():
        found = [body for key, body in landed().items() if "processing-failed/" in key]
        return [json.loads(line) for body in found for line in body.splitlines()]

    return failed


@pytest.fixture
def delivered(landed):
    """The bytes that were delivered."""

    def delivered():
        return b"".join(body for key, body in landed().items() if "processing-failed/" not in key)

    return delivered
