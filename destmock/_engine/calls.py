"""What can happen to a handler at each of its AWS calls: it dies, hangs, or lets others go first.

The hooks on boto3's calls tell of every call, before it and after it. While nobody wants a fault, that costs
a look at one attribute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from destmock._engine.points import Occasion, Point
from destmock._time.running import Running
from destmock._time.stacks import Attempt, current

if TYPE_CHECKING:
    from destmock._aws.arn import FunctionRef
    from destmock._aws.ids import Trace
    from destmock._engine.faults import Fault
    from destmock._engine.injection import Injection
    from destmock._engine.points import At, FaultKind
    from destmock._runtime.outcome import Outcome
    from destmock._time.clock import Clock
    from destmock._time.turns import Turns

_AT_A_CALL: tuple[FaultKind, ...] = ("crash", "timeout")
_WHEN_OTHERS_ARE_DUE: tuple[FaultKind, ...] = (*_AT_A_CALL, "switch")
_WHEN_IT_HAS_RUN: tuple[FaultKind, ...] = ("crash",)


class FunctionRun(Running):
    """A run of a function's handler, and the AWS calls that it has made, by service and operation."""

    __slots__ = ("asynchronous", "calls", "notes", "number", "outcome", "place", "ref", "request_id")
    #: How it ended, once it has.
    outcome: Outcome

    def __init__(
        self,
        ref: FunctionRef,
        trace: Trace,
        header: str,
        request_id: str,
        number: int,
        place: int,
        *,
        asynchronous: bool,
    ) -> None:
        super().__init__(ref.unqualified_arn, trace, header)
        self.ref = ref
        self.request_id = request_id
        #: Which run of the function's it is.
        self.number = number
        #: How many attempts had begun before it, in all of the simulation.
        self.place = place
        self.asynchronous = asynchronous
        self.calls: list[str] = []
        #: The injected faults that have happened to it, in the timeline's words, and when.
        self.notes: list[tuple[int, str]] = []

    def occasion(self, at: At, number: int = 0) -> Occasion:
        """The occasion for a fault at one of the run's AWS calls, or at its end."""
        name = self.calls[number - 1] if number else ""
        point = Point(self.ref.name, self.number, at, name, number)
        alike = self.calls[:number].count(name)
        return Occasion(point, self.ref, self.request_id, self.asynchronous, alike)


class Calls:
    """The AWS calls that the handlers of one simulation make."""

    def __init__(self, clock: Clock[Any], turns: Turns, faults: Injection) -> None:
        self._clock = clock
        self._turns = turns
        self._faults = faults

    def before(self, operation: str) -> tuple[FunctionRun, int] | None:
        """Note that a call begins, such as `sqs.SendMessage`; a handler may never come back from here.

        The answer is for `after`.
        """
        if not self._faults.on:
            return None
        run = self._turns.mine
        if not isinstance(run, FunctionRun):
            return None
        run.calls.append(operation)
        number, due = len(run.calls), self._clock.peek()
        others = due is not None and due <= self._clock.now
        self._strike(run, run.occasion("before", number), _WHEN_OTHERS_ARE_DUE if others else _AT_A_CALL)
        return run, number

    def after(self, begun: tuple[FunctionRun, int]) -> None:
        """Note that a call has taken effect, or failed; a handler may never come back from here."""
        run, number = begun
        if self._faults.on:
            self._strike(run, run.occasion("after", number), _WHEN_IT_HAS_RUN)

    def at_end(self, run: FunctionRun) -> None:
        """Note that the handler has returned: Lambda may never learn of it."""
        if self._faults.on:
            self._strike(run, run.occasion("end"), _WHEN_IT_HAS_RUN)

    def _strike(self, run: FunctionRun, occasion: Occasion, kinds: tuple[FaultKind, ...]) -> None:
        """Have the fault happen to the handler that this code is a part of, if there is one."""
        member = current()
        if member is None:  # a thread that works for the handler without its knowledge
            return
        with self._turns:
            fault = self._faults.take(kinds, occasion, self._clock.now)
        if fault is None:
            return
        run.notes.append((self._clock.now, _note(fault)))
        if fault.kind == "crash":
            member.die()
        elif fault.kind == "timeout":
            member.hang()
        elif type(member) is Attempt:
            member.waits.give_way(member)


def _note(fault: Fault) -> str:
    assert fault.point is not None  # it has happened
    if fault.point.at == "end":
        return f"died after its handler had returned, by {fault.by}"
    what = {"crash": "died", "timeout": "hung until its timeout"}.get(fault.kind, "let others go first")
    return f"{what} {fault.point.phrase}, by {fault.by}"
