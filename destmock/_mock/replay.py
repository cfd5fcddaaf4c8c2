"""Invokes a function anew with what an invocation record or a dead-letter message keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3

from destmock._aws.arn import parse_arn, parse_function_arn
from destmock._time.driver import LIMIT

if TYPE_CHECKING:
    from destmock._aws.failed_invocation import FailedInvocation
    from destmock._engine.simulation import Simulation
    from destmock._observed.facts import Attempt, Invocation


@dataclass(frozen=True, slots=True)
class Replay:
    """What was kept, and the invocation that was made of it."""

    failed: FailedInvocation
    invocation: Invocation

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
        if attempt.outcome == "Success":
            return "it succeeded this time" if failed.error else "it succeeded"
        if failed.error is None:
            return f"it failed: {_error(attempt.response)}"
        if failed.has_error_of(attempt.response):
            return f"the same error: {_error(attempt.response)}"
        return f"another error: {_error(attempt.response)}"


def replay(simulation: Simulation, failed: FailedInvocation, function: str | None) -> Replay:
    """Invoke the function that the record names, or `function`. Raises `ValueError` if there is none."""
    lam = boto3.client("lambda")
    name = function or _function(lam, failed)
    answer = lam.invoke(FunctionName=name, InvocationType="Event", Payload=failed.payload)
    if simulation.awaited:
        simulation.driver.run(LIMIT)
    made = answer["ResponseMetadata"]["RequestId"]
    [invocation] = [
        each for each in simulation.ledger.invocations if each.request_id == made and not each.duplicate
    ]
    return Replay(failed, invocation)


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
