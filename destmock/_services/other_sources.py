"""Event source mappings of Kafka, Amazon MQ and DocumentDB: they are checked and kept, and nothing reads.

moto has clusters of Kafka and brokers, but no records in them, and it has no DocumentDB: any cluster of that
is taken for one that is there. The errors of Kafka were recorded of AWS in 09-2026; those of the others
follow the same pattern.
"""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import EventSourceMapping
from moto.kafka.models import kafka_backends
from moto.mq.models import mq_backends

from destmock._aws.api_errors import violation
from destmock._functions.backends import existing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from destmock._aws.arn import Arn

_TOPIC = re.compile(r"[^.]([a-zA-Z0-9\-_.]+)")
_LONGEST_TOPIC, _LONGEST_QUEUE = 249, 1_000
_BATCH = 100
_STREAMS_OWN = ("ParallelizationFactor", "TumblingWindowInSeconds", "ScalingConfig")
#: Members that each kind of source doesn't have, by the service of its ARN; a cluster of one's own has none.
_NOT_FOR = {
    "kafka": (
        "SelfManagedEventSource",
        "SelfManagedKafkaEventSourceConfig",
        "Queues",
        "DocumentDBEventSourceConfig",
        *_STREAMS_OWN,
    ),
    "": ("AmazonManagedKafkaEventSourceConfig", "Queues", "DocumentDBEventSourceConfig", *_STREAMS_OWN),
    "mq": (
        "SelfManagedEventSource",
        "SelfManagedKafkaEventSourceConfig",
        "AmazonManagedKafkaEventSourceConfig",
        "Topics",
        "DocumentDBEventSourceConfig",
        "StartingPosition",
        "StartingPositionTimestamp",
        "BisectBatchOnFunctionError",
        "MaximumRecordAgeInSeconds",
        "MaximumRetryAttempts",
        "ProvisionedPollerConfig",
        *_STREAMS_OWN,
    ),
    "rds": (
        "SelfManagedEventSource",
        "SelfManagedKafkaEventSourceConfig",
        "AmazonManagedKafkaEventSourceConfig",
        "Topics",
        "Queues",
        "BisectBatchOnFunctionError",
        "MaximumRecordAgeInSeconds",
        "MaximumRetryAttempts",
        "ProvisionedPollerConfig",
        *_STREAMS_OWN,
    ),
}
#: What a mapping of each service has to name, beside its source.
_NAMED = {"mq": "queues", "rds": "documentDBEventSourceConfig"}
_DOCUMENTS = ("UpdateLookup", "Default")
_LONGEST_OF_DOCUMENTS = (("DatabaseName", 63), ("CollectionName", 57))
_KEPT = "destmock keeps the event source mapping of {}, but nothing invokes {}: moto has no records there"
_MISSING = "Required '{}' parameter is missing."
_NO_MEMBER = "Unsupported '{}' parameter for given event source mapping type."
_NO_TIMESTAMP = (
    "When the starting position is 'AT_TIMESTAMP', a starting position timestamp must be provided."
)
_NO_POSITION = (
    "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
    "Member must not be null."
)
_NOT_CHANGED = "Invalid parameters: {}"
_NO_CLUSTER = (
    "Cannot access cluster {}. Please ensure the role can perform the DescribeClusterV2 (recommended) or "
    "DescribeCluster and GetBootstrapBrokers actions on your cluster in IAM."
)
_NO_BROKER = (
    "Cannot access broker {}. Please ensure the role can perform the DescribeBroker action on your broker "
    "in IAM."
)


class KeptMapping(EventSourceMapping):
    """A mapping that moto's own class refuses to be, for its source."""

    event_source_arn: str | None = None  # type: ignore[assignment]
    batch_size: int | None = None  # type: ignore[assignment]

    def __init__(self, spec: dict[str, Any]) -> None:
        super().__init__({**spec, "EventSourceArn": spec.get("EventSourceArn")})
        self.starting_position = spec.get("StartingPosition")
        self.batch_size = int(spec.get("BatchSize") or _BATCH)
        own = {"ConsumerGroupId": self.uuid}
        if self.self_managed_event_source is not None:
            self.self_managed_kafka_event_source_config = spec.get("SelfManagedKafkaEventSourceConfig") or own
        elif self.topics is not None:
            self.kafka_config = spec.get("AmazonManagedKafkaEventSourceConfig") or own

    def _get_service_source_from_arn(self, event_source_arn: str | None = None) -> str:
        return str(event_source_arn or self.event_source_arn or "::").split(":")[2]


def is_other(source: Arn | None, spec: dict[str, Any]) -> bool:
    """Whether a mapping is of Kafka, Amazon MQ or DocumentDB."""
    if source is None:
        return "SelfManagedEventSource" in spec
    return source.service in _NOT_FOR


