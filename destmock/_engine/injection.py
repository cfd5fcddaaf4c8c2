"""The choice of the faults that happen: those that were asked for, those of a plan, and chaos.

The rest of destmock first asks `Injection.on`, whether there are any; mostly there are none.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from destmock._aws.arn import LATEST, parse_function_name
from destmock._aws.times import to_datetime
from destmock._engine.faults import ANY_CALL, Fault
from destmock._engine.points import PlannedFault

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from destmock._aws.arn import FunctionRef
    from destmock._engine.faults import Chaos, Rule
    from destmock._engine.points import FaultKind, Occasion

#: The kinds that keep an event from an attempt.
HOLD_UPS: tuple[FaultKind, ...] = ("throttle", "system_error", "delay")
#: The longest delay that chaos makes, and the one that a plan makes, in seconds.
_LONGEST_DELAY = 60


class Injection:
    """The injected faults of one simulation. Times are virtual, in milliseconds."""

    def __init__(self) -> None:
        self.on = False
        self.rules: list[Rule] = []
        self.chaos: Chaos | None = None
        self.injected: list[Fault] = []
        #: The text of every call of `faults.chaos`, to repeat it.
        self.calls: list[str] = []
        #: How many runs of each function have begun, by its name.
        self.runs: Counter[str] = Counter()
        #: The faults of a plan that are still to happen.
        self.planned: set[PlannedFault] = set()
        #: Every fault that could have happened, in order, if somebody wants to know.
        self.possible: list[PlannedFault] | None = None

    def add(self, rule: Rule) -> None:
        self.rules.append(rule)
        self.on = True

    def begin(self, chaos: Chaos) -> None:
        self.chaos = chaos
        self.calls.append(chaos.call)
        self.on = True

    def follow(self, plan: Iterable[PlannedFault]) -> list[PlannedFault]:
        """Have the faults of a plan happen; the answer is filled with every fault that could happen."""
        self.planned, self.possible = set(plan), []
        self.on = True
        return self.possible

    def clear(self) -> None:
        self.rules.clear()
        self.chaos = None
        self._spent()

    def take(self, kinds: Sequence[FaultKind], occasion: Occasion, now: int) -> Fault | None:
        """The fault that happens now: what was asked for in its order, then the plan, then chaos."""
        # Whoever invokes synchronously has a client that tries again by itself if Lambda refuses.
        if self.possible is not None and (occasion.asynchronous or occasion.point.at != "begin"):
            self.possible += [PlannedFault(kind, occasion.point) for kind in kinds]
        for rule in self.rules:
            if rule.kind in kinds and _names(rule.function, occasion.ref) and _is_place(rule, occasion):
                return self._spend(rule, occasion, now)
        return self._by_plan(kinds, occasion, now) or self._by_chaos(kinds, occasion, now)

    def _by_plan(self, kinds: Sequence[FaultKind], occasion: Occasion, now: int) -> Fault | None:
        for kind in kinds if self.planned else ():
            planned = PlannedFault(kind, occasion.point)
            if planned in self.planned:
                self.planned.discard(planned)
                seconds = _LONGEST_DELAY if kind == "delay" else 0
                return self._happened(kind, occasion.ref.name, occasion, now, seconds=seconds)
        return None

    def _by_chaos(self, kinds: Sequence[FaultKind], occasion: Occasion, now: int) -> Fault | None:
        """What chance brings: to events only, for a synchronous caller's client would try again by itself."""
        chaos = self.chaos
        if not occasion.asynchronous or chaos is None or chaos.left == 0:
            return None
        if not _names(chaos.function, occasion.ref):
            return None
        rates = [(kind, chaos.rates[kind]) for kind in kinds if kind in chaos.rates]
        kind = next((kind for kind, rate in rates if chaos.random.random() < rate), None)
        if kind is None:
            return None
        if chaos.left is not None:
            chaos.left -= 1
        seconds = chaos.random.randint(1, _LONGEST_DELAY) if kind == "delay" else 0
        return self._happened(kind, chaos.function, occasion, now, seconds=seconds, chaos=True)

    def _spend(self, rule: Rule, occasion: Occasion, now: int) -> Fault:
        if rule.left is not None:
            rule.left -= 1
            if not rule.left:
                self.rules.remove(rule)
                self._spent()
        scope = rule.destination or rule.function
        return self._happened(rule.kind, scope, occasion, now, seconds=rule.milliseconds / 1000)

    def _spent(self) -> None:
        self.on = bool(self.rules) or self.chaos is not None or self.possible is not None

    def _happened(
        self,
        kind: FaultKind,
        scope: str | None,
        occasion: Occasion,
        now: int,
        *,
        seconds: float = 0.0,
        chaos: bool = False,
    ) -> Fault:
        point, ref, request_id = occasion.point, occasion.ref, occasion.request_id
        at, arn = to_datetime(now), ref.qualified_arn
        destination = point.name if point.at == "delivery" else None
        fault = Fault(kind, scope, arn, request_id, at, destination, seconds, chaos, point)
        self.injected.append(fault)
        return fault


def _is_place(rule: Rule, occasion: Occasion) -> bool:
    """Whether a fault that was asked for at a call, at an end or for a destination happens here."""
    point = occasion.point
    if rule.kind == "fail_delivery":
        return rule.destination in (None, point.name) and rule.dead_letter in (None, occasion.dead_letter)
    if rule.kind != "crash":
        return True
    if rule.at != point.at or rule.call not in (ANY_CALL, point.name):
        return False
    return point.at == "end" or rule.nth == (point.call if rule.call == ANY_CALL else occasion.alike)


def _names(scope: str | None, ref: FunctionRef) -> bool:
    """Whether a function as it was asked for, by name or ARN, is the one that is invoked."""
    named = None if scope is None else parse_function_name(scope)
    return named is None or (
        named.name == ref.name
        and named.account in (None, ref.account)
        and named.region in (None, ref.region)
        and named.qualifier in (None, ref.qualifier or LATEST)
    )
