"""Custom resources: their functions are invoked as by CloudFormation, and answer to the event's ResponseURL.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from moto.cloudformation.exceptions import ValidationError
from moto.moto_api._internal import mock_random

from destmock._aws.api_errors import AWSError
from destmock._aws.arn import parse_arn, parse_function_arn
from destmock._aws.json_text import to_bytes
from destmock._cloudformation.resources.api import Api
from destmock._cloudformation.resources.model import stays_when_replaced
from destmock._engine.active import active
from destmock.errors import UnsupportedError

if TYPE_CHECKING:
    from destmock._cloudformation.resources.answers import Answers
    from destmock._services.clients import Clients

CUSTOM_RESOURCE = "AWS::CloudFormation::CustomResource"
_PREFIX = "Custom::"
_LONGEST_ANSWER = 4096
_NO_ANSWER = (
    "CloudFormation did not receive a response from your custom resource. Please check your logs for "
    "requestId [{}]. If you are using the Python cfn-response module, you may need to update your Lambda "
    "function code so that CloudFormation can attach the updated version."
)


def is_custom(resource_type: str) -> bool:
    return resource_type == CUSTOM_RESOURCE or resource_type.startswith(_PREFIX)


@dataclass(frozen=True, slots=True)
class Identity:
    """What stays the same of a custom resource as long as the stack has it."""

    stack: str
    logical_id: str
    type: str


class CustomModel:
    """The model of all custom resources, as moto's CloudFormation asks for one."""

    def __init__(self, answers: Answers, clients: Clients) -> None:
        self._answers = answers
        self._clients = clients

    def has_cfn_attr(self, _name: str) -> bool:
        """Whether an attribute may be there; only the function's answer tells."""
        return True

    def create_from_cloudformation_json(
        self, name: str, template: dict[str, Any], account: str, region: str, **given: str
    ) -> CustomResource:
        identity = Identity(given["StackId"], given["LogicalId"], given["ResourceType"])
        made = CustomResource(self._answers, Api(account, region, self._clients), identity, template, name)
        made.create()
        return made

    def update_from_cloudformation_json(
        self,
        original_resource: CustomResource,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> CustomResource:
        original_resource.update(cloudformation_json)
        return original_resource


class CustomResource:
    """A custom resource of a stack, as moto keeps it."""

    def __init__(
        self, answers: Answers, api: Api, identity: Identity, template: dict[str, Any], name: str
    ) -> None:
        self._answers = answers
        self._api = api
        self._identity = identity
        self._properties = _as_text(template["Properties"])
        self._data: dict[str, Any] = {}
        self._update_failed: ValidationError | None = None
        self._delete_failed: ValidationError | None = None
        self.physical_resource_id = name
        #: Set by moto.
        self.logical_resource_id = self.cf_resource_type = ""

    @property
    def type(self) -> str:
        return self._identity.type

    def is_created(self) -> bool:
        return True

    def get_cfn_attribute(self, name: str) -> Any:
        if name not in self._data:
            place = "cloudformation-custom-resource-storage-" + self._api.region.replace("-", "")
            stack, logical_id = self._identity.stack, self._identity.logical_id
            message = (
                f"CustomResource attribute error: Vendor response doesn't contain {name} key in object "
                f"{stack}|{logical_id}|{self.physical_resource_id} in S3 bucket {place}"
            )
            raise ValidationError(message=message)
        return self._data[name]

    def create(self) -> None:
        """Have the function make the resource; after a failure, it has to delete it, as in a rollback."""
        try:
            self._ask("Create", self._properties)
        except ValidationError:
            with contextlib.suppress(ValidationError):
                self._ask("Delete", self._properties, PhysicalResourceId=self.physical_resource_id)
            raise

    def update(self, template: dict[str, Any]) -> None:
        """Have the function change the resource. With another physical id, the old one is deleted.

        What has failed is asked for once, and the roll-back changes it to what there was before.
        """
        before, replaced = self._properties, self.physical_resource_id
        now = _as_text(template["Properties"])
        if now == before:
            if self._update_failed is not None:
                raise self._update_failed
            return
        try:
            self._ask("Update", now, PhysicalResourceId=replaced, OldResourceProperties=before)
        except ValidationError as error:
            self._properties, self._update_failed = now, error
            raise
        self._properties, self._update_failed = now, None
        if self.physical_resource_id != replaced:
            if stays_when_replaced(template):
                return
            made, data = self.physical_resource_id, self._data
            with contextlib.suppress(ValidationError):  # the update is complete, whatever becomes of the old
                self._ask("Delete", before, PhysicalResourceId=replaced)
            self.physical_resource_id, self._data = made, data

    def delete(self, *_: object) -> None:
        """Have the function delete the resource; it is asked once, though moto tries again."""
        if self._delete_failed is not None:
            raise self._delete_failed
        try:
            self._ask("Delete", self._properties, PhysicalResourceId=self.physical_resource_id)
        except ValidationError as error:
            self._delete_failed = error
            raise

    def _ask(self, request_type: str, properties: dict[str, Any], **more: Any) -> None:
        """Invoke the function, and take over what it answers. Raises `ValidationError` if it fails."""
        request_id = str(mock_random.uuid4())
        identity = self._identity
        token = properties.get("ServiceToken", "")
        key = f"{identity.stack}|{identity.logical_id}|{request_id}"
        event = {
            "RequestType": request_type,
            "ServiceToken": token,
            "ResponseURL": self._answers.url(self._api, key),
            "StackId": identity.stack,
            "RequestId": request_id,
            "LogicalResourceId": identity.logical_id,
            "ResourceType": identity.type,
            "ResourceProperties": properties,
            **more,
        }
        with self._answers.expected(key):
            ended = self._invoke(token, event)
            body = self._answers.given(key)
        if body is None:
            self._fail(f"{_NO_ANSWER.format(request_id)} ({ended})")
        answer = self._read(body)
        physical_id = answer.get("PhysicalResourceId")
        if physical_id:
            self.physical_resource_id = str(physical_id)
        if answer["Status"] == "FAILED":
            reason = answer.get("Reason")
            message = "Received response status [FAILED] from custom resource. Message returned: "
            self._fail(f"{message}{reason} (RequestId: {request_id})")
        if not physical_id and request_type == "Create":
            self._fail("Invalid PhysicalResourceId")
        self._data = answer.get("Data") or {}

    def _invoke(self, token: str, event: dict[str, Any]) -> str:
        """Invoke the function synchronously, so that the stack is complete when its call returns."""
        ref = parse_function_arn(token)
        if ref is None:
            arn = parse_arn(token)
            if arn is not None and arn.service == "sns":
                message = (
                    f"{self._identity.logical_id}: destmock doesn't simulate a ServiceToken that is a topic"
                )
                raise UnsupportedError(message)
            self._fail("Invalid service token.")
        simulation = active[-1]
        try:
            answered = simulation.run_synchronously(
                ref, to_bytes(event), trace=simulation.trace, source="CloudFormation"
            )
        except AWSError as error:
            self._fail(f"Failed to invoke {token}: {error}")
        failed = answered.outcome.function_error is not None
        result = answered.outcome.payload.decode(errors="replace")
        return f"{ref.name} " + (f"failed: {result}" if failed else "returned without an answer")

    def _read(self, body: bytes) -> dict[str, Any]:
        if len(body) > _LONGEST_ANSWER:
            self._fail("Response object is too long.")
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or answer.get("Status") not in ("SUCCESS", "FAILED"):
            self._fail("Invalid response object")
        return answer

    def _fail(self, reason: str) -> NoReturn:
        message = f"{self._identity.logical_id} ({self._identity.type}): {reason}"
        raise ValidationError(message=message)


def _as_text(value: Any) -> Any:
    """Properties as the function gets them: CloudFormation makes text of numbers and truth values."""
    if isinstance(value, dict):
        return {name: _as_text(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_as_text(part) for part in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
