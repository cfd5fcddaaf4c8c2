"""Lambda's resources."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from moto.iam.models import IAMBackend

from destmock._aws.arn import parse_function_name
from destmock._cloudformation.resources.api import tags, without
from destmock._cloudformation.resources.inline_code import code
from destmock._cloudformation.resources.kinds import Made, Properties
from destmock._isolation.patching import Patch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from destmock._cloudformation.resources.api import Api
    from destmock._cloudformation.resources.kinds import Kind

#: Properties that aren't passed on as they are: most have calls or parameters of their own.
_APART = (
    "Code",
    "Tags",
    "ReservedConcurrentExecutions",
    "RecursiveLoop",
    "RuntimeManagementConfig",
    "KmsKeyArn",
)
#: The properties that `UpdateFunctionConfiguration` doesn't take.
_FIXED = ("FunctionName", "Architectures", "PackageType", "CodeSigningConfigArn", "TenancyConfig")
#: The value that a setting goes back to when an update leaves it out.
_DEFAULTS: Properties = {
    "DeadLetterConfig": {"TargetArn": ""},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "Layers": [],
    "MemorySize": 128,
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SecurityGroupIds": [], "SubnetIds": []},
}
#: Whether any role counts as one that is there.
_ROLES_EXIST = ContextVar("_ROLES_EXIST", default=False)


class Function:
    type = "AWS::Lambda::Function"
    attributes = ("Arn",)
    identity = ("FunctionName", "PackageType", "TenancyConfig")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        name = str(properties.get("FunctionName", name))
        with _any_role():
            answer = api.call(
                "lambda",
                "create_function",
                **without(properties, *_APART, "FunctionName"),
                FunctionName=name,
                Code=code(properties),
                KMSKeyArn=properties.get("KmsKeyArn"),
                Tags=tags(properties) or None,
            )
        made = Made(name, {"Arn": answer["FunctionArn"]})
        self._apart(api, made, properties)
        return made

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        settings = {name: value for name, value in _DEFAULTS.items() if name in before}
        settings |= without(properties, *_APART, *_FIXED)
        api.call(
            "lambda",
            "update_function_configuration",
            FunctionName=made.id,
            **settings,
            KMSKeyArn=properties.get("KmsKeyArn"),
        )
        api.call(
            "lambda",
            "update_function_code",
            FunctionName=made.id,
            **code(properties),
            Architectures=properties.get("Architectures"),
        )
        arn, now = made.attributes["Arn"], tags(properties)
        gone = sorted(set(tags(before)) - set(now))
        if gone:
            api.call("lambda", "untag_resource", Resource=arn, TagKeys=gone)
        if now:
            api.call("lambda", "tag_resource", Resource=arn, Tags=now)
        if "ReservedConcurrentExecutions" in before and "ReservedConcurrentExecutions" not in properties:
            api.call("lambda", "delete_function_concurrency", FunctionName=made.id)
        self._apart(api, made, properties)
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call("lambda", "delete_function", FunctionName=made.id)

    @staticmethod
    def _apart(api: Api, made: Made, properties: Properties) -> None:
        reserved = properties.get("ReservedConcurrentExecutions")
        if reserved is not None:
            api.call(
                "lambda",
                "put_function_concurrency",
                FunctionName=made.id,
                ReservedConcurrentExecutions=reserved,
            )
        if "RecursiveLoop" in properties:
            api.call(
                "lambda",
                "put_function_recursion_config",
                FunctionName=made.id,
                RecursiveLoop=properties["RecursiveLoop"],
            )


@contextlib.contextmanager
def _any_role() -> Iterator[None]:
    """While entered, this thread may use a role that isn't there: IAM isn't simulated."""
    token = _ROLES_EXIST.set(True)
    try:
        yield
    finally:
        _ROLES_EXIST.reset(token)


def _get_role_by_arn(get: Callable[..., Any]) -> Callable[..., Any]:
    def get_role_by_arn(self: IAMBackend, arn: str) -> Any:
        return arn if _ROLES_EXIST.get() else get(self, arn)

    return get_role_by_arn


PATCHES = (Patch(IAMBackend, "get_role_by_arn", _get_role_by_arn),)


class Version:
    """A version. Its provisioned concurrency has no effect: an execution environment is always at hand.

    The code of its function may be a handler in place of the one that its hash was made of.
    """

    type = "AWS::Lambda::Version"
    attributes = ("FunctionArn", "Version")
    identity = None

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        settings = without(properties, "ProvisionedConcurrencyConfig", "RuntimePolicy", "CodeSha256")
        answer = api.call("lambda", "publish_version", **settings)
        arn, version = answer["FunctionArn"], answer["Version"]
        return Made(arn, {"FunctionArn": arn, "Version": version})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call(
            "lambda",
            "delete_function",
            FunctionName=properties["FunctionName"],
            Qualifier=made.attributes["Version"],
        )


class Alias:
    """An alias. Its provisioned concurrency has no effect, as for a version."""

    type = "AWS::Lambda::Alias"
    attributes = ("AliasArn",)
    identity = ("FunctionName", "Name")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        arn = api.call("lambda", "create_alias", **self._settings(properties))["AliasArn"]
        return Made(arn, {"AliasArn": arn})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        settings = self._settings(properties)
        settings.setdefault("RoutingConfig", {"AdditionalVersionWeights": {}})
        api.call("lambda", "update_alias", **settings)
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call(
            "lambda",
            "delete_alias",
            FunctionName=properties["FunctionName"],
            Name=properties["Name"],
        )

    @staticmethod
    def _settings(properties: Properties) -> Properties:
        settings = without(properties, "ProvisionedConcurrencyConfig", "RoutingConfig")
        weights = properties.get("RoutingConfig", {}).get("AdditionalVersionWeights", [])
        if weights:
            by_version = {weight["FunctionVersion"]: weight["FunctionWeight"] for weight in weights}
            settings["RoutingConfig"] = {"AdditionalVersionWeights": by_version}
        return settings


class EventInvokeConfig:
    type = "AWS::Lambda::EventInvokeConfig"
    attributes = ()
    identity = ("FunctionName", "Qualifier")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        api.call("lambda", "put_function_event_invoke_config", **properties)
        function = str(properties["FunctionName"])
        named = parse_function_name(function)
        return Made(f"{named.name if named else function}|{properties.get('Qualifier', '')}")

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        return self.create(api, made.id, properties)

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call(
            "lambda",
            "delete_function_event_invoke_config",
            FunctionName=properties["FunctionName"],
            Qualifier=properties.get("Qualifier"),
        )


class EventSourceMapping:
    type = "AWS::Lambda::EventSourceMapping"
    attributes = ("EventSourceMappingArn", "Id")
    identity = (
        "EventSourceArn",
        "SelfManagedEventSource",
        "SelfManagedKafkaEventSourceConfig",
        "AmazonManagedKafkaEventSourceConfig",
        "StartingPosition",
        "StartingPositionTimestamp",
    )
    #: The properties that `UpdateEventSourceMapping` doesn't take.
    fixed = (*identity, "Queues", "Topics", "Tags")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        answer = api.call(
            "lambda",
            "create_event_source_mapping",
            **without(_as_asked(properties), "Tags"),
            Tags=tags(properties) or None,
        )
        uuid = answer["UUID"]
        arn = f"arn:aws:lambda:{api.region}:{api.account}:event-source-mapping:{uuid}"
        return Made(uuid, {"EventSourceMappingArn": arn, "Id": uuid})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        settings = {"Enabled": True, **without(properties, *self.fixed)}
        if "DocumentDBEventSourceConfig" in settings:
            documents = without(settings["DocumentDBEventSourceConfig"], "DatabaseName", "CollectionName")
            settings["DocumentDBEventSourceConfig"] = documents or None
        api.call("lambda", "update_event_source_mapping", UUID=made.id, **settings)
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        api.call("lambda", "delete_event_source_mapping", UUID=made.id)


def _as_asked(mapping: Properties) -> Properties:
    """The properties of a mapping as Lambda's API has them: it names the servers of Kafka in another way."""
    own = mapping.get("SelfManagedEventSource")
    if own is None:
        return mapping
    servers = own.get("Endpoints", {}).get("KafkaBootstrapServers", [])
    return {**mapping, "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": servers}}}


