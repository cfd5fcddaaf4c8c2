"""SNS: the record is the message of a notification, without subject or attributes (F4)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from moto.moto_api._internal import mock_random
from moto.sns.models import Subscription, Topic, sns_backends

from destmock._arn import parse_arn
from destmock._targets.queue import enqueue, find_queue
from destmock._targets.target import ROLE_ID, UndeliverableError

if TYPE_CHECKING:
    from destmock._arn import Arn
    from destmock._config import Standing
    from destmock._ledger import Kind
    from destmock._targets.target import Message

#: What SNS takes, in bytes.
MESSAGE_LIMIT = 262_144
#: Those whose subscribers get nothing in moto either: there is nobody in a test to get it.
_WITHOUT_RECEIVER = {"application", "email", "email-json", "firehose", "sms"}
_ENVELOPE = (
    "Type",
    "MessageId",
    "TopicArn",
    "Message",
    "Timestamp",
    "SignatureVersion",
    "Signature",
    "SigningCertURL",
    "UnsubscribeURL",
)
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


class TopicTarget:
    """A topic, by its ARN."""

    kind: Kind = "sns"

    def __init__(self, arn: Arn) -> None:
        self._arn = arn

    def standing(self) -> Standing:
        if self._arn.resource.endswith(".fifo"):
            return "fifo-topic"
        return "missing" if self._topic() is None else "ok"

    def deliver(self, message: Message) -> None:
        topic = self._topic()
        if topic is None:
            text = f"the topic {self._arn} does not exist"
            raise UndeliverableError(text)
        if len(message.body) > MESSAGE_LIMIT:
            text = f"the message has {len(message.body)} bytes; the topic {self._arn} takes {MESSAGE_LIMIT}"
            raise UndeliverableError(text)
        subscriptions = self._subscriptions(topic)
        message_id = str(mock_random.uuid4())
        for subscription in subscriptions:
            _notify(subscription, message, message_id)
        topic.sent_notifications.append((message_id, message.text, None, None, None))

    def _topic(self) -> Topic | None:
        try:
            return sns_backends[self._arn.account][self._arn.region].topics.get(str(self._arn))
        except KeyError:
            return None

    def _subscriptions(self, topic: Topic) -> list[Subscription]:
        """The topic's subscribers, all of which can be delivered to; otherwise none is."""
        found = [
            subscription
            for subscription in topic.sns_backend.subscriptions.values()
            if subscription.topic is topic and subscription.protocol not in _WITHOUT_RECEIVER
        ]
        for subscription in found:
            if subscription.protocol != "sqs":
                text = (
                    f"the topic {self._arn} has the {subscription.protocol} subscriber "
                    f"{subscription.endpoint}; destmock delivers to a topic's SQS subscribers only"
                )
                raise UndeliverableError(text)
        return found


def _notify(subscription: Subscription, message: Message, message_id: str) -> None:
    matcher = subscription._filter_policy_matcher  # noqa: SLF001 - moto has no other way to ask
    if matcher is not None and not matcher.matches(None, message.text):
        return
    arn = parse_arn(subscription.endpoint)
    queue = None if arn is None else find_queue(arn)
    if queue is None:  # SNS keeps a subscriber's failure to itself; Lambda's delivery has succeeded
        return
    body = message.text
    if str(subscription.attributes.get("RawMessageDelivery")).lower() != "true":
        body = _envelope(subscription, message.text, message_id)
    enqueue(queue, body, message.trace_header, f"{ROLE_ID}:AWS-CLOUDCAST")


def _envelope(subscription: Subscription, text: str, message_id: str) -> str:
    """SNS's notification as a queue receives it: only astral characters are escaped (F4)."""
    signed = subscription.get_post_data(text, message_id, None)
    ordered = {key: signed[key] for key in _ENVELOPE}
    body = json.dumps(ordered, indent=2, separators=(",", " : "), ensure_ascii=False)
    return _ASTRAL.sub(lambda match: json.dumps(match[0])[1:-1], body)
