"""The outcome of one attempt: its payload, its duration, and its log events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from destmock._aws import platform_log as platform
from destmock._functions.deployed_code import Package

if TYPE_CHECKING:
    from destmock._functions.functions import Function
    from destmock._functions.handlers import Registration
    from destmock._runtime.log_capture import Capture
    from destmock._runtime.runtime_api import RuntimeClient

#: How much of the log `LogType=Tail` returns, in bytes (K5).
_TAIL = 4096


class Call(NamedTuple):
    """One attempt to make: the event, its ids, and its virtual time in milliseconds.

    `duration` is the declared duration, in virtual milliseconds.
    """

    request_id: str
    payload: bytes
    now: int
    trace_header: str
    client_context: str | None = None
    duration: int = 0
    tenant_id: str | None = None


class Outcome(NamedTuple):
    """The outcome of one attempt.

    `payload` has the runtime's bytes, `duration` is in virtual milliseconds, and `log_events` are for the
    `log_stream` in CloudWatch Logs. `interrupt` is an exception that ends the test, not only the attempt.
    """

    result: Literal["Success", "Error", "Timeout"]
    payload: bytes
    duration: int
    log_stream: str
    log_events: tuple[str, ...]
    exception: BaseException | None = None
    interrupt: BaseException | None = None
    #: How many events of the log begin a cold start.
    heading: int = 0

    @property
    def function_error(self) -> Literal["Unhandled"] | None:
        return None if self.result == "Success" else "Unhandled"

    @property
    def logs(self) -> str:
        return platform.log_text(self.log_events)

    @property
    def tail(self) -> bytes:
        """The last 4 KB of the log without INIT_START, as `LogType=Tail` returns it (K5)."""
        log = platform.log_text(self.log_events[self.heading :])
        return log.encode(errors="backslashreplace")[-_TAIL:].decode(errors="replace").encode()


def outcome_of(
    function: Function,
    code: Registration | Package,
    call: Call,
    client: RuntimeClient,
    capture: Capture,
    log_stream: str,
    cold: bool,  # noqa: FBT001
    waited: int,
    overran: bool,  # noqa: FBT001
) -> Outcome:
    duration = function.timeout * 1000 if overran else waited
    payload = client.payload
    result: Literal["Success", "Error", "Timeout"] = "Error" if client.failed else "Success"
    init, output = capture.events()
    if isinstance(code, Package):
        payload = code.shown_bytes(payload)
        init, output = ([code.shown(event) for event in events] for events in (init, output))
    if overran and client.interrupt is None:
        result = "Timeout"
        payload = platform.timed_out(call.request_id, function.timeout)
        output.append(platform.timeout_line(capture.timestamp, call.request_id, function.timeout))
    platform_lines = _json_lines if capture.as_json else _text_lines
    first, begin, end = platform_lines(function, call, capture, result, duration, cold)
    events = (*first, *init, *begin, *output, *end)
    interrupt = client.interrupt
    return Outcome(result, payload, duration, log_stream, events, client.exception, interrupt, len(first))


def _text_lines(
    function: Function,
    call: Call,
    _capture: Capture,
    _result: str,
    duration: int,
    cold: bool,  # noqa: FBT001
) -> tuple[list[str], list[str], list[str]]:
    """Lambda's lines before the cold start's output, before the invocation's output, and after it (K1)."""
    ref, request_id = function.ref, call.request_id
    first = [platform.init_start(function.runtime, ref.partition, ref.region)] if cold else []
    report = platform.report(request_id, duration, function.memory_size, cold=cold)
    return first, [platform.start(request_id, function.version)], [platform.end(request_id), report]


def _json_lines(
    function: Function,
    call: Call,
    capture: Capture,
    result: str,
    duration: int,
    cold: bool,  # noqa: FBT001
) -> tuple[list[str], list[str], list[str]]:
    """The same with LogFormat=JSON, unless SystemLogLevel leaves them out."""
    if function.logging["SystemLogLevel"] == "WARN":
        return [], [], []
    ref, time_, request_id = function.ref, capture.timestamp, call.request_id
    first = [platform.init_start_event(time_, function.runtime, ref.partition, ref.region)] if cold else []
    begin = [platform.start_event(time_, request_id, function.version)]
    status = {"Success": "success", "Timeout": "timeout"}.get(result, "error")
    memory = function.memory_size
    end = [platform.report_event(time_, request_id, duration, memory, status, cold=cold)]
    return first, begin, end