def warn(spec: dict[str, Any]) -> None:
    """Say once for each mapping that it does nothing."""
    name = spec.get("EventSourceArn") or "a Kafka cluster of your own"
    warnings.warn(_KEPT.format(name, spec["FunctionName"]), stacklevel=2)


def constraints(spec: dict[str, Any]) -> Iterator[str]:
    """The limits of Lambda's model for the members that only these sources have."""
    for member, longest, rule in (("Topics", _LONGEST_TOPIC, _TOPIC), ("Queues", _LONGEST_QUEUE, None)):
        names = spec.get(member)
        if names is None:
            continue
        written, own = f"[{', '.join(names)}]", member.lower()
        if len(names) > 1:
            yield violation(written, own, "have length less than or equal to 1")
        elif not names:
            yield violation(written, own, "have length greater than or equal to 1")
        elif not 1 <= len(names[0]) <= longest or (rule is not None and not rule.fullmatch(names[0])):
            yield violation(written, own, f"satisfy constraint: [{_of_name(longest, rule)}]")
    yield from _of_documents(spec.get("DocumentDBEventSourceConfig") or {})
    source = spec.get("SelfManagedEventSource") or {}
    if "Endpoints" in source and not source["Endpoints"]:
        yield violation("{}", "selfManagedEventSource.endpoints", "have length greater than or equal to 1")


def _of_documents(config: dict[str, Any]) -> Iterator[str]:
    for member, longest in _LONGEST_OF_DOCUMENTS:
        name, own = config.get(member), f"documentDBEventSourceConfig.{member[0].lower()}{member[1:]}"
        if name is not None and len(name) > longest:
            yield violation(name, own, f"have length less than or equal to {longest}")
        elif name == "":
            yield violation(name, own, "have length greater than or equal to 1")
    full = config.get("FullDocument")
    if full is not None and full not in _DOCUMENTS:
        allowed = f"satisfy enum value set: [{', '.join(_DOCUMENTS)}]"
        yield violation(full, "documentDBEventSourceConfig.fullDocument", allowed)


def _of_name(longest: int, rule: re.Pattern[str] | None) -> str:
    pattern = "" if rule is None else f"Member must satisfy regular expression pattern: {rule.pattern}, "
    return (
        f"Member must have length less than or equal to {longest}, "
        f"Member must have length greater than or equal to 1, {pattern}Member must not be null"
    )


def check(source: Arn | None, spec: dict[str, Any], *, existing_mapping: bool) -> None:
    """Refuse what AWS refuses, in its order."""
    kind = "" if source is None else source.service
    documents = spec.get("DocumentDBEventSourceConfig") or {}
    if kind != "" and spec.get("SelfManagedEventSource") is not None:
        raise InvalidParameterValueException(_NO_MEMBER.format("selfManagedEventSource"))
    if not existing_mapping:
        _check_complete(kind, spec, documents)
    for member in _NOT_FOR[kind]:
        if spec.get(member) is not None:
            raise InvalidParameterValueException(_NO_MEMBER.format(member[0].lower() + member[1:]))
    if existing_mapping:
        _check_unchanged(documents)
        return
    position = spec.get("StartingPosition")
    if position == "AT_TIMESTAMP" and spec.get("StartingPositionTimestamp") is None:
        raise InvalidParameterValueException(_NO_TIMESTAMP)
    if source is not None and not _is_there(source):
        text = _NO_BROKER if kind == "mq" else _NO_CLUSTER
        raise InvalidParameterValueException(text.format(source))
    if kind != "mq" and position is None:
        raise InvalidParameterValueException(_NO_POSITION)


def _check_complete(kind: str, spec: dict[str, Any], documents: dict[str, Any]) -> None:
    _require(spec, _NAMED.get(kind, "topics"))
    if kind == "rds":
        _require(documents, "databaseName")
    if kind != "kafka":
        _require(spec, "sourceAccessConfigurations")


def _check_unchanged(documents: dict[str, Any]) -> None:
    """A mapping stays with its database and its collection."""
    fixed = [name[0].lower() + name[1:] for name, _ in _LONGEST_OF_DOCUMENTS if name in documents]
    if fixed:
        raise InvalidParameterValueException(_NOT_CHANGED.format(", ".join(sorted(fixed))))


def _require(spec: dict[str, Any], member: str) -> None:
    if not spec.get(member[0].upper() + member[1:]):
        raise InvalidParameterValueException(_MISSING.format(member))


def _is_there(source: Arn) -> bool:
    if source.service == "rds":
        return True
    if source.service == "kafka":
        clusters = existing(kafka_backends, source.account, source.region)
        return clusters is not None and str(source) in clusters.clusters
    brokers = existing(mq_backends, source.account, source.region)
    return brokers is not None and str(source) in {broker.arn for broker in brokers.brokers.values()}
