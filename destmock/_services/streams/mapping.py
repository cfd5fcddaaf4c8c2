"""Kinesis and DynamoDB: the records of each shard are read in order, and a batch that fails is tried again.

How long AWS waits before it tries again isn't documented; here it is one second, then twice as long each
time, up to one minute. Where retries know no end, nothing waits for them: time has to be advanced.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from destmock._aws.json_text import to_bytes
from destmock._services.mapping import LARGEST_BATCH, Reading, matches, ref_of, run_batch, source_of
from destmock._services.streams.discarded import GivenUp, tell
from destmock._services.streams.lanes import Lanes, shard_of
from destmock._services.streams.shards import open_stream
from destmock._services.streams.windows import state_of, window_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moto.awslambda.models import EventSourceMapping

    from destmock._engine.simulation import Simulation
    from destmock._engine.synchronous import Answered
    from destmock._services.streams.shards import Record, Stream
    from destmock._services.streams.windows import Window

_FIRST_WAIT, _LONGEST_WAIT = 1_000, 60_000


@dataclass(slots=True)
class _Place:
    """How far a shard has been read: up to the record number `after`.

    `tries` are those of the batch that comes next. It ends with the last of `ends`, if a batch has failed:
    those are the numbers of the last records of that batch, of its first half, and so on.
    """

    after: int = 0
    tries: int = 0
    waits: int = 0
    ends: list[int] = field(default_factory=list)
    again_at: int = 0
    #: Whether the function runs with a batch: the next one of the shard waits for its end.
    running: bool = False
    #: Whether nobody waits for the next try, because the retries have no end.
    endless: bool = False
    #: The tumbling window that has begun.
    window: Window | None = None

    def done(self, number: int) -> None:
        self.after, self.tries, self.waits = max(self.after, number), 0, 0
        self.ends = [end for end in self.ends if end > number]

    def keep(self, last: int) -> None:
        """Have the next batch end there. What failed is tried again as it is, whatever comes meanwhile."""
        if last not in self.ends:
            self.ends.append(last)

    def size(self, largest: int) -> int:
        return self.ends[-1] - self.after if self.ends else largest


class StreamReader:
    """Reads the stream of one mapping: a batch of each shard, or part of one, at a time.

    `begun` is called as soon as a batch begins, for the other shards to be read meanwhile.
    """

    def __init__(self, simulation: Simulation, begun: Callable[[EventSourceMapping], None]) -> None:
        self._simulation, self._begun = simulation, begun
        self._places: dict[str, _Place] = {}
        self._lanes = Lanes(1)
        self._identity: object | None = None

    def begin(self, mapping: EventSourceMapping) -> None:
        """Where reading starts, in the shards that there are: at the end, at a time, or at the beginning."""
        stream = self._open(mapping)
        if stream is None or mapping.starting_position not in ("LATEST", "AT_TIMESTAMP"):
            return
        since = float(mapping.starting_position_timestamp or 0) * 1000
        for shard, last in stream.ends().items():
            after = last
            if mapping.starting_position == "AT_TIMESTAMP":
                records = stream.read(shard, 0, last, self._simulation.now)
                after = max((record.number for record in records if record.at < since), default=0)
            self._place(shard).after = after

    def skip(self, mapping: EventSourceMapping) -> None:
        """Goes on behind all that is there."""
        stream = self._open(mapping)
        for shard, last in stream.ends().items() if stream is not None else ():
            self._place(shard).done(last)

    def is_behind(self, mapping: EventSourceMapping) -> bool:
        """Whether there are records that haven't been read."""
        stream = self._open(mapping)
        ends = {} if stream is None else stream.ends()
        return any(self._place(shard).after < last for shard, last in ends.items())

    def plan(self, mapping: EventSourceMapping, *, at_once: bool) -> list[Reading]:
        """When to read next: what can be read now, if `at_once`, and what has to be tried again later."""
        stream, now = self._open(mapping), self._simulation.now
        if stream is None or self._simulation.identify(ref_of(mapping)) is None:
            return []
        plans = []
        for shard, place, last in self._unread(stream):
            if place.running:  # its end plans the next
                continue
            window, first = place.window, next(iter(stream.read(shard, place.after, 1, now)), None)
            if place.again_at > now:
                plans.append(Reading(place.again_at, place.tries + 1, background=place.endless))
            elif window is not None and _is_over(window, first):
                end = now if window.early else max(now, window.end)
                plans.append(Reading(end, background=end > now))
            elif first is not None and at_once:
                patience = int(mapping.max_batch_window or 0) * 1000
                full = bool(place.ends) or last - place.after >= mapping.batch_size
                plans.append(Reading(now if full else max(now, first.at + patience)))
        return plans

    def read(self, mapping: EventSourceMapping) -> bool:
        """One batch of one shard. Answers whether there was any."""
        simulation, ref = self._simulation, ref_of(mapping)
        stream = None if simulation.identify(ref) is None else self._open(mapping, simulation.role(ref))
        if stream is None:
            return False
        simulation.check_code(ref)
        for shard, place, _ in self._unread(stream):
            if place.running or place.again_at > simulation.now:
                continue
            records = stream.read(shard, place.after, place.size(mapping.batch_size), simulation.now)
            window = place.window
            if window is not None and _is_over(window, next(iter(records), None)):
                if window.early or window.end <= simulation.now:
                    with self._alone(mapping, place):
                        self._end(mapping, shard, place, window)
                    return True
            elif records:
                with self._alone(mapping, place):
                    self._run(mapping, shard, place, _fitting(_of_one_window(mapping, records)))
                return True
        return False

    @contextmanager
    def _alone(self, mapping: EventSourceMapping, place: _Place) -> Iterator[None]:
        """While entered, nothing else of the shard is read, however long the function sleeps."""
        place.running = True
        try:
            self._begun(mapping)
            yield
        finally:
            place.running = False

    def _end(self, mapping: EventSourceMapping, shard: str, place: _Place, window: Window) -> None:
        """The last invocation for a window has no records; if it fails, the shard waits for its retries."""
        others = window.event(shard, source_of(mapping), final=True)
        run = run_batch(self._simulation, mapping, [], [], None, **others)
        if run.answered is None or run.answered.outcome.function_error is not None:
            self._try_again(mapping, shard, place, [], run.answered)
            return
        place.done(place.after)
        place.window = None

    def _run(self, mapping: EventSourceMapping, shard: str, place: _Place, records: list[Record]) -> None:
        """Runs the function with what is young enough and wanted of the records."""
        simulation, age = self._simulation, _limit(mapping.max_record_age)
        old = [record for record in records if age is not None and simulation.now - record.at > age * 1000]
        if old:
            self._give_up(mapping, shard, old, "RecordAgeExceeded", place, None)
            return
        batch = [record for record in records if matches(mapping, record.filtered)]
        if not batch:
            place.done(records[-1].number)
            return
        numbers, events = [record.sequence_number for record in batch], [record.event for record in batch]
        failed, answered = self._run_in_window(mapping, shard, place, batch, events, numbers)
        if not failed:
            place.done(records[-1].number)
            return
        first = min(failed)
        place.keep(batch[-1].number)
        if first:  # what comes before the first failure is done; the rest has all its retries
            place.done(batch[first - 1].number)
            self._wait(mapping, place, counted=True)
        else:
            self._try_again(mapping, shard, place, batch, answered)

    def _run_in_window(
        self,
        mapping: EventSourceMapping,
        shard: str,
        place: _Place,
        batch: list[Record],
        events: list[dict[str, Any]],
        numbers: list[str],
    ) -> tuple[frozenset[int], Answered | None]:
        """The positions that failed; in a tumbling window, also all of them if no state is answered."""
        if not mapping.tumbling_window:
            run = run_batch(self._simulation, mapping, events, numbers, None)
            return run.failed, run.answered
        window = place.window or window_of(batch[0].at, int(mapping.tumbling_window))
        place.window = window
        others = window.event(shard, source_of(mapping), final=False)
        run = run_batch(self._simulation, mapping, events, numbers, None, **others)
        if run.answered is None or run.answered.outcome.function_error is not None:
            return run.failed, run.answered
        state = state_of(run.answered.outcome.payload)
        if state is None:
            return frozenset(range(len(batch))), run.answered
        window.keep(state)
        return run.failed, run.answered

    def _try_again(
        self,
        mapping: EventSourceMapping,
        shard: str,
        place: _Place,
        batch: list[Record],
        answered: Answered | None,
    ) -> None:
        """Later; a throttled function and a halved batch cost none of the retries."""
        most = _limit(mapping.max_retry_attempts)
        if mapping.bisect_on_error and len(batch) > 1 and answered is not None:
            place.keep(batch[(len(batch) + 1) // 2 - 1].number)
        elif answered is not None:
            place.tries += 1
            if most is not None and place.tries > most:
                self._give_up(mapping, shard, batch, "RetryAttemptsExhausted", place, answered)
                return
        self._wait(mapping, place, counted=answered is not None)

    def _wait(self, mapping: EventSourceMapping, place: _Place, *, counted: bool) -> None:
        """Nobody waits for what may go on for ever."""
        place.again_at = self._simulation.now + min(_FIRST_WAIT << min(place.waits, 10), _LONGEST_WAIT)
        place.waits += 1
        limited = counted and _limit(mapping.max_retry_attempts) is not None
        place.endless = not limited and _limit(mapping.max_record_age) is None

    def _give_up(
        self,
        mapping: EventSourceMapping,
        shard: str,
        batch: list[Record],
        condition: str,
        place: _Place,
        answered: Answered | None,
    ) -> None:
        """Goes on behind the records, and tells the mapping's OnFailure destination where they are."""
        tries, window, final = place.tries, place.window, not batch
        place.done(place.after if final else batch[-1].number)
        if final:
            place.window = None
        tell(self._simulation, mapping, GivenUp(shard_of(shard), batch, condition, tries, window, answered))

    def _open(self, mapping: EventSourceMapping, role: str = "") -> Stream | None:
        """The stream; one that was made anew under the same name is read from its beginning."""
        stream = open_stream(source_of(mapping), role)
        if stream is None:
            return None
        if stream.identity is not self._identity:
            self._places, self._lanes, self._identity = {}, Lanes(1), stream.identity
        factor = 1 if mapping.tumbling_window else int(mapping.parallelization_factor or 1)
        if factor != self._lanes.factor and not any(place.running for place in self._places.values()):
            self._divide(stream, factor)
        return self._lanes.divided(stream)

    def _divide(self, stream: Stream, factor: int) -> None:
        """Go on with another number of parts, where all of them have been read."""
        after = {part: place.after for part, place in self._places.items()}
        so_far, self._lanes = self._lanes.read_so_far(stream, after), Lanes(factor)
        self._places = {part: _Place(number) for part, number in self._lanes.begun(stream, so_far)}

    def _unread(self, stream: Stream) -> Iterator[tuple[str, _Place, int]]:
        """Each shard with something to do, and the number of its last record.

        There are records that haven't been read, or a window has to be ended.
        """
        for shard, last in stream.ends().items():
            place = self._place(shard)
            if place.after < last or place.window is not None:
                yield shard, place, last

    def _place(self, shard: str) -> _Place:
        return self._places.setdefault(shard, _Place())


def _is_over(window: Window, first: Record | None) -> bool:
    """Whether nothing more of a window is to be read: the next record is a later window's."""
    return window.early or first is None or first.at >= window.end


def _of_one_window(mapping: EventSourceMapping, records: list[Record]) -> list[Record]:
    """The first records, as far as they belong to one tumbling window."""
    if not mapping.tumbling_window:
        return records
    end = window_of(records[0].at, int(mapping.tumbling_window)).end
    return list(takewhile(lambda record: record.at < end, records))


def _limit(setting: int | None) -> int | None:
    """AWS writes -1 for no limit, which is the default."""
    return None if setting is None or setting < 0 else int(setting)


def _fitting(records: list[Record]) -> list[Record]:
    """As many records as an event has room for, one at least."""
    room, count = LARGEST_BATCH, 0
    for record in records:
        room -= len(to_bytes(record.event)) + 1
        if room < 0:
            break
        count += 1
    return records[: max(count, 1)]
