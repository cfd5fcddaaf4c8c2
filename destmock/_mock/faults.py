"""`Destmock.faults`: the faults that AWS makes now and then, on demand."""

from __future__ import annotations

import re
from random import Random
from typing import TYPE_CHECKING
from weakref import WeakMethod

from destmock._aws.arn import parse_arn, parse_function_name
from destmock._aws.times import to_milliseconds
from destmock._engine.faults import ANY_CALL, Chaos, Fault, PendingFault, Rule
from destmock._observed.sequences import History
from destmock.errors import InactiveError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from destmock._aws.ids import Ids
    from destmock._engine.injection import Injection
    from destmock._engine.points import At, FaultKind

#: A call as faults name it.
_OPERATION = re.compile(r"[a-z0-9-]+\.[A-Z][A-Za-z0-9]*")


class Faults:
    """Injects faults into what is invoked from now on.

    Each method asks for one kind of fault, to happen `times` times, or with `times=None` until `clear()`.
    `function` restricts it to a function, by name or ARN; one with a qualifier, to what was invoked with that
    qualifier (`orders:$LATEST`: without any). The event may come from anywhere: Invoke, a service, another
    function's destination. What keeps an event from its attempt happens in the order it was asked for, one
    for each attempt that would have been. What never happens is no error; `pending` lists it.

    All raise `ValueError` for what can't be.
    """

    def __init__(self, injection: Injection, ids: Ids, check_active: Callable[[], None]) -> None:
        self._injection = injection
        self._ids = ids
        self._check_active = WeakMethod(check_active)  # its owner holds this

    def throttle(self, function: str | None = None, *, times: int | None = 1) -> None:
        """Has Lambda find no slot for an attempt (429).

        An event goes back to the queue, for 1 s, then 2 s, up to 5 min, until it is too old (D10). A
        synchronous call gets a `TooManyRequestsException`: botocore's own retries don't happen under
        destmock. An event source mapping reads its batch again later.
        """
        self._ask("throttle", function, times)

    def system_error(self, function: str | None = None, *, times: int | None = 1) -> None:
        """Has Lambda itself fail before the handler runs (5xx).

        An event goes back to the queue as if it was throttled, and no attempt is counted (D18). If it gets
        too old, its record says `"statusCode":500` where that of a throttled event says 429: AWS's own was
        not recorded.
        A synchronous call gets a `ServiceException`; an event source mapping reads its batch again later.
        """
        self._ask("system_error", function, times)

    def duplicate(self, function: str | None = None, *, times: int | None = 1) -> None:
        """Delivers an event twice, as AWS says it may (D18).

        The second delivery is an `Invocation` of its own with the same `request_id` and `duplicate=True`,
        which has its own attempts, retries and record; it is queued when the first delivery's turn comes.
        No event is delivered three times.
        """
        self._ask("duplicate", function, times)

    def delay(
        self, seconds: float | timedelta, function: str | None = None, *, times: int | None = 1
    ) -> None:
        """Has an event wait in the queue that much longer, in virtual time, as when the queue is long.

        An event that would get too old by it ends at once, with the record of one that was throttled until
        its age. A synchronous invocation has no queue to wait in.
        """
        try:
            milliseconds = to_milliseconds(seconds)
        except (OverflowError, TypeError, ValueError):  # infinite, no number, not a number
            milliseconds = 0
        if milliseconds < 1:
            message = f"a delay is in seconds, more than 0, or a timedelta, not {seconds!r}"
            raise ValueError(message)
        self._ask("delay", function, times, milliseconds=milliseconds)

    def fail_delivery(
        self,
        destination: str | None = None,
        *,
        function: str | None = None,
        dead_letter: bool | None = None,
        times: int | None = 1,
    ) -> None:
        """Has the sending of a record, or of a dead-letter message, fail, as it does without permission (G4).

        `destination` is its ARN; `dead_letter=True` restricts it to dead-letter queues, `False` to
        destinations. AWS's metric counts it (`DestinationDeliveryFailures` or `DeadLetterErrors`), nothing is
        sent again, and `Delivery.error` names the fault. A strict mock doesn't complain of it.
        """
        if destination is not None and (not isinstance(destination, str) or parse_arn(destination) is None):
            message = f"a destination is named by its ARN, not {destination!r}"
            raise ValueError(message)
        self._ask("fail_delivery", function, times, destination=destination, dead_letter=dead_letter)

    def crash(
        self,
        function: str | None = None,
        *,
        before: str | None = None,
        after: str | None = None,
        at_end: bool = False,
        nth: int = 1,
        times: int | None = 1,
    ) -> None:
        """Has an execution environment be lost in the middle of a run, as AWS may lose one at any moment. ::

            destmock.faults.crash("charge", after="dynamodb.PutItem")

        `before` and `after`: the handler dies at an AWS call, by boto3's name of the service and the name of
        the operation; `"*"` is any. The call has not, or has taken effect. `nth`: at which of the run's calls
        of that operation. `at_end`: the handler has returned, and Lambda never learns of it.

        Nothing of the handler runs after that, no `except` and no `finally`. The result is the error of a
        process that was killed, `Runtime.ExitError`: Lambda retries an event, an event source mapping reads
        its batch again, and a synchronous caller gets a FunctionError. The next run is a cold start. `times`
        counts runs that die.
        """
        given: tuple[tuple[At, str | None], ...] = (("before", before), ("after", after))
        places = [(at, call) for at, call in given if call is not None]
        if len(places) + at_end != 1:
            message = "say where: before='dynamodb.PutItem', after='dynamodb.PutItem', or at_end=True"
            raise ValueError(message)
        at, call = places[0] if places else ("end", ANY_CALL)
        if call != ANY_CALL and (not isinstance(call, str) or not _OPERATION.fullmatch(call)):
            message = f"a call is named as 'dynamodb.PutItem' or '*', not {call!r}"
            raise ValueError(message)
        if isinstance(nth, bool) or not isinstance(nth, int) or nth < 1 or (at_end and nth != 1):
            message = f"nth says at which call of a run, from 1; not {nth!r}{' with at_end' * at_end}"
            raise ValueError(message)
        self._ask("crash", function, times, at=at, call=call, nth=nth)

    def chaos(
        self,
        seed: int | None = None,
        *,
        throttle: float = 0.1,
        system_error: float = 0.05,
        duplicate: float = 0.1,
        delay: float = 0.1,
        crash: float = 0.0,
        fail_delivery: float = 0.0,
        function: str | None = None,
        times: int | None = None,
    ) -> None:
        """Injects a mixture: each number is the probability that the fault happens where it could.

        The same seed and probabilities make the same faults in the same program. Without `seed` one is made
        up (always the same if the mock has a `start`). The timeline begins with the call that repeats it, as
        does what a strict mock complains of.

        It befalls asynchronous events only, in their queue, while their handlers run, and when their records
        are sent: a client of AWS repeats a synchronous call by itself. A handler may crash before and after
        each of its AWS calls, and at its end. Delays are of 1 to 60 s. A second call replaces the first.
        """
        rates: dict[FaultKind, float] = {
            "throttle": throttle,
            "system_error": system_error,
            "duplicate": duplicate,
            "delay": delay,
            "crash": crash,
            "fail_delivery": fail_delivery,
        }
        for kind, rate in rates.items():
            if not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
                message = f"{kind} is a probability from 0 to 1, not {rate!r}"
                raise ValueError(message)
        self._check(function, times)
        whole = seed is None or isinstance(seed, int)
        if not whole:
            message = f"a seed is a whole number, not {seed!r}"
            raise ValueError(message)
        if seed is None:
            seed = int(self._ids.hex(6), 16)
        if not crash:  # so that other mixtures draw no numbers for it
            del rates["crash"]
        self._injection.begin(Chaos(seed, rates, function, times, Random(seed)))  # noqa: S311 - no secrets

    def clear(self) -> None:
        """Ends what is pending, `chaos` included."""
        self._injection.clear()

    @property
    def injected(self) -> History[Fault]:
        """Every fault that happened, oldest first; `.for_function(name)` selects."""
        return History(self._injection.injected)

    @property
    def pending(self) -> tuple[PendingFault, ...]:
        """The faults that were asked for and have not happened yet, or not as often; without `chaos`."""
        return tuple(
            PendingFault(rule.kind, rule.function, rule.destination, rule.left, rule.where)
            for rule in self._injection.rules
        )

    def __repr__(self) -> str:
        chaos = self._injection.chaos
        calls = "" if chaos is None else f", {chaos.call}"
        return f"<Faults {len(self.injected)} injected, pending: {list(self.pending)}{calls}>"

    def _ask(
        self,
        kind: FaultKind,
        function: str | None,
        times: int | None,
        *,
        destination: str | None = None,
        dead_letter: bool | None = None,
        milliseconds: int = 0,
        at: At = "begin",
        call: str = ANY_CALL,
        nth: int = 1,
    ) -> None:
        self._check(function, times)
        rule = Rule(kind, function, times, destination, dead_letter, milliseconds, at, call, nth)
        self._injection.add(rule)

    def _check(self, function: str | None, times: int | None) -> None:
        check_active = self._check_active()
        if check_active is None:
            message = "this mock has ended, and nobody has its Destmock any more"
            raise InactiveError(message)
        check_active()
        if function is not None and (not isinstance(function, str) or parse_function_name(function) is None):
            message = f"{function!r} is not a function's name or ARN"
            raise ValueError(message)
        if times is not None and (not isinstance(times, int) or times < 1):
            message = f"times is a whole number from 1, or None for no limit, not {times!r}"
            raise ValueError(message)
