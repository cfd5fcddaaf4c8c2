"""What another service could not send to anyone, and what its dead-letter queue got instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from destmock._aws.times import to_datetime
from destmock._engine.delivery import UndeliverableError
from destmock._observed.facts import Delivery, Drop, Entry

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
    why: str = "does not exist"


def tell(simulation: Simulation, unsent: Unsent, queue: str | None, letter: Message) -> None:
    """Send the letter to the dead-letter queue, by its ARN, and enter in the ledger what came of it.

    Without a queue, the event is dropped.
    """
    entry = Entry(
        "", unsent.arn, unsent.source, unsent.payload, simulation.now, what="unanswered", why=unsent.why
    )
    entry.settled_at = simulation.now
    moment = to_datetime(simulation.now)
    if queue:
        kind, error = _send(simulation, queue, letter)
        delivery = Delivery(queue, kind, letter.body, error, moment, entry.fact, dead_letter=True)
        simulation.ledger.delivered(entry, delivery)
    else:
        simulation.ledger.dropped(entry, Drop(entry.fact, None, _NO_QUEUE, moment))
    simulation.ledger.over_at_once(entry)


def _send(simulation: Simulation, queue: str, letter: Message) -> tuple[Kind, str | None]:
    """The kind of the queue, and why the letter did not arrive there."""
    target = simulation.target_of(queue)
    if target is None:
        return "sqs", f"{queue} is no queue"
    try:
        taken = target.prepare(letter)()
    except UndeliverableError as error:
        return target.kind, str(error)
    return target.kind, None if taken else f"the queue {queue} does not exist"
