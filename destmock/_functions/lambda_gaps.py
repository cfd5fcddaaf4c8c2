"""Corrects what moto's Lambda leaves out or gets wrong of a function, while a mock is active."""

from __future__ import annotations

import base64
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from moto import backends
from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import LambdaFunction, LambdaStorage, LayerVersion, _s3_content
from moto.awslambda.utils import get_backend
from moto.utilities.utils import get_partition

from destmock._aws.arn import parse_arn
from destmock._aws.durable_config import DurableConfig, durable_config
from destmock._functions import revision_ids
from destmock._functions.code_size import limited
from destmock._isolation.patching import Patch, Shared

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

#: Where a function keeps what moto forgets; a published version is a copy of the function (H10).
_DEAD_LETTER, _LOGGING = "_destmock_dead_letter_config", "_destmock_logging_config"
_DURABLE, _TENANCY = "_destmock_durable_config", "_destmock_tenancy_config"
_LAYERS, _REVISION = "_destmock_layers", "_destmock_revision"
#: Where moto's storage keeps the highest version number that each function has had.
_HIGHEST = "_destmock_highest_version"
_NO_CODE = "Please provide a source for function code."
#: How AWS answers a change of the dead-letter queue (H17).
_IN_PROGRESS = {
    "LastUpdateStatus": "InProgress",
    "LastUpdateStatusReason": "The function is being created.",
    "LastUpdateStatusReasonCode": "Creating",
}


def dead_letter_config(function: LambdaFunction) -> dict[str, str]:
    """The DeadLetterConfig of a function; empty if it has none."""
    return getattr(function, _DEAD_LETTER, None) or {}


def logging_config(function: LambdaFunction) -> Mapping[str, str]:
    """The LoggingConfig of a function, with AWS's defaults."""
    given, durable = getattr(function, _LOGGING, None), durable_of(function)
    return _logging_config(function, given, durable)


def _logging_config(
    function: LambdaFunction, given: Mapping[str, str] | None, durable: DurableConfig | None
) -> Mapping[str, str]:
    if durable is not None:
        given = {"LogFormat": "JSON", **(given or {})}  # R35
    if not given:
        return _default_logging_config(function.function_name)
    config = {**_default_logging_config(function.function_name), **given}
    if config["LogFormat"] == "JSON":
        config = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", **config}
    return config


@lru_cache(maxsize=1000)
def _default_logging_config(name: str) -> Mapping[str, str]:
    return MappingProxyType({"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"})


def forgotten(
    function: LambdaFunction,
) -> tuple[str | None, Mapping[str, str], DurableConfig | None, bool]:
    """What an attempt needs of what moto forgets.

    It is the ARN of the dead-letter queue, the LoggingConfig, the DurableConfig, and whether the function is
    invoked for tenants.
    """
    kept = vars(function).get
    dead_letter, given, durable = kept(_DEAD_LETTER), kept(_LOGGING), kept(_DURABLE)
    logging = _logging_config(function, given, durable)
    arn = dead_letter.get("TargetArn") if dead_letter else None
    return arn, logging, durable, bool(kept(_TENANCY))


def durable_of(function: LambdaFunction) -> DurableConfig | None:
    """The DurableConfig of a function; `None` for one that isn't durable."""
    config: DurableConfig | None = getattr(function, _DURABLE, None)
    return config


def make_durable(function: LambdaFunction, config: DurableConfig | None) -> None:
    """Give a function the config of the handler that it is made for."""
    setattr(function, _DURABLE, config)


def tenancy_of(function: LambdaFunction) -> Mapping[str, Any] | None:
    """The TenancyConfig of a function that is invoked for tenants."""
    config: Mapping[str, Any] | None = getattr(function, _TENANCY, None)
    return config


def have_tenants(function: LambdaFunction, config: Mapping[str, Any] | None) -> None:
    """Give a function the TenancyConfig of the handler that it is made for."""
    setattr(function, _TENANCY, config)


def layer_versions(function: LambdaFunction) -> tuple[tuple[str, bytes], ...]:
    """The ARN and the zip of each layer of a function, in their order."""
    kept: tuple[tuple[str, bytes], ...] | None = getattr(function, _LAYERS, None)
    return _layer_versions(function, function.layers) if kept is None else kept


def _zips_of_layers(function: LambdaFunction) -> list[bytes]:
    kept: tuple[tuple[str, bytes], ...] = getattr(function, _LAYERS, ())
    return [content for _, content in kept]


def revision(function: LambdaFunction) -> object | None:
    """An object that is another one after each update of the function's code or configuration."""
    return getattr(function, _REVISION, None)


# moto forgets DeadLetterConfig and LoggingConfig, and ignores an update of TracingConfig.


