"""What is refused of a change that goes by an old RevisionId, or of publishing other code than there is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from destmock._api import requests as wire
from destmock._aws import api_errors as errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from destmock._api.requests import Request
    from destmock._aws.arn import FunctionRef
    from destmock._engine.simulation import Simulation

#: Which call answers the latest RevisionId.
FUNCTION, POLICY = "GetFunction/GetAlias", "GetPolicy"
_OTHER_REVISION = (
    "The Revision Id provided does not match the latest Revision Id. Call the {} API to retrieve the latest "
    "Revision Id"
)
_OTHER_CODE = (
    "CodeSHA256 ({}) is different from current CodeSHA256 in $LATEST ({}). Please try again with the "
    "CodeSHA256 in $LATEST."
)


def check(simulation: Simulation, ref: FunctionRef, given: str | None, ask: str = FUNCTION) -> None:
    """Raise an AWSError if somebody else has changed a function, a version or an alias meanwhile."""
    if given and simulation.functions.revision_id(ref) not in (None, given):
        raise errors.precondition_failed(_OTHER_REVISION.format(ask))


def check_change(simulation: Simulation, request: Request) -> None:
    """Check the RevisionId that a change of a function's code or configuration goes by."""
    body = json.loads(request.body or b"{}")
    check(simulation, wire.function_ref(request).unqualified, body.get("RevisionId"))


def _check_publishing(simulation: Simulation, request: Request) -> None:
    check_change(simulation, request)
    given = json.loads(request.body or b"{}").get("CodeSha256")
    latest = simulation.functions.code_hash(wire.function_ref(request))
    if given and latest not in (None, given):
        raise errors.invalid_parameter(_OTHER_CODE.format(given, latest))


CHECKS: dict[str, Callable[[Simulation, Request], None]] = {
    "UpdateFunctionCode": check_change,
    "PublishVersion": _check_publishing,
}
