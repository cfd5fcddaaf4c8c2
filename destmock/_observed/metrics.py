"""CloudWatch metrics: what Lambda counts of its functions and what these log, kept until someone reads it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from unittest.mock import patch

from destmock._aws.arn import LATEST
from destmock._aws.embedded_metrics import SIGN, EmbeddedMetric, embedded_metrics
from destmock._aws.times import to_datetime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from moto.cloudwatch.models import CloudWatchBackend, Statistics

    from destmock._aws.arn import FunctionRef
    from destmock._aws.lifecycle import Result

NAMESPACE = "AWS/Lambda"
#: The dimensions in the order that moto compares them in.
_DIMENSIONS = ("FunctionName", "Resource", "ExecutedVersion")
_UNITS = {
    "AsyncEventAge": "Milliseconds",
    "Duration": "Milliseconds",
    "DurableExecutionDuration": "Milliseconds",
    "DurableExecutionStorageWrittenBytes": "Bytes",
}
_MINUTE = 60_000
#: From here on, periods begin at multiples of their length.
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - moto's times are UTC without saying so


Values: TypeAlias = "tuple[tuple[str, int], ...]"
#: So many samples are counted at once.
_AT_ONCE = 1_000


class Samples(NamedTuple):
    """The samples of a function in the minute that began at `at`, in milliseconds.

    `version` is the version that ran; `None` if none did.
    """

    ref: FunctionRef
    at: int
    values: Values
    version: str | None = None


class Metrics:
    """Samples on their way to moto, which gets them when a `cloudwatch` call asks: how many of each alike."""

    def __init__(self) -> None:
        #: The latest samples, and how many there were of each alike before them.
        self._latest: list[tuple[FunctionRef, int, Values, str | None]] = []
        self._counted: Counter[Samples] = Counter()
        #: What functions have written to their logs, and whose it is.
        self._embedded: list[tuple[FunctionRef, EmbeddedMetric]] = []

    def received(self, ref: FunctionRef, at: int) -> None:
        self._write(ref, at, (("AsyncEventsReceived", 1),))

    def aged(self, ref: FunctionRef, at: int, accepted_at: int) -> None:
        """Count an event that leaves the queue for its first or a later attempt (K11)."""
        self._write(ref, at, (("AsyncEventAge", at - accepted_at),))

    def ran(self, ref: FunctionRef, version: str, at: int, result: Result, duration: int) -> None:
        """Count an attempt that started at `at` (K7)."""
        self._write(ref, at, _of_attempt(result == "Success", duration), version)

    def logged(self, ref: FunctionRef, messages: Iterable[str]) -> None:
        """Take the metrics out of log events in the embedded metric format."""
        for message in messages:
            if SIGN in message:
                self._embedded += [(ref, metric) for metric in embedded_metrics(message)]

    def throttled(self, ref: FunctionRef, at: int) -> None:
        self._write(ref, at, (("Throttles", 1), ("Errors", 0)))

    def stopped(self, ref: FunctionRef, at: int) -> None:
        self._write(ref, at, (("RecursiveInvocationsDropped", 1),))

    def ended(self, ref: FunctionRef, at: int, *, succeeded: bool) -> None:
        """Count an event that has ended (K7)."""
        self._write(ref, at, (("AsyncEventsDropped", 0 if succeeded else 1),))

    def execution_started(self, ref: FunctionRef, at: int) -> None:
        self._write(ref, at, (("DurableExecutionStarted", 1),))

    def execution_ended(
        self, ref: FunctionRef, at: int, how: str, *, duration: int, operations: int, written: int
    ) -> None:
        """Count a durable execution that has ended, such as `Succeeded` (N7)."""
        values = (
            (f"DurableExecution{how}", 1),
            ("DurableExecutionDuration", duration),
            ("DurableExecutionOperations", operations),
            ("DurableExecutionStorageWrittenBytes", written),
        )
        self._write(ref, at, values)

    def undelivered(self, ref: FunctionRef, at: int, *, dead_letter: bool) -> None:
        """Count a delivery that failed; one that succeeds leaves no sample of 0 (K8)."""
        self._write(ref, at, (("DeadLetterErrors" if dead_letter else "DestinationDeliveryFailures", 1),))

    def _write(self, ref: FunctionRef, at: int, values: Values, version: str | None = None) -> None:
        self._latest.append((ref, at - at % _MINUTE, values, version))
        if len(self._latest) >= _AT_ONCE:
            self._count()

    def _count(self) -> None:
        latest, self._latest = self._latest, []
        self._counted.update(map(Samples._make, latest))

    def flush(self) -> None:
        self._count()
        if not (self._counted or self._embedded):
            return
        # Not before, so that only those who read metrics wait for the import.
        from moto.cloudwatch.models import MetricDatum, cloudwatch_backends  # noqa: PLC0415

        for samples, number in self._counted.items():
            backend = cloudwatch_backends[samples.ref.account][samples.ref.region]
            _read_as_aws_does(backend)
            at = to_datetime(samples.at).replace(tzinfo=None)
            for name, value in samples.values:
                for dimensions in _dimension_sets(samples):
                    datum = MetricDatum(NAMESPACE, name, value, dimensions, at, _unit(name))
                    backend.metric_data += [datum] * number
        for ref, metric in self._embedded:
            backend, at = cloudwatch_backends[ref.account][ref.region], to_datetime(metric.at)
            named = [{"Name": name, "Value": value} for name, value in metric.dimensions]
            place = metric.namespace, metric.name
            backend.metric_data += [
                MetricDatum(*place, value, named, at.replace(tzinfo=None), metric.unit)
                for value in metric.values
            ]
        self._counted.clear()
        self._embedded.clear()


@lru_cache(maxsize=100)
def _of_attempt(succeeded: bool, duration: int) -> Values:  # noqa: FBT001 - positional for the cache
    """The samples of one attempt; a throttle differs by a sample of 0 (K9)."""
    return ("Invocations", 1), ("Errors", int(not succeeded)), ("Throttles", 0), ("Duration", duration)


def _unit(name: str) -> str:
    return _UNITS.get(name, "Count")


def _dimension_sets(samples: Samples) -> Iterator[list[dict[str, str]]]:
    """The dimensions of a sample: the function, its qualifier, and the version behind the qualifier (K6)."""
    ref = samples.ref
    values = [ref.name, ref.name if ref.qualifier is None else f"{ref.name}:{ref.qualifier}"]
    if samples.version is not None and _leads_to_a_version(ref):
        values.append(samples.version)
    pairs = [{"Name": name, "Value": value} for name, value in zip(_DIMENSIONS, values, strict=False)]
    for length in range(1, len(pairs) + 1):
        yield pairs[:length]


def _leads_to_a_version(ref: FunctionRef) -> bool:
    """Whether the qualifier is an alias or an explicit `$LATEST`, and so no version itself."""
    return ref.qualifier is not None and (ref.qualifier == LATEST or not ref.qualifier.isdigit())


def _read_as_aws_does(backend: CloudWatchBackend) -> None:
    """Make this backend answer for AWS/Lambda as CloudWatch does; moto makes a new backend after each reset.

    moto 5.2 itself matches dimensions differently in each of its calls:

    - GetMetricStatistics wants the dimensions asked for to be a part of the metric's own, and so counts a
      sample once for each of its dimension sets; its periods begin at the first sample.
    - GetMetricData depends on the order of the dimensions, and if there are any, ignores the namespace.
    - Without dimensions, both add up all dimension sets. AWS has the sum over all functions there.
    - A start that isn't at a full minute leaves out the samples of that minute; AWS rounds it down.
    """
    if "get_metric_data" in vars(backend):
        return
    for name, stand_in in (("get_metric_statistics", _statistics), ("get_metric_data", _data)):
        setattr(backend, name, partial(stand_in, backend, getattr(backend, name)))


def _statistics(
    backend: CloudWatchBackend,
    moto: Callable[..., list[Statistics]],
    namespace: str,
    metric_name: str,
    start_time: datetime,
    end_time: datetime,
    period: int,
    stats: list[str],
    dimensions: list[dict[str, str]],
    unit: str | None = None,
) -> list[Statistics]:
    from moto.cloudwatch.models import Statistics  # noqa: PLC0415 - as in `flush`

    if namespace != NAMESPACE or start_time >= end_time:
        return moto(namespace, metric_name, start_time, end_time, period, stats, dimensions, unit)
    periods: dict[datetime, Statistics] = {}
    length, wanted = timedelta(seconds=period), _pairs(dimensions)
    for datum in backend.get_all_metrics():
        own = {dimension.name: dimension.value for dimension in datum.dimensions}
        if (
            (datum.namespace, datum.name) == (namespace, metric_name)
            and (own == wanted if wanted else set(own) == {"FunctionName"})
            and _to_minute(start_time) <= datum.timestamp < end_time
            and unit in {None, datum.unit}
        ):
            begin = datum.timestamp - (datum.timestamp - _EPOCH) % length
            found = periods.setdefault(begin, Statistics(stats, begin, datum.unit))
            found.metric_data.append(datum)
    return [periods[begin] for begin in sorted(periods)]


def _data(
    backend: CloudWatchBackend,
    moto: Callable[..., list[dict[str, Any]]],
    queries: list[dict[str, Any]],
    start_time: datetime,
    end_time: datetime,
    scan_by: str = "TimestampAscending",
) -> list[dict[str, Any]]:
    namespaces = {query["MetricStat"]["Metric"]["Namespace"] for query in queries if "MetricStat" in query}
    if not namespaces:
        return moto(queries, start_time, end_time, scan_by)
    if NAMESPACE in namespaces:
        start_time = _to_minute(start_time)
    asked = [datum for datum in backend.get_all_metrics() if datum.namespace in namespaces]
    with patch.object(backend, "get_all_metrics", lambda: asked):
        return moto([_in_order(query) for query in queries], start_time, end_time, scan_by)


def _in_order(query: dict[str, Any]) -> dict[str, Any]:
    """A query with its dimensions in our order; without any, for every function by its name alone."""
    stat = query.get("MetricStat")
    if stat is None or stat["Metric"]["Namespace"] != NAMESPACE:
        return query
    asked = _pairs(stat["Metric"].get("Dimensions") or [])
    names = sorted(asked, key=lambda name: _DIMENSIONS.index(name) if name in _DIMENSIONS else len(asked))
    dimensions = [{"Name": name, "Value": asked[name]} for name in names]
    metric = {**stat["Metric"], "Dimensions": dimensions or [{"Name": "FunctionName", "Value": None}]}
    return {**query, "MetricStat": {**stat, "Metric": metric}}


def _pairs(dimensions: list[dict[str, str]]) -> dict[str, str]:
    return {dimension["Name"]: dimension["Value"] for dimension in dimensions}


def _to_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
