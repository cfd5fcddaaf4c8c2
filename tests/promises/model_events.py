"""What the model has: functions, configurations, events, what becomes of them, and records byte for byte."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections import Counter

ACCOUNT, REGION = "123456789012", "us-east-1"
SERVICES = {"q": "sqs", "t": "sns", "b": "s3"}
#: The topic's and the bucket's events go to this function, which sends nothing on to functions.
LEAF = "leaf"
RECURSION_LIMIT = 16
#: Of a registered handler, in seconds: in real time, too, so that no busy machine runs into it.
TIMEOUT = 30
RECURSION = (
    "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services "
    "resources and stopped your function's invocation."
)
ZERO = "Function not invoked. Function isconfigured with zero reserved concurrent executions"
CALLED = b'{"called": true}'


def arn(name: str) -> str:
    """`q...` is a queue, `t...` a topic, `b...` a bucket, anything else a function, maybe qualified."""
    service = SERVICES.get(name[0]) if "-" in name else None
    if service == "s3":
        return f"arn:aws:s3:::{name}"
    if service is not None:
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


@dataclass(frozen=True)
class Step:
    """What one call of a handler comes to, and whether it has invoked the leaf before."""

    kind: Literal["return", "raise", "exit", "killed"]
    value: Any = None
    calls: bool = False


@dataclass
class Script:
    """A handler: its steps, of which the last one repeats, and how long each takes, in milliseconds."""

    steps: tuple[Step, ...]
    duration: int = 0
    position: int = 0

    def next(self) -> Step:
        step = self.steps[min(self.position, len(self.steps) - 1)]
        self.position += 1
        return step


@dataclass
class Version:
    timeout: int
    dead_letter: str | None = None


@dataclass
class Function:
    """`by_program`: made by `create_function`, not by the registration of a handler."""

    latest: Version
    by_program: bool
    reserved: int | None = None
    versions: dict[str, Version] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Config:
    retries: int | None = None
    age: int | None = None
    on_success: str | None = None
    on_failure: str | None = None
    #: Which function or alias of the name it belongs to, counted from the first.
    generation: int = 0


@dataclass(frozen=True)
class Answer:
    """What the last try came to: a status, and the handler's step or its timeout."""

    status: int
    version: str | None = None
    step: Step | None = None
    timed_out_after: int | None = None

    @property
    def outcome(self) -> str:
        if self.status == 404:
            return "NotFound"
        if self.timed_out_after is not None:
            return "Timeout"
        return "Success" if self.step.kind == "return" else "Error"

    def payload(self, request_id: str) -> bytes | dict[str, Any]:
        """The runtime's bytes; for an exception what they say, but for the stack trace."""
        if self.timed_out_after is not None:
            text = f"RequestId: {request_id} Error: Task timed out after {self.timed_out_after}.00 seconds"
            return f'{{"errorType":"Sandbox.Timedout","errorMessage":"{text}"}}'.encode()
        if self.step is None:
            return b""
        if self.step.kind in ("exit", "killed"):
            how = "exit status 1" if self.step.kind == "exit" else "signal: killed"
            text = f"RequestId: {request_id} Error: Runtime exited with error: {how}"
            return f'{{"errorType":"Runtime.ExitError","errorMessage":"{text}"}}'.encode()
        if self.step.kind == "raise":
            return {
                "errorMessage": self.step.value,
                "errorType": "ValueError",
                "requestId": request_id,
                "stackTrace": None,
            }
        if isinstance(self.step.value, bytes):
            return self.step.value
        return json.dumps(self.step.value, ensure_ascii=False).encode()


@dataclass(eq=False)
class Fault:
    """What was asked of `faults`, `left` times or (`None`) for good."""

    kind: Literal["throttle", "system_error", "duplicate", "delay", "crash", "fail_delivery"]
    function: str | None
    left: int | None
    target: str | None = None
    dead_letter: bool | None = None
    delay: int = 0

    def befalls(self, name: str, qualifier: str | None) -> bool:
        return self.function in (None, name, f"{name}:{qualifier or '$LATEST'}")


