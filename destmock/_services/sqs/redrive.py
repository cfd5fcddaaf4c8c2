"""Message move tasks: what is in a dead-letter queue goes back to where it came from, or to another queue.

A task moves what can be read, as many messages a second as it was told, in virtual time.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from moto.core.responses import ActionResult
from moto.moto_api._internal import mock_random
from moto.sqs.exceptions import SQSException
from moto.sqs.models import Message, sqs_backends
from moto.sqs.responses import SQSResponse

from destmock._aws.arn import parse_arn
from destmock._aws.json_text import to_bytes
from destmock._aws.times import to_datetime
from destmock._engine.active import active
from destmock._isolation.patching import Patch
from destmock._observed.facts import Pending
from destmock._services.mapping import mark_arrival
from destmock._services.sqs.arrivals import put
from destmock._services.sqs.delivery import find_queue, mark_traced, source_of_dead_letter, trace_of
from destmock._services.sqs.order import readable

if TYPE_CHECKING:
    from moto.sqs.models import Queue

    from destmock._engine.simulation import Simulation

_FASTEST, _MOST_RESULTS = 500, 10
_SECOND = 1_000
_NO_RESOURCE = "The resource that you specified for the {} parameter doesn't exist."
_NO_DEAD_LETTERS = "Source queue must be configured as a Dead Letter Queue."
_UNSUPPORTED = "AWS.SimpleQueueService.UnsupportedOperation"
_RUNNING = (
    "There is already a task running. Only one active task is allowed for a source queue arn at a given time."
)
_NO_TASK = "Task does not exist."
_NO_SOURCE = "CouldNotDetermineMessageSource"
_NO_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"


@dataclass(slots=True, eq=False)
class _Task:
    handle: str
    source: str
    destination: str | None
    rate: int | None
    started: int
    to_move: int
    moved: int = 0
    status: str = "RUNNING"
    failure: str | None = None

    def entry(self) -> dict[str, Any]:
        """The task as it is listed; what has ended has no handle."""
        found = {
            "TaskHandle": self.handle if self.status == "RUNNING" else None,
            "Status": self.status,
            "SourceArn": self.source,
            "DestinationArn": self.destination,
            "MaxNumberOfMessagesPerSecond": self.rate,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.to_move,
            "FailureReason": self.failure,
            "StartedTimestamp": self.started,
        }
        return {name: value for name, value in found.items() if value is not None}


class _Move(NamedTuple):
    """A job of the clock: a task moves the messages of one second."""

    tasks: MoveTasks
    task: _Task

    @property
    def name(self) -> str:
        return self.task.source

    @property
    def background(self) -> bool:
        return False

    def run(self) -> bool:
        self.tasks.move(self.task)
        return False

    def pending(self, at: int) -> Pending | None:
        return self.fact(at) if self.task.status == "RUNNING" else None

    def fact(self, at: int) -> Pending:
        return Pending("", self.task.source, 1, to_datetime(at), background=False)


class MoveTasks:
    """The tasks of one mock, the oldest first."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._tasks: list[_Task] = []

    def of(self, source: str) -> list[_Task]:
        return [task for task in self._tasks if task.source == source]

    def start(self, queue: Queue, destination: str | None, rate: int | None) -> _Task:
        source, now = queue.queue_arn, self._simulation.now
        identity = {"taskId": self._simulation.ids.uuid(), "sourceArn": source}
        handle = base64.b64encode(to_bytes(identity)).decode()
        count = sum(1 for _ in readable(queue, now))
        task = _Task(handle, source, destination, rate, now, count)
        self._tasks.append(task)
        self._simulation.schedule(now, _Move(self, task))
        return task

    def cancel(self, handle: str) -> _Task | None:
        for task in self._tasks:
            if task.handle == handle and task.status == "RUNNING":
                task.status = "CANCELLED"
                return task
        return None

    def move(self, task: _Task) -> None:
        """Move the messages of this second; it ends when nothing is left that can be read."""
        if task.status != "RUNNING":
            return
        now, queue = self._simulation.now, _queue(task.source)
        if queue is None:
            task.status, task.failure = "FAILED", _NO_QUEUE
            return
        for message in list(islice(readable(queue, now), task.rate)):
            origin = task.destination or source_of_dead_letter(message)
            target = _queue(origin)
            if target is None:
                task.status, task.failure = "FAILED", _NO_SOURCE if origin is None else _NO_QUEUE
                return
            queue._messages.remove(message)  # noqa: SLF001 - moto removes dead letters so, too
            put(target, self._renewed(message, target))
            task.moved += 1
        if next(readable(queue, now), None) is None:
            task.status = "COMPLETED"
        else:
            self._simulation.schedule(now + _SECOND, _Move(self, task))

    def _renewed(self, message: Message, target: Queue) -> Message:
        """The message as a new one: with another id and time, and never received."""
        renewed = Message(str(mock_random.uuid4()), message.body, {**message.system_attributes})
        renewed.message_attributes = {**message.message_attributes}
        renewed.sender_id = message.sender_id
        renewed.group_id, renewed.deduplication_id = message.group_id, message.deduplication_id
        if target.fifo_queue:
            renewed.sequence_number = self._simulation.ids.sequence_number()
        renewed.mark_sent()
        mark_traced(renewed, trace_of(message), None)
        mark_arrival(renewed, self._simulation.now)
        return renewed


