"""What is entered in the ledger. The facts that users see are made of it when somebody looks, as few do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from destmock._aws.times import to_datetime
from destmock._observed.facts import Attempt, Delivery, Invocation

if TYPE_CHECKING:
    from destmock._aws.lifecycle import Condition
    from destmock._observed.facts import AttemptOutcome, Drop, Kind

Happened = Literal["event", "synchronous", "refused", "unanswered", "discarded"]


class Note(NamedTuple):
    """Something that happened to an event besides attempts, e.g. a throttle; for the timeline only."""

    at: int
    what: str


@dataclass(slots=True, eq=False)
class Tried:
    """One try of an event, as `Attempt` has it; times are in milliseconds."""

    number: int
    at: int
    accepted_at: int
    outcome: AttemptOutcome
    payload: bytes = b""
    exception: BaseException | None = None
    log_events: tuple[str, ...] = ()
    duration: int = 0
    #: How many attempts of the mock had begun before it.
    place: int = 0
    _fact: Attempt | None = None

    @property
    def fact(self) -> Attempt:
        """The try as tests see it."""
        if self._fact is None:
            self._fact = Attempt(
                self.number,
                to_datetime(self.at),
                (self.at - self.accepted_at) / 1000,
                self.outcome,
                self.payload,
                self.exception,
                self.log_events,
                self.duration / 1000,
                self.place,
            )
        return self._fact


@dataclass(slots=True, eq=False)
class Delivered:
    """One record or dead letter that was sent, as `Delivery` has it; `at` is in milliseconds."""

    entry: Entry
    destination: str
    kind: Kind
    body: bytes
    error: str | None
    at: int
    dead_letter: bool = False
    injected: bool = False
    _fact: Delivery | None = None

    @property
    def fact(self) -> Delivery:
        """The delivery as tests see it."""
        if self._fact is None:
            at = to_datetime(self.at)
            how = (self.destination, self.kind, self.body, self.error, at, self.entry.fact)
            self._fact = Delivery(*how, self.dead_letter, self.injected)
        return self._fact


@dataclass(slots=True)
class Entry:
    """One thing that happened: who invoked what, when, and the steps after it.

    An event changes until it is settled; `fact` is how it stands. Anything else is over at once: a
    synchronous invocation, one that an injected fault refused, an event for a function that isn't there, and
    records that a mapping has given up. Of the last two, `why` says what happened to them.
    """

    request_id: str
    function_arn: str
    source: str
    payload: bytes
    accepted_at: int
    tried: list[Tried] = field(default_factory=list)
    condition: Condition | None = None
    settled_at: int | None = None
    notes: list[Note] = field(default_factory=list)
    drop: Drop | None = None
    record: bytes | None = None
    delivered: list[Delivered] = field(default_factory=list)
    duplicate: bool = False
    what: Happened = "event"
    why: str = ""
    #: The event's place in the ledger while it is queued.
    position: int = 0
    _fact: Invocation | None = None

    @property
    def attempts(self) -> list[Attempt]:
        return [tried.fact for tried in self.tried]

    @property
    def deliveries(self) -> list[Delivery]:
        return [delivered.fact for delivered in self.delivered]

    @property
    def invoked(self) -> bool:
        """Whether a function was asked to run, and nothing kept it from that at once."""
        return self.what in ("event", "synchronous")

    @property
    def fact(self) -> Invocation:
        """An event as tests see it, as it stands now."""
        if self._fact is not None:
            return self._fact
        settled = self.condition is not None  # asked first: another thread may be settling it
        fact = Invocation(
            self.request_id,
            self.function_arn,
            self.source,
            self.payload,
            to_datetime(self.accepted_at),
            tuple(self.attempts),
            self.condition,
            self.record,
            self.duplicate,
        )
        if settled:
            self._fact = fact
        return fact

    def reopen(self) -> None:
        """Take back the end of an event that is to be told yet; what has been delivered tells of that end."""
        for delivered in self.delivered:
            _ = delivered.fact
        self.condition = self.settled_at = self.record = self._fact = None
