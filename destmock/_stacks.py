"""What moto's CloudFormation leaves out, put right while a mock is active and uses it.

Imported at the first CloudFormation call of a mock: moto's CloudFormation takes a second to import.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from botocore.exceptions import ClientError, ParamValidationError
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException, ValidationError
from moto.cloudformation.models import CloudFormationBackend
from moto.utilities.utils import get_partition

from destmock._resources import KINDS, Api, Made, PropertyError, WithoutEffect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from destmock._resources import Kind

#: How long a generated name may be, where that is less than a stack's and a resource's names may add up to.
_LONGEST = {
    "AWS::ElasticLoadBalancingV2::LoadBalancer": 32,
    "AWS::ElasticLoadBalancingV2::TargetGroup": 32,
    "AWS::Events::Rule": 64,
    "AWS::IAM::Role": 64,
    "AWS::Lambda::Function": 64,
    "AWS::S3::Bucket": 63,
    "AWS::SQS::Queue": 75,  # with room for `.fifo`
}
_DEFAULT_LONGEST = 250
_SUFFIX = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SUFFIX_LENGTH = 12
_URL_SUFFIXES = {"aws-cn": "amazonaws.com.cn"}
#: How the services say that something isn't there.
_GONE = ("NotFound", "NoSuch", "NonExistent", "DoesNotExist")
_SUBSTITUTION = re.compile(r"\$\{([^!}][^}]*)\}")


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
        """What is gone already, or went with another resource, is no error."""
        try:
            self.kind.delete(self.api, self.made, self.properties)
        except ClientError as error:
            if not any(word in error.response["Error"]["Code"] for word in _GONE):
                raise


class Model:
    """A kind of resource, as moto's CloudFormation asks for it.

    `theirs` is moto's own model, if it has one, for resources that were made before the mock began.
    """

    def __init__(self, kind: Kind, clients: dict[tuple[str, str], Any], theirs: Any = None) -> None:
        self._kind = kind
        self._clients = clients
        self._theirs = theirs

    def has_cfn_attr(self, name: str) -> bool:
        return name in self._kind.attributes

    def create_from_cloudformation_json(
        self, name: str, template: dict[str, Any], account: str, region: str, **given: str
    ) -> Resource:
        api = Api(account, region, self._clients)
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
                original_resource.delete()
        return Resource(self._kind, api, made, now)

    def delete_from_cloudformation_json(self, *given: Any) -> None:
        """moto calls this for its own resources only: ours have `delete`."""
        self._theirs.delete_from_cloudformation_json(*given)

    def _is_another(self, before: dict[str, Any], now: dict[str, Any]) -> bool:
        if self._kind.identity is None:
            return before != now
        return any(before.get(name) != now.get(name) for name in self._kind.identity)

    @contextlib.contextmanager
    def _explained(self, logical_id: str) -> Iterator[None]:
        """Turns a service's refusal into CloudFormation's."""
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


def _properties(template: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = template.get("Properties") or {}
    properties.pop("ServiceToken", None)  # a custom resource's handler doesn't run
    return properties


def complete(on_close: Callable[[Callable[[], object]], object]) -> None:
    """Completes stacks until `on_close` calls back, unless this or an outer mock has done so already."""
    if parsing.clean_json.__module__ != __name__:
        stack = contextlib.ExitStack()
        stack.enter_context(_stacks_completed())
        on_close(stack.close)


@contextlib.contextmanager
def _stacks_completed() -> Iterator[None]:
    """While entered, stacks have every resource type of `KINDS`, and a failed one leaves nothing."""
    clients: dict[tuple[str, str], Any] = {}
    theirs = parsing.get_model_map()
    models = {name: Model(kind, clients, theirs.get(name)) for name, kind in KINDS.items()}
    with (
        patch.dict(theirs, models),
        patch.object(parsing, "NULL_MODELS", []),
        _types_found(),
        _names_generated(),
        _functions_resolved(),
        _failures_rolled_back(),
    ):
        yield


@contextlib.contextmanager
def ignored(types: Iterable[str]) -> Iterator[None]:
    """While entered, resources of these types are taken for ones without effect."""
    with patch.dict(parsing.get_model_map(), {name: Model(WithoutEffect(name), {}) for name in types}):
        yield


def supports(resource_type: str) -> bool:
    """Whether a stack can have a resource of this type."""
    return resource_type in parsing.get_model_map()


class Evaluation:
    """A template's conditions and expressions, as far as they need no resource."""

    def __init__(
        self, template: dict[str, Any], parameters: dict[str, str], account: str, region: str
    ) -> None:
        self._names = set(template["Resources"])
        self._map = parsing.ResourceMap("", "", parameters, {}, region, account, template, {})
        self._map.load_mapping()
        self._map.load_parameters()
        self._map.load_conditions()

    def has(self, resource: dict[str, Any]) -> bool:
        """Whether the resource's condition holds."""
        condition = resource.get("Condition")
        return condition is None or bool(self._map.lazy_condition_map[condition])

    def value(self, expression: Any) -> Any:
        """What an expression comes to; `None` if that depends on a resource."""
        if self._names & set(_references(expression)):
            return None
        return parsing.clean_json(expression, self._map)


