"""SNS: the record is the message of a notification, without subject or attributes (F4).

As a dead-letter queue it gets the original event, with three message attributes (H19), unless one of them
has a character beyond U+FFFF: AWS loses such a message (H20, R26).
"""

from __future__ import annotations

import json
import re
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from moto.moto_api._internal import mock_random
from moto.sns.models import Subscription, Topic, sns_backends

from destmock._aws.json_text import to_bytes
from destmock._engine.delivery import ROLE_ID, UndeliverableError
from destmock._engine.unanswered import Unsent, tell
from destmock._services.sns.event import notification
from destmock._services.sns.order import Order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from destmock._aws.arn import Arn
    from destmock._engine.delivery import Message
    from destmock._engine.event_invoke_config import Standing
    from destmock._engine.simulation import Simulation
    from destmock._observed.facts import Kind

#: What SNS takes, in bytes.
MESSAGE_LIMIT = 262_144
#: Protocols whose subscribers get nothing, as in moto: a test has no such receivers.
_WITHOUT_RECEIVER = {"application", "email", "email-json", "firehose", "sms"}
_ENVELOPE = (
    "Type",
    "MessageId",
    "SequenceNumber",
    "TopicArn",
    "Subject",
    "Message",
    "Timestamp",
    "SignatureVersion",
    "Signature",
    "SigningCertURL",
    "UnsubscribeURL",
)
#: What the notifications of a FIFO topic don't have.
_SIGNED = {"SignatureVersion", "Signature", "SigningCertURL"}
#: SenderId of what SNS sends to a queue.
_SENDER = f"{ROLE_ID}:AWS-CLOUDCAST"
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


class TopicTarget:
    """A topic, by its ARN."""

    kind: Kind = "sns"

    def __init__(self, arn: Arn, simulation: Simulation) -> None:
        self._arn = arn
        self._simulation = simulation

    def standing(self) -> Standing:
        if self._arn.resource.endswith(".fifo"):
            return "fifo-topic"
        return "missing" if self._topic() is None else "ok"

    def deliver(self, message: Message) -> None:
        topic = self._topic()
        if topic is None:
            text = f"the topic {self._arn} does not exist"
            raise UndeliverableError(text)
        self._sending(topic, message)()

    def prepare(self, message: Message) -> Callable[[], bool]:
        """Raises `UndeliverableError` if destmock can't send to one of the subscribers."""
        topic = self._topic()
        if topic is None:
            return lambda: False
        if message.subject is not None:
            return lambda: bool(topic.publish(message.text, subject=message.subject))
        return self._sending(topic, message)

    def _sending(self, topic: Topic, message: Message) -> Callable[[], bool]:
        """What sends the message; raises if the topic refuses it, or destmock can't send to a subscriber."""
        if message.size > MESSAGE_LIMIT:
            text = f"the message has {message.size} bytes; the topic {self._arn} takes {MESSAGE_LIMIT}"
            raise UndeliverableError(text)
        if any(_ASTRAL.search(value) for _, value in message.attributes.values()):
            text = f"the topic {self._arn} loses a message with an attribute beyond U+FFFF, as on AWS"
            raise UndeliverableError(text)
        subscriptions = self._subscriptions(topic)

        def send() -> bool:
            message_id = str(mock_random.uuid4())
            attributes = {
                name: {"Type": data_type, "Value": value}
                for name, (data_type, value) in message.attributes.items()
            }
            for subscription in subscriptions:
                self._notify(subscription, message, message_id, attributes)
            sent = (message_id, message.text, None, attributes or None, None)
            topic.sent_notifications.append(sent)
            return True

        return send

    def _topic(self) -> Topic | None:
        try:
            return sns_backends[self._arn.account][self._arn.region].topics.get(str(self._arn))
        except KeyError:
            return None

    def _subscriptions(self, topic: Topic) -> list[Subscription]:
        """The topic's subscribers. Raises if destmock can't send to one of them: then none gets anything."""
        found = [
            subscription
            for subscription in topic.sns_backend.subscriptions.values()
            if subscription.topic is topic and subscription.protocol not in _WITHOUT_RECEIVER
        ]
        for subscription in found:
            if subscription.protocol not in ("lambda", "sqs"):
                text = (
                    f"the topic {self._arn} has the {subscription.protocol} subscriber "
                    f"{subscription.endpoint}; destmock delivers to SQS queues and Lambda functions only"
                )
                raise UndeliverableError(text)
        return found

    def _notify(
        self, subscription: Subscription, message: Message, message_id: str, attributes: dict[str, Any]
    ) -> None:
        matcher = subscription._filter_policy_matcher  # noqa: SLF001 - moto has no other way to ask
        if matcher is not None and not matcher.matches(attributes or None, message.text):
            return
        if subscription.protocol == "lambda":
            notify_function(subscription, message, message_id, None, attributes, self._simulation)
        else:
            _notify_queue(subscription, message, message_id, attributes, self._simulation)


