"""A bucket's policy forbids what it denies to everybody; IAM isn't simulated beyond that."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

DENIAL = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::pictures", "arn:aws:s3:::pictures/*"],
}


@pytest.fixture
def put(destmock):
    """Puts an object into a bucket with this policy."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="pictures")

    def with_policy(statement):
        policy = {"Version": "2012-10-17", "Statement": statement}
        s3.put_bucket_policy(Bucket="pictures", Policy=json.dumps(policy))
        return s3.put_object(Bucket="pictures", Key="a", Body=b"x")

    return with_policy


@pytest.mark.parametrize(
    "part",
    [
        {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}},
        {"Principal": {"AWS": "arn:aws:iam::444455556666:root"}},
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_what_is_denied_to_some_is_not_denied(put, part, listed):
    statement = {**DENIAL, **part}
    assert put([statement] if listed else statement)["ETag"]


def test_what_is_denied_to_some_is_not_denied_even_to_a_principal_that_is_not_named(put):
    others = {key: value for key, value in DENIAL.items() if key != "Principal"}
    assert put([{**others, "NotPrincipal": {"AWS": "arn:aws:iam::123456789012:root"}}])["ETag"]


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}])
def test_what_is_denied_to_everybody_is_denied(put, principal):
    with pytest.raises(ClientError, match="403"):
        put([{**DENIAL, "Principal": principal}])
