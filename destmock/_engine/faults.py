"""Injected faults as values: those that happened, and those that were asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from destmock._aws.arn import parse_function_arn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from random import Random

    from destmock._engine.points import At, FaultKind, Point

#: The call of a fault that may happen at any AWS call.
ANY_CALL = "*"


@dataclass(frozen=True, slots=True, repr=False)
class Fault:
    """One fault that was injected, into an invocation of `function_arn`.

    `point` is where it happened: before which run of the function, at which of its AWS calls, at its end, or
    on the way to which destination. `scope` is the function or destination that the fault was asked for,
    `None` if it was asked for any of them. `chaos` is true of a fault that `faults.chaos` made. `destination`
    is the ARN of a delivery that was made to fail, `seconds` the length of a delay. `request_id` is `None`
    for a synchronous invocation that had none yet.
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
    """A fault still to be injected, `times` more times; `None`: until `clear()`.

    `where` says at which AWS call a crash happens, such as "after dynamodb.PutItem", or "at the end".
    """

    kind: FaultKind
    function: str | None
    destination: str | None
    times: int | None
    where: str | None = None

    def __repr__(self) -> str:
        parts = (self.function, self.destination, self.where)
        scope = ", ".join(part for part in parts if part) or "anything"
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
    #: Where a crash happens: at which end of which call, and of the calls of that operation, at which one.
    at: At = "begin"
    call: str = ANY_CALL
    nth: int = 1

    @property
    def where(self) -> str | None:
        """The place of a crash in words."""
        if self.kind != "crash":
            return None
        if self.at == "end":
            return "at the end"
        which = "" if self.nth == 1 else f" number {self.nth}"
        return f"{self.at} {'any AWS call' if self.call == ANY_CALL else self.call}{which}"


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
