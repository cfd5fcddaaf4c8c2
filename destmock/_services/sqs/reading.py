"""Reads queues in the same time, however many messages they hold. The answers stay moto's.

moto computes all attributes of a queue for each message that is sent, for each that is received and for each
name that is asked for. Three of them count messages, reading the clock for every one.
"""

from __future__ import annotations

import json
import math
import string
import time
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from moto.core.utils import camelcase_to_underscores
from moto.moto_api._internal import mock_random
from moto.sqs import models
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Message, Queue, SQSBackend
from moto.sqs.responses import SQSResponse

from destmock._engine.active import active
from destmock._isolation.moto_calls import remembered
from destmock._isolation.patching import Patch
from destmock._isolation.random_texts import random_text
from destmock._services.sqs import given_up, refusals
from destmock._services.sqs.arrivals import arrived, put
from destmock._services.sqs.delivery import mark_dead_letter, source_of_dead_letter
from destmock._services.sqs.order import readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from moto.core.responses import ActionResult

    from destmock._engine.simulation import Simulation

#: The number of letters in a receipt handle of moto's.
_HANDLE_LENGTH = 185
#: Seconds between two looks of a long poll for what other threads may send: the first ones, and at most.
_FIRST_LOOK, _LOOK = 0.005, 0.05
_DEAD_LETTER_SOURCE = "DeadLetterQueueSourceArn"


class LongPolls:
    """How a long poll waits for a message: in virtual time, unless `patience` is set.

    `patience` is called with a function that looks once, with the seconds to wait, and with a function that
    tells when a message of the queue can be read, in virtual milliseconds.
    """

    def __init__(self, _: Simulation) -> None:
        self.patience: (
            Callable[[Callable[[], list[Message]], int, Callable[[], int | None]], list[Message]] | None
        ) = None


def _receive_message(receive: Callable[..., list[Message]]) -> Callable[..., list[Message]]:
    """Reading stops when it can, waits in virtual time, and mappings hear what is hidden now."""

    def receive_message(
        self: SQSBackend, queue_name: str, count: int, wait_seconds_timeout: int, *args: Any, **kwargs: Any
    ) -> list[Message]:
        def look() -> list[Message]:
            found = receive(_Reading(self), queue_name, count, 0, *args, **kwargs)
            arrived(self.get_queue(queue_name))  # what is hidden now will be visible again
            return found

        patience = active[-1].part(LongPolls).patience
        if patience is not None:
            return patience(look, wait_seconds_timeout, lambda: _next(self.get_queue(queue_name)))
        found = look()
        if found or not wait_seconds_timeout:
            return found
        queue = self.get_queue(queue_name)
        if active[-1].driver.wait(wait_seconds_timeout, lambda: _any(queue), lambda: _next(queue)):
            return look()
        end, pause = time.monotonic() + wait_seconds_timeout, _FIRST_LOOK
        while not found and time.monotonic() < end:  # for what another thread may send
            time.sleep(pause)  # in virtual time, as the clock, if it is a handler's thread
            found, pause = look(), min(2 * pause, _LOOK)
        return found

    return receive_message


def _any(queue: Queue) -> bool:
    """Whether a message of the queue can be read now."""
    return next(readable(queue, _now()), None) is not None


def _next(queue: Queue) -> int | None:
    """When a message of the queue can be read that can't be read now, in virtual milliseconds."""
    now, messages = _now(), queue._messages  # noqa: SLF001 - the hidden ones, too
    moments = (max(message.visible_at, message.delayed_until) for message in messages)
    return min((math.ceil(moment) for moment in moments if moment > now), default=None)


class _Attributes(Mapping[str, Any]):
    """A queue's attributes as moto has them, each computed when it is read."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise KeyError(name)
        value = getattr(self._queue, _spelt(name))
        if name == "RedrivePolicy" and value:
            return json.dumps(value)
        return str(value).lower() if isinstance(value, bool) else value

    def __contains__(self, name: object) -> bool:
        return any(name in group for group in self._groups())

    def __iter__(self) -> Iterator[str]:
        for group in self._groups():
            yield from group

    def __len__(self) -> int:
        return sum(len(group) for group in self._groups())

    def _groups(self) -> Iterator[list[str]]:
        yield Queue.BASE_ATTRIBUTES
        if self._queue.fifo_queue:
            yield Queue.FIFO_ATTRIBUTES
        if self._queue.kms_master_key_id:  # type: ignore[attr-defined]
            yield Queue.KMS_ATTRIBUTES


class _Reading:
    """A backend as moto's `receive_message` sees it: its queues can be read quickly."""

    def __init__(self, backend: SQSBackend) -> None:
        self._backend = backend

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def get_queue(self, queue_name: str) -> _Read:
        return _Read(self._backend.get_queue(queue_name))


