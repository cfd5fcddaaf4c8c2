"""Invokes a function anew with what an invocation record or a dead-letter message keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
from botocore.exceptions import ClientError

from destmock._aws.arn import parse_arn, parse_function_arn, parse_function_name
from destmock._time.driver import LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from destmock._aws.failed_invocation import FailedInvocation
    from destmock._engine.simulation import Simulation
    from destmock._observed.facts import Attempt, Invocation


class Replay(NamedTuple):
    """What was kept, and the invocation that was made of it."""

    failed: FailedInvocation
    invocation: Invocation
    #: Of a durable function, as Lambda tells of it.
    execution: Mapping[str, Any] | None = None

    @property
    def attempt(self) -> Attempt | None:
        """The first attempt, which the verdict is about."""
        return next(iter(self.invocation.attempts), None)

    @property
    def verdict(self) -> str:
        """Whether the same error came again, in words."""
        attempt, failed = self.attempt, self.failed
        if attempt is None:
            return "it didn't run"
        if self.execution is not None and self.execution["Status"] == "RUNNING":
            return "it still runs"
        outcome = attempt.outcome if self.execution is None else self.execution["Status"]
        if outcome in ("Success", "SUCCEEDED"):
            return "it succeeded this time" if failed.error else "it succeeded"
        if failed.error is None:
            return f"it failed: {_error(self._response)}"
        if self.has_same_error:
            return f"the same error: {_error(self._response)}"
        return f"another error: {_error(self._response)}"

    @property
    def has_same_error(self) -> bool:
        """Whether the error that was kept came again."""
        return self.failed.error is not None and self.failed.has_error_of(self._response)

    @property
    def _response(self) -> Any:
        """What the function answered; of a failed execution, its error as a function's."""
        error = None if self.execution is None else self.execution.get("Error")
        if error is not None:
            return {"errorType": error.get("ErrorType"), "errorMessage": error.get("ErrorMessage")}
        return None if self.attempt is None else self.attempt.response


def replay(simulation: Simulation, failed: FailedInvocation, function: str | None) -> Replay:
    """Invoke the function that the record names, or `function`. Raises `ValueError` if there is none."""
    lam = boto3.client("lambda")
    name = invocable(lam, function or _function(lam, failed))
    answer = lam.invoke(FunctionName=name, InvocationType="Event", Payload=failed.payload)
    if simulation.awaited:
        simulation.driver.run(LIMIT)
    made = answer["ResponseMetadata"]["RequestId"]
    [invocation] = [
        each for each in simulation.ledger.invocations if each.request_id == made and not each.duplicate
    ]
    arn = answer.get("DurableExecutionArn")
    execution = None if arn is None else lam.get_durable_execution(DurableExecutionArn=arn)
    return Replay(failed, invocation, execution)


def invocable(lam: Any, name: str) -> str:
    """The name as Lambda takes it: a durable function is invoked by a version, `$LATEST` for example."""
    named = parse_function_name(name)
    if named is None or named.qualifier is not None:
        return name
    try:
        durable = lam.get_function_configuration(FunctionName=name).get("DurableConfig")
    except ClientError:  # the invocation tells
        return name
    return f"{name}:$LATEST" if durable else name


def _function(lam: Any, failed: FailedInvocation) -> str:
    """The function of the record's name, or of its logical id, or the only one."""
    pages = lam.get_paginator("list_functions").paginate()
    names: list[str] = sorted(each["FunctionName"] for page in pages for each in page["Functions"])
    ref = parse_function_arn(failed.function_arn or "")
    if ref is not None and ref.name in names:
        return ref.name
    candidates = (
        names if ref is None else [each for each in names if _logical_id(each) in ref.name.split("-")]
    )
    if failed.queue is not None:
        candidates = _readers(lam, failed.queue) or candidates
    if len(candidates) != 1 and len(names) == 1:
        candidates = names
    if len(candidates) == 1:
        return candidates[0]
    asked = f"the function {ref.name}" if ref is not None else "no function"
    message = f"the record names {asked}; say which one to invoke; there are: {', '.join(names) or 'none'}"
    raise ValueError(message)


def _logical_id(name: str) -> str | None:
    """The logical id in a name that CloudFormation has generated: `<stack>-<logical id>-<suffix>`."""
    parts = name.split("-")
    return parts[-2] if len(parts) > 2 else None  # noqa: PLR2004 - the three parts


def _readers(lam: Any, queue: str) -> list[str]:
    """The functions that read a queue of that name, or of that logical id."""
    arn = parse_arn(queue)
    asked = arn.resource if arn is not None else queue
    mappings = lam.list_event_source_mappings()["EventSourceMappings"]
    found = set()
    for each in mappings:
        name = each.get("EventSourceArn", "").split(":")[-1]
        if name == asked or _logical_id(name) in asked.split("-"):
            found.add(each["FunctionArn"])
    return sorted(found)


def _error(response: Any) -> str:
    if not isinstance(response, dict):
        return "nothing was answered"
    kind, message = response.get("errorType"), response.get("errorMessage")
    return ": ".join(str(part) for part in (kind, message) if part)
