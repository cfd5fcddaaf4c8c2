"""The calls of the Lambda API that durable executions answer."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

from destmock._api import answers
from destmock._api import requests as wire
from destmock._aws import api_errors as errors
from destmock._aws.times import from_datetime

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from destmock._api.answers import Answer
    from destmock._api.requests import Request
    from destmock._durable.execution import Execution
    from destmock._durable.executions import Executions
    from destmock._durable.operations import ErrorObject
    from destmock._engine.simulation import Simulation

Item = TypeVar("Item")
ARN_PATTERN = (
    r"arn:([a-zA-Z0-9-]+):lambda:([a-zA-Z0-9-]+):(\d{12}):function:([a-zA-Z0-9_-]+):"
    r"(\$LATEST(?:\.PUBLISHED)?|[0-9]+)/durable-execution/([a-zA-Z0-9_-]+)/([a-zA-Z0-9_-]+)"
)
_ARN = re.compile(ARN_PATTERN, re.ASCII)
_IN_PATH = re.compile(r"/durable-execution(?:s|-callbacks)/([^/]+)")
_STATUSES = ("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED", "DELETING", "PAUSING", "PAUSED")
_MOST_ITEMS = 1_000
_NO_EXECUTION = "Durable Execution does not exist"
_BAD_MARKER, _ONE_STATUS = "Invalid Marker", "Cannot filter by more than one status"


def executions(simulation: Simulation) -> Executions:
    """The durable executions of a simulation."""
    return simulation.part(_kind())


@cache
def _kind() -> type[Executions]:
    """The same class for the whole process, also for a test that puts back `sys.modules`."""
    from destmock._durable.executions import Executions  # noqa: PLC0415 - few tests have any

    return Executions


def _seconds(milliseconds: int) -> float:
    """A moment as Lambda's answers have it."""
    return milliseconds / 1000


def _checkpoint(simulation: Simulation, request: Request) -> Answer:
    body = json.loads(request.body or b"{}")
    updates = body.get("Updates") or []
    answer = executions(simulation).checkpoint(
        _arn(request), body["CheckpointToken"], updates, body.get("ClientToken"), _seconds
    )
    return _answered(simulation, answer)


def _state(simulation: Simulation, request: Request) -> Answer:
    token = request.query.get("CheckpointToken", "")
    operations = executions(simulation).state(_arn(request), token)
    page, marker = _page(request, operations)
    shown = [operation.shown(_seconds) for operation in page]
    return _answered(simulation, {"Operations": shown, "NextMarker": marker or ""})


def _get(simulation: Simulation, request: Request) -> Answer:
    execution = _found(simulation, request)
    included = request.query.get("IncludeExecutionData") != "false"
    found: dict[str, Any] = {
        **_summary(execution),
        "Version": execution.version,
        "TraceHeader": {"XAmznTraceId": execution.event.trace_header},
        "ExecutionDataIncluded": included,
        "DurableConfig": execution.config.shown,
    }
    if not execution.is_over:
        found["ExpectedExecutionTimeoutTimestamp"] = _seconds(execution.times_out_at)
        found["PauseDetails"] = _pause_details(execution, included=included)
    if included:
        found["InputPayload"] = execution.input
        if execution.status == "SUCCEEDED":
            found["Result"] = execution.result
        elif execution.is_over:
            found["Error"] = execution.error or {}
    return _answered(simulation, {key: value for key, value in found.items() if value is not None})


def _pause_details(execution: Execution, *, included: bool) -> dict[str, Any] | None:
    pause = execution.pause
    if pause is None:
        return None
    found = {
        "PauseRequestTimestamp": _seconds(pause.requested_at),
        "ExecutionTimeoutPaused": pause.timeout_too,
    }
    return {**found, "Reason": pause.reason} if included and pause.reason is not None else found


def _summary(execution: Execution) -> dict[str, Any]:
    ended = execution.ended_at
    return {
        "DurableExecutionArn": execution.arn,
        "DurableExecutionName": execution.name,
        "FunctionArn": execution.function_arn,
        "Status": execution.shown_status,
        "StartTimestamp": _seconds(execution.started_at),
        **({} if ended is None else {"EndTimestamp": _seconds(ended)}),
    }


def _history(simulation: Simulation, request: Request) -> Answer:
    execution = _found(simulation, request)
    events = execution.history.events
    if request.query.get("ReverseOrder") == "true":
        events = events[::-1]
    page, marker = _page(request, events)
    included = request.query.get("IncludeExecutionData") == "true"
    shown = [event.shown(_seconds, with_payloads=included) for event in page]
    return _answered(simulation, {"Events": shown, **({"NextMarker": marker} if marker else {})})


def _list(simulation: Simulation, request: Request) -> Answer:
    statuses = [text for text in request.query.get("Statuses", "").split(",") if text]
    violations = []
    if set(statuses) - {*_STATUSES}:
        allowed = f"satisfy constraint: [Member must satisfy enum value set: [{', '.join(_STATUSES)}]]"
        violations.append(errors.violation(f"[{', '.join(statuses)}]", "statuses", allowed))
    ref = wire.function_ref(request, violations)
    if len(statuses) > 1:
        raise errors.invalid_parameter(_ONE_STATUS)
    if simulation.identify(ref) is None:
        raise errors.function_not_found(ref.unqualified_arn, ref.qualifier)
    name = request.query.get("DurableExecutionName")
    after, before = (_moment(request, member) for member in ("StartedAfter", "StartedBefore"))
    version = None if ref.qualifier is None else _version(simulation, request)
    found = [
        each
        for each in executions(simulation).of(ref)
        if (name in (None, each.name) and version in (None, each.version))
        and (not statuses or each.shown_status in statuses)
        and (after is None or each.started_at > after)
        and (before is None or each.started_at < before)
    ]
    if request.query.get("ReverseOrder") != "true":  # newest first (R34)
        found.reverse()
    page, marker = _page(request, found)
    shown = [_summary(each) for each in page]
    return _answered(simulation, {"DurableExecutions": shown, **({"NextMarker": marker} if marker else {})})