def _create(create: Callable[..., None]) -> Callable[..., None]:
    def __init__(  # noqa: N807 - stands in for moto's
        self: LambdaFunction, account_id: str, spec: dict[str, Any], region: str, version: Any = 1
    ) -> None:
        with limited(self, lambda: _zips_of_layers(self)):
            create(self, account_id, spec, region, version)
        setattr(self, _DEAD_LETTER, _dead_letter(spec.get("DeadLetterConfig"), {}))
        setattr(self, _LOGGING, spec.get("LoggingConfig"))
        setattr(self, _DURABLE, durable_config(spec.get("DurableConfig")))
        setattr(self, _TENANCY, spec.get("TenancyConfig"))

    return __init__


def _update_configuration(update: Callable[..., Any]) -> Callable[..., Any]:
    def update_configuration(self: LambdaFunction, updates: dict[str, Any]) -> dict[str, Any]:
        with limited(self, lambda: _zips_of_layers(self)):
            return _updated(self, updates, update)

    return update_configuration


def _updated(
    function: LambdaFunction, updates: dict[str, Any], update: Callable[..., dict[str, Any]]
) -> dict[str, Any]:
    before = dead_letter_config(function)
    setattr(function, _DEAD_LETTER, _dead_letter(updates.get("DeadLetterConfig"), before))
    setattr(function, _LOGGING, updates.get("LoggingConfig") or getattr(function, _LOGGING, None))
    durable = durable_of(function)
    if durable is not None:
        shown = {**durable.shown, **(updates.get("DurableConfig") or {})}
        setattr(function, _DURABLE, durable_config(shown))
    function.tracing_config = updates.get("TracingConfig") or function.tracing_config
    configuration = update(function, updates)
    setattr(function, _REVISION, object())
    revision_ids.renew(function)
    configuration["RevisionId"] = revision_ids.revision_id(function)
    if dead_letter_config(function) != before:
        configuration.update(_IN_PROGRESS)
    return configuration


