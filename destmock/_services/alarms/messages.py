"""What an alarm tells of a change of state: to a function, to a topic, and to the default bus.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
"""

from __future__ import annotations

from datetime import datetime, timezone
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.loaders import create_loader

if TYPE_CHECKING:
    from moto.cloudwatch.models import Alarm, Dimension, MetricDataQuery, MetricStat

    from destmock._aws.arn import Arn

#: How long the subject of a notification can be.
_LONGEST_SUBJECT = 100
#: What moto has where AWS has no reason data.
_NO_DATA = (None, "", "{}")


class State(NamedTuple):
    """A state of an alarm, and since when it is in it."""

    value: str
    reason: str
    reason_data: str | None
    since: datetime


def state_of(alarm: Alarm) -> State:
    return State(
        alarm.state_value, alarm.state_reason, alarm.state_reason_data, alarm.state_updated_timestamp
    )


def event(alarm: Alarm, arn: Arn, before: State) -> dict[str, Any]:
    """What a function gets."""
    return {
        "source": "aws.cloudwatch",
        "alarmArn": str(arn),
        "accountId": arn.account,
        "time": _moment(alarm.state_updated_timestamp),
        "region": arn.region,
        "alarmData": detail(alarm, before),
    }


def detail(alarm: Alarm, before: State) -> dict[str, Any]:
    """What has changed, as functions and rules are told."""
    return {
        "alarmName": alarm.name,
        "state": _state(state_of(alarm)),
        "previousState": _state(before),
        "configuration": _configuration(alarm),
    }


def notification(alarm: Alarm, arn: Arn, before: State) -> dict[str, Any]:
    """The message that a topic gets."""
    return {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": arn.account,
        "AlarmConfigurationUpdatedTimestamp": _moment(alarm.configuration_updated_timestamp),
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": _moment(alarm.state_updated_timestamp),
        "Region": _region(arn.region),
        "AlarmArn": str(arn),
        "OldStateValue": before.value,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
        "Trigger": _trigger(alarm),
    }


def subject(alarm: Alarm, arn: Arn) -> str:
    return f'{alarm.state_value}: "{alarm.name}" in {_region(arn.region)}'[:_LONGEST_SUBJECT]


def _moment(moment: datetime) -> str:
    """moto's moments are in UTC, without a zone."""
    utc = moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03}+0000"


def _state(state: State) -> dict[str, str]:
    data = {} if state.reason_data in _NO_DATA else {"reasonData": str(state.reason_data)}
    return {"value": state.value, "reason": state.reason, **data, "timestamp": _moment(state.since)}


def _configuration(alarm: Alarm) -> dict[str, Any]:
    described = {} if alarm.description is None else {"description": alarm.description}
    if alarm.metric_data_queries:
        metrics = [_query(query) for query in alarm.metric_data_queries]
    else:
        metric = {
            "namespace": alarm.namespace,
            "name": alarm.metric_name,
            "dimensions": _named(alarm.dimensions),
        }
        stat = _present(
            metric=metric,
            period=_number(alarm.period),
            stat=alarm.statistic or alarm.extended_statistic,
            unit=alarm.unit,
        )
        metrics = [{"id": "m1", "metricStat": stat, "returnData": True}]
    return {**described, "metrics": metrics}


def _query(query: MetricDataQuery) -> dict[str, Any]:
    return _present(
        id=query.id,
        expression=query.expression,
        label=query.label,
        metricStat=None if query.metric_stat is None else _stat(query.metric_stat),
        returnData=_returned(query),
    )


def _stat(stat: MetricStat) -> dict[str, Any]:
    metric = {
        "namespace": stat.metric.namespace,
        "name": stat.metric.metric_name,
        "dimensions": _named(stat.metric.dimensions),
    }
    return _present(metric=metric, period=_number(stat.period), stat=stat.stat, unit=stat.unit)


def _trigger(alarm: Alarm) -> dict[str, Any]:
    compared = {
        "Period": _number(alarm.period),
        "EvaluationPeriods": _number(alarm.evaluation_periods),
        **({} if alarm.datapoints_to_alarm is None else {"DatapointsToAlarm": alarm.datapoints_to_alarm}),
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": _number(alarm.threshold),
        "TreatMissingData": alarm.treat_missing_data or "missing",
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile or "",
    }
    if alarm.metric_data_queries:
        return {**compared, "Metrics": [_query_of_trigger(query) for query in alarm.metric_data_queries]}
    statistic: dict[str, str | None]
    if alarm.statistic:
        statistic = {"StatisticType": "Statistic", "Statistic": _SHOUTED[alarm.statistic]}
    else:
        statistic = {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": alarm.extended_statistic}
    return {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        **statistic,
        "Unit": alarm.unit,
        "Dimensions": _listed(alarm.dimensions),
        **compared,
    }


_SHOUTED = {
    "Average": "AVERAGE",
    "Maximum": "MAXIMUM",
    "Minimum": "MINIMUM",
    "SampleCount": "SAMPLE_COUNT",
    "Sum": "SUM",
}


def _query_of_trigger(query: MetricDataQuery) -> dict[str, Any]:
    stat = query.metric_stat
    metric = stat and {
        "Dimensions": _listed(stat.metric.dimensions),
        "MetricName": stat.metric.metric_name,
        "Namespace": stat.metric.namespace,
    }
    return _present(
        Id=query.id,
        Expression=query.expression,
        Label=query.label,
        MetricStat=stat
        and _present(Metric=metric, Period=_number(stat.period), Stat=stat.stat, Unit=stat.unit),
        ReturnData=_returned(query),
    )


def _returned(query: MetricDataQuery) -> bool:
    """Without a word, a query's data is what the alarm looks at."""
    return query.return_data is None or str(query.return_data).lower() == "true"


def _named(dimensions: list[Dimension]) -> dict[str | None, str | None]:
    return {one.name: one.value for one in dimensions}


def _listed(dimensions: list[Dimension]) -> list[dict[str, str | None]]:
    return [{"value": one.value, "name": one.name} for one in dimensions]


def _number(value: Any) -> float | None:
    """A number of a request, which moto may keep as a text."""
    if value is None:
        return None
    number = float(value)
    return int(number) if str(value).isdigit() else number


def _present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


@cache
def _region(region: str) -> str:
    """A region as alarms call it, such as `US East (N. Virginia)` and `EU (Ireland)`."""
    for partition in create_loader().load_data("partitions")["partitions"]:
        if region in partition["regions"]:
            found = str(partition["regions"][region]["description"])
            return found.replace("Europe (", "EU (")
    return region