def _version(simulation: Simulation, request: Request) -> str | None:
    """The version that a list asks for; an alias stands for the one that it leads to."""
    function = simulation.functions.find(wire.function_ref(request))
    return None if function is None else function.version


def _stop(simulation: Simulation, request: Request) -> Answer:
    stopped = executions(simulation).stop(_found(simulation, request), _error(request))
    return _answered(simulation, {"StopTimestamp": _seconds(stopped)})


def _pause(simulation: Simulation, request: Request) -> Answer:
    body = json.loads(request.body or b"{}")
    executions(simulation).pausing.pause(
        _found(simulation, request),
        body.get("ClientToken"),
        body.get("Reason"),
        timeout_too=body.get("ExecutionTimeoutPaused") is not False,
    )
    return replace(_answered(simulation, {}), status=202)


def _resume(simulation: Simulation, request: Request) -> Answer:
    body = json.loads(request.body or b"{}")
    executions(simulation).pausing.resume(
        _found(simulation, request), body.get("ClientToken"), body.get("Reason")
    )
    return replace(_answered(simulation, {}), status=202)


def _delete(simulation: Simulation, request: Request) -> Answer:
    executions(simulation).delete(_found(simulation, request))
    body = {"DeletionRequestTimestamp": _seconds(simulation.now)}
    return replace(_answered(simulation, body), status=202)


def _callback_succeeds(simulation: Simulation, request: Request) -> Answer:
    result = request.body.decode(errors="replace") if request.body else None
    executions(simulation).answer_callback(_in_path(request), result=result)
    return _answered(simulation, {})


def _callback_fails(simulation: Simulation, request: Request) -> Answer:
    executions(simulation).answer_callback(_in_path(request), error=_error(request) or {})
    return _answered(simulation, {})


def _callback_beats(simulation: Simulation, request: Request) -> Answer:
    executions(simulation).beat(_in_path(request))
    return _answered(simulation, {})


def _answered(simulation: Simulation, body: dict[str, Any]) -> Answer:
    return answers.json_answer(simulation.ids.uuid(), json.dumps(body, separators=(",", ":")))


def _in_path(request: Request) -> str:
    """The ARN of an execution, or the id of a callback, in a request's path."""
    found = _IN_PATH.search(request.path)
    assert found is not None  # or it would be another operation
    return unquote(found[1])


def _arn(request: Request) -> str:
    arn = _in_path(request)
    if not _ARN.fullmatch(arn):
        raise errors.validation([errors.pattern(arn, "durableExecutionArn", ARN_PATTERN)])
    return arn


def _found(simulation: Simulation, request: Request) -> Execution:
    found = executions(simulation).find(_arn(request))
    if found is None:
        raise errors.not_found(_NO_EXECUTION)
    return found


def _error(request: Request) -> ErrorObject | None:
    """The error that a caller gives; `None` if it gives none."""
    found = json.loads(request.body) if request.body else None
    return found if isinstance(found, dict) else None


def _moment(request: Request, member: str) -> int | None:
    """A time in the query, in milliseconds."""
    text = request.query.get(member)
    if text is None:
        return None
    try:
        return from_datetime(datetime.fromisoformat(text.replace("Z", "+00:00")))
    except ValueError:
        problem = f"'{text}' can not be converted to Date"
        raise errors.not_parsed(problem) from None


def _page(request: Request, items: Sequence[Item]) -> tuple[Sequence[Item], str | None]:
    """One page, and the marker of the next one; a marker is a place in the sequence."""
    text, marker = request.query.get("MaxItems"), request.query.get("Marker") or "0"
    most = _MOST_ITEMS if text is None else int(text)
    if most < 0 or most > _MOST_ITEMS:
        bound = "greater than or equal to 0" if most < 0 else f"less than or equal to {_MOST_ITEMS}"
        raise errors.validation([errors.violation(most, "maxItems", f"have value {bound}")])
    if not marker.isdecimal() or int(marker) > len(items):
        raise errors.invalid_parameter(_BAD_MARKER)
    begin = int(marker)
    end = begin + (most or _MOST_ITEMS)
    return items[begin:end], str(end) if end < len(items) else None


OPERATIONS: dict[str, Callable[[Simulation, Request], Answer]] = {
    "CheckpointDurableExecution": _checkpoint,
    "GetDurableExecutionState": _state,
    "GetDurableExecution": _get,
    "GetDurableExecutionHistory": _history,
    "ListDurableExecutionsByFunction": _list,
    "StopDurableExecution": _stop,
    "PauseDurableExecution": _pause,
    "ResumeDurableExecution": _resume,
    "DeleteDurableExecution": _delete,
    "SendDurableExecutionCallbackSuccess": _callback_succeeds,
    "SendDurableExecutionCallbackFailure": _callback_fails,
    "SendDurableExecutionCallbackHeartbeat": _callback_beats,
}
