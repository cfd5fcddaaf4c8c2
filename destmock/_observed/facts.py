"""What happened: frozen facts, and the sequences of them that users assert on."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from destmock._aws.arn import parse_function_arn
from destmock._aws.platform_log import log_text
from destmock._observed.sequences import History

if TYPE_CHECKING:
    from datetime import datetime

    from destmock._aws.lifecycle import Condition
    from destmock._aws.record import InvocationRecord

Kind = Literal["sqs", "sns", "lambda", "events", "s3"]
AttemptOutcome = Literal["Success", "Error", "Timeout", "NotFound"]


@dataclass(frozen=True, slots=True, repr=False)
class Attempt:
    """One try of an event.

    `outcome` is "Success"; "Error" when the handler raised, exited or could not be loaded; "Timeout"; or
    "NotFound" when the function, version or alias had gone, so that nothing ran. `elapsed` is in virtual
    seconds since the event was accepted. `payload` is what the runtime answered, in bytes; `exception` the
    very object that the handler raised; `log_events` what CloudWatch Logs got. `duration` is how long it
    took, in virtual seconds: what the handler has waited, and what it declares.
    """

    number: int
    started_at: datetime
    elapsed: float
    outcome: AttemptOutcome
    payload: bytes
    exception: BaseException | None
    log_events: tuple[str, ...] = ()
    duration: float = 0.0
    _place: int = field(default=0, compare=False)  # how many attempts of the mock had begun before it

    @property
    def response(self) -> Any:
        """`payload`, parsed: what the handler returned, or AWS's description of its error.

        `None` when nothing was answered; the bytes themselves when they are not JSON.
        """
        return _parsed(self.payload) if self.payload else None

    @property
    def logs(self) -> str:
        """The log events as one text."""
        return log_text(self.log_events)

    def __repr__(self) -> str:
        what = "" if self.exception is None else f" {self.exception!r}"
        return f"<Attempt {self.number} at +{self.elapsed:g} s: {self.outcome}{what}>"


@dataclass(frozen=True, slots=True, repr=False)
class Invocation:
    """One accepted event: an asynchronous invocation, from its acceptance to its end.

    `condition` and `record` are `None` while the event is queued. `function_arn` is as the record writes it,
    always with a qualifier; `payload` is the caller's bytes. `source` says who invoked: "Invoke",
    "InvokeAsync", or e.g. "OnFailure of orders", "dead-letter queue of orders", "SNS topic orders",
    "S3 bucket uploads", "EventBridge rule nightly", "CloudWatch Logs group /app", "IoT rule heat",
    "CloudWatch alarm failures", "api POST /orders". `duplicate` is true for the second of two deliveries that
    `faults` made of one event; both have the same `request_id`.
    """

    request_id: str
    function_arn: str
    source: str
    payload: bytes
    accepted_at: datetime
    attempts: tuple[Attempt, ...]
    condition: Condition | None
    record_body: bytes | None
    duplicate: bool = False

    @property
    def event(self) -> Any:
        """What the handler gets: `payload`, parsed anew at each access."""
        return json.loads(self.payload)

    @property
    def record(self) -> InvocationRecord | None:
        """The invocation record, parsed, whether or not there was a destination for it."""
        return None if self.record_body is None else _parsed(self.record_body)

    @property
    def function_name(self) -> str:
        """The bare name of the function, without account, region or qualifier."""
        return function_name(self.function_arn)

    def __repr__(self) -> str:
        tries = f"{len(self.attempts)} attempt{'s' * (len(self.attempts) != 1)}"
        return f"<Invocation {self.function_name} {self.request_id}: {self.condition or 'queued'}, {tries}>"


@dataclass(frozen=True, slots=True, repr=False)
class Run:
    """One run of a handler, whoever invoked the function, and how: an attempt of an event, a synchronous
    invocation, or a batch of a queue or a stream.

    `source` says who invoked, as an `Invocation` has it; of a mapping, "queue orders" or the like. `payload`
    is what the handler got, in bytes. `attempt` is how it went; its parts are here as well.
    """

    request_id: str
    function_arn: str
    source: str
    payload: bytes
    asynchronous: bool
    attempt: Attempt

    @property
    def event(self) -> Any:
        """What the handler got: `payload`, parsed anew at each access."""
        return json.loads(self.payload)

    @property
    def function_name(self) -> str:
        """The bare name of the function, without account, region or qualifier."""
        return function_name(self.function_arn)

    @property
    def outcome(self) -> AttemptOutcome:
        """How it ended: "Success", "Error" or "Timeout"."""
        return self.attempt.outcome

    @property
    def response(self) -> Any:
        """What the handler returned, or AWS's description of its error."""
        return self.attempt.response

    @property
    def exception(self) -> BaseException | None:
        """The very object that the handler raised."""
        return self.attempt.exception

    @property
    def logs(self) -> str:
        """What CloudWatch Logs got, as one text."""
        return self.attempt.logs

    @property
    def started_at(self) -> datetime:
        """The moment at which the handler began, in virtual time."""
        return self.attempt.started_at

    @property
    def ended_at(self) -> datetime:
        """The moment at which it ended, in virtual time."""
        return self.attempt.started_at + timedelta(seconds=self.attempt.duration)

    def __repr__(self) -> str:
        return f"<Run of {self.function_name} at {self.started_at:%H:%M:%S} by {self.source}: {self.outcome}>"


