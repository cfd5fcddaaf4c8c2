"""What reading a queue and reading a stream have in common."""

from __future__ import annotations

import contextlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from moto.events.models import EventPattern

from destmock._aws.api_errors import AWSError
from destmock._aws.arn import FunctionRef, parse_arn, parse_function_name
from destmock._aws.json_text import to_bytes
from destmock._services.mapping_answers import note_result

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from moto.awslambda.models import EventSourceMapping

    from destmock._aws.arn import Arn
    from destmock._aws.ids import Trace
    from destmock._engine.simulation import Simulation
    from destmock._engine.synchronous import Answered

#: Where a message or a record of moto's keeps the virtual time of its arrival, in milliseconds.
_ARRIVAL = "_destmock_arrived_at"
#: About how many bytes of records an event has room for.
LARGEST_BATCH = 6_291_456
_SERVICES = {"sqs": "SQS queue", "kinesis": "Kinesis stream", "dynamodb": "DynamoDB table"}


def mark_arrival(record: object, now: int) -> None:
    """Note when a record arrived; a message that moves to a dead-letter queue keeps its first arrival."""
    if not hasattr(record, _ARRIVAL):
        setattr(record, _ARRIVAL, now)


def arrival_of(record: object, otherwise: int) -> int:
    found: int = getattr(record, _ARRIVAL, otherwise)
    return found


def ref_of(mapping: EventSourceMapping) -> FunctionRef:
    """The function as the mapping was asked for, with its qualifier."""
    source, named = source_of(mapping), parse_function_name(mapping.function_name)
    assert named is not None  # moto has found it
    account = named.account or mapping.account_id
    return FunctionRef(source.partition, account, mapping.region, named.name, named.qualifier)


def source_of(mapping: EventSourceMapping) -> Arn:
    arn = parse_arn(mapping.event_source_arn)
    assert arn is not None  # moto has found the queue or stream
    return arn


def source_text(source: Arn) -> str:
    """The name of a source in the timeline, e.g. `SQS queue jobs`."""
    name = source.resource.removeprefix("stream/").removeprefix("table/").partition("/")[0]
    return f"{_SERVICES[source.service]} {name}"


def matches(mapping: EventSourceMapping, record: dict[str, Any]) -> bool:
    """Whether the mapping's FilterCriteria let the record through; each pattern is one of EventBridge's.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
    """
    patterns = [found["Pattern"] for found in (mapping.filter_criteria or {}).get("Filters") or []]
    return not patterns or any(_passes(text, record) for text in patterns)


def _passes(text: str, record: dict[str, Any]) -> bool:
    """A pattern of what is in a body never matches one that is no JSON, whatever it may miss there (R6)."""
    if any(isinstance(record.get(name), str) for name in _looks_into(text)):
        return False
    return EventPattern.load(text).matches_event(record)  # type: ignore[arg-type]


@lru_cache(maxsize=100)
def _looks_into(text: str) -> tuple[str, ...]:
    """Which of the members that may be JSON a pattern looks into."""
    pattern = json.loads(text)
    return tuple(name for name in ("body", "data") if isinstance(pattern.get(name), dict))


class Reading(NamedTuple):
    """A plan to read at `at`, for the `attempt`th time. In the background, nobody waits for it."""

    at: int
    attempt: int = 1
    background: bool = False


class Run(NamedTuple):
    """The result of one run with a batch.

    `failed` are the positions in the batch that have to be read again; `answered` is `None` where the
    function was throttled.
    """

    failed: frozenset[int]
    answered: Answered | None


def run_batch(
    simulation: Simulation,
    mapping: EventSourceMapping,
    records: Sequence[dict[str, Any]],
    identifiers: Sequence[str],
    trace: Trace | None,
    **others: Any,
) -> Run:
    """Run the function with the records, and what else the event has.

    `identifiers` are the names by which it reports failed records.
    """
    everything = frozenset(range(len(records)))
    payload = to_bytes({"Records": records, **others})
    source = source_text(source_of(mapping))
    try:
        answered = simulation.run_synchronously(ref_of(mapping), payload, trace=trace, source=source)
    except AWSError:
        return Run(everything, None)
    note_result(mapping, failed=answered.outcome.function_error is not None)
    if answered.outcome.function_error is not None:
        return Run(everything, answered)
    if "ReportBatchItemFailures" not in (mapping.function_response_types or []):
        return Run(frozenset(), answered)
    reported = _reported(answered.outcome.payload)
    if reported is None or not set(reported) <= set(identifiers):
        return Run(everything, answered)
    return Run(frozenset(identifiers.index(one) for one in reported), answered)


def _reported(payload: bytes) -> list[str] | None:
    """The identifiers in a `batchItemFailures`; `None` where AWS takes the answer for a failure.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    try:
        answer = json.loads(payload or b"null")
        found = [one["itemIdentifier"] for one in (answer or {}).get("batchItemFailures") or []]
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return found if all(isinstance(one, str) and one for one in found) else None


@contextlib.contextmanager
def resting(source: Any) -> Iterator[None]:
    """While entered, moto leaves a source's mappings alone, which it would run at once, record by record."""
    kept, source.lambda_event_source_mappings = source.lambda_event_source_mappings, {}
    try:
        yield
    finally:
        source.lambda_event_source_mappings = kept
