"""The calls for permissions: a function and each of its qualifiers has a policy of its own."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from destmock._api import answers, revisions
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
_OF_LATEST = "We currently do not support adding policies for $LATEST."
_BAD_PRINCIPAL = "The provided principal was invalid. Please check the principal and try again."
_PATTERNS = {"Action": r"(lambda:[*]|lambda:[a-zA-Z]+|[*])", "StatementId": "([a-zA-Z0-9-_]+)"}
_PRINCIPAL = re.compile(r"\*|\d{12}|arn:.*|.*\.(amazon|aws).*", re.ASCII)


def _check_new(simulation: Simulation, request: Request) -> None:
    """moto takes a second statement of the same id, and whatever it is to allow."""
    body = json.loads(request.body or b"{}")
    found = [
        errors.pattern(body[member], f"{member[:1].lower()}{member[1:]}", pattern)
        for member, pattern in _PATTERNS.items()
        if member in body and not re.fullmatch(pattern, body[member], re.ASCII)
    ]
    if found:
        raise errors.validation(found)
    if wire.function_ref(request).qualifier == LATEST:
        raise errors.invalid_parameter(_OF_LATEST)
    if not _PRINCIPAL.fullmatch(body.get("Principal", "*")):
        raise errors.invalid_parameter(_BAD_PRINCIPAL)
    revisions.check(simulation, _ref(request), body.get("RevisionId"), revisions.POLICY)
    name = body.get("StatementId")
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
    revision = simulation.functions.revision_id(ref)
    body = {"Policy": json.dumps(policy, separators=(",", ":")), "RevisionId": revision}
    return answers.json_answer(simulation.ids.uuid(), json.dumps(body, separators=(",", ":")))


def _remove(simulation: Simulation, request: Request) -> Answer:
    ref, name = _ref(request), request.path.rstrip("/").rsplit("/", 1)[-1]
    if simulation.identify(ref) is None:
        raise errors.not_found(errors.NOT_FOUND.format(arn=ref.arn))
    found = _statements(simulation, ref)
    if not found:
        raise errors.not_found(_NO_POLICY)
    for policy, statement in found:
        if statement["Sid"] == name:
            revisions.check(simulation, ref, request.query.get("RevisionId"))
            policy.statements.remove(statement)
            simulation.functions.renew_revision(ref)
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
