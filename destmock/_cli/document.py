"""What happened, as one JSON document. Its keys are a contract:

`invocations`: every event, oldest first. `requestId`, `functionArn` (qualified), `source` (who invoked),
`event`, `acceptedAt`, `duplicate`, `condition` (`null` while it is queued), `record` (the invocation record,
`null` while it is queued), and `attempts`: `number`, `startedAt`, `elapsed` (virtual seconds since
`acceptedAt`), `outcome`, `response`, `logs`.
`deliveries`: every record sent. `requestId`, `functionArn`, `destination`, `kind`, `deadLetter`, `at`, `body`
and `error` (`null` if it arrived).
`drops`: every event that failed without anyone being told. `requestId`, `functionArn`, `condition`, `reason`,
`at`.
Of what a rule, a topic or a schedule could not send, `requestId` and `condition` are `null`.
`replays`, with `--record` only: every record that was replayed. `recordRequestId`, `recordError`, `requestId`
and `functionArn` of the new invocation, `sameError`, and `verdict` in words.

Times are in ISO 8601, UTC. Payloads that aren't JSON (with a NaN, for instance) are given as text.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from destmock._aws.record import timestamp
from destmock._aws.times import from_datetime

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from destmock._observed.facts import Attempt, Delivery, Drop, Invocation


def document(
    invocations: Iterable[Invocation],
    deliveries: Iterable[Delivery],
    drops: Iterable[Drop],
    replays: Sequence[dict[str, Any]] | None = None,
) -> str:
    """The document, indented."""
    parts = {
        "invocations": [_invocation(each) for each in invocations],
        "deliveries": [_delivery(each) for each in deliveries],
        "drops": [_drop(each) for each in drops],
        **({} if replays is None else {"replays": replays}),
    }
    return json.dumps(parts, indent=2, allow_nan=False)


def _invocation(invocation: Invocation) -> dict[str, Any]:
    record = invocation.record_body
    return {
        "requestId": invocation.request_id,
        "functionArn": invocation.function_arn,
        "source": invocation.source,
        "event": _parsed(invocation.payload),
        "acceptedAt": _time(invocation.accepted_at),
        "duplicate": invocation.duplicate,
        "attempts": [_attempt(attempt) for attempt in invocation.attempts],
        "condition": invocation.condition,
        "record": None if record is None else _parsed(record),
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "startedAt": _time(attempt.started_at),
        "elapsed": attempt.elapsed,
        "outcome": attempt.outcome,
        "response": _parsed(attempt.payload),
        "logs": attempt.logs,
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "requestId": delivery.invocation.request_id or None,
        "functionArn": delivery.invocation.function_arn,
        "destination": delivery.destination,
        "kind": delivery.kind,
        "deadLetter": delivery.dead_letter,
        "at": _time(delivery.at),
        "body": _parsed(delivery.body),
        "error": delivery.error,
    }


def _drop(drop: Drop) -> dict[str, Any]:
    return {
        "requestId": drop.invocation.request_id or None,
        "functionArn": drop.invocation.function_arn,
        "condition": drop.condition,
        "reason": drop.reason,
        "at": _time(drop.at),
    }


def _parsed(payload: bytes) -> Any:
    """The payload, parsed; as text if it isn't JSON, and `None` if it is empty."""
    try:
        return json.loads(payload, parse_constant=_refused) if payload else None
    except (ValueError, RecursionError):
        return payload.decode(errors="backslashreplace")


def _refused(constant: str) -> None:
    raise ValueError(constant)


def _time(moment: datetime) -> str:
    return timestamp(from_datetime(moment))
