"""Pure: what production keeps of an invocation: its record, or a dead-letter message, however wrapped."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Where a message lies: by the key of what holds it, and by its own.
_LISTS, _TEXTS = ("Messages", "Records"), ("Body", "body", "Message")
_ATTRIBUTES = ("MessageAttributes", "messageAttributes")
_SOURCE = "DeadLetterQueueSourceArn"
#: The parts of an error's text that are another at each run.
_PASSING = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+Z |[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)


class FailedInvocation(NamedTuple):
    """An invocation as it was kept. What a dead-letter message doesn't tell is `None`.

    `payload` has the bytes that the function was invoked with. `queue` is the ARN of the queue whose message
    was moved to a dead-letter queue; the function is then the one that reads that queue.
    """

    payload: bytes
    function_arn: str | None = None
    request_id: str | None = None
    error_type: str | None = None
    error_message: str | None = None
    condition: str | None = None
    queue: str | None = None

    @property
    def error(self) -> str | None:
        """The error in one line, as a traceback ends."""
        if self.error_type is None or self.error_message is None:
            return self.error_message or self.error_type
        return f"{self.error_type}: {self.error_message}" if self.error_message else self.error_type

    def has_error_of(self, response: Any) -> bool:
        """Whether a function's answer is the same error, but for ids and times in its text."""
        if not isinstance(response, Mapping):
            return False
        message, kind = response.get("errorMessage"), response.get("errorType")
        same_kind = self.error_type is None or self.error_type == kind
        return same_kind and _lasting(self.error_message) == _lasting(message)


def failed_invocations(kept: object) -> list[FailedInvocation]:
    """All that a text, or what it holds, keeps of invocations. Raises `ValueError` if that is nothing.

    Taken are invocation records as they are, in a message of SQS, in a notification of SNS, or in an event
    of EventBridge; dead-letter messages; and the answer of ReceiveMessage and the events of Lambda that hold
    any of these.
    """
    found = list(_within(_parsed(kept), {}))
    if not found:
        message = (
            "this is neither an invocation record nor a dead-letter message: a record has a requestContext "
            "and a requestPayload, a message a Body"
        )
        raise ValueError(message)
    return found


def _parsed(kept: object) -> Any:
    if isinstance(kept, (bytes, bytearray)):
        kept = bytes(kept).decode("utf-8", "surrogateescape")
    if not isinstance(kept, str):
        return kept
    try:
        return json.loads(kept)
    except ValueError as error:
        message = f"a record is JSON, and this isn't: {error}"
        raise ValueError(message) from error


def _within(kept: Any, attributes: Mapping[str, Any]) -> Iterator[FailedInvocation]:
    """What a value keeps of invocations; `attributes` are those of the message that it came in."""
    if isinstance(kept, list):
        for each in kept:
            yield from _within(each, attributes)
    elif not isinstance(kept, Mapping):
        return
    elif isinstance(kept.get("requestContext"), Mapping):
        yield _of_record(kept)
    elif any(isinstance(kept.get(name), list) for name in _LISTS):
        for name in _LISTS:
            yield from _within(kept.get(name, []), attributes)
    elif isinstance(kept.get("detail"), Mapping):
        yield from _within(kept["detail"], attributes)
    elif isinstance(kept.get("Sns"), Mapping):
        yield from _within(kept["Sns"], attributes)
    else:
        yield from _of_message(kept)


def _of_record(record: Mapping[str, Any]) -> FailedInvocation:
    context = record["requestContext"]
    if "requestPayload" in record:
        payload = json.dumps(record["requestPayload"]).encode()
    elif "payload" in record:  # of a stream's batch, as a bucket gets it
        text = record["payload"]
        payload = text.encode() if isinstance(text, str) else json.dumps(text).encode()
    else:
        message = (
            "this record has no payload: of a stream's batch, only a bucket as the destination gets the "
            "records; read them from the stream, by the sequence numbers that it names"
        )
        raise ValueError(message)
    response = record.get("responsePayload")
    error = response if isinstance(response, Mapping) else {}
    failed = record.get("responseContext", {}).get("functionError") is not None
    return FailedInvocation(
        payload=payload,
        function_arn=context.get("functionArn"),
        request_id=context.get("requestId"),
        error_type=error.get("errorType") if failed else None,
        error_message=error.get("errorMessage") if failed else None,
        condition=context.get("condition"),
    )


def _of_message(message: Mapping[str, Any]) -> Iterator[FailedInvocation]:
    text = next((message[name] for name in _TEXTS if isinstance(message.get(name), str)), None)
    if text is None:
        return
    named = {name: _value(each) for key in _ATTRIBUTES for name, each in message.get(key, {}).items()}
    if "RequestID" in named:
        yield FailedInvocation(
            payload=text.encode(),
            request_id=named["RequestID"],
            error_message=named.get("ErrorMessage"),
        )
        return
    try:
        inside = list(_within(json.loads(text), named))
    except ValueError:
        inside = []
    source = {**message.get("Attributes", {}), **message.get("attributes", {})}.get(_SOURCE)
    if not inside and source:
        yield FailedInvocation(
            payload=json.dumps({"Records": [_as_read(message, source)]}).encode(), queue=source
        )
    yield from inside


def _as_read(message: Mapping[str, Any], queue: str) -> dict[str, Any]:
    """A message of ReceiveMessage's answer as the function that reads its queue gets it."""
    if "body" in message:
        return dict(message)
    attributes = {
        name: {
            **{key[0].lower() + key[1:]: value for key, value in each.items()},
            "stringListValues": [],
            "binaryListValues": [],
        }
        for name, each in message.get("MessageAttributes", {}).items()
    }
    return {
        "messageId": message.get("MessageId"),
        "receiptHandle": message.get("ReceiptHandle"),
        "body": message["Body"],
        "attributes": {key: value for key, value in message["Attributes"].items() if key != _SOURCE},
        "messageAttributes": attributes,
        "md5OfBody": message.get("MD5OfBody"),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue,
        "awsRegion": queue.split(":")[3] if queue.startswith("arn:") else None,
    }


def _value(attribute: Any) -> Any:
    """A message attribute's value, of SQS's messages, of Lambda's events, and of SNS's notifications."""
    if not isinstance(attribute, Mapping):
        return attribute
    return next(
        (attribute[name] for name in ("StringValue", "stringValue", "Value") if name in attribute), None
    )


def _lasting(text: Any) -> Any:
    return _PASSING.sub("", text) if isinstance(text, str) else text
