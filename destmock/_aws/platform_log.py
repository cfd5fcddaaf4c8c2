"""Pure: the error payloads of Lambda's platform, and the lines that it writes to the log.

Two of REPORT's figures can't be measured in this process and are constants: the memory used, and the duration
of the cold start.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The most that a result may have, in bytes (B9).
RESPONSE_LIMIT = 6_291_556
_MEMORY_USED, _INIT_DURATION = 36, 100
_RUNTIME_HASH = "0" * 64


def response_too_large() -> bytes:
    """The error payload of a result that is too large (B9)."""
    text = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
    return _compact({"errorMessage": text, "errorType": "Function.ResponseSizeTooLarge"})


def timed_out(request_id: str, timeout: int) -> bytes:
    """The error payload of a timeout (B4)."""
    return _error("Sandbox.Timedout", request_id, _timeout_text(timeout))


def exited(request_id: str, status: int) -> bytes:
    """The error payload of a process that ended in the handler or in the import of its module (B5, B6)."""
    text = f"Runtime exited with error: exit status {status}"
    if status == 0:
        text = "Runtime exited without providing a reason"
    return _error("Runtime.ExitError", request_id, text)


def killed(request_id: str) -> bytes:
    """The error payload of a process that something else ended, as when it uses too much memory (DOCS)."""
    return _error("Runtime.ExitError", request_id, "Runtime exited with error: signal: killed")


def init_start(runtime: str, partition: str, region: str) -> str:
    """The first line of a cold start."""
    version = runtime.removeprefix("python")
    arn = f"arn:{partition}:lambda:{region}::runtime:{_RUNTIME_HASH}"
    return f"INIT_START Runtime Version: python:{version}.v20\tRuntime Version ARN: {arn}\n"


def start(request_id: str, version: str) -> str:
    return f"START RequestId: {request_id} Version: {version}\n"


def timeout_line(timestamp: str, request_id: str, timeout: int) -> str:
    return f"{timestamp} {request_id} {_timeout_text(timeout)}\n\n"


def end(request_id: str) -> str:
    return f"END RequestId: {request_id}\n"


def report(request_id: str, duration: int, memory_size: int, *, cold: bool) -> str:
    """The REPORT line. `duration` is the declared duration in milliseconds; at least 1 is reported (K1)."""
    billed = duration if duration > 0 else 1
    init = f"Init Duration: {_INIT_DURATION:.2f} ms\t" if cold else ""
    return (
        f"REPORT RequestId: {request_id}\tDuration: {billed}.00 ms\tBilled Duration: {billed} ms\t"
        f"Memory Size: {memory_size} MB\tMax Memory Used: {_MEMORY_USED} MB\t{init}\n"
    )


def init_start_event(time: str, runtime: str, partition: str, region: str) -> str:
    """The same as `init_start` with LogFormat=JSON; this and the other events have AWS's documented shape."""
    text = init_start(runtime, partition, region).rstrip()
    version, arn = text.removeprefix("INIT_START Runtime Version: ").split("\tRuntime Version ARN: ")
    record = {"initializationType": "on-demand", "phase": "init", "runtimeVersion": version}
    return _event(time, "platform.initStart", {**record, "runtimeVersionArn": arn})


def start_event(time: str, request_id: str, version: str) -> str:
    return _event(time, "platform.start", {"requestId": request_id, "version": version})


def report_event(
    time: str, request_id: str, duration: int, memory_size: int, status: str, *, cold: bool
) -> str:
    billed = max(duration, 1)
    metrics: dict[str, object] = {
        "durationMs": float(billed),
        "billedDurationMs": billed,
        "memorySizeMB": memory_size,
        "maxMemoryUsedMB": _MEMORY_USED,
    }
    if cold:
        metrics["initDurationMs"] = float(_INIT_DURATION)
    record = {"requestId": request_id, "metrics": metrics, "status": status}
    return _event(time, "platform.report", record)


def _event(time: str, kind: str, record: Mapping[str, object]) -> str:
    return json.dumps({"time": time, "type": kind, "record": record}, separators=(",", ":")) + "\n"


def _timeout_text(timeout: int) -> str:
    return f"Task timed out after {timeout:.2f} seconds"


def _error(error_type: str, request_id: str, message: str) -> bytes:
    """An error payload of the platform's, which writes the type first, unlike the runtime."""
    return _compact({"errorType": error_type, "errorMessage": f"RequestId: {request_id} Error: {message}"})


def _compact(error: dict[str, str]) -> bytes:
    return json.dumps(error, separators=(",", ":")).encode()


def log_text(log_events: tuple[str, ...]) -> str:
    """Log events as one text, each on lines of its own."""
    return "".join(event if event.endswith("\n") else f"{event}\n" for event in log_events)
