"""Requests that are validated before anything is called: their parameters, and their bodies against models.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html says
which model is asked: the one of the request's content type, then `$default`; without either, none. That an
empty body is taken as an object without members is what LocalStack's tests, which ran on AWS, allow. Schemas
are JSON Schema draft 4; formats such as `date-time` aren't checked.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from destmock._services.apigateway.authorizers import RefusedError
from destmock._services.apigateway.model_errors import in_words
from destmock._services.http.exchange import problem
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jsonschema.exceptions import ValidationError
    from moto.apigateway.models import Method, RestAPI

    from destmock._services.http.exchange import HttpRequest

_JSON = "application/json"
_PARAMETER = re.compile(r"method\.request\.(querystring|header)\.(.+)")
_PLACE = "https://apigateway.amazonaws.com/restapis/{}/models/"
#: The models that each API has from the start.
BUILT_IN: Mapping[str, str] = {
    "Empty": '{"type": "object"}',
    "Error": '{"type": "object", "properties": {"message": {"type": "string"}}}',
}


class Validator(NamedTuple):
    """What a method's request validator wants, as it was at the deployment."""

    of_parameters: bool
    of_body: bool
    #: The address of the API's models, and their schemas by name.
    place: str
    schemas: Mapping[str, str]


def model_address(api_id: str, name: str) -> str:
    """How a model refers to another one of its API."""
    return _PLACE.format(api_id) + name


def validator_of(api: RestAPI, method: Method) -> Validator | None:
    """The validator of a method, if it has one."""
    found = api.request_validators.get(method.request_validator_id or "")
    if found is None:
        return None
    schemas = {**BUILT_IN, **{name: str(model.schema) for name, model in api.models.items()}}
    return Validator(
        _is_true(found.validate_request_parameters),
        _is_true(found.validate_request_body),
        _PLACE.format(api.id),
        schemas,
    )


def check(validator: Validator | None, method: Method, request: HttpRequest) -> None:
    """Raise `RefusedError` for a request that lacks what the method wants, or whose body fits no model."""
    if validator is not None and validator.of_parameters:
        _check_parameters(method, request)
    if validator is not None and validator.of_body:
        _check_body(validator, method, request)


def _is_true(value: Any) -> bool:
    return str(value).lower() == "true"


def _check_parameters(method: Any, request: HttpRequest) -> None:
    query = dict(request.query_pairs)
    missing = []
    for name, required in (method.request_parameters or {}).items():
        found = _PARAMETER.fullmatch(name)
        if found is None or not _is_true(required):
            continue
        value = query.get(found[2]) if found[1] == "querystring" else request.header(found[2])
        if not value:
            missing.append(found[2])
    if missing:
        text = f"Missing required request parameters: [{', '.join(missing)}]"
        raise RefusedError(problem(400, text, error_type="BadRequestException"), "BAD_REQUEST_PARAMETERS")


def _check_body(validator: Validator, method: Any, request: HttpRequest) -> None:
    models = method.request_models or {}
    kind = (request.header("content-type") or _JSON).partition(";")[0].strip()
    name = models.get(kind, models.get("$default"))
    if name is None:
        return
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        raise _refused() from None
    errors = _errors(validator, name, body)
    if errors:
        raise _refused(in_words(errors))


def _refused(why: str = "") -> RefusedError:
    answer = problem(400, "Invalid request body", error_type="BadRequestException")
    return RefusedError(answer, "BAD_REQUEST_BODY", why)


def _errors(validator: Validator, name: str, body: Any) -> list[ValidationError]:
    """What a model has against a body; raises `UnsupportedError` for a model that is no schema."""
    from jsonschema import Draft4Validator  # noqa: PLC0415 - of an extra
    from jsonschema.exceptions import SchemaError  # noqa: PLC0415
    from referencing import Registry, Resource  # noqa: PLC0415
    from referencing.exceptions import NoSuchResource, Unresolvable  # noqa: PLC0415
    from referencing.jsonschema import DRAFT4  # noqa: PLC0415

    def retrieve(uri: str) -> Resource[Any]:
        if not uri.startswith(validator.place) or uri[len(validator.place) :] not in validator.schemas:
            raise NoSuchResource(uri)
        schema = json.loads(validator.schemas[uri[len(validator.place) :]])
        return Resource.from_contents(schema, default_specification=DRAFT4)

    registry: Registry[Any] = Registry(retrieve=retrieve)  # type: ignore[call-arg]
    try:
        schema = json.loads(validator.schemas[name])
        Draft4Validator.check_schema(schema)
        return list(Draft4Validator(schema, registry=registry).iter_errors(body))
    except (KeyError, ValueError, SchemaError, Unresolvable) as error:
        message = f"destmock can't validate a body against the model {name}: {_shown(error)}"
        raise UnsupportedError(message) from error


def _shown(error: BaseException) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
