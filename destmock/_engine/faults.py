"""Injected faults: the ones that were asked for, the ones that happened, and the choice of the next.

The rest of destmock first asks `Injection.on`, whether there are any; mostly there are none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from destmock._aws.arn import LATEST, parse_function_arn, parse_function_name
from destmock._aws.times import to_datetime

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from random import Random

    from destmock._aws.arn import FunctionRef

FaultKind = Literal["throttle", "system_error", "duplicate", "delay", "fail_delivery"]
#: The kinds that keep an event from an attempt.
HOLD_UPS: tuple[FaultKind, ...] = ("throttle", "system_error", "delay")
#: The longest delay that chaos makes, in seconds.
_LONGEST_DELAY = 60


_POINT = re.compile(r"(?P<arn>arn:\S+) (?P<when>before|after) attempt (?P<attempt>\d+)(?: to (?P<to>\S+))?")


class Point(NamedTuple):
    """Where a fault can happen: before an attempt, or after the last one, on the way to a destination.

    `attempt` counts from 1. The text of a point, such as `arn:...:orders:$LATEST before attempt 2`, says all
    of it: `Point.parse` makes the same point again.
    """

    ref: FunctionRef
    attempt: int
    destination: str | None = None

    def __str__(self) -> str:
        if self.destination is None:
            return f"{self.ref.qualified_arn} before attempt {self.attempt}"
        return f"{self.ref.qualified_arn} after attempt {self.attempt} to {self.destination}"

    @classmethod
    def parse(cls, text: str) -> Point:
        """The point that a text names; raises `ValueError` for one that names none."""
        match = _POINT.fullmatch(text)
        ref = None if match is None else parse_function_arn(match["arn"])
        if match is None or ref is None or (match["when"] == "after") != (match["to"] is not None):
            message = (
                f"{text!r} is not a point of a run; write '<function ARN> before attempt 2', or "
                "'<function ARN> after attempt 3 to <destination ARN>'"
            )
            raise ValueError(message)
        return cls(ref, int(match["attempt"]), match["to"])


@dataclass(frozen=True, slots=True, repr=False)
class Fault:
    """One fault that was injected, into an invocation of `function_arn`.

    `point` is where in the run it happened: before which attempt, or on the way to which destination.
    `scope` is the function or destination that the fault was asked for, `None` if it was asked for any of
    them. `chaos` is true of a fault that `faults.chaos` made. `destination` is the ARN of a delivery that was
    made to fail, `seconds` the length of a delay. `request_id` is `None` for a synchronous invocation, which
    had none yet.
    """

    kind: FaultKind
    scope: str | None
    function_arn: str
    request_id: str | None
    at: datetime
    destination: str | None = None
    seconds: float = 0.0
    chaos: bool = False
    point: Point | None = field(default=None, compare=False)

    @property
    def function_name(self) -> str:
        """The bare name of the function, without account, region or qualifier."""
        ref = parse_function_arn(self.function_arn)
        return self.function_arn if ref is None else ref.name

    @property
    def by(self) -> str:
        """Who did it, in the timeline's words."""
        return "chaos" if self.chaos else "an injected fault"

    def __repr__(self) -> str:
        where = "" if self.destination is None else f" to {self.destination}"
        return f"<Fault {self.kind} of {self.function_name}{where} at {self.at}>"


@dataclass(frozen=True, slots=True, repr=False)
class PendingFault:
    """A fault still to be injected, `times` more times; `None`: until `clear()`."""

    kind: FaultKind
    function: str | None
    destination: str | None
    times: int | None

    def __repr__(self) -> str:
        scope = ", ".join(part for part in (self.function, self.destination) if part) or "anything"
        left = "until clear()" if self.times is None else f"{self.times} more"
        return f"<PendingFault {self.kind} of {scope}: {left}>"


@dataclass(slots=True)
class Rule:
    """A fault as it was asked for; `left` says how often it is still to happen."""

    kind: FaultKind
    function: str | None
    left: int | None
    destination: str | None = None
    dead_letter: bool | None = None
    milliseconds: int = 0


