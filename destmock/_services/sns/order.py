"""SNS: the sequence numbers of a FIFO topic's messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.core.responses import ActionResult
from moto.sns.responses import SNSResponse

from destmock._engine.active import active
from destmock._isolation.patching import Patch

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


PATCHES: tuple[Patch, ...] = (Patch(SNSResponse, "publish", _publish),)
