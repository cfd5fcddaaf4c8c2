"""What the timeline tells of a message that a queue moves to its dead-letter queue, away from a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from destmock._aws.arn import parse_arn
from destmock._observed.entries import Entry, Note
from destmock._services.mapping import ref_of, source_of, source_text
from destmock._services.mappings import mappings_of

if TYPE_CHECKING:
    from moto.sqs.models import Message

    from destmock._engine.simulation import Simulation

#: How many letters of a message are told.
_SHOWN = 60


def tell(simulation: Simulation, message: Message, source: str, dead_letter_queue: str) -> None:
    """Enter in the ledger that the message has moved, for each function that the queue is mapped to."""
    arn = parse_arn(source)
    if arn is None:
        return
    body = " ".join(message.body.split())
    shown = body if len(body) <= _SHOWN else f"{body[:_SHOWN]}..."
    what = f"gave up 1 message of {source_text(arn)}: {shown}"
    count = message.approximate_receive_count
    times = f"received {count} times" if count > 1 else "received once"
    for mapping in mappings_of(arn.account, arn.region, source):
        entry = Entry(
            "",
            ref_of(mapping).qualified_arn,
            source_text(source_of(mapping)),
            message.body.encode(),
            simulation.now,
            notes=[Note(simulation.now, f"moved to the dead-letter queue {dead_letter_queue}, {times}")],
            what="discarded",
            why=what,
        )
        entry.settled_at = simulation.now
        simulation.ledger.over_at_once(entry)
