"""Pure: understands a rest-json request, or raises AWS's error."""

from __future__ import annotations

import base64
import binascii
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import unquote

from destmock._api import function_settings
from destmock._aws import api_errors as errors
from destmock._aws import durable_config
from destmock._aws.arn import FunctionRef, is_qualifier, parse_function_name
from destmock._aws.json_errors import complaint
from destmock._aws.record import is_json
from destmock._engine.event_invoke_config import Settings
from destmock._engine.invoke_options import NO_OPTIONS, InvokeOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from destmock._aws.ids import Trace

InvocationType = Literal["Event", "RequestResponse", "DryRun"]

#: The largest payloads, in bytes (A30).
PAYLOAD_LIMITS = {"RequestResponse": 6_291_456, "Event": 1_048_576, "InvokeAsync": 262_144}
MAXIMUM_LIST_ITEMS = 50
_QUALIFIER_LENGTH = 128
_KINDS = ["Event", "RequestResponse", "DryRun"]
_STREAMED_KINDS = _KINDS[1:]
_LOG_TYPES = ["None", "Tail"]
_NAME_IN_PATH = re.compile(r"/functions/([^/]*)(?:/|$)")
_EXECUTION_NAME = re.compile(r"[a-zA-Z0-9-_]{1,64}", re.ASCII)
_TENANT, _LONGEST_TENANT = re.compile(r"[a-zA-Z0-9\._:\/=+\-@ ]+", re.ASCII), 256
_LAYER = re.compile(errors.LAYER_PATTERN, re.ASCII)
_DESTINATION = re.compile(errors.DESTINATION_PATTERN, re.ASCII)


class Caller(NamedTuple):
    """The client that asks: its region and account, and the trace that the call is part of, if any.

    With an `access_key`, moto's IAM says what the client may do, where a test has turned that on.
    """

    partition: str
    region: str
    account: str
    trace: Trace | None = None
    access_key: str | None = None
    token: str | None = None


class Request(NamedTuple):
    """One call of the Lambda API as it goes over the wire. Header names are in lower case."""

    operation: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    caller: Caller


class Invocation(NamedTuple):
    """An Invoke or InvokeAsync call, understood."""

    ref: FunctionRef
    invocation_type: InvocationType
    payload: bytes
    client_context: str | None
    tail: bool
    options: InvokeOptions = NO_OPTIONS


def function_ref(request: Request, violations: list[str] | None = None) -> FunctionRef:
    """The function that the request's path and Qualifier name; an AWSError when they don't (A15-A20)."""
    qualifier, caller = request.query.get("Qualifier"), request.caller
    given = tuple(violations or ())
    return _function_ref(request.path, qualifier, caller.partition, caller.region, caller.account, given)


@lru_cache(maxsize=1000)
def _function_ref(
    path: str,
    qualifier: str | None,
    partition: str,
    region: str,
    account: str,
    given: tuple[str, ...],
) -> FunctionRef:
    name, violations = _name(path), list(given)
    if qualifier is not None and len(qualifier) > _QUALIFIER_LENGTH:
        limit = f"have length less than or equal to {_QUALIFIER_LENGTH}"
        violations.append(errors.violation(qualifier, "qualifier", limit))
    elif qualifier is not None and not is_qualifier(qualifier):
        violations.append(errors.bad_qualifier(qualifier))
    named = parse_function_name(name)
    if named is None:
        violations.append(errors.bad_function_name(name))
    if named is None or violations:
        raise errors.validation(violations)
    if named.qualifier is not None and qualifier not in (None, named.qualifier):
        raise errors.invalid_parameter(errors.QUALIFIER_MISMATCH)
    if named.region not in (None, region):
        text = errors.OTHER_REGION.format(arn_region=named.region, region=region)
        raise errors.not_found(text)
    return FunctionRef(partition, named.account or account, region, named.name, named.qualifier or qualifier)


