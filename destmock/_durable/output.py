"""Pure: what an invocation of a durable function answers, and what follows from it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from destmock._durable.checks import OUTPUT_TOO_LARGE
from destmock._durable.operations import given

if TYPE_CHECKING:
    from destmock._durable.operations import ErrorObject

Status = Literal["SUCCEEDED", "FAILED", "PENDING"]
_INVALID = "Invalid Status in invocation output."
NOTHING_PENDING = "Cannot return PENDING status with no pending operations."


class Output(NamedTuple):
    """The answer of a handler that came to an end."""

    status: Status
    result: str | None = None
    error: ErrorObject | None = None


def invalid(text: str) -> Output:
    """The end of an execution whose handler does not answer as a durable one."""
    return Output("FAILED", None, {"ErrorMessage": text, "ErrorType": "InvalidParameterValueException"})


def read_output(payload: bytes, largest_result: int) -> Output:
    """What a handler has answered; anything else than a durable handler's answer fails the execution."""
    try:
        found = json.loads(payload)
    except ValueError:
        return invalid(_INVALID)
    status = found.get("Status") if isinstance(found, dict) else None
    if status not in ("SUCCEEDED", "FAILED", "PENDING"):
        return invalid(_INVALID)
    result, error = found.get("Result"), found.get("Error")
    if status == "SUCCEEDED" and error is not None:
        return invalid("Cannot provide an Error for SUCCEEDED status.")
    if status == "FAILED" and result is not None:
        return invalid("Cannot provide a Result for FAILED status.")
    if result is not None and len(str(result).encode()) > largest_result:
        return invalid(OUTPUT_TOO_LARGE.format(limit=largest_result))
    return Output(status, result, error)


def error_of(payload: bytes) -> ErrorObject:
    """The error that Lambda answers for a failed invocation, as durable executions write it."""
    try:
        found: Any = json.loads(payload)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return {"ErrorMessage": payload.decode(errors="replace")}
    return given(
        {
            "ErrorMessage": found.get("errorMessage"),
            "ErrorType": found.get("errorType"),
            "StackTrace": found.get("stackTrace") or None,
        }
    )


def as_function_error(error: ErrorObject | None) -> bytes:
    """The same the other way round: what a synchronous caller and a record get of a failed execution."""
    found = error or {}
    shown = {
        "errorMessage": found.get("ErrorMessage"),
        "errorType": found.get("ErrorType"),
        "errorData": found.get("ErrorData"),
        "stackTrace": found.get("StackTrace"),
    }
    return json.dumps(given(shown), separators=(",", ":")).encode()