@dataclass(slots=True)
class Chaos:
    """A mixture: how likely each kind of fault is, each time that it could happen."""

    seed: int
    rates: Mapping[FaultKind, float]
    function: str | None
    left: int | None
    random: Random

    @property
    def call(self) -> str:
        """The call that makes the same faults again."""
        given = [f"seed={self.seed}", *(f"{kind}={rate}" for kind, rate in self.rates.items())]
        if self.function is not None:
            given.append(f"function={self.function!r}")
        if self.left is not None:
            given.append(f"times={self.left}")
        return f"destmock.faults.chaos({', '.join(given)})"


class Injection:
    """The injected faults of one simulation. Times are virtual, in milliseconds."""

    def __init__(self) -> None:
        self.on = False
        self.rules: list[Rule] = []
        self.chaos: Chaos | None = None
        self.injected: list[Fault] = []
        #: The text of every call of `faults.chaos`, to repeat it.
        self.calls: list[str] = []

    def add(self, rule: Rule) -> None:
        self.rules.append(rule)
        self.on = True

    def begin(self, chaos: Chaos) -> None:
        self.chaos = chaos
        self.calls.append(chaos.call)
        self.on = True

    def clear(self) -> None:
        self.rules.clear()
        self.chaos = None
        self.on = False

    def take(
        self, kinds: Sequence[FaultKind], point: Point, now: int, request_id: str | None
    ) -> Fault | None:
        """The fault that happens to this invocation now: what was asked for in its order, then chaos."""
        for rule in self.rules:
            if rule.kind in kinds and _names(rule.function, point.ref):
                return self._spend(rule, point, now, request_id)
        if request_id is None:  # a synchronous caller's client would try again by itself
            return None
        kind = self._drawn(kinds, point.ref)
        if kind is None:
            return None
        assert self.chaos is not None
        seconds = self.chaos.random.randint(1, _LONGEST_DELAY) if kind == "delay" else 0
        return self._happened(kind, self.chaos.function, point, now, request_id, seconds=seconds, chaos=True)

    def take_delivery(self, point: Point, now: int, request_id: str, *, dead_letter: bool) -> Fault | None:
        """The fault that has the sending to the point's destination or dead-letter queue fail."""
        for rule in self.rules:
            if (
                rule.kind == "fail_delivery"
                and _names(rule.function, point.ref)
                and rule.destination in (None, point.destination)
                and rule.dead_letter in (None, dead_letter)
            ):
                return self._spend(rule, point, now, request_id)
        if self._drawn(("fail_delivery",), point.ref) is None:
            return None
        assert self.chaos is not None
        scope = self.chaos.function
        return self._happened("fail_delivery", scope, point, now, request_id, chaos=True)

    def _drawn(self, kinds: Sequence[FaultKind], ref: FunctionRef) -> FaultKind | None:
        chaos = self.chaos
        if chaos is None or chaos.left == 0 or not _names(chaos.function, ref):
            return None
        kind = next((kind for kind in kinds if chaos.random.random() < chaos.rates[kind]), None)
        if kind is not None and chaos.left is not None:
            chaos.left -= 1
        return kind

    def _spend(self, rule: Rule, point: Point, now: int, request_id: str | None) -> Fault:
        if rule.left is not None:
            rule.left -= 1
            if not rule.left:
                self.rules.remove(rule)
                self.on = bool(self.rules) or self.chaos is not None
        scope = rule.destination or rule.function
        seconds = rule.milliseconds / 1000
        return self._happened(rule.kind, scope, point, now, request_id, seconds=seconds)

    def _happened(
        self,
        kind: FaultKind,
        scope: str | None,
        point: Point,
        now: int,
        request_id: str | None,
        *,
        seconds: float = 0.0,
        chaos: bool = False,
    ) -> Fault:
        at, arn = to_datetime(now), point.ref.qualified_arn
        fault = Fault(kind, scope, arn, request_id, at, point.destination, seconds, chaos, point)
        self.injected.append(fault)
        return fault


def _names(scope: str | None, ref: FunctionRef) -> bool:
    """Whether a function as it was asked for, by name or ARN, is the one that is invoked."""
    named = None if scope is None else parse_function_name(scope)
    return named is None or (
        named.name == ref.name
        and named.account in (None, ref.account)
        and named.region in (None, ref.region)
        and named.qualifier in (None, ref.qualifier or LATEST)
    )
