"""An event on its way through the queue, and the jobs of the clock that move it on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from destmock._aws.ids import function_hash
from destmock._aws.times import to_datetime
from destmock._observed.facts import Pending
from destmock._observed.xray import Sent, Traced

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._aws.arn import FunctionRef
    from destmock._aws.ids import Trace
    from destmock._observed.entries import Entry
    from destmock._observed.facts import Invocation
    from destmock._observed.xray import Run


@dataclass(slots=True)
class Event:
    """An accepted event on its way through the queue.

    `run` says which run of the function its last attempt was; `throttles` counts those in a row; `ran` is
    true once a handler has run, `running` while an attempt runs or waits; `dead_letter` is the ARN of the
    function's dead-letter queue as last seen, for a function may be deleted while its event waits (L2).
    Nobody waits for an event in the `background`.
    `caller` is the X-Ray segment that the event comes from; `runs` are its attempts as X-Ray shows them.
    `duplicable` is true until it has been asked whether an injected fault delivers the event twice, `delayed`
    while one has it wait. `unfinished` is what is left to do of an attempt that has ended.
    """

    ref: FunctionRef
    trace: Trace
    entry: Entry
    dead_letter: str | None
    caller: str | None = None
    tries: int = 0
    run: int = 0
    throttles: int = 0
    ran: bool = False
    running: bool = False
    background: bool = False
    runs: list[Run] = field(default_factory=list)
    duplicable: bool = True
    delayed: bool = False
    unfinished: Callable[[], object] | None = None
    #: The durable execution that it has started.
    execution_arn: str | None = None
    #: The tenant that the function is invoked for.
    tenant_id: str | None = None
    _header: str | None = None

    @property
    def counts(self) -> tuple[int, int, bool, bool]:
        """What an attempt counts, as it stands; an attempt that was interrupted takes it back."""
        return self.tries, self.throttles, self.ran, self.delayed

    @counts.setter
    def counts(self, counts: tuple[int, int, bool, bool]) -> None:
        self.tries, self.throttles, self.ran, self.delayed = counts

    @property
    def trace_header(self) -> str:
        """As the function and the receiver of its record see it; without lineage if nothing ran (F2)."""
        if not self.ran:
            return self.trace.header()
        if self._header is None:
            self._header = self.trace.header(function_hash(self.ref.unqualified_arn))
        return self._header


class Queue(Protocol):
    """What the jobs of an event ask of the simulation."""

    def dispatch(self, event: Event, unfinished: Callable[[], object] | None) -> bool:
        """Make the event's next attempt, or finish the last one; returns whether it came to one."""

    def put_back(self, event: Event) -> None:
        """Have an event that was interrupted go on from there."""


class Dispatch(NamedTuple):
    """A job of the clock: the event's next attempt."""

    queue: Queue
    event: Event
    #: What is left to do of the event's last attempt, which was interrupted.
    unfinished: Callable[[], object] | None = None

    @property
    def name(self) -> str:
        return self.event.ref.name

    @property
    def background(self) -> bool:
        return self.event.background

    def run(self) -> bool:
        return self.queue.dispatch(self.event, self.unfinished)

    def put_back(self) -> None:
        if self.unfinished is None and self.event.running:  # it waits, or has put itself back
            return
        self.event.unfinished = self.event.unfinished or self.unfinished
        self.queue.put_back(self.event)

    def pending(self, at: int) -> Pending:
        event = self.event
        return _pending(event, at, event.tries + (not event.running), running=event.running)

    def fact(self, at: int) -> Invocation:  # noqa: ARG002 - whenever it ran
        return self.event.entry.fact


def _pending(event: Event, at: int, number: int, *, running: bool) -> Pending:
    entry, due_at = event.entry, to_datetime(at)
    return Pending(
        entry.request_id, entry.function_arn, number, due_at, running, entry.duplicate, event.background
    )


def traced(event: Event, now: int) -> Traced:
    """The event as X-Ray shows it, once it has settled."""
    entry = event.entry
    sent = [Sent(found.kind, found.destination, found.error is not None) for found in entry.delivered]
    runs = tuple(event.runs)
    at = entry.accepted_at
    return Traced(event.ref, entry.request_id, event.trace, event.caller, at, now, runs, tuple(sent))
