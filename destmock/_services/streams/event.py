"""One record of the events of Kinesis and of DynamoDB."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from destmock._aws.arn import Arn


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


def table_record(
    *,
    stream: Arn,
    event_id: str,
    event_name: str,
    change: Mapping[str, Any],
    at: int,
    changed_by: Mapping[str, str] | None,
) -> Any:
    """One record of DynamoDB's event: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html.

    `changed_by` is the service that has deleted an item, as the stream's own API tells it.
    """
    return {
        "eventID": event_id,
        "eventName": event_name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": stream.region,
        "dynamodb": {**_encoded(change), "ApproximateCreationDateTime": at / 1000},
        "eventSourceARN": str(stream),
        **({} if changed_by is None else {"userIdentity": _identity(changed_by)}),
    }


def _identity(changed_by: Mapping[str, str]) -> dict[str, str]:
    """Lambda's event has these names with a small letter."""
    return {f"{name[0].lower()}{name[1:]}": value for name, value in changed_by.items()}


def _encoded(value: Any) -> Any:
    """Binary attributes in base64; moto has them as they are."""
    if isinstance(value, dict):
        return {name: _encoded(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_encoded(part) for part in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
