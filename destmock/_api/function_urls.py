"""The calls of Lambda's API for function URLs, of which moto knows no qualifier."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timezone
from typing import TYPE_CHECKING, Any

from destmock._api import answers
from destmock._api import requests as wire
from destmock._aws import api_errors as errors
from destmock._aws.times import to_datetime
from destmock._services.front_doors.urls import STREAM, FunctionUrls

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from destmock._api.answers import Answer
    from destmock._api.requests import Request
    from destmock._aws.arn import FunctionRef
    from destmock._engine.simulation import Simulation
    from destmock._services.front_doors.urls import FunctionUrl

_ALIAS = re.compile(r"(?!^\d+$)^[0-9a-zA-Z\-_]+$")
_ALIAS_PATTERN = r"((?!^\d+$)^[0-9a-zA-Z-_]+$)"
_AUTH_TYPES, _MODES = ("NONE", "AWS_IAM"), ("BUFFERED", STREAM)
_EXISTS = (
    "Failed to create function url config for [functionArn = {arn}]. "
    "Error message:  FunctionUrlConfig exists for this Lambda function"
)
_NO_FUNCTION = "Function not found: {arn}"
_NOTHING = "The resource you requested does not exist."
_LARGEST_PAGE = 50


def _create(simulation: Simulation, request: Request) -> Answer:
    ref, body = _ref(request), json.loads(request.body or b"{}")
    auth_type, mode = str(body.get("AuthType")), str(body.get("InvokeMode") or "BUFFERED")
    _check({"authType": (auth_type, _AUTH_TYPES), "invokeMode": (mode, _MODES)})
    if simulation.identify(ref) is None:
        raise errors.not_found(_NO_FUNCTION.format(arn=ref.arn))
    function = simulation.functions.find(ref)
    if function is not None and function.per_tenant:
        raise errors.invalid_parameter(errors.NOT_FOR_TENANTS.format("Function URLs"))
    urls = simulation.part(FunctionUrls)
    if urls.of(ref) is not None:
        raise errors.conflict(_EXISTS.format(arn=ref.arn))
    made = urls.create(ref, auth_type, body.get("Cors"), mode)
    return _answer(simulation, _shown(made), status=201)


def _get(simulation: Simulation, request: Request) -> Answer:
    return _answer(simulation, _shown(_existing(simulation, request)))


def _update(simulation: Simulation, request: Request) -> Answer:
    body = json.loads(request.body or b"{}")
    url = _existing(simulation, request)
    auth_type, mode = body.get("AuthType") or url.auth_type, body.get("InvokeMode") or url.invoke_mode
    _check({"authType": (auth_type, _AUTH_TYPES), "invokeMode": (mode, _MODES)})
    url.auth_type, url.invoke_mode = auth_type, mode
    if "Cors" in body:
        url.cors = body["Cors"]
    url.modified = simulation.now
    return _answer(simulation, _shown(url))


def _delete(simulation: Simulation, request: Request) -> Answer:
    simulation.part(FunctionUrls).delete(_existing(simulation, request))
    return answers.deleted(simulation.ids.uuid())


def _list(simulation: Simulation, request: Request) -> Answer:
    ref = wire.unqualified_ref(request, [])
    if simulation.identify(ref) is None:
        raise errors.not_found(_NO_FUNCTION.format(arn=ref.arn))
    found = [_shown(each) for each in simulation.part(FunctionUrls).of_function(ref)]
    start, size = int(request.query.get("Marker") or 0), int(request.query.get("MaxItems") or _LARGEST_PAGE)
    more = {"NextMarker": str(start + size)} if len(found) > start + size else {}
    return _answer(simulation, {"FunctionUrlConfigs": found[start : start + size], **more})


def _ref(request: Request) -> FunctionRef:
    """The function or alias; a URL can't be that of a version."""
    qualifier = request.query.get("Qualifier")
    if qualifier is not None and not _ALIAS.match(qualifier):
        raise errors.validation([errors.pattern(qualifier, "qualifier", _ALIAS_PATTERN)])
    return wire.function_ref(request)


def _existing(simulation: Simulation, request: Request) -> FunctionUrl:
    url = simulation.part(FunctionUrls).of(_ref(request))
    if url is None:
        raise errors.not_found(_NOTHING)
    return url


def _check(given: Mapping[str, tuple[str, tuple[str, ...]]]) -> None:
    wrong = [
        errors.violation(value, member, f"satisfy enum value set: [{', '.join(allowed)}]")
        for member, (value, allowed) in given.items()
        if value not in allowed
    ]
    if wrong:
        raise errors.validation(wrong)


def _shown(url: FunctionUrl) -> dict[str, Any]:
    return {
        "FunctionUrl": url.url,
        "FunctionArn": url.ref.arn,
        "AuthType": url.auth_type,
        **({"Cors": url.cors} if url.cors else {}),
        "CreationTime": _time(url.created),
        "LastModifiedTime": _time(url.modified),
        "InvokeMode": url.invoke_mode,
    }


def _time(at: int) -> str:
    moment = to_datetime(at).astimezone(timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _answer(simulation: Simulation, body: dict[str, Any], status: int = 200) -> Answer:
    answer = answers.json_answer(simulation.ids.uuid(), json.dumps(body, separators=(",", ":")))
    return replace(answer, status=status)


OPERATIONS: dict[str, Callable[[Simulation, Request], Answer | None]] = {
    "CreateFunctionUrlConfig": _create,
    "GetFunctionUrlConfig": _get,
    "UpdateFunctionUrlConfig": _update,
    "DeleteFunctionUrlConfig": _delete,
    "ListFunctionUrlConfigs": _list,
}