class LayerVersion:
    type = "AWS::Lambda::LayerVersion"
    attributes = ("LayerVersionArn",)
    identity = None

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        settings = {"LayerName": name, **properties}
        arn = api.call("lambda", "publish_layer_version", **settings)["LayerVersionArn"]
        return Made(arn, {"LayerVersionArn": arn})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        layer, _, version = made.id.rpartition(":")
        api.call("lambda", "delete_layer_version", LayerName=layer, VersionNumber=version)


class Url:
    type = "AWS::Lambda::Url"
    attributes = ("FunctionArn", "FunctionUrl")
    identity = ("TargetFunctionArn", "Qualifier")

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        answer = api.call("lambda", "create_function_url_config", **self._settings(properties))
        arn = answer["FunctionArn"]
        return Made(arn, {"FunctionArn": arn, "FunctionUrl": answer["FunctionUrl"]})

    def update(self, api: Api, made: Made, before: Properties, properties: Properties) -> Made:
        api.call("lambda", "update_function_url_config", **self._settings(properties))
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        settings = self._settings(properties)
        api.call(
            "lambda",
            "delete_function_url_config",
            FunctionName=settings["FunctionName"],
            Qualifier=settings.get("Qualifier"),
        )

    @staticmethod
    def _settings(properties: Properties) -> Properties:
        return {
            "FunctionName": properties["TargetFunctionArn"],
            **without(properties, "TargetFunctionArn"),
        }


KINDS: tuple[Kind, ...] = (
    Function(),
    Version(),
    Alias(),
    EventInvokeConfig(),
    EventSourceMapping(),
    LayerVersion(),
    Url(),
)
