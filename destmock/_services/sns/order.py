"""SNS: a FIFO topic numbers its messages, and delivers each once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult
from moto.moto_api._internal import mock_random
from moto.sns.models import Topic
from moto.sns.responses import SNSResponse

from destmock._engine.active import active
from destmock._isolation.patching import Patch
from destmock._services import duplicates

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._engine.simulation import Simulation

_STEP = 1_000
_BEFORE_FIRST = 10**19 - _STEP
_FIFO = ".fifo"


class Order:
    """The sequence numbers that one simulation's topics have given, by the topic's ARN and the message."""

    def __init__(self, _: Simulation) -> None:
        self._newest: dict[str, tuple[str, int]] = {}

    def number(self, topic: str, message_id: str) -> str:
        """The number of a message: the topic's next one, if the message is new."""
        newest, number = self._newest.get(topic, ("", _BEFORE_FIRST))
        if newest != message_id:
            number += _STEP
            self._newest[topic] = message_id, number
        return str(number)


def _publish(publish: Callable[[SNSResponse], ActionResult]) -> Callable[[SNSResponse], ActionResult]:
    def numbered(self: SNSResponse) -> ActionResult:
        answer = publish(self)
        topic, result = str(self._get_param("TopicArn") or self._get_param("TargetArn")), answer.result
        if topic.endswith(_FIFO) and isinstance(result, dict):
            number = active[-1].part(Order).number(topic, result["MessageId"])
            return ActionResult({**result, "SequenceNumber": number})
        return answer

    return numbered


def _deliver(publish: Callable[..., str]) -> Callable[..., str]:
    """What a FIFO topic has had within five minutes it accepts, and delivers to none of its queues.

    https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html
    """

    def delivered(
        self: Topic,
        message: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
        message_structure: str | None = None,
    ) -> str:
        if str(self.fifo_topic).lower() == "true":
            content = hashlib.sha256(message.encode(errors="surrogatepass")).hexdigest()
            if not duplicates.is_first(self, deduplication_id or content, active[-1].now):
                return str(mock_random.uuid4())
        others = (message_attributes, group_id, deduplication_id, message_structure)
        return publish(self, message, subject, *others)

    return delivered


PATCHES: tuple[Patch, ...] = (Patch(SNSResponse, "publish", _publish), Patch(Topic, "publish", _deliver))