def unqualified_ref(request: Request, violations: list[str]) -> FunctionRef:
    """As `function_ref`, for the calls that refuse a qualified name (C26)."""
    ref = function_ref(request, violations)
    if ref.qualifier is not None:
        raise errors.invalid_parameter(errors.NAME_IS_QUALIFIED)
    return ref


def read_streamed_invoke(request: Request) -> Invocation:
    """An InvokeWithResponseStream call, which can't be an `Event`."""
    return read_invoke(request, _STREAMED_KINDS)


def read_invoke(request: Request, kinds: list[str] = _KINDS) -> Invocation:
    given = request.headers.get
    kind: Any = given("x-amz-invocation-type") or "RequestResponse"
    log_type = given("x-amz-log-type") or "None"
    violations: list[str] = []
    if kind not in kinds or log_type not in _LOG_TYPES:
        violations = [*_enum(kind, "invocationType", kinds), *_enum(log_type, "logType", _LOG_TYPES)]
    name = given("x-amz-durable-execution-name") or None
    if name is not None and not _EXECUTION_NAME.fullmatch(name):
        violations = [*violations, errors.pattern(name, "durableExecutionName", "[a-zA-Z0-9-_]+")]
    tenant = given("x-amz-tenant-id")
    if tenant is not None:
        violations = [*violations, *_tenant(tenant)]
    ref = function_ref(request, violations)
    limited = "RequestResponse" if kind == "DryRun" else kind
    payload = _payload(request.body, limited, limited)
    context = None
    if kind == "RequestResponse":  # ignored for Event, even when it is nonsense (A9)
        context = _client_context(given("x-amz-client-context"))
    options = NO_OPTIONS if name is tenant is None else InvokeOptions(name, tenant)
    return Invocation(ref, kind, payload, context, log_type == "Tail", options)


def read_invoke_async(request: Request) -> Invocation:
    """The legacy call; its payload limit is still 256 KB (A24)."""
    payload = _payload(request.body, "InvokeAsync", "Event")
    return Invocation(function_ref(request), "Event", payload, None, tail=False)


def read_settings(request: Request) -> tuple[FunctionRef, Settings]:
    """The body of a put or an update; an AWSError with every value that is out of range (C17, C18)."""
    body = json.loads(request.body or b"{}")
    destinations = {
        key: (value or {}).get("Destination")
        for key, value in (body.get("DestinationConfig") or {}).items()
        if value is not None
    }
    retries, age = body.get("MaximumRetryAttempts"), body.get("MaximumEventAgeInSeconds")
    _check_types([retries, age], int, "Integer")
    _check_types(destinations.values(), str, "String")
    settings = Settings(retries, age, destinations)
    violations = [
        errors.pattern(arn, f"destinationConfig.{member}.destination", errors.DESTINATION_PATTERN)
        for key, member in (("OnFailure", "onFailure"), ("OnSuccess", "onSuccess"))
        if (arn := destinations.get(key)) and not _DESTINATION.fullmatch(arn)
    ]
    violations += _range(settings.maximum_retry_attempts, "maximumRetryAttempts", 0, 2)
    violations += _range(settings.maximum_event_age_in_seconds, "maximumEventAgeInSeconds", 60, 21600)
    ref = function_ref(request, violations)
    if settings.empty:  # before existence (C6)
        raise errors.invalid_parameter(errors.NOTHING_TO_SET)
    return ref, settings


def read_list(request: Request) -> tuple[FunctionRef, str | None, int]:
    """The function, the marker and the page size of a ListFunctionEventInvokeConfigs."""
    text = request.query.get("MaxItems")
    size = MAXIMUM_LIST_ITEMS if text is None else int(text)
    ref = unqualified_ref(request, _range(size, "maxItems", 1, MAXIMUM_LIST_ITEMS))
    return ref, request.query.get("Marker"), size