def _references(expression: Any) -> Iterator[str]:
    if isinstance(expression, dict):
        for name, value in expression.items():
            if name == "Ref":
                yield value
            elif name == "Fn::GetAtt":
                yield value.split(".")[0] if isinstance(value, str) else value[0]
            else:
                yield from _references(value)
    elif isinstance(expression, list):
        for part in expression:
            yield from _references(part)
    elif isinstance(expression, str):
        yield from (name.split(".")[0] for name in _SUBSTITUTION.findall(expression))


@contextlib.contextmanager
def _types_found() -> Iterator[None]:
    """moto would run any custom resource's handler on a thread."""
    find = parsing.resource_class_from_type

    def resource_class_from_type(resource_type: str) -> Any:
        model = parsing.get_model_map().get(resource_type)
        if model is None and not resource_type.startswith("Custom::"):
            return find(resource_type)
        return model

    with patch.object(parsing, "resource_class_from_type", resource_class_from_type):
        yield


@contextlib.contextmanager
def _names_generated() -> Iterator[None]:
    """Generated names are the same on every run, and as short as AWS makes them."""
    parse = parsing.parse_resource_and_generate_name

    def parse_resource_and_generate_name(
        logical_id: str, resource_json: dict[str, Any], resources_map: Any
    ) -> Any:
        parsed: Any = parse(logical_id, resource_json, resources_map)
        if parsed is None:
            return None
        model, resource, name = parsed
        named_by = parsing.resource_name_property_from_type(resource["Type"])
        if not named_by or named_by not in resource["Properties"]:
            place = f"{resources_map['AWS::AccountId']}/{resources_map['AWS::Region']}"
            name = _generated(resource["Type"], resources_map["AWS::StackName"], logical_id, place)
        return model, resource, name

    with patch.object(parsing, "parse_resource_and_generate_name", parse_resource_and_generate_name):
        yield


def _generated(resource_type: str, stack: str, logical_id: str, place: str) -> str:
    number = int.from_bytes(hashlib.sha256(f"{place}/{stack}/{logical_id}".encode()).digest(), "big")
    digits = []
    for _ in range(_SUFFIX_LENGTH):
        number, digit = divmod(number, len(_SUFFIX))
        digits.append(_SUFFIX[digit])
    room = _LONGEST.get(resource_type, _DEFAULT_LONGEST) - _SUFFIX_LENGTH - 2
    stack = stack[: max(room - len(logical_id), room // 2)]
    name = f"{stack}-{logical_id[: room - len(stack)]}-{''.join(digits)}"
    return name.lower() if resource_type == "AWS::S3::Bucket" else name


@contextlib.contextmanager
def _functions_resolved() -> Iterator[None]:
    """What moto's intrinsic functions and pseudo parameters get wrong."""
    clean, create = parsing.clean_json, parsing.ResourceMap.__init__

    def clean_json(value: Any, resources_map: Any) -> Any:
        attribute = value.get("Fn::GetAtt") if isinstance(value, dict) else None
        if attribute is not None:
            path = attribute.split(".") if isinstance(attribute, str) else attribute
            value = {"Fn::GetAtt": [path[0], ".".join(path[1:])]}
        cleaned = clean(value, resources_map)
        if isinstance(cleaned, list):  # of which AWS::NoValue is no part
            return [part for part in cleaned if part is not None]
        return cleaned

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - stands in for moto's
        create(self, *args, **kwargs)
        pseudo = self._parsed_resources
        pseudo["AWS::Partition"] = get_partition(pseudo["AWS::Region"])
        pseudo["AWS::URLSuffix"] = _URL_SUFFIXES.get(pseudo["AWS::Partition"], pseudo["AWS::URLSuffix"])
        pseudo["AWS::NotificationARNs"] = []

    with (
        patch.object(parsing, "clean_json", clean_json),
        patch.object(parsing.ResourceMap, "__init__", __init__),
    ):
        yield


@contextlib.contextmanager
def _failures_rolled_back() -> Iterator[None]:
    """A stack that can't be created leaves neither itself nor any of its resources."""
    create = CloudFormationBackend.create_stack

    def create_stack(self: CloudFormationBackend, *args: Any, **kwargs: Any) -> Any:
        stacks, exports = set(self.stacks), set(self.exports)
        try:
            return create(self, *args, **kwargs)
        except Exception:
            for stack_id in set(self.stacks) - stacks:
                self.stacks.pop(stack_id).resource_map.delete()
            for name in set(self.exports) - exports:
                del self.exports[name]
            raise

    with patch.object(CloudFormationBackend, "create_stack", create_stack):
        yield
