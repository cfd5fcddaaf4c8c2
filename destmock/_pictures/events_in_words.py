"""The events of AWS's services in a few words: what was read, put or said."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: How many records are told one by one, and how much of each.
_TOLD, _LENGTH = 3, 60


def in_words(payload: bytes) -> str | None:
    """What the event of a service says; `None` for any other payload."""
    try:
        event = json.loads(payload)
        return _told(event) if isinstance(event, dict) else None
    except (ValueError, LookupError, TypeError, AttributeError, OSError):  # it only looks like one
        return None


def _told(event: dict[str, Any]) -> str | None:
    records = event.get("Records")
    if isinstance(records, list) and records:
        source = records[0].get("eventSource") or records[0]["EventSource"]
        return _RECORDS[source](records)
    if event.get("isFinalInvokeForWindow") is True:
        window, state = event["window"], _cut(_text(event["state"]))
        return f"the end of the window {window['start']} to {window['end']}, state {state}"
    if "detail-type" in event and "source" in event:
        return f"{event['detail-type']!r} of {event['source']}: {_cut(_text(event['detail']))}"
    if set(event) == {"awslogs"}:
        return _log_events(json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"]))))
    return None


def _messages(records: list[dict[str, Any]]) -> str:
    received = max(int(record["attributes"]["ApproximateReceiveCount"]) for record in records)
    again = f", received for the {_nth(received)} time" if received > 1 else ""
    return f"{_count(records, 'message')}{again}: {_list([record['body'] for record in records])}"


def _shard(records: list[dict[str, Any]]) -> str:
    first, last = (records[at]["kinesis"]["sequenceNumber"] for at in (0, -1))
    shard = records[0]["eventID"].partition(":")[0]
    numbers = first if first == last else f"{first} to {last}"
    data = [base64.b64decode(record["kinesis"]["data"]).decode(errors="replace") for record in records]
    return f"{_count(records, 'record')} of {shard}, {numbers}: {_list(data)}"


def _changes(records: list[dict[str, Any]]) -> str:
    changes = [f"{record['eventName']} {_text(record['dynamodb']['Keys'])}" for record in records]
    return f"{_count(records, 'change')}: {_list(changes)}"


def _objects(records: list[dict[str, Any]]) -> str:
    objects = [
        f"{record['eventName']} {record['s3']['bucket']['name']}/{record['s3']['object']['key']}"
        for record in records
    ]
    return _list(objects)


def _notifications(records: list[dict[str, Any]]) -> str:
    return _list([f"{_topic(record)}: {record['Sns']['Message']}" for record in records])


def _topic(record: dict[str, Any]) -> str:
    return str(record["Sns"]["TopicArn"].rpartition(":")[2])


def _log_events(data: dict[str, Any]) -> str:
    events = data["logEvents"]
    return (
        f"{_count(events, 'log event')} of {data['logGroup']}: {_list([each['message'] for each in events])}"
    )


_RECORDS: Mapping[str, Callable[[list[dict[str, Any]]], str]] = {
    "aws:sqs": _messages,
    "aws:kinesis": _shard,
    "aws:dynamodb": _changes,
    "aws:s3": _objects,
    "aws:sns": _notifications,
}


def _count(records: list[Any], noun: str) -> str:
    return f"{len(records)} {noun}{'s' * (len(records) != 1)}"


def _nth(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in {11, 12, 13} else "th"
    return f"{number}{ending}"


def _list(texts: list[str]) -> str:
    more = len(texts) - _TOLD
    told = ", ".join(_cut(text) for text in texts[:_TOLD])
    return f"{told} and {more} more" if more > 0 else told


def _cut(text: str) -> str:
    """One line of the text, cut off where it gets long."""
    line = " ".join(text.split())
    return line if len(line) <= _LENGTH else f"{line[:_LENGTH]}..."


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
