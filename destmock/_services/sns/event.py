"""SNS's event: https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html. The signature in it is made up."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from destmock._aws.record import timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from destmock._aws.arn import Arn
    from destmock._aws.ids import Ids


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
            "Message": message,
            "Timestamp": timestamp(at),
            "SignatureVersion": "1",
            "Signature": base64.b64encode(bytes.fromhex(ids.hex(512))).decode(),
            "SigningCertUrl": f"{host}/SimpleNotificationService-{ids.hex(32)}.pem",
            "Subject": subject,
            "UnsubscribeUrl": f"{host}/?Action=Unsubscribe&SubscriptionArn={subscription_arn}",
            "MessageAttributes": attributes,
        },
    }
    return {"Records": [record]}
