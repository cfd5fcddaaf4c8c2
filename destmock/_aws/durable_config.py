"""Pure: the DurableConfig of a function, which makes it durable (N1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from destmock._aws import api_errors as errors

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_EXECUTION = 31_622_400
LONGEST_RETENTION = 90
DEFAULT_RETENTION = 14
#: How long a synchronous invocation may wait for an execution, in seconds (N2).
LONGEST_SYNCHRONOUS = 900
_KEYS = ("ExecutionTimeout", "RetentionPeriodInDays", "KMSKeyArn")


class DurableConfig(NamedTuple):
    """How long an execution may take, in seconds, and how long it can be asked for afterwards, in days."""

    execution_timeout: int
    retention_period_in_days: int = DEFAULT_RETENTION
    #: Without effect, but for being shown: nothing is encrypted here.
    kms_key_arn: str | None = None

    @property
    def shown(self) -> dict[str, Any]:
        """The config as Lambda's answers have it."""
        shown = {
            "RetentionPeriodInDays": self.retention_period_in_days,
            "ExecutionTimeout": self.execution_timeout,
        }
        return shown if self.kms_key_arn is None else {"KMSKeyArn": self.kms_key_arn, **shown}


def violations(config: Mapping[str, Any]) -> list[str]:
    """What AWS complains of."""
    found = []
    timeout, retention = config.get("ExecutionTimeout"), config.get("RetentionPeriodInDays")
    if timeout is None:
        text = errors.violation("null", "durableConfig.executionTimeout", "not be null")
        found.append(text.replace("'null'", "null"))
    found += _range(timeout, "executionTimeout", LONGEST_EXECUTION)
    return found + _range(retention, "retentionPeriodInDays", LONGEST_RETENTION)


def _range(value: Any, member: str, high: int) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, int) or isinstance(value, bool):
        raise errors.wrong_type(value, "Integer")
    if 1 <= value <= high:
        return []
    bound = "greater than or equal to 1" if value < 1 else f"less than or equal to {high}"
    return [errors.violation(value, f"durableConfig.{member}", f"have value {bound}")]


def durable_config(config: Mapping[str, Any] | None) -> DurableConfig | None:
    """The config that was asked for; `None` for a function that isn't durable."""
    if not config:
        return None
    unknown = sorted(set(config) - {*_KEYS})
    if unknown:
        message = f"a durable config has {', '.join(_KEYS)}, not {', '.join(unknown)}"
        raise ValueError(message)
    retention = config.get("RetentionPeriodInDays") or DEFAULT_RETENTION
    return DurableConfig(int(config["ExecutionTimeout"]), int(retention), config.get("KMSKeyArn"))
