"""What moto's Lambda leaves out of a function's own settings, put right while a mock is active."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from moto.awslambda.models import LambdaFunction, LambdaStorage

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Where a function keeps what moto forgets; a published version is a copy of the function (H10).
_DEAD_LETTER, _LOGGING = "_destmock_dead_letter_config", "_destmock_logging_config"
#: Where moto's storage keeps the highest version number that each function has had.
_HIGHEST = "_destmock_highest_version"
#: How AWS answers a change of the dead-letter queue (H17).
_IN_PROGRESS = {
    "LastUpdateStatus": "InProgress",
    "LastUpdateStatusReason": "The function is being created.",
    "LastUpdateStatusReasonCode": "Creating",
}


@contextlib.contextmanager
def gaps_filled() -> Iterator[None]:
    """While entered, functions keep all their settings, and version numbers are never used again."""
    if LambdaStorage.publish_version.__module__ == __name__:  # an outer mock has seen to it
        yield
        return
    with _settings_kept(), _version_numbers_unique():
        yield


def dead_letter_config(function: LambdaFunction) -> dict[str, str]:
    """Its DeadLetterConfig; empty if it has none."""
    return getattr(function, _DEAD_LETTER, None) or {}


def logging_config(function: LambdaFunction) -> dict[str, str]:
    """Its LoggingConfig, with AWS's defaults."""
    given: dict[str, str] = getattr(function, _LOGGING, None) or {}
    config = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function.function_name}", **given}
    if config["LogFormat"] == "JSON":
        config = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", **config}
    return config


@contextlib.contextmanager
def _settings_kept() -> Iterator[None]:
    """moto forgets DeadLetterConfig and LoggingConfig, and ignores an update of TracingConfig."""
    create, update = LambdaFunction.__init__, LambdaFunction.update_configuration
    get = LambdaFunction.get_configuration

    def __init__(  # noqa: N807 - stands in for moto's
        self: LambdaFunction, account_id: str, spec: dict[str, Any], region: str, version: Any = 1
    ) -> None:
        create(self, account_id, spec, region, version)
        setattr(self, _DEAD_LETTER, _dead_letter(spec.get("DeadLetterConfig"), {}))
        setattr(self, _LOGGING, spec.get("LoggingConfig"))

    def update_configuration(self: LambdaFunction, updates: dict[str, Any]) -> dict[str, Any]:
        before = dead_letter_config(self)
        setattr(self, _DEAD_LETTER, _dead_letter(updates.get("DeadLetterConfig"), before))
        setattr(self, _LOGGING, updates.get("LoggingConfig") or getattr(self, _LOGGING, None))
        self.tracing_config = updates.get("TracingConfig") or self.tracing_config
        configuration = update(self, updates)
        if dead_letter_config(self) != before:
            configuration.update(_IN_PROGRESS)
        return configuration

    def get_configuration(self: LambdaFunction, on_create: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002
        configuration = {**get(self, on_create), "LoggingConfig": logging_config(self)}
        dead_letter = dead_letter_config(self)
        return {**configuration, "DeadLetterConfig": dead_letter} if dead_letter else configuration

    with contextlib.ExitStack() as stack:
        for function in (__init__, update_configuration, get_configuration):
            stack.enter_context(patch.object(LambdaFunction, function.__name__, function))
        yield


def _dead_letter(asked: dict[str, str] | None, before: dict[str, str]) -> dict[str, str]:
    """An empty object keeps what there was, an empty ARN removes it (H9)."""
    arn = (asked or {}).get("TargetArn")
    if arn is None:
        return before
    return {"TargetArn": arn} if arn else {}


@contextlib.contextmanager
def _version_numbers_unique() -> Iterator[None]:
    """While entered, a version's number is never used again, as moto's are after a deletion (L9)."""
    publish = LambdaStorage.publish_version

    def publish_version(
        self: LambdaStorage, name_or_arn: str, description: str = ""
    ) -> LambdaFunction | None:
        name = self.get_function_by_name_or_arn_forbid_qualifier(name_or_arn).function_name
        before = list(self._functions[name]["versions"])
        published = publish(self, name_or_arn, description)
        if published is None or any(published is version for version in before):
            return published
        highest: dict[str, int] = self.__dict__.setdefault(_HIGHEST, {})
        number = highest[name] = highest.get(name, 0) + 1
        if number != published.version:
            del self._arns[published.function_arn]
            published.set_version(number)
            self._arns.update({version.function_arn: version for version in (*before, published)})
        return published

    with patch.object(LambdaStorage, "publish_version", publish_version):
        yield
