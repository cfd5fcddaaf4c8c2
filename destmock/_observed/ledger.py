"""The books of one simulation: everything that happens is entered here, in order."""

from __future__ import annotations

from collections import Counter, deque
from operator import attrgetter
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, TypeVar

from destmock._observed.facts import Deliveries, Run, function_name
from destmock._observed.sequences import History, Kept

if TYPE_CHECKING:
    from destmock._observed.entries import Delivered, Entry, Note, Tried
    from destmock._observed.facts import Delivery, Drop, Invocation
    from destmock._observed.sequences import Key

#: How many failed deliveries a strict mock lists.
_FAILURES_KEPT = 10
Fact = TypeVar("Fact")
What: TypeAlias = Literal[
    "accepted", "attempt", "note", "settled", "synchronous", "refused", "unanswered", "discarded"
]


class Watcher(Protocol):
    """Called with each entry as it is made; `number` counts the event's attempts or notes from 1."""

    def __call__(self, what: What, item: Entry, number: int) -> object: ...


class Ledger:
    """Everything that happened in one simulation, in order.

    With `history`, only so many of the entries that are over are kept: the newest.
    """

    def __init__(self, history: int | None = None) -> None:
        self.history = history
        self.story: Kept[Entry] = Kept(_key)
        self.watchers: list[Watcher] = []
        #: The number of deliveries that failed without an injected fault, and the first few of them.
        self.failures = 0
        self.first_failures: list[Delivery] = []
        self._entries: Kept[Entry] = Kept(_key)
        self._deliveries: Kept[Delivered] = Kept(lambda one: (_key(one.entry)[0], one.destination))
        self._drops: Kept[Drop] = Kept(lambda one: (one.function_name, None))
        #: The events that are not over, by identity.
        self._queued: dict[int, Entry] = {}
        self._over: deque[Entry] = deque()

    def accepted(self, entry: Entry) -> None:
        entry.position = self._entries.add(entry)
        self._queued[id(entry)] = entry
        self.story.add(entry)
        if self.watchers:
            self._tell("accepted", entry)

    def attempted(self, entry: Entry, tried: Tried) -> None:
        entry.tried.append(tried)
        if self.watchers:
            self._tell("attempt", entry, len(entry.tried))

    def noted(self, entry: Entry, note: Note) -> None:
        entry.notes.append(note)
        self._tell("note", entry, len(entry.notes))

    def is_queued(self, entry: Entry) -> bool:
        """Whether an event was accepted, and has not ended."""
        return id(entry) in self._queued

    def settled(self, entry: Entry) -> None:
        """Note that an event has ended and will not change any more."""
        if self._queued.pop(id(entry), None) is not None:
            self._ended(entry)
            self._tell("settled", entry)

    def over_at_once(self, entry: Entry) -> None:
        """Enter something that is no event in the queue: nothing comes after it."""
        assert entry.what != "event"
        self.story.add(entry)
        self._ended(entry)
        self._tell(entry.what, entry)

    def delivered(self, delivered: Delivered) -> None:
        self._deliveries.add(delivered)
        if delivered.error is not None and not delivered.injected:
            self.failures += 1
            if len(self.first_failures) < _FAILURES_KEPT:
                self.first_failures.append(delivered.fact)
        delivered.entry.delivered.append(delivered)  # last: from here on, it is entered

    def dropped(self, entry: Entry, drop: Drop) -> None:
        entry.drop = drop
        self._drops.add(drop)

    @property
    def left_out(self) -> int:
        """How many entries of the story are no longer kept."""
        return self.story.past.total()

    @property
    def invocations(self) -> History[Invocation]:
        queued = ((entry.position, entry) for entry in self._queued.values())
        return History(self._entries.facts(attrgetter("fact"), queued), Counter(self._entries.past))

    @property
    def runs(self) -> History[Run]:
        """Every run of a handler that is kept, in the order in which they began."""
        found = [
            Run(
                entry.request_id,
                entry.function_arn,
                entry.source,
                entry.payload,
                entry.what == "event",
                attempt,
            )
            for entry in self.story
            if entry.invoked
            for attempt in entry.attempts
            if attempt.outcome != "NotFound"
        ]
        return History(sorted(found, key=lambda run: run.attempt._place))  # noqa: SLF001 - for this alone

    @property
    def deliveries(self) -> Deliveries:
        return Deliveries(self._deliveries.facts(attrgetter("fact")), Counter(self._deliveries.past))

    @property
    def drops(self) -> History[Drop]:
        return History(self._drops.facts(_itself), Counter(self._drops.past))

    def _tell(self, what: What, item: Entry, number: int = 1) -> None:
        for watcher in self.watchers:
            watcher(what, item, number)

    def _ended(self, item: Entry) -> None:
        if self.history is None:
            return
        self._over.append(item)
        if len(self._over) > self.history:
            self._let_go(self._over.popleft())

    def _let_go(self, item: Entry) -> None:
        self.story.let_go(item)
        if item.what == "event":
            self._entries.let_go(item)
        for delivered in item.delivered:
            self._deliveries.let_go(delivered)
        if item.drop is not None:
            self._drops.let_go(item.drop)


def _key(item: Entry) -> Key:
    return function_name(item.function_arn), None


def _itself(fact: Fact) -> Fact:
    return fact
