"""A kind of resource as moto's CloudFormation asks for it, and a resource as moto keeps it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ParamValidationError
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException, ValidationError

from destmock._cloudformation.resources.api import Api, PropertyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from destmock._cloudformation.resources.kinds import Kind, Made
    from destmock._services.clients import Clients

#: The error codes by which the services say that something doesn't exist.
_GONE = ("NotFound", "NoSuch", "NonExistent", "DoesNotExist")


class Resource:
    """A resource of a stack, as moto keeps it."""

    def __init__(self, kind: Kind, api: Api, made: Made, properties: dict[str, Any]) -> None:
        self.kind = kind
        self.api = api
        self.made = made
        self.properties = properties
        #: Set by moto.
        self.logical_resource_id = self.cf_resource_type = ""

    @property
    def physical_resource_id(self) -> str:
        return self.made.id

    @property
    def type(self) -> str:
        return self.kind.type

    def is_created(self) -> bool:
        return True

    def get_cfn_attribute(self, name: str) -> str:
        if name not in self.made.attributes:
            raise UnformattedGetAttTemplateException
        return self.made.attributes[name]

    def delete(self, *_: object) -> None:
        """Delete the resource. It is no error if it has gone already, or went with another resource."""
        try:
            self.kind.delete(self.api, self.made, self.properties)
        except ClientError as error:
            if not any(word in error.response["Error"]["Code"] for word in _GONE):
                raise


class Model:
    """A kind of resource, as moto's CloudFormation asks for it.

    `theirs` is moto's own model, if it has one, for resources that were made before the mock began.
    """

    def __init__(self, kind: Kind, clients: Clients, theirs: Any = None) -> None:
        self._kind = kind
        self._clients = clients
        self._theirs = theirs

    def has_cfn_attr(self, name: str) -> bool:
        return name in self._kind.attributes

    def create_from_cloudformation_json(
        self, name: str, template: dict[str, Any], account: str, region: str, **given: str
    ) -> Resource:
        api = Api(account, region, self._clients, given["StackId"])
        properties = _properties(template)
        with self._explained(given["LogicalId"]):
            made = self._kind.create(api, name, properties)
        return Resource(self._kind, api, made, properties)

    def update_from_cloudformation_json(
        self,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> Any:
        if not isinstance(original_resource, Resource):
            return self._theirs.update_from_cloudformation_json(
                original_resource, new_resource_name, cloudformation_json, account_id, region_name
            )
        api, before, now = (
            original_resource.api,
            original_resource.properties,
            _properties(cloudformation_json),
        )
        with self._explained(original_resource.logical_resource_id):
            if not self._is_another(before, now):
                made = self._kind.update(api, original_resource.made, before, now)
            else:
                made = self._kind.create(api, new_resource_name, now)
                if not stays_when_replaced(cloudformation_json):
                    original_resource.delete()
        return Resource(self._kind, api, made, now)

    def delete_from_cloudformation_json(self, *given: Any) -> None:
        """Delete one of moto's own resources; moto deletes ours by their `delete`."""
        self._theirs.delete_from_cloudformation_json(*given)

    def _is_another(self, before: dict[str, Any], now: dict[str, Any]) -> bool:
        if self._kind.identity is None:
            return before != now
        return any(before.get(name) != now.get(name) for name in self._kind.identity)

    @contextlib.contextmanager
    def _explained(self, logical_id: str) -> Iterator[None]:
        """While entered, a service's error becomes CloudFormation's `ValidationError`."""
        try:
            yield
        except ClientError as error:
            operation, answer = error.operation_name, error.response["Error"]
            reason = (
                f'Resource handler returned message: "{answer["Message"]}" ({operation}: {answer["Code"]})'
            )
        except (ParamValidationError, PropertyError) as error:
            reason = str(error)
        except KeyError as error:
            reason = f"Property {error} is missing"
        else:
            return
        raise ValidationError(message=f"{logical_id} ({self._kind.type}): {reason}")


def stays_when_replaced(template: dict[str, Any]) -> bool:
    """Whether an update that makes another resource in the place of this one leaves this one alone."""
    return template.get("UpdateReplacePolicy") == "Retain"


def _properties(template: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = template.get("Properties") or {}
    properties.pop("ServiceToken", None)  # of one of CDK's resources, made without its handler
    return properties
