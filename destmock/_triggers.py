"""Pure: the events that AWS's services hand to a function, in their documented shapes.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html. The signature in SNS's is made up.
"""

from __future__ import annotations

import base64
import gzip
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from destmock._aws.json_text import to_bytes
from destmock._aws.record import timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from destmock._aws.arn import Arn
    from destmock._aws.ids import Ids

#: Who the caller is, as far as S3 knows in a test.
_PRINCIPAL = {"principalId": "AWS:AIDAEXAMPLEEXAMPLE123"}
_OWNER = {"principalId": "A3EXAMPLEEXAMPLE"}
_SOURCE_IP = "127.0.0.1"
#: The reason that EventBridge gives for what S3 has notified, by the event's first name and its second.
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


def notification(
    *,
    at: int,
    ids: Ids,
    topic: Arn,
    subscription_arn: str,
    message_id: str,
    message: str,
    subject: str | None,
    attributes: Mapping[str, Any],
) -> dict[str, Any]:
    """SNS: https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html."""
    host = f"https://sns.{topic.region}.amazonaws.com"
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription_arn,
        "Sns": {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": str(topic),
            "Subject": subject,
            "Message": message,
            "Timestamp": timestamp(at),
            "SignatureVersion": "1",
            "Signature": base64.b64encode(bytes.fromhex(ids.hex(512))).decode(),
            "SigningCertUrl": f"{host}/SimpleNotificationService-{ids.hex(32)}.pem",
            "UnsubscribeUrl": f"{host}/?Action=Unsubscribe&SubscriptionArn={subscription_arn}",
            "MessageAttributes": attributes,
        },
    }
    return {"Records": [record]}


def s3_object(
    *, key: str, size: int | None, etag: str | None, version_id: str | None, sequencer: str
) -> dict[str, Any]:
    """What both of S3's events say of an object; `None` is what the event doesn't tell."""
    values = {"key": key, "size": size, "eTag": etag, "versionId": version_id, "sequencer": sequencer}
    return {name: value for name, value in values.items() if value is not None}


def bucket_notification(
    *, at: int, ids: Ids, event_name: str, region: str, bucket_arn: str, found: Mapping[str, Any]
) -> dict[str, Any]:
    """S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html.

    `event_name` is such as `ObjectCreated:Put`; `found` is an `s3_object`. Whoever sends it adds the
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
    """What S3 tells EventBridge: the detail type and the detail.

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


def log_events(
    *, owner: str, group: str, stream: str, filter_name: str, events: Sequence[tuple[str, int, str]]
) -> dict[str, Any]:
    """CloudWatch Logs: https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchlogs.html.

    `events` are id, milliseconds and message of each log event.
    """
    data = {
        "messageType": "DATA_MESSAGE",
        "owner": owner,
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": [filter_name],
        "logEvents": [
            {"id": number.zfill(56), "timestamp": at, "message": message} for number, at, message in events
        ],
    }
    return {"awslogs": {"data": base64.b64encode(gzip.compress(to_bytes(data), mtime=0)).decode()}}


def queue_message(
    *,
    queue: Arn,
    message_id: str,
    receipt_handle: str,
    body: str,
    body_md5: str,
    attributes: Mapping[str, str],
    message_attributes: Mapping[str, Mapping[str, Any]],
    attributes_md5: str,
) -> dict[str, Any]:
    """One record of SQS's event: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html."""
    record = {
        "messageId": message_id,
        "receiptHandle": receipt_handle,
        "body": body,
        "attributes": attributes,
        "messageAttributes": {
            name: _message_attribute(attribute) for name, attribute in message_attributes.items()
        },
        "md5OfMessageAttributes": attributes_md5,
        "md5OfBody": body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": str(queue),
        "awsRegion": queue.region,
    }
    if not message_attributes:
        del record["md5OfMessageAttributes"]
    return record


def _message_attribute(attribute: Mapping[str, Any]) -> dict[str, Any]:
    lists: dict[str, Any] = {"stringListValues": [], "binaryListValues": []}
    binary = attribute.get("BinaryValue")
    if binary is not None:
        encoded = binary if isinstance(binary, str) else base64.b64encode(binary).decode()
        return {"binaryValue": encoded, **lists, "dataType": attribute["DataType"]}
    return {"stringValue": attribute.get("StringValue"), **lists, "dataType": attribute["DataType"]}


def stream_record(
    *, stream: Arn, role: str, shard: str, number: str, partition_key: str, data: str, at: int
) -> dict[str, Any]:
    """One record of Kinesis's event: https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html.

    `data` is in base64.
    """
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": partition_key,
            "sequenceNumber": number,
            "data": data,
            "approximateArrivalTimestamp": at / 1000,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard}:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": role,
        "awsRegion": stream.region,
        "eventSourceARN": str(stream),
    }


def table_record(*, stream: Arn, event_id: str, event_name: str, change: Mapping[str, Any], at: int) -> Any:
    """One record of DynamoDB's event: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html."""
    return {
        "eventID": event_id,
        "eventName": event_name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": stream.region,
        "dynamodb": {**_encoded(change), "ApproximateCreationDateTime": at / 1000},
        "eventSourceARN": str(stream),
    }


def _encoded(value: Any) -> Any:
    """Binary attributes in base64; moto has them as they are."""
    if isinstance(value, dict):
        return {name: _encoded(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_encoded(part) for part in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