class _Read:
    """A queue that looks for the next message when it is asked for it: ten are enough."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    @property
    def messages(self) -> Iterable[Message]:
        return readable(self._queue, _now())

    @property
    def dead_letter_queue(self) -> _DeadLetters | None:
        queue = self._queue.dead_letter_queue
        return None if queue is None else _DeadLetters(queue, self._queue.queue_arn)

    @property
    def pending_message_groups(self) -> set[str]:
        """Groups that moto would hold back. It forgets one as soon as it meets a message of it anew."""
        return set()


class _DeadLetters:
    """A dead-letter queue as a queue's redrive policy fills it: its messages say from where they come."""

    def __init__(self, queue: Queue, source: str) -> None:
        self._queue, self._source = queue, source

    def add_message(self, message: Message) -> None:
        mark_dead_letter(message, self._source)
        put(self._queue, message)
        given_up.tell(active[-1], message, self._source, self._queue.queue_arn)


def _answer_receive(receive: Callable[[SQSResponse], ActionResult]) -> Callable[[SQSResponse], ActionResult]:
    """Dead letters have an attribute that moto doesn't know."""

    def receive_message(self: SQSResponse) -> ActionResult:
        refusals.check_receive(self)
        answer = receive(self)
        asked = {
            *(self._get_param("AttributeNames") or ()),
            *(self._get_param("MessageSystemAttributeNames") or ()),
        }
        if not asked & {"All", _DEAD_LETTER_SOURCE}:
            return answer
        queue = self.sqs_backend.get_queue(self._get_queue_name())
        found = {held.id: source_of_dead_letter(held) for held in queue._messages}  # noqa: SLF001
        for message in cast("dict[str, Any]", answer.result).get("Messages", ()):
            source = found.get(message["MessageId"])
            if source is not None:
                message.setdefault("Attributes", {})[_DEAD_LETTER_SOURCE] = source
        return answer

    return receive_message


def _now() -> float:
    """The virtual time in milliseconds, as moto's queues see it."""
    return active[-1].moment(time.time() * 1000)


def _visible(queue: Queue) -> Iterator[Message]:
    now = _now()
    return (
        message
        for message in queue._messages  # noqa: SLF001 - moto's own way goes through them, too
        if message.visible_at <= now and message.delayed_until <= now
    )


def _delayed(queue: Queue) -> int:
    now = _now()
    return sum(message.delayed_until > now for message in queue._messages)  # noqa: SLF001


def _hidden(queue: Queue) -> int:
    now = _now()
    return sum(message.visible_at > now for message in queue._messages)  # noqa: SLF001


def _delete_message(queue: Queue, receipt_handle: str) -> None:
    """moto looks at all messages, with all the handles that each has ever had, twice."""
    if receipt_handle in queue.deleted_messages:
        return
    messages = queue._messages  # noqa: SLF001
    position = next(
        (at for at, held in enumerate(messages) if _had_receipt_handle(held, receipt_handle)), None
    )
    if position is None:
        raise ReceiptHandleIsInvalid
    queue.pending_messages.discard(messages[position])
    queue.deleted_messages.update(cast("list[str]", messages[position].all_receipt_handles))
    queue._messages = messages[:position] + messages[position + 1 :]  # noqa: SLF001 - others may be reading
    if queue.fifo_queue:
        arrived(queue)  # the next messages of its group can be read


def _had_receipt_handle(message: Message, receipt_handle: str) -> bool:
    return receipt_handle == message.receipt_handle or receipt_handle in message._old_receipt_handles  # noqa: SLF001


def _copy(message: Message, _: Any) -> Message:
    """A deep copy of a message."""
    copied: Message = object.__new__(Message)
    copied.__dict__.update(message.__dict__)
    copied._old_receipt_handles = [*message._old_receipt_handles]  # noqa: SLF001
    copied.message_attributes = {name: {**value} for name, value in message.message_attributes.items()}
    copied.system_attributes = {name: {**value} for name, value in message.system_attributes.items()}
    return copied


def _receipt_handle() -> str:
    """A receipt handle of the same letters as moto's own from the same seed, in less time."""
    return random_text(mock_random, _HANDLE_LENGTH, string.ascii_lowercase)


@cache
def _spelt(name: str) -> str:
    return camelcase_to_underscores(name)


PATCHES = (
    Patch(models, "camelcase_to_underscores", remembered),
    Patch(models, "unix_time", lambda _: lambda: _now() / 1000),
    Patch(models, "unix_time_millis", lambda _: _now),
    Patch(Queue, "attributes", lambda _: property(_Attributes)),
    Patch(Queue, "messages", lambda _: property(lambda queue: [*_visible(queue)])),
    Patch(Queue, "approximate_number_of_messages_delayed", lambda _: property(_delayed)),
    Patch(Queue, "approximate_number_of_messages_not_visible", lambda _: property(_hidden)),
    Patch(Queue, "delete_message", lambda _: _delete_message),
    Patch(Message, "visible", lambda _: property(lambda message: message.visible_at <= _now())),
    Patch(SQSBackend, "receive_message", _receive_message),
    Patch(SQSResponse, "receive_message", _answer_receive),
    Patch(Message, "had_receipt_handle", lambda _: _had_receipt_handle),
    Patch(Message, "__deepcopy__", lambda _: _copy, added=True),
    Patch(models, "generate_receipt_handle", lambda _: _receipt_handle),
)