def _queue(arn: str | None) -> Queue | None:
    parsed = parse_arn(arn or "")
    return None if parsed is None or parsed.service != "sqs" else find_queue(parsed)


def _required(parameter: str, arn: str) -> Queue:
    queue = _queue(arn)
    if queue is None:
        raise _missing(_NO_RESOURCE.format(parameter))
    return queue


def _missing(text: str) -> SQSException:
    return SQSException("ResourceNotFoundException", text)


def _invalid(text: str) -> SQSException:
    return SQSException("InvalidParameterValue", text)


def _start(self: SQSResponse) -> ActionResult:
    source = _required("SourceArn", self._get_param("SourceArn"))
    backend = sqs_backends[source.account_id][source.region]
    if not backend.list_dead_letter_source_queues(source.name):
        raise _invalid(_NO_DEAD_LETTERS)
    destination = self._get_param("DestinationArn")
    if destination:
        _required("DestinationArn", destination)
    rate = _within(self, "MaxNumberOfMessagesPerSecond", _FASTEST)
    tasks = active[-1].part(MoveTasks)
    if any(task.status == "RUNNING" for task in tasks.of(source.queue_arn)):
        raise SQSException(_UNSUPPORTED, _RUNNING)
    return ActionResult({"TaskHandle": tasks.start(source, destination or None, rate).handle})


def _list(self: SQSResponse) -> ActionResult:
    source = _required("SourceArn", self._get_param("SourceArn"))
    most = _within(self, "MaxResults", _MOST_RESULTS) or 1
    newest = reversed(active[-1].part(MoveTasks).of(source.queue_arn))
    return ActionResult({"Results": [task.entry() for task in islice(newest, most)]})


def _cancel(self: SQSResponse) -> ActionResult:
    task = active[-1].part(MoveTasks).cancel(self._get_param("TaskHandle"))
    if task is None:
        raise _missing(_NO_TASK)
    return ActionResult({"ApproximateNumberOfMessagesMoved": task.moved})


def _within(response: SQSResponse, name: str, most: int) -> int | None:
    value: int | None = response._get_param(name)  # noqa: SLF001
    if value is not None and not 1 <= value <= most:
        text = f"Value {value} for parameter {name} is invalid. Reason: Must be between 1 and {most}."
        raise _invalid(text)
    return value


PATCHES = (
    Patch(SQSResponse, "start_message_move_task", lambda _: _start, added=True),
    Patch(SQSResponse, "list_message_move_tasks", lambda _: _list, added=True),
    Patch(SQSResponse, "cancel_message_move_task", lambda _: _cancel, added=True),
)
