"""Corrects moto's intrinsic functions, pseudo parameters and dynamic references."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.utilities.utils import get_partition

from destmock._cloudformation.resources.api import Api
from destmock._cloudformation.resources.theirs import attribute
from destmock._isolation.patching import Patch
from destmock._services.clients import Clients

if TYPE_CHECKING:
    from collections.abc import Callable

_URL_SUFFIXES = {"aws-cn": "amazonaws.com.cn"}
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
_DYNAMIC = re.compile(r"\{\{resolve:([^:}]+):([^}]*)\}\}")
_ARN_COLONS = 6


# These make intrinsic functions and pseudo parameters give the same values as on AWS.


def _clean_json(clean: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def clean_json(value: Any, resources_map: Any) -> Any:
        function, given = _called(value)
        if function == "Fn::GetAtt":
            path = given.split(".") if isinstance(given, str) else given
            given = [path[0], ".".join(path[1:])]
            value = {"Fn::GetAtt": given}
            known = attribute(resources_map.get(given[0]), given[1])
            if known is not None:
                return known
        elif function == "Fn::Cidr":
            return _cidr(clean_json(given, resources_map))
        try:
            cleaned = clean(value, resources_map)
        except (AttributeError, IndexError, KeyError):
            message = _unanswered(function, given, resources_map)
            if message is None:
                raise
            raise ValidationError(message=f"Template error: {message}") from None
        if isinstance(cleaned, list):  # AWS::NoValue leaves no element in a list
            return [part for part in cleaned if part is not None]
        return cleaned

    return clean_json


def _create_resource_map(create: Callable[..., None]) -> Callable[..., None]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - stands in for moto's
        create(self, *args, **kwargs)
        pseudo = self._parsed_resources
        pseudo["AWS::Partition"] = get_partition(pseudo["AWS::Region"])
        pseudo["AWS::URLSuffix"] = _URL_SUFFIXES.get(pseudo["AWS::Partition"], pseudo["AWS::URLSuffix"])
        pseudo["AWS::NotificationARNs"] = []

    return __init__


def _load_parameters(load: Callable[..., None]) -> Callable[..., None]:
    """Make lists of defaults, too, without the spaces around parts; the parameter itself stays a text."""

    def load_parameters(self: Any) -> None:
        load(self)
        for name, parameter in (self._template.get("Parameters") or {}).items():
            kind = str(parameter.get("Type"))
            text = self.input_parameters.get(name, parameter.get("Default"))
            if isinstance(text, str) and (kind == "CommaDelimitedList" or kind.startswith("List<")):
                parts: list[Any] = [part.strip() for part in text.split(",")]
                if kind == "List<Number>":
                    parts = [int(part) if part.lstrip("+-").isdigit() else float(part) for part in parts]
                self._parsed_resources[name] = parts
                self.resolved_parameters[name] = text

    return load_parameters


def _validate_outputs(validate: Callable[..., None]) -> Callable[..., None]:
    """Let an output be a number or a truth value, which moto can't look into."""

    def validate_outputs(self: Any) -> None:
        template = self._template
        outputs = template.get("Outputs") or {}
        looked_into = {
            name: each for name, each in outputs.items() if isinstance(each.get("Value"), (dict, str, list))
        }
        self._template = {**template, "Outputs": looked_into}
        try:
            validate(self)
        finally:
            self._template = template

    return validate_outputs


PATCHES = (
    Patch(parsing, "clean_json", _clean_json),
    Patch(parsing.ResourceMap, "load_parameters", _load_parameters),
    Patch(parsing.ResourceMap, "validate_outputs", _validate_outputs),
    Patch(parsing.ResourceMap, "__init__", _create_resource_map),
)


def _called(value: Any) -> tuple[str | None, Any]:
    """The function that an expression calls, and the function's argument."""
    if isinstance(value, dict) and len(value) == 1:
        return next(iter(value.items()))
    return None, None


def _unanswered(function: str | None, given: Any, resources_map: Any) -> str | None:
    """CloudFormation's message for a function that has no value."""
    if function == "Fn::FindInMap":
        keys = [str(part) for part in parsing.clean_json(given, resources_map)]
        return f"Unable to get mapping for {'::'.join(keys)}"
    if function == "Fn::Select":
        return f"Fn::Select cannot select nonexistent value at index {given[0]}"
    if function == "Fn::GetAtt" and given[0] in resources_map._parsed_resources:  # noqa: SLF001
        return f"resource {given[0]} does not support attribute type {given[1]} in Fn::GetAtt"
    return None


def _cidr(given: list[Any]) -> list[str]:
    """The result of `Fn::Cidr`: the first `count` blocks of a network, with so many bits for hosts each."""
    block, count, *bits = given
    try:
        network = ipaddress.ip_network(block)
        host_bits = int(bits[0]) if bits else network.max_prefixlen // 4
        subnets = network.subnets(new_prefix=network.max_prefixlen - host_bits)
        return [str(subnet) for _, subnet in zip(range(int(count)), subnets, strict=False)]
    except ValueError as error:
        raise ValidationError(message=f"Template error: Fn::Cidr of {given}: {error}") from error


def resolved(value: Any, resources_map: Any) -> Any:
    """A resource with its dynamic references replaced by the parameters and secrets that they name."""
    if isinstance(value, dict):
        return {name: resolved(part, resources_map) for name, part in value.items()}
    if isinstance(value, list):
        return [resolved(part, resources_map) for part in value]
    if not isinstance(value, str) or "{{resolve:" not in value:
        return value
    api = Api(resources_map["AWS::AccountId"], resources_map["AWS::Region"], Clients())
    return _DYNAMIC.sub(lambda found: _stored(api, *found.groups()), value)


def _stored(api: Api, service: str, reference: str) -> str:
    lookup = {"ssm": _parameter, "ssm-secure": _parameter, "secretsmanager": _secret}.get(service)
    if lookup is None:
        message = (
            f"Invalid dynamic reference {{{{resolve:{service}:{reference}}}}}: unknown service {service}"
        )
        raise ValidationError(message=message)
    try:
        return lookup(api, reference)
    except (ClientError, KeyError, ValueError) as error:
        message = f"Could not resolve {{{{resolve:{service}:{reference}}}}}: {error}"
        raise ValidationError(message=message) from error


def _parameter(api: Api, reference: str) -> str:
    answer = api.call("ssm", "get_parameter", Name=reference, WithDecryption=True)
    return str(answer["Parameter"]["Value"])


def _secret(api: Api, reference: str) -> str:
    """The secret of `<id or ARN>:SecretString:<JSON key>:<stage>:<version>`; only the first is needed."""
    parts = reference.split(":")
    length = _ARN_COLONS + 1 if reference.startswith("arn:") else 1
    name, rest = ":".join(parts[:length]), [*parts[length:], "", "", "", ""]
    _, key, stage, version = rest[:4]
    answer = api.call(
        "secretsmanager",
        "get_secret_value",
        SecretId=name,
        VersionStage=stage or None,
        VersionId=version or None,
    )
    text: str = answer["SecretString"]
    return str(json.loads(text)[key]) if key else text