def notify_function(
    subscription: Subscription,
    message: Message,
    message_id: str,
    subject: str | None,
    attributes: Mapping[str, Any],
    simulation: Simulation,
) -> None:
    """Invokes the subscribed function, asynchronously, or tells the subscription's dead-letter queue.

    `attributes` are as in a notification: name -> `Type` and `Value`.
    """
    function = simulation.target_of(subscription.endpoint)
    event = notification(
        subscription_arn=subscription.arn,
        signed=subscription.get_post_data(message.text, message_id, subject),
        attributes={name: _to_function(value) for name, value in attributes.items()},
    )
    sent = message._replace(body=to_bytes(event), source=f"SNS topic {subscription.topic.name}")
    if function is None or not function.prepare(sent)():
        body = envelope(subscription, message.text, message_id, subject, attributes, simulation)
        unsent(subscription, message, sent.body, body, simulation)


def unsent(
    subscription: Subscription,
    message: Message,
    payload: bytes,
    letter: str,
    simulation: Simulation,
    why: str = "",
) -> None:
    """Tell the subscription's dead-letter queue what its subscriber would have got.

    Without a `why`, the subscriber isn't there.
    """
    policy = json.loads(subscription.attributes.get("RedrivePolicy") or "{}")
    source = f"SNS topic {subscription.topic.name}"
    told = message._replace(body=letter.encode(), attributes={}, sender_id=_SENDER)
    lost = Unsent(subscription.endpoint, source, payload, why)
    tell(simulation, lost, policy.get("deadLetterTargetArn"), told)


def _to_function(attribute: Mapping[str, Any]) -> dict[str, str]:
    """An attribute as functions get it: what isn't binary is a String (R21)."""
    binary = attribute["Type"].startswith("Binary")
    return {"Type": "Binary" if binary else "String", "Value": str(attribute["Value"])}


def _notify_queue(
    subscription: Subscription,
    message: Message,
    message_id: str,
    attributes: dict[str, Any],
    simulation: Simulation,
) -> None:
    """Send to a queue that subscribes. If it isn't there or refuses, the publisher does not hear of it."""
    queue = simulation.target_of(subscription.endpoint)
    if queue is None:
        return
    written = envelope(subscription, message.text, message_id, None, attributes, simulation)
    body, carried = written, {}
    if is_raw(subscription):
        body = message.text
        carried = {name: (value["Type"], value["Value"]) for name, value in attributes.items()}
    sent = message._replace(body=body.encode(), attributes=carried, sender_id=_SENDER)
    try:
        taken, why = queue.prepare(sent)(), ""
    except UndeliverableError as error:
        taken, why = False, f"refuses it: {error}"
    if not taken:
        unsent(subscription, message, sent.body, written, simulation, why)


def is_raw(subscription: Subscription) -> bool:
    """Whether a queue gets the message as it is."""
    return str(subscription.attributes.get("RawMessageDelivery")).lower() == "true"


def _indented(value: Any) -> str:
    """A field's value as JSON. An encoder that indents is written in Python: most fields are texts."""
    if type(value) is str:
        return encode_basestring(value)
    written = json.dumps(value, indent=2, separators=(",", " : "), ensure_ascii=False)
    return written.replace("\n", "\n  ")


def envelope(
    subscription: Subscription,
    text: str,
    message_id: str,
    subject: str | None,
    attributes: Mapping[str, Any],
    simulation: Simulation,
) -> str:
    """SNS's notification as a queue receives it (R25): only astral characters are escaped (F4, H19)."""
    written, topic = subscription.get_post_data(text, message_id, subject), subscription.topic
    if topic.fifo_topic:
        unsigned = {key: value for key, value in written.items() if key not in _SIGNED}
        written = {**unsigned, "SequenceNumber": simulation.part(Order).number(topic.arn, message_id)}
    ordered = {key: written[key] for key in _ENVELOPE if key in written}
    if attributes:
        ordered["MessageAttributes"] = attributes
    body = "{\n" + ",\n".join([f'  "{name}" : {_indented(value)}' for name, value in ordered.items()]) + "\n}"
    return _ASTRAL.sub(lambda match: json.dumps(match[0])[1:-1], body)
