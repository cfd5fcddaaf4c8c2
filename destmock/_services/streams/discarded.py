"""What a stream's mapping tells of records that it has given up: its OnFailure destination, and the timeline.

https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from destmock._aws.json_text import to_bytes
from destmock._aws.record import timestamp
from destmock._engine.delivery import Message, UndeliverableError
from destmock._engine.unanswered import Sent, Unsent, enter
from destmock._services.mapping import ref_of, source_of, source_text

if TYPE_CHECKING:
    from moto.awslambda.models import EventSourceMapping

    from destmock._aws.arn import Arn
    from destmock._engine.simulation import Simulation
    from destmock._engine.synchronous import Answered
    from destmock._services.s3.delivery import BucketTarget
    from destmock._services.streams.shards import Record
    from destmock._services.streams.windows import Window

_BATCH_INFO = {"kinesis": "KinesisBatchInfo", "dynamodb": "DDBStreamBatchInfo"}
_NO_DESTINATION = "the mapping has no OnFailure destination"


class GivenUp(NamedTuple):
    """A batch of a shard that is not tried again; the end of a tumbling window has no records.

    `answered` is the last run, if there was one.
    """

    shard: str
    batch: list[Record]
    condition: str
    tries: int
    window: Window | None
    answered: Answered | None


def tell(simulation: Simulation, mapping: EventSourceMapping, given_up: GivenUp) -> None:
    """Send the record to the mapping's OnFailure destination, and enter in the ledger what came of it.

    Without a destination, the records are dropped. A bucket gets the whole event, too.
    """
    source, batch = source_of(mapping), given_up.batch
    count = f"{len(batch)} record{'s' * (len(batch) != 1)}" if batch else "the end of a window"
    why = f"gave up {count} of {source_text(source)}: {given_up.condition}"
    payload = to_bytes({"Records": [record.event for record in batch]})
    lost = Unsent(ref_of(mapping).qualified_arn, source_text(source), payload, why, what="discarded")
    destination = str(((mapping.destination_config or {}).get("OnFailure") or {}).get("Destination") or "")
    target = simulation.target_of(destination) if destination else None
    if target is None:
        enter(simulation, lost, None, _NO_DESTINATION)
        return
    record, error = _record(simulation, mapping, given_up), None
    bucket = cast("BucketTarget", target) if target.kind == "s3" else None
    body = to_bytes(record if bucket is None else {**record, "payload": payload.decode()})
    name = f"OnFailure of the mapping {mapping.uuid}"
    message = Message(body, None, None, simulation.now, simulation.ids.uuid(), source=name)
    try:
        if bucket is None:
            target.deliver(message)
        else:
            bucket.keep(f"{mapping.uuid}/{given_up.shard}", message)
    except UndeliverableError as problem:  # AWS counts it in a metric, and goes on
        error = str(problem)
    enter(simulation, lost, Sent(destination, target.kind, body, error, dead_letter=False), "")


def _record(simulation: Simulation, mapping: EventSourceMapping, given_up: GivenUp) -> dict[str, Any]:
    source, answered, window = source_of(mapping), given_up.answered, given_up.window
    skipped = 1 if answered is None else 0  # AWS counts the run that no longer took place
    context = {
        "requestId": simulation.ids.uuid() if answered is None else answered.request_id,
        "functionArn": ref_of(mapping).arn,
        "condition": given_up.condition,
        "approximateInvokeCount": given_up.tries + skipped,
    }
    info = {"shardId": given_up.shard, **_range(source, given_up.batch), "streamArn": str(source)}
    final = not given_up.batch
    return {
        "requestContext": context,
        **_response(answered),
        "version": "1.0",
        "timestamp": timestamp(simulation.now),
        _BATCH_INFO[source.service]: info,
        **({} if window is None else {"timeWindowInfo": window.described(final=final)}),
    }


def _range(source: Arn, batch: list[Record]) -> dict[str, Any]:
    """Where the records lie that were given up; the end of a window has none."""
    if not batch:
        return {}
    return {
        "startSequenceNumber": batch[0].sequence_number,
        "endSequenceNumber": batch[-1].sequence_number,
        "approximateArrivalOfFirstRecord": _arrival(source, batch[0]),
        "approximateArrivalOfLastRecord": _arrival(source, batch[-1]),
        "batchSize": len(batch),
    }


def _response(answered: Answered | None) -> dict[str, Any]:
    """What a record says of the last run; a batch that only the function's answer failed has no error."""
    if answered is None:
        return {}
    version, error = answered.function.version, answered.outcome.function_error
    return {"responseContext": {"statusCode": 200, "executedVersion": version, "functionError": error}}


def _arrival(source: Arn, record: Record) -> str:
    """DynamoDB tells whole seconds."""
    text = timestamp(record.at)
    return text if source.service == "kinesis" else f"{text[:-5]}Z"
