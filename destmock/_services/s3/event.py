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
    "ObjectAcl": "Object ACL Updated",
}


_TAGGING = {"Put": "Object Tags Added", "Delete": "Object Tags Deleted"}


def s3_object(
    *, key: str, size: int | None, etag: str | None, version_id: str | None, sequencer: str
) -> dict[str, Any]:
    """The object as both kinds of S3's events describe it; members that are `None` are left out."""
    values = {"key": key, "size": size, "eTag": etag, "versionId": version_id, "sequencer": sequencer}
    return {name: value for name, value in values.items() if value is not None}


def bucket_notification(
    *, at: int, ids: Ids, event_name: str, region: str, bucket_arn: str, found: Mapping[str, Any]
) -> dict[str, Any]:
    """S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html.

    `event_name` is e.g. `ObjectCreated:Put`; `found` is an `s3_object`. The sender adds the
    `configurationId`.
    """
    record = {
        "eventVersion": "2.1",
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
            "object": {**found, "key": quote_plus(found["key"], safe="/")},
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
    return _TAGGING.get(second, "") if first == "ObjectTagging" else _DETAIL_TYPES.get(first, ""), detail


def _bucket_name(bucket_arn: str) -> str:
    return bucket_arn.rpartition(":")[2]
