"""One record of SQS's event: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from destmock._aws.arn import Arn


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
    windowed: bool,
) -> dict[str, Any]:
    """One record of SQS's event: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html.

    Without message attributes, their digest is missing; in a batch of a batching window it is null.
    """
    record = {
        "messageId": message_id,
        "receiptHandle": receipt_handle,
        "body": body,
        "attributes": attributes,
        "messageAttributes": {
            name: _message_attribute(attribute) for name, attribute in message_attributes.items()
        },
        "md5OfMessageAttributes": attributes_md5 if message_attributes else None,
        "md5OfBody": body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": str(queue),
        "awsRegion": queue.region,
    }
    if not message_attributes and not windowed:
        del record["md5OfMessageAttributes"]
    return record


def _message_attribute(attribute: Mapping[str, Any]) -> dict[str, Any]:
    lists: dict[str, Any] = {"stringListValues": [], "binaryListValues": []}
    binary = attribute.get("BinaryValue")
    if binary is not None:
        encoded = binary if isinstance(binary, str) else base64.b64encode(binary).decode()
        return {"binaryValue": encoded, **lists, "dataType": attribute["DataType"]}
    return {"stringValue": attribute.get("StringValue"), **lists, "dataType": attribute["DataType"]}
