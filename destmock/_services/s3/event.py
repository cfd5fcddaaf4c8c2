"""S3's notifications of an object, and S3's events on EventBridge."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from destmock._aws.record import timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from destmock._aws.ids import Ids


#: The caller, who is nobody in particular in a test.
_PRINCIPAL = {"principalId": "AWS:AIDAEXAMPLEEXAMPLE123"}


_OWNER = {"principalId": "A3EXAMPLEEXAMPLE"}


_SOURCE_IP = "127.0.0.1"


#: The reason that EventBridge gives, by the second part of the notification's event name.
_REASONS = {
    "Put": "PutObject",
    "Post": "POST Object",
    "Copy": "CopyObject",
    "CompleteMultipartUpload": "CompleteMultipartUpload",
    "Delete": "DeleteObject",
    "DeleteMarkerCreated": "DeleteObject",
}


_DETAIL_TYPES = {
    "ObjectCreated": "Object Created",
    "ObjectRemoved": "Object Deleted",
    "ObjectAcl:Put": "Object ACL Updated",
    "ObjectTagging:Put": "Object Tags Added",
    "ObjectTagging:Delete": "Object Tags Deleted",
    "ObjectRestore:Post": "Object Restore Initiated",
    "ObjectRestore:Completed": "Object Restore Completed",
}


#: Events of what belongs to an object, which tell neither its size nor its place in the order.
_BESIDE = ("ObjectTagging:", "ObjectAcl:")


def is_beside(event_name: str) -> bool:
    """Whether the event is of an object's tags or its access control list."""
    return event_name.startswith(_BESIDE)


def s3_object(
    *, key: str, size: int | None, etag: str | None, version_id: str | None, sequencer: str | None
) -> dict[str, Any]:
    """The object as both kinds of S3's events describe it; members that are `None` are left out."""
    values = {"key": key, "size": size, "eTag": etag, "versionId": version_id, "sequencer": sequencer}
    return {name: value for name, value in values.items() if value is not None}


def encoded_key(key: str) -> str:
    """The key as a notification writes it, and as its prefix and suffix are compared with it."""
    return quote_plus(key, safe="/")


def bucket_notification(
    *, at: int, ids: Ids, event_name: str, region: str, bucket_arn: str, found: Mapping[str, Any]
) -> dict[str, Any]:
    """S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html.

    `event_name` is e.g. `ObjectCreated:Put`; `found` is an `s3_object`. The sender adds the
    `configurationId`.
    """
    record = {
        "eventVersion": "2.3" if is_beside(event_name) else "2.1",
        "eventSource": "aws:s3",
        "awsRegion": region,
        "eventTime": timestamp(at),
        "eventName": event_name,
        "userIdentity": _PRINCIPAL,
        "requestParameters": {"sourceIPAddress": _SOURCE_IP},
        "responseElements": {
            "x-amz-request-id": ids.hex(16).upper(),
            "x-amz-id-2": base64.b64encode(bytes.fromhex(ids.hex(96))).decode(),
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "",
            "bucket": {"name": _bucket_name(bucket_arn), "ownerIdentity": _OWNER, "arn": bucket_arn},
            "object": {**found, "key": encoded_key(found["key"])},
        },
    }
    return {"Records": [record]}


def bucket_event(
    *, ids: Ids, event_name: str, account: str, bucket_arn: str, found: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The detail type and the detail of S3's event on EventBridge.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """
    first, _, second = event_name.partition(":")
    names = {"eTag": "etag", "versionId": "version-id"}
    detail = {
        "version": "0",
        "bucket": {"name": _bucket_name(bucket_arn)},
        "object": {names.get(name, name): value for name, value in found.items()},
        "request-id": ids.hex(16).upper(),
        "requester": account,
        "source-ip-address": _SOURCE_IP,
    }
    if first in ("ObjectCreated", "ObjectRemoved"):
        detail["reason"] = _REASONS.get(second, second)
    if first == "ObjectRemoved":
        marked = second == "DeleteMarkerCreated"
        detail["deletion-type"] = "Delete Marker Created" if marked else "Permanently Deleted"
    return _DETAIL_TYPES.get(event_name) or _DETAIL_TYPES.get(first, ""), detail


def _bucket_name(bucket_arn: str) -> str:
    return bucket_arn.rpartition(":")[2]
