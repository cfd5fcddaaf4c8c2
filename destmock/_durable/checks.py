"""Pure: the checks that Lambda makes of a checkpoint, with its texts. A batch is taken as a whole, or not."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from destmock._aws.api_errors import invalid_parameter
from destmock._aws.arn import parse_function_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from destmock._aws.arn import FunctionRef
    from destmock._durable.operations import Operation, OperationStatus

#: The largest error of an operation, and what goes to and comes from a chained function, in bytes.
_LARGEST_ERROR = 32_768
LARGEST_CHAINED = 1_048_576
#: The most operations of one execution (N7), and the longest wait, in seconds.
MOST_OPERATIONS = 3_000
#: How much state an execution may write in all, in bytes (N7). How AWS says it is not known.
_MOST_WRITTEN = 104_857_600
_TOO_MUCH = f"Durable execution storage limit of {_MOST_WRITTEN} bytes exceeded."
_LONGEST = 31_622_400
_TENANT = re.compile(r"[a-zA-Z0-9._:/=+\-@ ]{1,256}", re.ASCII)

_ACTIONS: dict[str, frozenset[str]] = {
    "STEP": frozenset({"START", "FAIL", "RETRY", "SUCCEED"}),
    "CONTEXT": frozenset({"START", "FAIL", "SUCCEED"}),
    "WAIT": frozenset({"START", "CANCEL"}),
    "CALLBACK": frozenset({"START"}),
    "CHAINED_INVOKE": frozenset({"START"}),
    "EXECUTION": frozenset({"SUCCEED", "FAIL"}),
}
_TWICE = "Cannot checkpoint multiple operations with the same ID."
_EXISTS = {
    "CALLBACK": "Cannot start a CALLBACK that already exist.",
    "CONTEXT": "Cannot start a CONTEXT that already exist.",
    "WAIT": "Cannot start a WAIT that already exist.",
    "CHAINED_INVOKE": "Cannot start a CHAINED_INVOKE operation that already exists.",
}
OUTPUT_TOO_LARGE = "Execution output payload size must be less than or equal to {limit} bytes."
CHAINED_OUTPUT_TOO_LARGE = (
    f"CHAINED_INVOKE output payload size must be less than or equal to {LARGEST_CHAINED} bytes."
)
_RUNS: frozenset[OperationStatus] = frozenset({"STARTED", "READY"})


def size_of(update: Mapping[str, Any]) -> int:
    """How much state an update writes, in bytes."""
    return len((update.get("Payload") or "").encode())


def check_updates(
    updates: Sequence[Mapping[str, Any]],
    operations: Mapping[str, Operation],
    ref: FunctionRef,
    largest_result: int,
    written: int,
) -> None:
    """Raise AWS's error for a batch that it does not take.

    `ref` is the function, `largest_result` what its execution may answer, `written` what it has written
    already, both in bytes.
    """
    problem = next(_problems(updates, operations, ref, largest_result), None)
    if problem is None and written + sum(map(size_of, updates)) > _MOST_WRITTEN:
        problem = _TOO_MUCH
    if problem is not None:
        raise invalid_parameter(problem)


def _problems(
    updates: Sequence[Mapping[str, Any]],
    operations: Mapping[str, Operation],
    ref: FunctionRef,
    largest_result: int,
) -> Iterator[str]:
    ends = [update for update in updates if update["Type"] == "EXECUTION"]
    if len(ends) > 1:
        yield "Cannot checkpoint multiple EXECUTION updates."
    if ends and updates[-1]["Type"] != "EXECUTION":
        yield "EXECUTION checkpoint must be the last update."
    yield from _of_ids(updates, operations)
    for update in updates:
        current = operations.get(update["Id"]) if update["Type"] != "EXECUTION" else None
        if current is not None:
            yield from _of_identity(update, current)
        yield from _of_sizes(update, largest_result)
        yield from _of_ranges(update)
        if update["Action"] not in _ACTIONS[update["Type"]]:
            yield "Invalid action for the given operation type."
            return
        yield from _of_action(update, current, ref)


def _of_ids(updates: Sequence[Mapping[str, Any]], operations: Mapping[str, Operation]) -> Iterator[str]:
    started: set[str] = set()
    last: dict[str, Mapping[str, Any]] = {}
    for update in updates:
        before = last.get(update["Id"])
        if before is not None and not _may_follow(before, update):
            yield _TWICE
        parent = update.get("ParentId")
        if parent is not None and parent not in started:
            found = operations.get(parent)
            if found is None or found.type != "CONTEXT":
                yield "Invalid parent operation id."
        if update["Action"] == "START":
            if update["Type"] == "CONTEXT":
                started.add(update["Id"])
            if len(operations) + len(last) > MOST_OPERATIONS and update["Id"] not in operations:
                text = f"Durable execution operation limit of {MOST_OPERATIONS} exceeded."
                yield text
        last[update["Id"]] = update


def _may_follow(before: Mapping[str, Any], update: Mapping[str, Any]) -> bool:
    """Whether an operation may be updated twice in a batch: a step or context that starts and goes on."""
    return (
        before["Type"] in ("STEP", "CONTEXT")
        and before["Action"] == "START"
        and update["Type"] == before["Type"]
        and update["Action"] != "START"
    )


def _of_identity(update: Mapping[str, Any], current: Operation) -> Iterator[str]:
    before = {
        "Type": (current.type, "Inconsistent operation type."),
        "SubType": (current.sub_type, "Inconsistent operation subtype."),
        "Name": (current.name, "Inconsistent operation name."),
        "ParentId": (current.parent_id, "Inconsistent parent operation id."),
    }
    for member, (value, text) in before.items():
        if update.get(member) not in (None, value):
            yield text


def _of_sizes(update: Mapping[str, Any], largest_result: int) -> Iterator[str]:
    error, payload = update.get("Error"), update.get("Payload")
    if error is not None and len(json.dumps(error)) > _LARGEST_ERROR:
        yield f"Error object size must be less than {_LARGEST_ERROR} bytes."
    if payload is None:
        return
    size = len(payload.encode())
    if update["Type"] == "CHAINED_INVOKE" and size > LARGEST_CHAINED:
        yield f"CHAINED_INVOKE input payload size must be less than or equal to {LARGEST_CHAINED} bytes."
    if update["Type"] == "EXECUTION" and size > largest_result:
        yield OUTPUT_TOO_LARGE.format(limit=largest_result)


def _of_ranges(update: Mapping[str, Any]) -> Iterator[str]:
    """Check what the model allows; botocore checks the smallest values only."""
    for options, member in (("WaitOptions", "WaitSeconds"), ("StepOptions", "NextAttemptDelaySeconds")):
        seconds = (update.get(options) or {}).get(member)
        if seconds is not None and not 1 <= seconds <= _LONGEST:
            text = f"{member} must be between 1 and {_LONGEST} seconds."
            yield text


def _of_action(update: Mapping[str, Any], current: Operation | None, ref: FunctionRef) -> Iterator[str]:
    kind, action = update["Type"], update["Action"]
    if action == "START" and kind in _EXISTS and current is not None:
        yield _EXISTS[kind]
    if action == "SUCCEED" and update.get("Error") is not None:
        yield "Cannot provide an Error for SUCCEED action."
    if action == "FAIL" and update.get("Payload") is not None:
        yield "Cannot provide a Payload for FAIL action."
    if kind == "WAIT" and action == "CANCEL" and (current is None or current.is_over):
        yield "Cannot cancel a WAIT that does not exist or has already completed."
    if kind == "WAIT" and action == "START" and not update.get("WaitOptions"):
        yield "Update for WAIT operation requires WaitOptions."
    if kind == "CONTEXT" and action != "START" and current is not None and current.status != "STARTED":
        yield "Invalid current CONTEXT state to close."
    if kind == "STEP":
        yield from _of_step(update, current)
    if kind == "CHAINED_INVOKE":
        yield from _of_chained(update.get("ChainedInvokeOptions"), ref)


def _of_step(update: Mapping[str, Any], current: Operation | None) -> Iterator[str]:
    action = update["Action"]
    if current is not None:
        if action == "START" and current.status != "READY":
            yield "Invalid current STEP state to start."
        if action in ("SUCCEED", "FAIL") and current.status not in _RUNS:
            yield "Invalid current STEP state to close."
        if action == "RETRY" and current.status not in _RUNS:
            yield "Invalid current STEP state to re-attempt."
    if action != "RETRY":
        return
    if not update.get("StepOptions"):
        yield "Invalid StepOptions for the given action."
    if update.get("Error") is not None and update.get("Payload") is not None:
        yield "Cannot provide both error and payload to RETRY a STEP."


def _of_chained(options: Mapping[str, Any] | None, ref: FunctionRef) -> Iterator[str]:
    if options is None:
        yield "Update for CHAINED_INVOKE operation requires ChainedInvokeOptions."
        return
    name = options.get("FunctionName")
    named = parse_function_name(name) if isinstance(name, str) else None
    if named is None:
        yield f"Invalid function ARN '{name}'"
        return
    if named.account not in (None, ref.account):
        yield "Cannot start a CHAINED_INVOKE on a function in another account."
    if named.region not in (None, ref.region):
        yield "Cannot start a CHAINED_INVOKE on a function in another region."
    tenant = options.get("TenantId")
    if tenant is not None and not _TENANT.fullmatch(tenant):
        yield "TenantId must be 1 to 256 characters matching [a-zA-Z0-9._:/=+-@ ]."