def _get_configuration(get: Callable[..., Any]) -> Callable[..., Any]:
    def get_configuration(self: LambdaFunction, on_create: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002
        configuration = {
            **get(self, on_create),
            "LoggingConfig": dict(logging_config(self)),
            "RevisionId": revision_ids.revision_id(self),
        }
        dead_letter, durable = dead_letter_config(self), durable_of(self)
        if dead_letter:
            configuration["DeadLetterConfig"] = dead_letter
        if durable is not None:
            configuration["DurableConfig"] = durable.shown
        if tenancy_of(self):
            configuration["TenancyConfig"] = tenancy_of(self)
        return configuration

    return get_configuration


def _dead_letter(asked: dict[str, str] | None, before: dict[str, str]) -> dict[str, str]:
    """The new DeadLetterConfig: an empty object keeps the one before, an empty ARN removes it (H9)."""
    arn = (asked or {}).get("TargetArn")
    if arn is None:
        return before
    return {"TargetArn": arn} if arn else {}


def _publish_version(publish: Callable[..., Any]) -> Callable[..., Any]:
    """Give each version a number that was never used before; moto reuses them after a deletion (L9)."""

    def publish_version(
        self: LambdaStorage, name_or_arn: str, description: str = ""
    ) -> LambdaFunction | None:
        name = self.get_function_by_name_or_arn_forbid_qualifier(name_or_arn).function_name
        before = list(self._functions[name]["versions"])
        published: LambdaFunction | None = publish(self, name_or_arn, description)
        if published is None or any(published is version for version in before):
            return published
        latest = self._functions[name]["latest"]
        latest.code_or_config_updated = False  # moto's first version leaves it
        revision_ids.renew(latest)
        revision_ids.renew(published)
        highest: dict[str, int] = self.__dict__.setdefault(_HIGHEST, {})
        number = highest[name] = highest.get(name, 0) + 1
        if number != published.version:
            del self._arns[published.function_arn]
            published.set_version(number)
            self._arns.update({version.function_arn: version for version in (*before, published)})
        return published

    return publish_version


# Functions keep their layers when these are deleted, and S3ObjectVersion counts.


def _set_function_code(set_code: Callable[..., None]) -> Callable[..., None]:
    """Check the code, and note that it has changed; all three ways to set code lead here."""

    def set_function_code(self: LambdaFunction, updated_spec: dict[str, Any]) -> None:
        if not {"ZipFile", "S3Bucket", "ImageUri"} & set(updated_spec):
            raise InvalidParameterValueException(_NO_CODE)
        try:
            with limited(self, lambda: _zips_of_layers(self)):
                set_code(self, updated_spec)
                if not updated_spec.get("DryRun"):
                    _take_object_version(self, updated_spec, self.partition)
                    setattr(self, _REVISION, object())
                    revision_ids.renew(self)
        except ValueError as error:  # moto's way to say it, of an update from a bucket that isn't there
            raise InvalidParameterValueException(error.args[-1]) from error

    return set_function_code


def _get_layers_data(get_layers: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    """Keep the layers of a new or updated function, those of other accounts included."""

    def get_layers_data(self: LambdaFunction, layers_versions_arns: list[str]) -> list[Any]:
        foreign = [arn for arn in layers_versions_arns if _is_foreign(self, arn)]
        own = get_layers(self, [arn for arn in layers_versions_arns if arn not in foreign])
        found = {layer["Arn"]: layer for layer in own}
        layers = [found.get(arn) or {"Arn": arn, "CodeSize": 0} for arn in layers_versions_arns]
        setattr(self, _LAYERS, _layer_versions(self, layers))
        return layers

    return get_layers_data


def _create_layer(create: Callable[..., None]) -> Callable[..., None]:
    def __init__(  # noqa: N807 - stands in for moto's
        self: LayerVersion, spec: dict[str, Any], account_id: str, region: str
    ) -> None:
        with limited(self):
            create(self, spec, account_id, region)
            _take_object_version(self, self.content, get_partition(region))

    return __init__


def _take_object_version(
    target: LambdaFunction | LayerVersion, location: dict[str, Any], partition: str
) -> None:
    """Take the version of an object in S3 that was asked for; moto has taken the newest one."""
    version = location.get("S3ObjectVersion")
    if version is None or "ZipFile" in location:
        return
    backend = backends.get_backend("s3")[target.account_id][partition]
    found = backend.get_object(location["S3Bucket"], location["S3Key"], version_id=version)
    if found is None:
        message = (
            "Error occurred while GetObject. S3 Error Code: NoSuchVersion. "
            "S3 Error Message: The specified version does not exist."
        )
        raise InvalidParameterValueException(message)
    target.code_bytes, target.code_size, target.code_sha_256, target.code_digest = _s3_content(found)


def _layer_versions(function: LambdaFunction, layers: list[Any]) -> tuple[tuple[str, bytes], ...]:
    """The layers and their zips; a layer of another account is empty, for the process has its packages."""
    versions = {layer["Arn"]: _layer_version(function, layer["Arn"]) for layer in layers}
    return tuple(
        (arn, b"" if version is None else version.code_bytes)
        for arn, version in versions.items()
        if version is not None or not _is_foreign(function, arn)
    )


def _layer_version(function: LambdaFunction, arn: str) -> LayerVersion | None:
    account = arn.split(":")[4] if _is_foreign(function, arn) else function.account_id
    version: LayerVersion | None = get_backend(account, function.region).layers_versions_by_arn(arn)
    return version


def _is_foreign(function: LambdaFunction, layer_version_arn: str) -> bool:
    """Whether the layer is another account's, such as a public one."""
    arn = parse_arn(layer_version_arn)
    return arn is not None and arn.service == "lambda" and arn.account != function.account_id


def _update_from_cloudformation_json(update: Callable[..., LambdaFunction]) -> Any:
    """CloudFormation's update of inline code, which is source text, makes a zip of it."""

    def update_from_cloudformation_json(
        cls: type[LambdaFunction],
        original_resource: LambdaFunction,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> LambdaFunction:
        properties = cloudformation_json["Properties"]
        code = properties["Code"]
        if "ZipFile" in code:
            zipped = cls._create_zipfile_from_plaintext_code(code["ZipFile"])
            code = {**code, "ZipFile": base64.b64encode(zipped)}
        changed = {**cloudformation_json, "Properties": {**properties, "Code": code}}
        return update(original_resource, new_resource_name, changed, account_id, region_name)

    return classmethod(update_from_cloudformation_json)


PATCHES = (
    *revision_ids.PATCHES,
    Patch(LambdaFunction, "__init__", _create),
    Patch(LambdaFunction, "update_configuration", _update_configuration),
    Patch(LambdaFunction, "get_configuration", _get_configuration),
    Patch(LambdaStorage, "publish_version", _publish_version),
    Patch(LambdaFunction, "_set_function_code", _set_function_code),
    Patch(LambdaFunction, "_get_layers_data", _get_layers_data),
    Patch(LayerVersion, "__init__", _create_layer),
    Patch(LambdaFunction, "update_from_cloudformation_json", _update_from_cloudformation_json),
)


SHARED = Shared(PATCHES)


def gaps_filled() -> AbstractContextManager[None]:
    """While entered, functions keep their settings and code, and version numbers are never used again."""
    return SHARED.made()