def check_configs(request: Request) -> None:
    """Raise an AWSError for a DurableConfig (N1), a TenancyConfig or other settings that AWS refuses."""
    body = json.loads(request.body or b"{}")
    config = body.get("DurableConfig")
    if config and request.operation == "UpdateFunctionConfiguration":
        config = {"ExecutionTimeout": 1, **config}  # it may stay as it was
    found = durable_config.violations(config) if config else []
    tenancy = body.get("TenancyConfig")
    if tenancy is not None:
        mode = tenancy.get("TenantIsolationMode")
        found = [*found, *_enum(str(mode), "tenancyConfig.tenantIsolationMode", ["PER_TENANT"])]
    layers = body.get("Layers") or []
    if not all(_LAYER.fullmatch(str(each)) for each in layers):
        listed = f"[{', '.join(map(str, layers))}]"
        found = [
            *found,
            errors.violation(listed, "layers", f"satisfy constraint: [{errors.LAYER_CONSTRAINTS}]"),
        ]
    found = [*function_settings.violations(body), *found]
    if found:
        raise errors.validation(found)
    if request.operation == "CreateFunction":
        function_settings.check_new(body)
    function_settings.check(body)


def read_recursion_config(request: Request) -> tuple[FunctionRef, str]:
    """The function, and what it is to do about recursive loops (J1)."""
    setting = str(json.loads(request.body or b"{}").get("RecursiveLoop"))
    return unqualified_ref(request, _enum(setting, "recursiveLoop", ["Terminate", "Allow"])), setting


def read_dead_letter(request: Request) -> str | None:
    """The ARN that a CreateFunction or UpdateFunctionConfiguration asks for; `None` if it asks for none."""
    config = json.loads(request.body or b"{}").get("DeadLetterConfig") or {}
    arn = config.get("TargetArn") or None
    _check_types([arn], str, "String")
    return arn


def read_created_name(request: Request) -> str:
    return str(json.loads(request.body).get("FunctionName", "")).rsplit(":", 1)[-1]


def read_reservation(request: Request) -> tuple[FunctionRef, int]:
    """The function, and how much is to be reserved for it."""
    reserved = json.loads(request.body or b"{}").get("ReservedConcurrentExecutions")
    return unqualified_ref(request, []), int(reserved or 0)


def _name(path: str) -> str:
    match = _NAME_IN_PATH.search(path)
    return unquote(match[1]) if match else ""


def _payload(body: bytes, limited: str, kind: str) -> bytes:
    if len(body) > PAYLOAD_LIMITS[limited]:
        raise errors.payload_too_large(len(body), kind, PAYLOAD_LIMITS[limited])
    if not body:
        return b"{}"  # A6
    if not is_json(body):
        raise errors.not_json(complaint(body))
    return body


def _client_context(header: str | None) -> str | None:
    if not header:
        return None
    try:
        return base64.b64decode(header, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise errors.bad_client_context() from None


def _enum(value: str, member: str, allowed: list[str]) -> list[str]:
    if value in allowed:
        return []
    return [errors.violation(value, member, f"satisfy enum value set: [{', '.join(allowed)}]")]


def _tenant(tenant: str) -> Iterator[str]:
    if not tenant or len(tenant) > _LONGEST_TENANT:
        bound = "greater than or equal to 1" if not tenant else f"less than or equal to {_LONGEST_TENANT}"
        yield errors.violation(tenant, "tenantId", f"have length {bound}")
    if not _TENANT.fullmatch(tenant):
        yield errors.pattern(tenant, "tenantId", _TENANT.pattern)


def _check_types(values: Iterable[object], kind: type, name: str) -> None:
    """botocore checks types itself, unless it was told not to."""
    for value in values:
        if value is not None and type(value) is not kind:
            raise errors.wrong_type(value, name)


def _range(value: int | None, member: str, low: int, high: int) -> list[str]:
    if value is None or low <= value <= high:
        return []
    bound = f"greater than or equal to {low}" if value < low else f"less than or equal to {high}"
    return [errors.violation(value, member, f"have value {bound}")]
