"""SNS: what AWS refuses of a message that is published, and moto takes, or tells in other words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.sns.exceptions import InvalidParameterValue
from moto.sns.models import SNSBackend

from destmock._isolation.patching import Patch
from destmock._services.sns.delivery import MESSAGE_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST_SUBJECT = 100
_PARTS_OF_ARN = 6
_INVALID = "Invalid parameter: {}"
_NO_TOPIC = "TopicArn or TargetArn Reason: no value for required parameter"
_SHORT_ARN = "TopicArn Reason: An ARN must have at least 6 elements, not {}"
_NOT_PARSED = "Message Structure - JSON message body failed to parse"
_NO_DEFAULT = "Message Structure - No default entry in JSON message body"
_NO_GROUP = "The MessageGroupId parameter is required for FIFO topics"


def _publish(publish: Callable[..., str]) -> Callable[..., str]:
    """Published in a batch, each message is refused by itself."""

    def checked(
        self: SNSBackend,
        message: Any,
        arn: str | None,
        phone_number: str | None = None,
        subject: str | None = None,
        *given: Any,
        **named: Any,
    ) -> str:
        if isinstance(message, str):  # what moto's SES tells is an object
            reason = _reason(message, subject)
            if reason is None and not phone_number:
                structure, group = named.get("message_structure"), named.get("group_id")
                reason = _reason_of_topic(self, arn, message, structure, group)
            if reason is not None:
                raise InvalidParameterValue(_INVALID.format(reason))
        return publish(self, message, arn, phone_number, subject, *given, **named)

    return checked


def _reason(message: str, subject: str | None) -> str | None:
    if subject is not None and not _is_subject(subject):
        return "Subject"
    if not message:
        return "Empty message"
    if len(message.encode(errors="surrogatepass")) > MESSAGE_LIMIT:
        return "Message too long"
    return None


def _reason_of_structure(message: str) -> str | None:
    try:
        found = json.loads(message)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return _NOT_PARSED
    return None if "default" in found else _NO_DEFAULT


def _reason_of_topic(
    backend: SNSBackend, arn: str | None, message: str, structure: str | None, group: str | None
) -> str | None:
    """Why nothing can be published there; a topic that isn't there is moto's error at once."""
    if arn is None:
        return _NO_TOPIC
    parts = arn.split(":")
    if len(parts) < _PARTS_OF_ARN:
        return _SHORT_ARN.format(len(parts))
    if parts[5].startswith("endpoint/"):
        return None
    topic = backend.get_topic(arn)
    if topic.fifo_topic and not group:
        return _NO_GROUP
    return _reason_of_structure(message) if structure == "json" else None


def _is_subject(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_SUBJECT and not any(each < " " or each == "\x7f" for each in text)


PATCHES = (Patch(SNSBackend, "publish", _publish),)
