"""The AWS Parameters and Secrets extension: a handler asks it over HTTP on its own machine.

Secrets and parameters are moto's. Nothing is kept from one request to the next, so a changed value is there
at once. AWS tells clients hardly anything of an error; the function's log has the rest.
"""

from __future__ import annotations

import base64
import json
import os
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ParamValidationError

from destmock._aws.arn import parse_function_arn
from destmock._engine.active import active
from destmock._services.clients import Clients, in_account
from destmock._services.http.exchange import HttpAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from destmock._engine.simulation import Simulation
    from destmock._services.http.exchange import HttpRequest

_HOSTS = {"localhost", "127.0.0.1"}
_PORT = "2773"
_TOKEN = "X-Aws-Parameters-Secrets-Token"  # noqa: S105 - the name of a header
_SECRET, _PARAMETER = "/secretsmanager/get", "/systemsmanager/parameters/get"
_MEMBERS_OF_A_SECRET = (
    "ARN",
    "CreatedDate",
    "Name",
    "SecretBinary",
    "SecretString",
    "VersionId",
    "VersionStages",
)
_MEMBERS_OF_A_PARAMETER = (
    "ARN",
    "DataType",
    "LastModifiedDate",
    "Name",
    "Selector",
    "SourceResult",
    "Type",
    "Value",
    "Version",
)
_TRUE, _FALSE = {"1", "t", "T", "TRUE", "true", "True"}, {"0", "f", "F", "FALSE", "false", "False"}
_FAILED = "an unexpected error occurred while executing request"


class _RefusedError(Exception):
    """The extension doesn't pass the request on, because of its parameters."""


class _Extension:
    """The clients of one mock's extension."""

    def __init__(self, _simulation: Simulation) -> None:
        self.clients = Clients()


def is_extension(host: str | None, port: int | None) -> bool:
    """Whether a handler asks its extension at this place; outside of handlers there is none."""
    if not active or host is None or host.lower() not in _HOSTS:
        return False
    if str(port) != os.environ.get("PARAMETERS_SECRETS_EXTENSION_HTTP_PORT", _PORT):
        return False
    return active[-1].turns.mine is not None


def answered(request: HttpRequest, _timeout: float | None = None) -> HttpAnswer:
    """Answer a handler's request."""
    running = active[-1].turns.mine
    assert running is not None  # the caller has asked `is_extension`
    if not running.ready:
        return _text(400, "not ready to serve traffic, please wait")
    if request.path not in {_SECRET, _PARAMETER}:
        return _text(404, "404 page not found")
    if request.method != "GET":
        return _text(405, "Method Not Allowed")
    if request.header(_TOKEN) != os.environ.get("AWS_SESSION_TOKEN"):
        return _text(401, "not authorized")
    operation = "GetSecretValue" if request.path == _SECRET else "GetParameter"
    try:
        body = _read(active[-1], running.function, request.path, dict(request.query_pairs))
    except (ClientError, ParamValidationError, _RefusedError) as error:
        _log(f"{operation} request encountered an error: {error}")
        return _text(400, _FAILED)
    return HttpAnswer(200, (("Content-Type", "application/json"),), json.dumps(body).encode())


def _read(simulation: Simulation, function: str, path: str, query: Mapping[str, str]) -> dict[str, Any]:
    ref = parse_function_arn(function)
    assert ref is not None  # it runs
    clients = simulation.part(_Extension).clients
    with in_account(ref.account):
        if path == _SECRET:
            answer = clients.of("secretsmanager", ref.region).get_secret_value(**_of_secret(query))
            return {**_members(answer, _MEMBERS_OF_A_SECRET), "ResultMetadata": {}}
        answer = clients.of("ssm", ref.region).get_parameter(**_of_parameter(query))
    return {"Parameter": _members(answer["Parameter"], _MEMBERS_OF_A_PARAMETER), "ResultMetadata": {}}


def _of_secret(query: Mapping[str, str]) -> dict[str, str]:
    if not query.get("secretId"):
        message = "secretId is missing"
        raise _RefusedError(message)
    names = {"SecretId": "secretId", "VersionId": "versionId", "VersionStage": "versionStage"}
    return {name: query[key] for name, key in names.items() if query.get(key)}


def _of_parameter(query: Mapping[str, str]) -> dict[str, Any]:
    name, version, label = query.get("name"), query.get("version"), query.get("label")
    decrypt = query.get("withDecryption") or "false"
    if not name:
        message = "name is missing"
        raise _RefusedError(message)
    if version and label:
        message = "version and label can't be given together"
        raise _RefusedError(message)
    if decrypt not in _TRUE | _FALSE:
        message = f"withDecryption is true or false, not {decrypt}"
        raise _RefusedError(message)
    selector = version or label
    return {"Name": f"{name}:{selector}" if selector else name, "WithDecryption": decrypt in _TRUE}


def _members(answer: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: _as_json(answer.get(name)) for name in names}


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _log(text: str) -> None:
    """Write to the function's log, which is where the extension's own lines are."""
    if os.environ.get("PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL", "info").lower() == "none":
        return
    moment = datetime.now(timezone.utc).strftime("%Y/%m/%d %H:%M:%S")
    print(f"[AWS Parameters and Secrets Lambda Extension] {moment} ERROR {text}")  # noqa: T201 - the log


def _text(status: int, text: str) -> HttpAnswer:
    return HttpAnswer(status, (("Content-Type", "text/plain; charset=utf-8"),), f"{text}\n".encode())
