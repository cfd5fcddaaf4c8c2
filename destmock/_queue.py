"""What the clock holds: events on their way, and what is to be done about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from destmock._aws.ids import function_hash
from destmock._aws.times import to_datetime
from destmock._observed.facts import Pending
from destmock._observed.xray import Sent, Traced
from destmock.errors import InvocationLoopError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from destmock._aws.arn import FunctionRef
    from destmock._aws.ids import Trace
    from destmock._aws.lifecycle import Result
    from destmock._aws.record import Response
    from destmock._observed.facts import Entry
    from destmock._observed.xray import Run


@dataclass(slots=True)
class Event:
    """An accepted event on its way through the queue.

    `throttles` counts those in a row; `ran` is true once a handler has run; `dead_letter` is the ARN of the
    function's dead-letter queue as last seen, for a function may be deleted while its event waits (L2).
    `caller` is the X-Ray segment that the event comes from; `runs` are its attempts as X-Ray shows them.
    `duplicable` is true until it has been asked whether an injected fault delivers the event twice, `delayed`
    while one has it wait.
    """

    ref: FunctionRef
    trace: Trace
    entry: Entry
    dead_letter: str | None
    caller: str | None = None
    tries: int = 0
    throttles: int = 0
    ran: bool = False
    runs: list[Run] = field(default_factory=list)
    duplicable: bool = True
    delayed: bool = False
    _header: str | None = None

    @property
    def trace_header(self) -> str:
        """As the function and the receiver of its record see it; without lineage if nothing ran (F2)."""
        if not self.ran:
            return self.trace.header()
        if self._header is None:
            self._header = self.trace.header(function_hash(self.ref.unqualified_arn))
        return self._header


class Dispatch(NamedTuple):
    """A job of the clock: the event's next attempt."""

    event: Event

    @property
    def ref(self) -> FunctionRef:
        return self.event.ref


@dataclass(frozen=True, slots=True)
class Completion:
    """A job of the clock: an attempt that takes its declared duration comes to its end."""

    event: Event
    result: Result
    response: Response

    @property
    def ref(self) -> FunctionRef:
        return self.event.ref


@dataclass(frozen=True, slots=True)
class Poll:
    """A job of the clock: an event source mapping looks for records, and has the function run with them.

    `attempt` is the number of the next try with the same records. Nobody waits for one in the background.
    """

    mapping: str
    ref: FunctionRef
    attempt: int = 1
    background: bool = False


Job: TypeAlias = "Dispatch | Completion | Poll"


def pending(at: int, job: Job) -> Pending:
    if isinstance(job, Poll):
        return Pending(job.mapping, job.ref.qualified_arn, job.attempt, to_datetime(at))
    event, running = job.event, isinstance(job, Completion)
    number = event.tries if running else event.tries + 1
    entry = event.entry
    at_ = to_datetime(at)
    return Pending(entry.request_id, entry.function_arn, number, at_, running, entry.duplicate)


def traced(event: Event, now: int) -> Traced:
    """The event as X-Ray shows it, once it has settled."""
    entry = event.entry
    sent = [Sent(found.kind, found.destination, found.error is not None) for found in entry.deliveries]
    runs = tuple(event.runs)
    at = entry.accepted_at
    return Traced(event.ref, entry.request_id, event.trace, event.caller, at, now, runs, tuple(sent))


def loop(limit: int, recent: Iterable[str]) -> InvocationLoopError:
    """More than `limit` attempts in one go; `recent` are the functions of the latest ones."""
    names = " -> ".join(dict.fromkeys(recent))
    message = (
        f"{limit} attempts have run and still events are queued: {names} keep invoking each other "
        "(or pass a larger limit to run_until_idle)"
    )
    return InvocationLoopError(message)
