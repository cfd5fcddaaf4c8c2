"""Pure: the metrics that CloudWatch takes out of log events in the embedded metric format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What a log event in this format has in it.
SIGN = '"_aws"'
_MOST_DIMENSIONS, _MOST_VALUES, _MOST_METRICS = 30, 100, 100
#: The end of the year 9999, in milliseconds.
_LATEST = 253_402_300_799_999
_PROBLEMS = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)


class EmbeddedMetric(NamedTuple):
    """The values of one metric with one set of dimensions, at `at` in milliseconds."""

    namespace: str
    name: str
    at: int
    values: tuple[float, ...]
    dimensions: tuple[tuple[str, str], ...]
    unit: str | None


def embedded_metrics(message: str) -> list[EmbeddedMetric]:
    """The metrics in a log event: none of one that isn't in the format, or a part of which is wrong."""
    try:
        return list(_read(json.loads(message)))
    except _PROBLEMS:
        return []


def _read(root: dict[str, Any]) -> Iterator[EmbeddedMetric]:
    at = int(root["_aws"]["Timestamp"])
    if not 0 <= at <= _LATEST:
        raise ValueError(at)
    for directive in root["_aws"]["CloudWatchMetrics"]:
        namespace, metrics = _text(directive["Namespace"]), directive["Metrics"]
        sets = [_dimensions(root, names) for names in directive["Dimensions"]]
        _at_most(metrics, _MOST_METRICS)
        for metric in metrics:
            values, unit = _values(root[metric["Name"]]), metric.get("Unit")
            for dimensions in sets:
                yield EmbeddedMetric(namespace, metric["Name"], at, values, dimensions, unit)


def _dimensions(root: dict[str, Any], names: list[str]) -> tuple[tuple[str, str], ...]:
    _at_most(names, _MOST_DIMENSIONS)
    return tuple((name, _text(root[name])) for name in names)


def _values(found: Any) -> tuple[float, ...]:
    values = found if isinstance(found, list) else [found]
    _at_most(values, _MOST_VALUES)
    if not all(type(value) in (int, float) for value in values):
        raise TypeError(found)
    numbers = tuple(map(float, values))
    if not all(map(isfinite, numbers)):
        raise ValueError(found)
    return numbers


def _text(found: Any) -> str:
    if not isinstance(found, str) or not found:
        raise TypeError(found)
    return found


def _at_most(found: list[Any], number: int) -> None:
    if len(found) > number:
        raise ValueError(found)