@dataclass(frozen=True, slots=True, repr=False)
class Delivery:
    """One record sent to a destination; `error` says why it failed, and is `None` if the record arrived.

    `body` is what was sent, in bytes. `dead_letter` is true if the original event went to a dead-letter
    queue, false if the record went to a destination. `injected` is true for a failure that `faults` made.

    The dead letters of a rule's target, of a subscription and of a schedule are deliveries, too, and so are
    the records of batches that a stream's mapping has given up. Their `invocation` is what nobody took:
    without a request ID, attempts or condition, for the `function_arn` that the `source` names.
    """

    destination: str
    kind: Kind
    body: bytes
    error: str | None
    at: datetime
    invocation: Invocation
    dead_letter: bool = False
    injected: bool = False

    @property
    def record(self) -> InvocationRecord | None:
        """`body`, parsed; `None` for a dead-letter message, which isn't a record."""
        return None if self.dead_letter else _parsed(self.body)

    @property
    def function_name(self) -> str:
        """The bare name of the function, without account, region or qualifier."""
        return self.invocation.function_name

    def __repr__(self) -> str:
        how = "delivered" if self.error is None else f"failed: {self.error}"
        return f"<Delivery from {self.function_name} to {self.destination}: {how}>"


@dataclass(frozen=True, slots=True, repr=False)
class Drop:
    """An event that failed without reaching a destination or dead-letter queue; `reason` says why it didn't.

    `condition` is `None` for what a rule, a topic or a schedule sent in vain, and a mapping has given up.
    (CloudWatch's AsyncEventsDropped counts every event that ended without success, routed or not.)
    """

    invocation: Invocation
    condition: Condition | None
    reason: str
    at: datetime

    @property
    def function_name(self) -> str:
        """The bare name of the function, without account, region or qualifier."""
        return self.invocation.function_name

    def __repr__(self) -> str:
        what = f" {self.invocation.request_id}: {self.condition}" if self.condition else f": {self.reason}"
        return f"<Drop {self.function_name}{what}>"


@dataclass(frozen=True, slots=True, repr=False)
class Pending:
    """An event in the queue: its next attempt is number `attempt`, due at `due_at`.

    `running` is true if the attempt has begun and, by the handler's declared `duration`, not ended yet. A
    batch of a Firehose stream is listed, too, and an event source mapping that is about to read, with the
    mapping's UUID as its `request_id`. `duplicate` is as `Invocation` has it.

    Nobody waits for what is in the `background`: an event that a schedule has begun, or the next run of a
    schedule, which is listed with its own ARN as `function_arn`, and without a `request_id`. So is a
    secret's next rotation, and the next item of a DynamoDB table to expire, with the ARN of secret or table.
    """

    request_id: str
    function_arn: str
    attempt: int
    due_at: datetime
    running: bool = False
    duplicate: bool = False
    background: bool = False

    @property
    def function_name(self) -> str:
        """The bare name of the function, without account, region or qualifier."""
        return function_name(self.function_arn)

    def __repr__(self) -> str:
        what = "ends" if self.running else "is due"
        return (
            f"<Pending {self.function_name} {self.request_id}: attempt {self.attempt} {what} {self.due_at}>"
        )


class Deliveries(History[Delivery]):
    """Deliveries, oldest first."""

    __slots__ = ()

    def to(self, arn: str) -> Deliveries:
        """The deliveries to one destination, by its ARN."""
        left_out = {key: number for key, number in self._left_out.items() if key[1] == arn}
        return Deliveries((delivery for delivery in self if delivery.destination == arn), left_out)


def _parsed(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload


@lru_cache(maxsize=1000)
def function_name(arn: str) -> str:
    ref = parse_function_arn(arn)
    return arn if ref is None else ref.name
