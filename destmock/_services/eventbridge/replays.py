"""EventBridge: an archive's events are put on their bus again, a minute after the replay was started.

A replay was recorded to take 54 to 63 seconds, whatever it had to do; here, it takes 60.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from moto.core.utils import unix_time
from moto.events.exceptions import IllegalStatusException
from moto.events.models import EventsBackend, Replay, ReplayState, events_backends

from destmock._aws.times import to_datetime
from destmock._engine.active import active
from destmock._isolation.patching import Patch
from destmock._observed.facts import Pending
from destmock._services.eventbridge import rules
from destmock._services.eventbridge.bus import as_written

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.events.models import Archive, EventBus

    from destmock._engine.simulation import Simulation

_DURATION = 60_000
_MINUTE = 60
_NO_ARCHIVE = "Archive resource not found."
_NO_BUS = "Event bus resource not found."
_NOT_VALID = "Replay {} is not in a valid state for this operation."
#: Where a replay of moto's keeps what AWS says of it besides.
_LAST, _REASON = "_destmock_last_replayed", "_destmock_state_reason"


class ReplayRun(NamedTuple):
    """A job of the clock: a replay that was started is carried out, or its cancelling is."""

    replay: Replay
    simulation: Simulation

    @property
    def name(self) -> str:
        return str(self.replay.name)

    @property
    def background(self) -> bool:
        return False

    def run(self) -> bool:
        _carry_out(self.replay, self.simulation)
        return False

    def pending(self, at: int) -> Pending:
        return self.fact(at)

    def fact(self, at: int) -> Pending:
        return Pending("", self.replay.arn, 1, to_datetime(at))


def _replay_events(_: object) -> Callable[[Replay, Archive], None]:
    """moto would replay all of the archive at once."""

    def start(self: Replay, archive: Archive) -> None:  # noqa: ARG001 - it may have gone until then
        simulation = active[-1]
        simulation.schedule(simulation.now + _DURATION, ReplayRun(self, simulation))

    return start


def _carry_out(replay: Replay, simulation: Simulation) -> None:
    if _backend(replay).replays.get(replay.name) is not replay:  # moto was reset
        return
    state, reason = ReplayState.CANCELLED, None
    if replay.state != ReplayState.CANCELLING:
        replay.state = ReplayState.RUNNING
        state, reason = _put_again(replay, simulation)
    replay.state, replay.end_time = state, unix_time()
    setattr(replay, _REASON, reason)


def _put_again(replay: Replay, simulation: Simulation) -> tuple[ReplayState, str | None]:
    """Put the archive's events on its bus; returns the state at the end, and the reason of a failure."""
    backend = _backend(replay)
    archive = backend.archives.get(replay.source_arn.split("/")[-1])
    bus = backend.event_buses.get(replay.destination["Arn"].split("/")[-1])
    if archive is None or bus is None:
        return ReplayState.FAILED, _NO_ARCHIVE if archive is None else _NO_BUS
    begin, end = float(replay.event_start_time), float(replay.event_end_time)
    found = [event for event in archive.events if begin <= float(event["time"]) < end]
    for event in sorted(found, key=_time):
        _put(replay, bus, as_written(dict(event)), simulation)
    if begin <= replay.start_time:
        setattr(replay, _LAST, end // _MINUTE * _MINUTE)
    return ReplayState.COMPLETED, None


def _time(event: Any) -> float:
    return float(event["time"])


def _put(replay: Replay, bus: EventBus, event: dict[str, Any], simulation: Simulation) -> None:
    """An event that is replayed has an id of its own, the same for each rule, and the replay's name.

    An archive, which is a rule that moto made, doesn't take it again.
    """
    wanted, carrier = replay.destination.get("FilterArns"), simulation.carrier()
    last: dict[str, Any] = {name: event.pop(name) for name in ("resources", "detail") if name in event}
    written: dict[str, Any] = {**event, "id": carrier.unique_id, "replay-name": replay.name, **last}
    for rule in [*bus.rules.values()]:
        if rule.managed_by is None and (not wanted or rule.arn in wanted):
            rules.pass_on(rule, written, carrier, simulation)


def _start_replay(start: Callable[..., Any]) -> Callable[..., Any]:
    """A window without any length is none; moto refuses only one that ends before it begins."""

    def started(
        self: EventsBackend,
        name: str,
        description: str,
        source_arn: str,
        start_time: float,
        end_time: float,
        destination: dict[str, Any],
    ) -> Any:
        end = start_time - 1 if start_time == end_time else end_time
        return start(self, name, description, source_arn, start_time, end, destination)

    return started


def _cancel_replay(_: object) -> Callable[[EventsBackend, str], dict[str, str]]:
    """moto would cancel what is over."""

    def cancel(self: EventsBackend, name: str) -> dict[str, str]:
        self.describe_replay(name)  # which refuses one that isn't there
        replay = self.replays[name]
        if replay.state not in (ReplayState.STARTING, ReplayState.RUNNING):
            raise IllegalStatusException(_NOT_VALID.format(name))
        replay.state = ReplayState.CANCELLING
        return {"ReplayArn": replay.arn, "State": replay.state.value}

    return cancel


def _describe_short(describe: Callable[[Replay], dict[str, Any]]) -> Callable[[Replay], dict[str, Any]]:
    """With what moto leaves out, and without what isn't there yet."""

    def described(self: Replay) -> dict[str, Any]:
        told = {
            **describe(self),
            "EventLastReplayedTime": getattr(self, _LAST, None),
            "StateReason": getattr(self, _REASON, None),
        }
        return {name: value for name, value in told.items() if value is not None}

    return described


def _backend(replay: Replay) -> EventsBackend:
    return events_backends[replay.account_id][replay.region]


PATCHES = (
    Patch(Replay, "replay_events", _replay_events),
    Patch(Replay, "describe_short", _describe_short),
    Patch(EventsBackend, "start_replay", _start_replay),
    Patch(EventsBackend, "cancel_replay", _cancel_replay),
)
