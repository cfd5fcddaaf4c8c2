"""boto3 as CloudFormation uses it: in the stack's account and region, with values of lenient types."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from destmock._services.clients import in_account

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from botocore.model import ListShape, MapShape, Shape, StructureShape

    from destmock._services.clients import Clients

_TRUE = {"true": True, "false": False}


class PropertyError(Exception):
    """The template gives a resource a property that its type doesn't have."""


@dataclass(frozen=True, slots=True)
class Api:
    """The AWS services in one account and region."""

    account: str
    region: str
    clients: Clients = field(repr=False)
    #: The id of the stack that calls.
    stack: str = ""

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call the service, and return its answer. Parameters that are `None` are left out."""
        client = self.clients.of(service, self.region)
        shape = client.meta.service_model.operation_model(
            client.meta.method_to_api_mapping[operation]
        ).input_shape
        with in_account(self.account):
            answer: dict[str, Any] = getattr(client, operation)(**fitted(parameters, shape))
        return answer

    def inside(self, region: str) -> Api:
        """The same account's services in another region."""
        return Api(self.account, region, self.clients)


def without(properties: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name not in names}


def check_known(properties: Mapping[str, Any], known: Collection[str]) -> None:
    """Raise `PropertyError` for a property that isn't in `known`, where no service would refuse it."""
    for name in properties:
        if name not in known:
            message = f"Encountered unsupported property {name}"
            raise PropertyError(message)


def tags(properties: Mapping[str, Any]) -> dict[str, str]:
    """CloudFormation's list of tags as the mapping that Lambda and SQS want."""
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}


def texts(properties: Mapping[str, Any]) -> dict[str, str]:
    """Properties as the attributes of SQS and SNS, which are all strings."""
    return {name: _text(value) for name, value in properties.items() if value is not None}


def fitted(value: Any, shape: Shape | None) -> Any:
    """The value as botocore's model wants it: templates write numbers as strings, and strings as numbers."""
    if shape is None:
        return value
    fit = _FITS.get(shape.type_name)
    return value if fit is None else fit(value, shape)


def _structure(value: Any, shape: StructureShape) -> Any:
    if not isinstance(value, dict):
        return value
    check_known(value, shape.members)
    return {name: fitted(part, shape.members[name]) for name, part in value.items() if part is not None}


def _list(value: Any, shape: ListShape) -> Any:
    return [fitted(part, shape.member) for part in value] if isinstance(value, list) else value


def _map(value: Any, shape: MapShape) -> Any:
    if not isinstance(value, dict):
        return value
    return {_text(name): fitted(part, shape.value) for name, part in value.items() if part is not None}


def _text(value: Any, _: object = None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    return str(value)


def _number(kind: type) -> Callable[[Any, object], Any]:
    def fit(value: Any, _: object) -> Any:
        with contextlib.suppress(ValueError):  # botocore reports text that is no number
            return kind(value) if isinstance(value, str) else value
        return value

    return fit


def _boolean(value: Any, _: object) -> Any:
    return _TRUE.get(value.lower(), value) if isinstance(value, str) else value


def _blob(value: Any, _: object) -> Any:
    return value.encode() if isinstance(value, str) else value


_FITS: Mapping[str, Callable[[Any, Any], Any]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _text,
    "integer": _number(int),
    "long": _number(int),
    "float": _number(float),
    "double": _number(float),
    "boolean": _boolean,
    "blob": _blob,
}
