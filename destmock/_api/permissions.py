"""The calls for permissions: a function and each of its qualifiers has a policy of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from destmock._api import answers
from destmock._api import requests as wire
from destmock._aws import api_errors as errors
from destmock._aws.arn import LATEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.awslambda.policy import Policy

    from destmock._api.answers import Answer
    from destmock._api.requests import Request
    from destmock._aws.arn import FunctionRef
    from destmock._engine.simulation import Simulation

_EXISTS = (
    "The statement id ({}) provided already exists. Please provide a new statement id, or remove the "
    "existing statement."
)
_NO_STATEMENT = "Statement {} is not found in resource policy."
_NO_POLICY = "No policy is associated with the given resource."
_NOTHING = "The resource you requested does not exist."
_OTHER_REVISION = (
    "The RevisionId provided does not match the latest RevisionId. Call the GetPolicy API to retrieve the "
    "latest RevisionId"
)


def _check_new(simulation: Simulation, request: Request) -> None:
    """moto takes a second statement of the same id."""
    name = json.loads(request.body or b"{}").get("StatementId")
    if any(statement["Sid"] == name for _, statement in _statements(simulation, _ref(request))):
        raise errors.conflict(_EXISTS.format(name))


def _get(simulation: Simulation, request: Request) -> Answer:
    ref = _ref(request)
    if simulation.identify(ref.unqualified) is None:
        raise errors.not_found(errors.NOT_FOUND.format(arn=ref.unqualified_arn))
    found = _statements(simulation, ref)
    if not found:
        raise errors.not_found(_NOTHING)
    policy = {"Version": "2012-10-17", "Id": "default", "Statement": [statement for _, statement in found]}
    body = {"Policy": json.dumps(policy, separators=(",", ":")), "RevisionId": found[0][0].revision}
    return answers.json_answer(simulation.ids.uuid(), json.dumps(body, separators=(",", ":")))


def _remove(simulation: Simulation, request: Request) -> Answer:
    ref, name = _ref(request), request.path.rstrip("/").rsplit("/", 1)[-1]
    if simulation.identify(ref) is None:
        raise errors.not_found(errors.NOT_FOUND.format(arn=ref.arn))
    found = _statements(simulation, ref)
    if not found:
        raise errors.not_found(_NO_POLICY)
    revision = request.query.get("RevisionId")
    for policy, statement in found:
        if statement["Sid"] == name:
            if revision and revision != policy.revision:
                raise errors.precondition_failed(_OTHER_REVISION)
            policy.statements.remove(statement)
            policy.revision = simulation.ids.uuid()
            return answers.deleted(simulation.ids.uuid())
    raise errors.not_found(_NO_STATEMENT.format(name))


def _ref(request: Request) -> FunctionRef:
    """`$LATEST` has the policy of the function itself."""
    ref = wire.function_ref(request)
    return ref.unqualified if ref.qualifier == LATEST else ref


def _statements(simulation: Simulation, ref: FunctionRef) -> list[tuple[Policy, dict[str, Any]]]:
    """What is allowed of exactly this function, version or alias, and where moto keeps it."""
    return [
        (policy, statement)
        for policy in simulation.functions.policies(ref)
        for statement in policy.statements
        if statement["Resource"] == ref.arn
    ]


OPERATIONS: dict[str, Callable[[Simulation, Request], Answer | None]] = {
    "GetPolicy": _get,
    "RemovePermission": _remove,
}
CHECKS: dict[str, Callable[[Simulation, Request], None]] = {"AddPermission": _check_new}
