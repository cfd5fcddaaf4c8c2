"""SNS's event: https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def notification(
    *, subscription_arn: str, signed: Mapping[str, Any], attributes: Mapping[str, Any]
) -> dict[str, Any]:
    """The event of a signed notification; a function is told version 1, whatever signed it (R24)."""
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription_arn,
        "Sns": {
            "Type": signed["Type"],
            "MessageId": signed["MessageId"],
            "TopicArn": signed["TopicArn"],
            "Message": signed["Message"],
            "Timestamp": signed["Timestamp"],
            "SignatureVersion": "1",
            "Signature": signed["Signature"],
            "SigningCertUrl": signed["SigningCertURL"],
            "Subject": signed.get("Subject"),
            "UnsubscribeUrl": signed["UnsubscribeURL"],
            "MessageAttributes": attributes,
        },
    }
    return {"Records": [record]}
