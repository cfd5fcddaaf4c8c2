"""What another service could not send to anyone, and what its dead-letter queue got instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from destmock._aws.arn import parse_function_arn
from destmock._aws.times import to_datetime
from destmock._engine.delivery import UndeliverableError
from destmock._engine.invoke_options import why_not_taken
from destmock._observed.entries import Delivered, Entry
from destmock._observed.facts import Drop

if TYPE_CHECKING:
    from destmock._engine.delivery import Message
    from destmock._engine.simulation import Simulation
    from destmock._observed.facts import Kind

_NO_QUEUE = "no dead-letter queue"


class Unsent(NamedTuple):
    """An event that nobody took: whom it was for, who sent it, and what kept it, said of the ARN."""

    arn: str
    source: str
    payload: bytes
    #: Without it, the function tells why it was not invoked.
    why: str = ""
    what: Literal["unanswered", "discarded"] = "unanswered"


class Sent(NamedTuple):
    """What was sent instead, and to where; `error` says why it did not arrive."""

    destination: str
    kind: Kind
    body: bytes
    error: str | None
    dead_letter: bool = True


def tell(simulation: Simulation, unsent: Unsent, queue: str | None, letter: Message) -> None:
    """Send the letter to the dead-letter queue, by its ARN, and enter in the ledger what came of it.

    Without a queue, the event is dropped.
    """
    sent = Sent(queue, *_send(simulation, queue, letter)) if queue else None
    enter(simulation, unsent, sent, _NO_QUEUE)


def enter(simulation: Simulation, unsent: Unsent, sent: Sent | None, reason: str) -> None:
    """Enter in the ledger what was sent instead; `reason` says why nothing was."""
    ref = parse_function_arn(unsent.arn)
    why = unsent.why or why_not_taken(None if ref is None else simulation.functions.find(ref))
    entry = Entry("", unsent.arn, unsent.source, unsent.payload, simulation.now, what=unsent.what, why=why)
    entry.settled_at = simulation.now
    if sent is not None:
        how = (sent.destination, sent.kind, sent.body, sent.error)
        simulation.ledger.delivered(Delivered(entry, *how, entry.settled_at, sent.dead_letter))
    else:
        simulation.ledger.dropped(entry, Drop(entry.fact, None, reason, to_datetime(entry.settled_at)))
    simulation.ledger.over_at_once(entry)


def _send(simulation: Simulation, queue: str, letter: Message) -> tuple[Kind, bytes, str | None]:
    """The kind of the queue, what was sent, and why it did not arrive there."""
    target = simulation.target_of(queue)
    if target is None:
        return "sqs", letter.body, f"{queue} is no queue"
    try:
        taken = target.prepare(letter)()
    except UndeliverableError as error:
        return target.kind, letter.body, str(error)
    return target.kind, letter.body, None if taken else f"the queue {queue} does not exist"
