"""SNS: a topic's subscribed functions are invoked asynchronously, and its queues get AWS's notifications."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend, Subscription
from moto.sqs.exceptions import QueueDoesNotExist, SQSException
from moto.sqs.models import sqs_backends

from destmock._aws.arn import parse_arn
from destmock._engine.active import active
from destmock._isolation.patching import Patch
from destmock._services.sns import delivery

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._engine.delivery import Message

#: How many attributes a raw message may have. SNS gives up one with more, as an error of the client.
_RAW_ATTRIBUTES = 10
_TOO_MANY = f"takes no raw message with more than {_RAW_ATTRIBUTES} attributes"


def _publish(publish: Callable[..., None]) -> Callable[..., None]:
    """Functions and queues get SNS's own notifications; moto has the rest.

    What moto's SES tells of a mail is an object, of which AWS writes the JSON.
    """

    def wrapper(
        self: Subscription,
        message: str | dict[str, Any],
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        message_structure: str | None = None,
        **others: Any,
    ) -> None:
        if isinstance(message, dict):
            message = json.dumps(message, separators=(",", ":"))
        if self.protocol not in ("lambda", "sqs"):
            common = {"message_attributes": message_attributes, "message_structure": message_structure}
            publish(self, message, message_id, subject, **common, **others)
            return
        matcher = self._filter_policy_matcher
        if matcher is not None and not matcher.matches(message_attributes, message):
            return
        if message_structure == "json":
            message = self._parse_message_structure(message, self.protocol)
        simulation = active[-1]
        carrier = simulation.carrier()._replace(body=message.encode(errors="surrogatepass"))
        attributes = message_attributes or {}
        if self.protocol == "lambda":
            delivery.notify_function(self, carrier, message_id, subject, attributes, simulation)
        else:
            _send_to_queue(self, carrier, message_id, subject, attributes, **others)

    return wrapper


def _send_to_queue(
    subscription: Subscription,
    message: Message,
    message_id: str,
    subject: str | None,
    attributes: dict[str, Any],
    group_id: str | None = None,
    deduplication_id: str | None = None,
) -> None:
    """As moto does, but with the members in SNS's order (R25), and for a queue that has gone or refuses."""
    simulation, text = active[-1], message.body.decode(errors="surrogatepass")
    body = written = delivery.envelope(subscription, text, message_id, subject, attributes, simulation)
    carried: dict[str, Any] | None = None
    if delivery.is_raw(subscription):
        body, carried = text, {name: _of_queue(value) for name, value in attributes.items()}
        if len(carried) > _RAW_ATTRIBUTES:
            delivery.unsent(subscription, message, message.body, written, simulation, _TOO_MANY)
            return
    arn = parse_arn(subscription.endpoint)
    assert arn is not None  # moto has parsed it
    if arn.resource.endswith(".fifo"):  # the topic tells the queue what it takes for the same
        deduplication_id = deduplication_id or hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
    try:
        sqs_backends[arn.account or subscription.account_id][arn.region].send_message(
            arn.resource,
            body,
            message_attributes=carried,
            deduplication_id=deduplication_id,
            group_id=group_id,
            validate_group_id=False,
        )
    except SQSException as error:  # the publisher doesn't hear of it
        why = "" if isinstance(error, QueueDoesNotExist) else f"refuses it: {error.message}"
        delivery.unsent(subscription, message, body.encode(errors="surrogatepass"), written, simulation, why)


def _of_queue(attribute: dict[str, Any]) -> dict[str, Any]:
    kind, value = attribute["Type"], attribute["Value"]
    if kind.startswith("Binary"):
        return {"DataType": kind, "BinaryValue": base64.b64decode(value)}
    return {"DataType": kind, "StringValue": value}


def _subscribe(subscribe: Callable[..., Subscription]) -> Callable[..., Subscription]:
    """A FIFO topic has queues as subscribers, and nothing else (R25)."""

    def subscribed(self: SNSBackend, topic_arn: str, endpoint: str, protocol: str) -> Subscription:
        if self.get_topic(topic_arn).fifo_topic and protocol != "sqs":
            text = f"Invalid parameter: Invalid protocol type: {protocol}"
            raise SNSInvalidParameter(text)
        return subscribe(self, topic_arn, endpoint, protocol)

    return subscribed


PATCHES = (Patch(Subscription, "publish", _publish), Patch(SNSBackend, "subscribe", _subscribe))