@dataclass(eq=False)
class Event:
    name: str
    qualifier: str | None
    source: str
    payload: Any
    at: int
    dead_letter: str | None
    #: How often the chain has been through each function, this event included.
    chain: Counter[str]
    tries: int = 0
    #: When its last attempt began.
    began: int = 0
    throttles: int = 0
    ran: bool = False
    delayed: bool = False
    duplicate: bool = False
    duplicable: bool = True
    attempts: list[tuple[int, Answer]] = field(default_factory=list)
    condition: str | None = None
    count: int | None = None
    answer: Answer | None = None
    settled_at: int | None = None
    routes: list[Delivery] = field(default_factory=list)
    dropped: bool = False

    @property
    def function_arn(self) -> str:
        return arn(f"{self.name}:{self.qualifier or '$LATEST'}")


@dataclass(frozen=True, eq=False)
class Record:
    event: Event


@dataclass(frozen=True, eq=False)
class Original:
    """The event itself, as a dead-letter message."""

    event: Event


@dataclass(frozen=True, eq=False)
class Notification:
    """SNS's own event around a message."""

    topic: str
    message: Any


@dataclass(frozen=True)
class Upload:
    """S3's own event about an object."""

    key: str


@dataclass(frozen=True, eq=False)
class Delivery:
    event: Event
    target: str
    body: Record | Original
    arrived: bool
    at: int
    injected: bool = False

    @property
    def dead_letter(self) -> bool:
        return isinstance(self.body, Original)


@dataclass(frozen=True, eq=False)
class Message:
    """In a queue. `event`, where set, has the attributes of a dead-letter message."""

    body: Any
    event: Event | None = None


def key(name: str, qualifier: str | None) -> tuple[str, str | None]:
    """Of a configuration: without a qualifier it is that of `$LATEST`."""
    return name, None if qualifier == "$LATEST" else qualifier


def error_message(event: Event, request_id: str) -> str:
    """The ErrorMessage of a dead-letter message."""
    answer = event.answer
    if answer is None:
        return ZERO
    texts = {
        400: RECURSION,
        404: f"Function not found: {event.function_arn}",
        429: "Rate Exceeded.",
        500: "An error occurred and the request cannot be processed.",
    }
    if answer.status in texts:
        return texts[answer.status]
    payload = answer.payload(request_id)
    found = payload if isinstance(payload, dict) else json.loads(payload)
    return found["errorMessage"].encode()[:1024].decode(errors="replace")


def attributes(event: Event, request_id: str) -> dict[str, tuple[str, str]]:
    """Those of a dead-letter message, as type and value; SQS takes no empty one."""
    found = {"RequestID": ("String", request_id)}
    if text := error_message(event, request_id):
        found["ErrorMessage"] = ("String", text)
    if event.answer is not None:
        found["ErrorCode"] = ("Number", str(event.answer.status))
    return found


def record(event: Event, request_id: str, request: bytes, response: bytes) -> bytes:
    """The invocation record: compact, in AWS's order, the two payloads as they are."""
    context = {
        "requestId": request_id,
        "functionArn": event.function_arn,
        "condition": event.condition,
        "approximateInvokeCount": event.count,
    }
    settled = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=event.settled_at)
    timestamp = f"{settled:%Y-%m-%dT%H:%M:%S}.{event.settled_at % 1000:03d}Z"
    parts = [
        f'"version":"1.0","timestamp":"{timestamp}"'.encode(),
        b'"requestContext":' + _compact(context),
        b'"requestPayload":' + request,
    ]
    answer = event.answer
    if answer is not None:
        answered = {"statusCode": answer.status}
        if answer.version is not None:
            answered["executedVersion"] = answer.version
        if answer.status == 200 and answer.outcome != "Success":
            answered["functionError"] = "Unhandled"
        parts.append(b'"responseContext":' + _compact(answered))
        if response and _is_json(response):
            parts.append(b'"responsePayload":' + response)
        elif response:
            error = {
                "statusCode": 400,
                "errorCode": "InvalidRequestContentException",
                "errorMessage": "The function response payload could not be parsed as JSON.",
            }
            parts.append(b'"deliveryError":' + _compact(error))
    return b"{" + b",".join(parts) + b"}"


def _compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _is_json(payload: bytes) -> bool:
    try:
        json.loads(payload.decode())
    except ValueError:
        return False
    return True
