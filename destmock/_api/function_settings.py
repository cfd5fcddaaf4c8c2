"""Pure: what AWS refuses of a function's settings, and moto takes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from destmock._aws import api_errors as errors
from destmock._aws.arn import parse_function_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
_RESERVED = {
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
}
_NAME = re.compile(r"[a-zA-Z]([a-zA-Z0-9_])+", re.ASCII)
_BAD_NAMES = (
    "Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: "
    f"[Member must satisfy regular expression pattern: {_NAME.pattern}, Member must not be null]"
)
_UNABLE = (
    "Lambda was unable to configure your environment variables because the environment variables you have "
    "provided "
)
_IS_RESERVED = (
    f"{_UNABLE}contains reserved keys that are currently not supported for modification. Reserved keys used "
    "in this request: {}"
)
_TOO_LONG, _MOST_BYTES = f"{_UNABLE}exceeded the 4KB limit. String measured: {{}}", 4_096
_NO_HANDLER = "Runtime and Handler are mandatory parameters for functions created with deployment packages."
_ARCHITECTURES = {"arm64", "x86_64"}
_LONGEST_DESCRIPTION = 256
#: Member -> what AWS says that it has to look like.
_PATTERNS = {
    "handler": r"[^\s]+",
    "role": r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+",
}
_MANY_LAYERS, _MOST_LAYERS = "Cannot reference more than 5 layers.", 5
_SAME_LAYER = (
    "Two different versions of the same layer are not allowed to be referenced in the same function. "
    "{} and {}."
)
#: Member -> where it is in the request, its least and its highest value.
_RANGES: dict[str, tuple[tuple[str, ...], int, int]] = {
    "memorySize": (("MemorySize",), 128, 10_240),
    "timeout": (("Timeout",), 1, 900),
    "ephemeralStorage.size": (("EphemeralStorage", "Size"), 512, 10_240),
}


def violations(body: Mapping[str, Any]) -> Iterator[str]:
    """What a ValidationException says of the settings of a new or changed function."""
    name = body.get("FunctionName")  # a change has it in its path
    if isinstance(name, str) and parse_function_name(name) is None:
        yield errors.bad_function_name(name)
    for member, (path, low, high) in _RANGES.items():
        value: Any = body
        for key in path:
            value = (value or {}).get(key)
        if isinstance(value, int) and not low <= value <= high:
            bound = f"greater than or equal to {low}" if value < low else f"less than or equal to {high}"
            yield errors.violation(value, member, f"have value {bound}")
    for member, pattern in _PATTERNS.items():
        given = body.get(member.capitalize())
        if given and not re.fullmatch(pattern, given, re.ASCII):
            yield errors.pattern(given, member, pattern)
    description = body.get("Description") or ""
    if len(description) > _LONGEST_DESCRIPTION:
        longest = f"have length less than or equal to {_LONGEST_DESCRIPTION}"
        yield errors.violation(description, "description", longest)
    if not all(_NAME.fullmatch(one) for one in _variables(body) if one not in _RESERVED):
        yield _BAD_NAMES


def check(body: Mapping[str, Any]) -> None:
    """Raise an AWSError for environment variables or layers that a function can't have."""
    variables = _variables(body)
    reserved = [name for name in variables if name in _RESERVED]
    if reserved:
        raise errors.invalid_parameter(_IS_RESERVED.format(", ".join(reserved)))
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode(errors="surrogatepass")) > _MOST_BYTES:
        raise errors.invalid_parameter(_TOO_LONG.format(measured))
    layers = [str(arn) for arn in body.get("Layers") or []]
    if len(layers) > _MOST_LAYERS:
        raise errors.invalid_parameter(_MANY_LAYERS)
    first: dict[str, str] = {}
    for arn in layers:
        other = first.setdefault(arn.rpartition(":")[0], arn)
        if other is not arn:
            raise errors.invalid_parameter(_SAME_LAYER.format(other, arn))


def check_new(body: Mapping[str, Any]) -> None:
    """Raise an AWSError for a new function of a zip that lacks what it needs to run.

    Of an architecture that isn't there, moto tells first, as AWS does.
    """
    is_zip = body.get("PackageType", "Zip") == "Zip" and "ImageUri" not in (body.get("Code") or {})
    known = {*(body.get("Architectures") or ())} <= _ARCHITECTURES
    if is_zip and known and not (body.get("Handler") and body.get("Runtime")):
        raise errors.invalid_parameter(_NO_HANDLER)


def _variables(body: Mapping[str, Any]) -> dict[str, str]:
    return (body.get("Environment") or {}).get("Variables") or {}
